"""What a client of PostgreSQL says before TLS, read from its socket, and what is said to it where there is none.

It begins with a TLS handshake, or with packets that have a length and a code. Nothing is ever read beyond the packet
that is read: what follows belongs to TLS, and plain bytes can't pass for encrypted ones (CVE-2021-23222). As PostgreSQL
does, whose documentation (*Message Formats*, *SSL Session Encryption*) has all of this.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from kagemusha.dataplane.backend import Backend
from kagemusha.domain.doors import DataStore

ALPN = "postgresql"
"""What a client that begins with TLS must have agreed on when the handshake is over; else it is to be closed."""
PATIENCE = 60.0
"""Seconds that a client may take: PostgreSQL's `authentication_timeout`."""
_HANDSHAKE = b"\x16"
_HEAD = struct.Struct("!II")
_LONGEST = 10_000
"""Bytes of a StartupMessage."""
_MAJOR, _MINOR = 3, 2
"""The one version of the protocol that is spoken, and its newest minor one."""


class _Code(IntEnum):
    """What is no version of the protocol, but a request of another kind."""

    CANCEL = 80877102
    SSL = 80877103
    GSS = 80877104


_BOUNDS = {_Code.CANCEL: (16, 12 + 256), _Code.SSL: (8, 8), _Code.GSS: (8, 8)}


class Outcome(StrEnum):
    """What is to be done with a client."""

    TLS = "tls"
    """It waits for TLS's handshake."""
    DIRECT_TLS = "direct tls"
    """It has begun with TLS's handshake, and is closed if that does not agree on ALPN."""
    CANCEL = "cancel"
    """It wants the backend to have `packet`, and is closed then."""
    PLAIN = "plain"
    """It wants no TLS, has been told that it must, and is to be closed."""
    BROKEN = "broken"
    """It is no client of PostgreSQL, or a slow one, and is to be closed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """How a client began."""

    outcome: Outcome
    packet: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """A packet's length, all of it, and code."""

    length: int
    code: int

    @classmethod
    def read(cls, data: bytes) -> "Head | None":
        """Eight bytes, None if no packet begins so."""
        length, code = _HEAD.unpack(data)
        shortest, longest = _BOUNDS.get(code, (_HEAD.size + 1, _LONGEST))
        return cls(length, code) if shortest <= length <= longest else None


async def opening(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, source: str, patience: float = PATIENCE
) -> Opened:
    """Read what comes before TLS from a socket that doesn't block, and answer it.

    `source` is the address that the client is told it has. The socket stays open, whatever comes of it.
    """
    try:
        async with asyncio.timeout(patience):
            return await _opening(loop, sock, source)
    except (OSError, EOFError, TimeoutError):
        return Opened(Outcome.BROKEN)


async def _opening(loop: asyncio.AbstractEventLoop, sock: socket.socket, source: str) -> Opened:
    if await first(loop, sock) == _HANDSHAKE:
        return Opened(Outcome.DIRECT_TLS)
    head = await _head(loop, sock)
    if head.code == _Code.GSS:
        await _answer(loop, sock, b"N")
        head = await _head(loop, sock)
    match head.code:
        case _Code.GSS:
            return Opened(Outcome.BROKEN)
        case _Code.SSL:
            await _answer(loop, sock, b"S")
            return Opened(Outcome.TLS)
        case _Code.CANCEL:
            rest = await _exactly(loop, sock, head.length - _HEAD.size)
            return Opened(Outcome.CANCEL, _HEAD.pack(head.length, head.code) + rest)
        case _:
            rest = await _exactly(loop, sock, head.length - _HEAD.size)
            await loop.sock_sendall(sock, refusal(head.code, rest, source))
            return Opened(Outcome.PLAIN)


def refusal(version: int, parameters: bytes, source: str) -> bytes:
    """The error that answers a StartupMessage of a client at the address `source`, sent without TLS."""
    major, minor = version >> 16, version & 0xFFFF
    if major != _MAJOR:
        said = f"unsupported frontend protocol {major}.{minor}: server supports {_MAJOR}.0 to {_MAJOR}.{_MINOR}"
        return fatal("0A000", said)
    named = startup_parameters(parameters)
    if named is None:
        return fatal("08P01", "invalid startup packet layout: expected terminator as last byte")
    user = named.get("user", "")
    if not user:
        return fatal("28000", "no PostgreSQL user name specified in startup packet")
    database = named.get("database") or user
    said = f'no pg_hba.conf entry for host "{source}", user "{user}", database "{database}", no encryption'
    return fatal("28000", said)


def startup_parameters(packet: bytes) -> dict[str, str] | None:
    """What a StartupMessage says after its version: names and values; None if that isn't how they are spelled."""
    *parts, end = packet.split(b"\0")
    if end or len(parts) % 2 == 0 or parts[-1] or not all(parts[0:-1:2]):
        return None
    told = [part.decode(errors="replace") for part in parts[:-1]]
    return dict(zip(told[::2], told[1::2], strict=True))


def fatal(code: str, message: str) -> bytes:
    """An ErrorResponse that ends a connection, with an SQLSTATE (*PostgreSQL Error Codes*).

    After TLS it is for the client's StartupMessage, and to be sent when that has come: who closes without having read
    what was sent may take the answer away again.
    """
    fields = (("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", message))
    body = b"".join(f"{name}{value}".encode() + b"\0" for name, value in fields) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


async def cancel(backend: Backend, store: DataStore, packet: bytes, patience: float = PATIENCE) -> None:
    """Let the backend have a CancelRequest, and wait until it has seen to it. Raises BackendProblem."""
    done = asyncio.get_running_loop().create_future()

    class Said(asyncio.Protocol):
        def connection_lost(self, _error: Exception | None) -> None:
            if not done.done():
                done.set_result(None)

    transport = await backend.connect(store, Said)
    transport.write(packet)
    try:
        async with asyncio.timeout(patience):
            await done
    except TimeoutError:
        transport.abort()


async def first(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> bytes:
    """The first byte, which stays where it is."""
    while True:
        try:
            return sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            await _readable(loop, sock)


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)


async def _head(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> Head:
    head = Head.read(await _exactly(loop, sock, _HEAD.size))
    if head is None:
        raise EOFError
    return head


async def _answer(loop: asyncio.AbstractEventLoop, sock: socket.socket, answer: bytes) -> None:
    """Answer a request that nothing may follow before this. Raises EOFError."""
    with suppress(BlockingIOError):
        # More than was asked for, or the end.
        sock.recv(1, socket.MSG_PEEK)
        raise EOFError
    await loop.sock_sendall(sock, answer)


async def _exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    """So many bytes and not one more. Raises EOFError."""
    data = b""
    while len(data) < size:
        more = await loop.sock_recv(sock, size - len(data))
        if not more:
            raise EOFError
        data += more
    return data
