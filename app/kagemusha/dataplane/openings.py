"""What a client says before TLS, by the kind of store, and what it is told when the store can't be had."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from kagemusha.dataplane import postgres_opening
from kagemusha.dataplane.backend import Backend, BackendProblem
from kagemusha.dataplane.postgres_opening import Outcome
from kagemusha.domain.connections import Reason
from kagemusha.domain.doors import DataStore, Kind

PATIENCE = 10.0
"""Seconds that a client has for what comes before TLS, and again for TLS."""
_HANDSHAKE = b"\x16"
"""What every TLS client sends first: the type of the record of a ClientHello."""


class Unopened(Exception):
    """A client does not go on to TLS; it was told why, if that can be. None is for one that has what it came for."""

    def __init__(self, reason: Reason | None) -> None:
        """The reason goes into the journal."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was let in: its socket, the address that it comes from, and what it came for."""

    socket: socket.socket
    source: str
    backend: Backend
    store: DataStore


@dataclass(frozen=True, slots=True)
class Manner:
    """How one kind of store is spoken to.

    `open` reads what comes before TLS and returns the protocol that TLS must agree on (ALPN), if any; it raises
    Unopened. `apology` makes what a client is sent, on TLS, when its store can't be had. `protocols` are those that
    TLS can agree on.
    """

    open: Callable[[Client], Awaitable[str | None]]
    apology: Callable[[str], bytes]
    protocols: tuple[str, ...] = ()


async def _open_redis(client: Client) -> None:
    """TLS and nothing before."""
    try:
        async with asyncio.timeout(PATIENCE):
            first = await postgres_opening.first(asyncio.get_running_loop(), client.socket)
    except (OSError, TimeoutError):
        raise Unopened(Reason.OPENING) from None
    if first != _HANDSHAKE:
        raise Unopened(Reason.NO_TLS if first else Reason.OPENING)


def _apologise_redis(message: str) -> bytes:
    return f"-ERR {message}\r\n".encode()


async def _open_postgres(client: Client) -> str | None:
    """What libpq asks before TLS, or TLS at once."""
    opened = await postgres_opening.opening(asyncio.get_running_loop(), client.socket, client.source, PATIENCE)
    match opened.outcome:
        case Outcome.TLS:
            return None
        case Outcome.DIRECT_TLS:
            return postgres_opening.ALPN
        case Outcome.PLAIN:
            raise Unopened(Reason.NO_TLS)
        case Outcome.BROKEN:
            raise Unopened(Reason.OPENING)
        case Outcome.CANCEL:
            try:
                await postgres_opening.cancel(client.backend, client.store, opened.packet)
            except BackendProblem:
                raise Unopened(Reason.BACKEND) from None
            raise Unopened(None)


def _apologise_postgres(message: str) -> bytes:
    return postgres_opening.fatal("57P03", message)


MANNERS: Mapping[Kind, Manner] = {
    "redis": Manner(_open_redis, _apologise_redis),
    "postgres": Manner(_open_postgres, _apologise_postgres, (postgres_opening.ALPN,)),
}
