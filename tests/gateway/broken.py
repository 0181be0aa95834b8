"""Openings that no client sends, drawn from a seed, and somebody who knocks with them at many doors at once."""

import random
import selectors
import socket
import ssl
import struct
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from doorways import PATIENCE

Script = Generator[bytes, bytes, bytes]
"""What is said: each is sent, and the answer waited for; after what is returned the client says no more."""
SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSS_REQUEST = struct.pack("!II", 8, 80877104)
CANCEL = struct.pack("!IIII", 16, 80877102, 4_321, 1_234)
STARTUP = struct.pack("!I", 196608) + b"user\0anyone\0database\0any\0\0"
PACKETS = (SSL_REQUEST, GSS_REQUEST, struct.pack("!I", len(STARTUP) + 4) + STARTUP)
COMMANDS = (
    b"*1\r\n$4\r\nPING\r\n", b"PING\r\n", b"*2\r\n$4\r\nAUTH\r\n$5\r\nwrong\r\n", b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n",
    b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nhello\r\n", b"*1000000000\r\n$1\r\na\r\n",
    b"*1\r\n$999999999999999999\r\nx\r\n", b"*-7\r\n", b"$-9\r\n", b"*1\r\n$-3\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: any\r\n\r\n", b"\r\n\r\n", b'SET a "b\r\n',
)  # fmt: skip
_SENT = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)


class Opening(NamedTuple):
    """What is said to the doors of one kind; who `resets` does not wait for an answer to the last of it."""

    kind: str
    script: Script
    resets: bool


def said(last: bytes, first: bytes = b"") -> Script:
    """One part, or two."""
    if first:
        yield first
    return last


def secretly(context: ssl.SSLContext, *, inside: bytes, before: bytes = b"") -> Script:
    """A whole handshake, and then what is said inside TLS."""
    if before:
        yield before
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    spoken = context.wrap_bio(incoming, outgoing)
    while True:
        try:
            spoken.do_handshake()
        except ssl.SSLWantReadError:
            incoming.write((yield outgoing.read()))
        else:
            break
    spoken.write(inside)
    return outgoing.read()


def untrusting(*protocols: str, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A client's context that looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = newest
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


def hello(context: ssl.SSLContext) -> bytes:
    """A ClientHello."""
    return next(secretly(context, inside=b"x"))


class Breaking:
    """Draws openings from a seed."""

    def __init__(self, seed: int) -> None:
        """All that is drawn follows from `seed`, but for what TLS draws itself."""
        self._chance = random.Random(seed)
        self._context = untrusting()
        contexts = [
            self._context,
            untrusting(newest=ssl.TLSVersion.TLSv1_2),
            untrusting("postgresql"),
            untrusting("h2"),
        ]
        self._hellos = [hello(each) for each in contexts for _ in range(8)]
        self._ways: dict[tuple[str, Callable[[], Script]], int] = {
            ("redis", self._plain_redis): 30,
            ("redis", self._tls): 25,
            ("redis", self._inside_redis): 3,
            ("postgres", self._packets): 20,
            ("postgres", self._tls): 10,
            ("postgres", self._requested_tls): 10,
            ("postgres", self._inside_postgres): 2,
        }

    def __iter__(self) -> Iterator[Opening]:
        """Without an end."""
        ways, weights = list(self._ways), list(self._ways.values())
        while True:
            kind, make = self._chance.choices(ways, weights)[0]
            yield Opening(kind, make(), self._chance.random() < 0.1)

    def _plain_redis(self) -> Script:
        return said(self._of(COMMANDS))

    def _packets(self) -> Script:
        if self._chance.random() < 0.02:
            return said(CANCEL[:8] + self._chance.randbytes(8))
        if self._chance.random() < 0.2:
            return said(self._of(PACKETS), first=GSS_REQUEST)
        return said(self._of(PACKETS))

    def _tls(self) -> Script:
        return said(self._broken(self._chance.choice(self._hellos)))

    def _requested_tls(self) -> Script:
        """After an SSLRequest; at times with it, which nobody may."""
        following = self._of(self._hellos)
        return said(SSL_REQUEST + following) if self._chance.random() < 0.2 else said(following, first=SSL_REQUEST)

    def _inside_redis(self) -> Script:
        return secretly(self._context, inside=self._of(COMMANDS))

    def _inside_postgres(self) -> Script:
        return secretly(self._context, inside=self._of(PACKETS), before=SSL_REQUEST)

    def _of(self, samples: Iterable[bytes]) -> bytes:
        """Noise, or one of them, broken."""
        if self._chance.random() < 0.2:
            return self._chance.randbytes(self._chance.randint(1, 600))
        return self._broken(self._chance.choice(list(samples)))

    def _broken(self, whole: bytes) -> bytes:
        """Some of it, some of its bits turned, or more than it."""
        draw, found = self._chance, bytearray(whole)
        how = draw.randrange(4)
        if how == 0:
            return bytes(found[: draw.randint(1, len(found))])
        if how == 1:
            return whole + draw.randbytes(draw.randint(1, 600))
        for _ in range(draw.randint(1, 8)):
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
        return bytes(found)


class _Knock:
    """One connection."""

    def __init__(self, place: tuple[str, int], opening: Opening) -> None:
        self._opening = opening
        self.is_over = False
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        self.socket.connect(place)
        self._say(lambda: next(opening.script))

    def hear(self) -> None:
        """Take what has come, and go on."""
        try:
            heard = self.socket.recv(_SENT)
        except ConnectionError:
            heard = b""
        if not heard:
            self._end()
        elif self._opening.script.gi_frame is not None:
            self._say(lambda: self._opening.script.send(heard))

    def _say(self, step: Callable[[], bytes]) -> None:
        try:
            try:
                self.socket.sendall(step())
            except StopIteration as last:
                self.socket.sendall(last.value)
                self._finish()
            except ssl.SSLError:
                self._finish()
        except OSError:
            self._end()

    def _finish(self) -> None:
        if self._opening.resets:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._end()
        else:
            self.socket.shutdown(socket.SHUT_WR)

    def _end(self) -> None:
        self._opening.script.close()
        self.socket.close()
        self.is_over = True


def knock(places: dict[str, tuple[str, int]], openings: Iterator[Opening], count: int, width: int) -> None:
    """Come with `count` openings to the doors of their kinds, `width` at a time; each is over when this returns."""
    coming = islice(openings, count)
    with selectors.DefaultSelector() as here:

        def come() -> None:
            for opening in coming:
                one = _Knock(places[opening.kind], opening)
                if not one.is_over:
                    here.register(one.socket, selectors.EVENT_READ, one)
                    return

        for _ in range(width):
            come()
        while here.get_map():
            ready: list[Any] = here.select(PATIENCE)
            assert ready, f"{len(here.get_map())} clients were neither answered nor sent away"
            for key, _ in ready:
                one = key.data
                descriptor = key.fd
                one.hear()
                if one.is_over:
                    here.unregister(descriptor)
                    come()
