"""Redis' wire format (RESP): a client's requests out of bytes, within Redis' own limits."""

from typing import Final

LONGEST_LINE: Final = 64 * 1024
"""Bytes of an inline command, and of a line that counts (Redis' PROTO_INLINE_MAX_SIZE)."""
LONGEST_ARGUMENT: Final = 512 * 1024 * 1024
"""Bytes (proto-max-bulk-len)."""
LARGEST_REQUEST: Final = 1024 * 1024 * 1024
"""Bytes of a whole request (client-query-buffer-limit)."""
STRANGERS_ARGUMENTS: Final = 10
STRANGERS_ARGUMENT: Final = 16 * 1024
"""What those who have not said a password may send, so that they can't fill the memory."""
_MOST_ARGUMENTS = 2**31 - 1
_OVERHEAD = 64
"""Bytes that an argument costs beside its own."""
_ESCAPES = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("b"): b"\b", ord("a"): b"\a"}
_SPACE = frozenset(b" \t\n\v\f\r\0")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Broken(Exception):
    """The client does not speak RESP; the message is what Redis calls it, "" where it says nothing."""


class Requests:
    """The requests in what a client sends. `trusted` is whether it has said a password."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.trusted = False
        self._buffer = bytearray()
        self._at = 0
        self._arguments: list[bytes] = []
        self._missing = 0
        self._length: int | None = None
        self._size = 0

    @property
    def waiting(self) -> int:
        """Bytes that have come and were not taken."""
        return len(self._buffer) - self._at

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._buffer += data

    def take(self) -> list[bytes] | None:
        """The next request, None until more has come; it may be empty. Raises Broken."""
        while True:
            request = self._in_array() if self._missing else self._first()
            if request is None:
                del self._buffer[: self._at]
                self._at = 0
            elif not request:
                continue
            return request

    def _first(self) -> list[bytes] | None:
        """A request from its beginning; an empty one where there is nothing to do, or its arguments are to follow."""
        if not self.waiting:
            return None
        if self._buffer[self._at] != ord("*"):
            return self._inline()
        line = self._line("too big mbulk count string")
        if line is None:
            return None
        count = _number(line[1:])
        if count is None or count > _MOST_ARGUMENTS:
            raise Broken("invalid multibulk length")
        if count > STRANGERS_ARGUMENTS and not self.trusted:
            raise Broken("unauthenticated multibulk length")
        self._missing, self._arguments, self._size = max(count, 0), [], 0
        return []

    def _in_array(self) -> list[bytes] | None:
        while self._missing:
            if self._length is None:
                line = self._line("too big bulk count string")
                if line is None:
                    return None
                self._length = self._bulk_length(line)
            if self.waiting < self._length + 2:
                return None
            end = self._at + self._length
            self._arguments.append(bytes(memoryview(self._buffer)[self._at : end]))
            self._at, self._length = end + 2, None
            self._missing -= 1
        return self._arguments

    def _bulk_length(self, line: bytes) -> int:
        if line[:1] != b"$":
            raise Broken(f"expected '$', got '{chr(line[0]) if line else ' '}'")
        length = _number(line[1:])
        if length is None or not 0 <= length <= LONGEST_ARGUMENT:
            raise Broken("invalid bulk length")
        if length > STRANGERS_ARGUMENT and not self.trusted:
            raise Broken("unauthenticated bulk length")
        self._size += length + _OVERHEAD
        if self._size > LARGEST_REQUEST:
            raise Broken("")
        return length

    def _line(self, too_long: str) -> bytes | None:
        end = self._buffer.find(b"\r", self._at)
        if end < 0 or end + 1 == len(self._buffer):
            if self.waiting > LONGEST_LINE:
                raise Broken(too_long)
            return None
        line = bytes(self._buffer[self._at : end])
        self._at = end + 2
        return line

    def _inline(self) -> list[bytes] | None:
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            if self.waiting > LONGEST_LINE:
                raise Broken("too big inline request")
            return None
        line = bytes(self._buffer[self._at : end])
        self._at = end + 1
        return words(line)


def _number(text: bytes) -> int | None:
    """A number as Redis reads it: no spaces, no plus, no leading zeros."""
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > len(str(LARGEST_REQUEST)) or (digits[:1] == b"0" and text != b"0"):
        return None
    return int(text)


def words(line: bytes) -> list[bytes]:
    r"""The words of an inline command: "double quotes" with \n, \x00 and \", 'single quotes' with \'. Raises Broken."""
    found: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at] in _SPACE:
            at += 1
        if at == len(line):
            return found
        word, at = _word(line, at)
        found.append(word)


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    word = bytearray()
    while at < len(line) and line[at] not in _SPACE:
        if line[at] not in b"\"'":
            word.append(line[at])
            at += 1
            continue
        at = _quoted(line, at, word)
        if at < len(line) and line[at] not in _SPACE:
            raise Broken("unbalanced quotes in request")
        break
    return bytes(word), at


def _quoted(line: bytes, at: int, word: bytearray) -> int:
    """Add what stands in the quotes that begin at `at` to `word`: where they have ended."""
    quote, at = line[at], at + 1
    while at < len(line):
        each, following = line[at], line[at + 1 : at + 2]
        if each == quote:
            return at + 1
        if each != ord("\\") or not following or (quote == ord("'") and following != b"'"):
            word.append(each)
            at += 1
        elif quote == ord('"') and following == b"x" and len(line) > at + 3 and set(line[at + 2 : at + 4]) <= _HEX:
            word.append(int(line[at + 2 : at + 4], 16))
            at += 4
        else:
            word += _ESCAPES.get(following[0], following) if quote == ord('"') else following
            at += 2
    raise Broken("unbalanced quotes in request")


def request(*arguments: str) -> bytes:
    """A request as clients send it."""
    parts = [each.encode() for each in arguments]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(each), each) for each in parts)
