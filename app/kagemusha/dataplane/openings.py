"""What a client says before TLS, by the kind of store, and what it is told when the store can't be had."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from kagemusha.domain.connections import Reason
from kagemusha.domain.doors import Kind

_HANDSHAKE = b"\x16"
"""What every TLS client sends first: the type of the record of a ClientHello."""


class Unopened(Exception):
    """A client does not begin as it must; it was told so, if that can be."""

    def __init__(self, reason: Reason) -> None:
        """The reason goes into the journal."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of store is spoken to.

    `open` reads what comes before TLS and raises Unopened; `apology` makes what a client is sent, on TLS, when its
    store can't be had; `protocols` are TLS's names of what is spoken (ALPN).
    """

    open: Callable[[socket.socket], Awaitable[None]]
    apology: Callable[[str], bytes]
    protocols: tuple[str, ...] = ()


async def peek(client: socket.socket, most: int) -> bytes:
    """What the client has sent, left where it is; waits until there is something. Empty when it has ended."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(client.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(client.fileno())
    return client.recv(most, socket.MSG_PEEK)


async def _open_redis(client: socket.socket) -> None:
    """TLS and nothing before."""
    if await peek(client, 1) != _HANDSHAKE:
        raise Unopened(Reason.NO_TLS)


def _apologise_redis(message: str) -> bytes:
    return f"-ERR {message}\r\n".encode()


MANNERS: Mapping[Kind, Manner] = {"redis": Manner(_open_redis, _apologise_redis)}
