"""What fakeredis answers, as bytes of RESP 2 and 3."""

from typing import Any

from fakeredis._command_args_parsing import Float
from fakeredis._helpers import SimpleError, SimpleString

NULL, NULL_ARRAY = b"$-1\r\n", b"*-1\r\n"
"""What says None in RESP 2: the latter where an array would have been."""
_ONE_LINE = {10: " ", 13: " "}


def reply(value: Any, *, resp3: bool, null: bytes = NULL) -> bytes:
    """An answer; in RESP 2 None is `null`."""
    if isinstance(value, (bytes, str)):
        data = value.encode() if isinstance(value, str) else value
        return b"$%d\r\n%s\r\n" % (len(data), data)
    if value is None:
        return b"_\r\n" if resp3 else null
    if isinstance(value, (int, float)):
        return _number(value, resp3=resp3)
    if isinstance(value, (SimpleString, SimpleError)):
        return _line(value)
    return _collection(value, resp3=resp3)


def _line(value: SimpleString | SimpleError) -> bytes:
    if isinstance(value, SimpleString):
        return b"+%s\r\n" % value.value
    return b"-%s\r\n" % value.value.translate(_ONE_LINE).encode("utf-8", "replace")


def push(value: Any, *, resp3: bool) -> bytes:
    """What is told unasked: a message of a channel, or that it was subscribed to."""
    told = reply(value, resp3=resp3)
    return b">" + told[1:] if resp3 else told


def _number(value: float, *, resp3: bool) -> bytes:
    if resp3 and isinstance(value, bool):
        return b"#t\r\n" if value else b"#f\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    text: bytes = Float.encode(value, humanfriendly=False)
    return b",%s\r\n" % text if resp3 else reply(text, resp3=False)


def _collection(value: Any, *, resp3: bool) -> bytes:
    if isinstance(value, dict):
        parts = [part for pair in value.items() for part in pair]
        head = b"%%%d\r\n" % len(value) if resp3 else b"*%d\r\n" % len(parts)
    else:
        parts = list(value)
        head = (b"~%d\r\n" if resp3 and isinstance(value, (set, frozenset)) else b"*%d\r\n") % len(parts)
    return head + b"".join([reply(each, resp3=resp3) for each in parts])
