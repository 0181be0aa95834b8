"""Stores of Postgres add-ons, and a loop that pipes what comes to a port of loopback to their backend, without TLS."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import psycopg
import uvloop
from kagemusha.dataplane.backend import Backend, BackendProblem
from kagemusha.dataplane.postgres import of_wheel
from kagemusha.domain.doors import DataStore
from kagemusha.domain.names import Names
from kagemusha.domain.redis import RedisSettings

PATIENCE = 60.0
Connection = psycopg.Connection[tuple[Any, ...]]


def store(world: str, number: int = 1, seed: int = 7) -> DataStore:
    """The `number`-th add-on of a world; worlds of one seed have the same names."""
    names = Names(seed, number)
    key, spelled = (blake2b(f"{world}{each}".encode(), digest_size=8).hexdigest() for each in (number, ""))
    return DataStore(
        spelled, key, names.addon_name("postgresql"), "postgres", names.database_user(), names.password(),
        names.database_name(), RedisSettings(),
    )  # fmt: skip


def rotated(found: DataStore, number: int = 1, version: int = 1, seed: int = 7) -> DataStore:
    """The same with other credentials."""
    names = Names(seed, number)
    return replace(found, user=names.database_user(version), password=names.password(version))


class Doors:
    """A backend, and the ports that lead to its stores."""

    def __init__(self, backend: Backend, loop: asyncio.AbstractEventLoop) -> None:
        """The loop runs in another thread."""
        self.backend, self._loop = backend, loop
        self._servers: list[asyncio.Server] = []

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        """What comes of it, in the loop."""
        return self.begin(what).result(PATIENCE)

    def begin(self, what: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Begin with it."""
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    def agree(self, found: DataStore, *others: DataStore) -> None:
        """Let its world have these stores."""
        self.run(self.backend.agree(found.world, [found, *others]))

    def empty(self, found: DataStore) -> None:
        """Let its world have none."""
        self.run(self.backend.agree(found.world, []))

    def port(self, found: DataStore) -> int:
        """A port of 127.0.0.1 that leads to a store, until the loop ends."""
        return int(self.run(self._listen(found)))

    def url(self, found: DataStore, **other: str) -> str:
        """The URL of a store, as its client has it but for the place and TLS; parts of it may be others."""
        part = {"user": found.user, "password": found.password, "database": found.database} | other
        return f"postgresql://{part['user']}:{part['password']}@127.0.0.1:{self.port(found)}/{part['database']}"

    def connect(self, found: DataStore, **other: str) -> Connection:
        """A connection of a client."""
        return psycopg.connect(self.url(found, **other), autocommit=True, connect_timeout=30)

    async def _listen(self, found: DataStore) -> int:
        server = await self._loop.create_server(lambda: _End(self, found), "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def hang_up(self) -> None:
        """Listen no more."""
        for each in self._servers:
            each.close()

    async def close(self) -> None:
        """Listen no more, and let the backend end what runs."""
        await self.hang_up()
        await self.backend.close()

    async def let_in(self, found: DataStore, client: "_End") -> None:
        """Lead a client to the store, or close."""
        try:
            transport = await self.backend.connect(found, lambda: _End(None, found, client))
        except BackendProblem:
            client.close()
        else:
            client.meet(transport)


class _End(asyncio.Protocol):
    """One end of a pipe: what it gets is the other's."""

    def __init__(self, doors: Doors | None, found: DataStore, other: "_End | None" = None) -> None:
        self._doors, self._store, self._other = doors, found, other
        self._kept = b""
        self._peer: asyncio.Transport | None = None
        self._mine: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are none by their class.
        self._mine = cast("asyncio.Transport", transport)
        if self._other is not None:
            self._peer = self._other._mine
        if self._doors is not None:
            self._doors.begin(self._doors.let_in(self._store, self))

    def meet(self, peer: asyncio.Transport) -> None:
        """Have the other end."""
        self._peer = peer
        peer.write(self._kept)

    def close(self) -> None:
        """End it."""
        assert self._mine is not None
        self._mine.close()

    def data_received(self, data: bytes) -> None:
        if self._peer is None:
            self._kept += data
        else:
            self._peer.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._peer is not None:
            self._peer.close()


@contextmanager
def doors(backend: Backend) -> Iterator[Doors]:
    """A loop of the backend's own; it is closed afterwards, and whatever it started has ended."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Doors(backend, loop)
    try:
        yield made
    finally:
        made.run(made.close())
        made.run(_end_all())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def wheel(folder: Path) -> Iterator[Doors]:
    """Clusters in a folder."""
    with doors(of_wheel(folder)) as made:
        yield made


def fill(connection: Connection, rows: int = 1_000) -> None:
    """Make a table with rows."""
    connection.execute("CREATE TABLE rows (number integer PRIMARY KEY, said text NOT NULL)")
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO rows VALUES (%s, %s)", [(each, f"row {each}") for each in range(rows)])


def count(connection: Connection) -> int:
    """How many rows there are."""
    found = connection.execute("SELECT count(*) FROM rows").fetchone()
    assert found is not None
    return int(found[0])


def wait_until_it_waits(victim: Connection, other: Connection) -> None:
    """Wait until a connection waits for a lock, as another one sees it."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    while other.execute(waits, [victim.info.backend_pid]).fetchone() != (1,):
        pass
