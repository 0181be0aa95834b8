"""Listeners on loopback that pipe each client to a backend, on an event loop of their own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import uvloop
from kagemusha.dataplane.backend import Backend, BackendProblem
from kagemusha.domain.doors import DataStore

PATIENCE = 30.0
"""Seconds that anything may take."""
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
T = TypeVar("T")


class Pipe(asyncio.Protocol):
    """One side of a connection: what comes goes to the other side, as fast as that takes it."""

    transport: asyncio.Transport
    other: "Pipe | None" = None
    early = b""
    """What came before the other side was there: uvloop reads although it was told to pause when it connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come."""
        self.transport = cast(asyncio.Transport, transport)

    def joined(self, other: "Pipe") -> None:
        """Have another side."""
        self.other = other
        other.transport.write(self.early)

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        if self.other is None:
            self.early += data
        else:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Let the other side wait."""
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Let the other side go on."""
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Take the other side along."""
        if self.other is not None:
            self.other.transport.close()


class Front(Pipe):
    """The client's side, which is there first."""

    def __init__(self, connect: Callable[["Front"], Coroutine[Any, Any, None]]) -> None:
        """Connect the other side when it comes."""
        self._connect = connect

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come, and fetch the other side."""
        super().connection_made(transport)
        self.task = asyncio.ensure_future(self._connect(self))


class Listener:
    """A backend on an event loop in a thread; `problems` is what the loop complained of."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use a loop that runs."""
        self._loop = loop
        self.problems: list[dict[str, Any]] = []
        self._servers: list[asyncio.Server] = []
        self._fronts: list[Front] = []
        loop.call_soon_threadsafe(loop.set_exception_handler, lambda _, problem: self.problems.append(problem))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def port(self, backend: Backend, store: DataStore) -> int:
        """A port of 127.0.0.1 that leads to a store, until the loop ends."""

        async def connect(front: Front) -> None:
            back = Pipe()
            try:
                await backend.connect(store, lambda: back)
            except BackendProblem:
                front.transport.abort()
                return
            if front.transport.is_closing():
                back.transport.close()
                return
            back.joined(front)
            front.joined(back)

        def front() -> Front:
            self._fronts.append(Front(connect))
            return self._fronts[-1]

        async def listen() -> int:
            server = await self._loop.create_server(front, "127.0.0.1", 0, backlog=512)
            self._servers.append(server)
            return int(server.sockets[0].getsockname()[1])

        return self.run(listen())

    async def close(self) -> None:
        """End all connections, listen no more, and wait until that is so."""
        for server in self._servers:
            server.close()
        for front in self._fronts:
            front.task.cancel()
            front.transport.abort()
        for ended in await asyncio.gather(*(front.task for front in self._fronts), return_exceptions=True):
            assert ended is None or isinstance(ended, asyncio.CancelledError), ended
        await self._loop.shutdown_default_executor()


@contextmanager
def listening(kind: str) -> Iterator[Listener]:
    """A listener on a loop of this kind; nothing went wrong on it when this ends."""
    loop = LOOPS[kind]()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    listener = Listener(loop)
    try:
        yield listener
        assert not listener.problems
    finally:
        listener.run(listener.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
