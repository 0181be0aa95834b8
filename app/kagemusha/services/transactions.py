"""Transactions: the edge's way into a world. The only place that commits.

Settle before you look: whatever is due in a sandbox happens, in committed transactions of its own, before a
reader or writer sees it, so no answer depends on the scheduler.
"""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import TracebackType

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kagemusha.domain.errors import Unavailable
from kagemusha.services.advance import Fired, advance
from kagemusha.services.context import Context
from kagemusha.services.data_plane import DataPlane
from kagemusha.services.requests import Requests
from kagemusha.services.stage_faults import StageFaults
from kagemusha.store import engine as engines
from kagemusha.store.records import Sandbox
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store

SOON = 0.25
"""Seconds of system time after which the journal tells of a request, if nothing wrote before."""

Key = tuple[str, str | int]
"""How a sandbox is found: a column of `sandboxes` and its value."""


class Transactions:
    """Short transactions on held connections, one at a time in this process."""

    def __init__(self, engine: Engine, clock: Callable[[], int], default_pace: float) -> None:
        """`clock` gives system time in milliseconds; `default_pace` is that of clocks that run."""
        self.engine = engine
        self.clock = clock
        self.default_pace = default_pace
        self._held: dict[bool, Connection] = {}
        # Handlers never wait inside a transaction; the lock keeps that true whatever they come to do.
        self._lock = asyncio.Lock()
        self.requests = Requests(self._wake)
        self._writing_down: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.data_plane: DataPlane | None = None

    async def end(self) -> None:
        """Write down what was kept back, then close."""
        if self._writing_down is not None:
            self._writing_down.cancel()
        try:
            with suppress(Unavailable):
                await self.write_all_down()
        finally:
            self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._let_go()
        self.engine.dispose()

    def _begin(self, *, writes: bool, asked: bool = True, begun: bool = False) -> "_Begun":
        """A transaction; `asked` says that it does what somebody asked for, `begun` that a part of that is done."""
        return _Begun(self, writes=writes, asked=asked, begun=begun)

    def held(self, *, writes: bool) -> Connection:
        """The connection that is held for writing, or for reading."""
        if writes not in self._held:
            self._held[writes] = (engines.writing if writes else engines.reading)(self.engine)
        return self._held[writes]

    def give_up(self, error: DBAPIError, *, begun: bool) -> None:
        """Raise Unavailable if the database is at fault; `begun` says that a part of what was asked for may be done."""
        if engines.is_outage(error):
            # What one connection met, the other would meet next.
            self._let_go()
            raise Unavailable(_said(error, begun=begun)) from error

    def _let_go(self) -> None:
        for connection in self._held.values():
            with suppress(SQLAlchemyError):
                connection.close()
        self._held.clear()

    @asynccontextmanager
    async def server(self, *, writes: bool = False, begun: bool = False) -> AsyncIterator[Sandboxes]:
        """The list of sandboxes, without entering one. `begun` as for `writing`."""
        async with self._lock:
            with self._begin(writes=writes, begun=begun) as connection:
                yield Sandboxes(connection)

    @asynccontextmanager
    async def reading(self, key: Key, *, begun: bool = False) -> AsyncIterator[Context | None]:
        """A settled world, to be read; None if there is no such sandbox. `begun` as for `writing`."""
        now: int | None = None
        while True:
            async with self._lock:
                with self._begin(writes=False, begun=begun) as connection:
                    sandbox = Sandboxes(connection).find(*key)
                    if sandbox is None:
                        yield None
                        return
                    now = max(now or 0, sandbox.now(self.clock()))
                    if not _is_due(sandbox, now):
                        yield self._context(connection, sandbox, now)
                        return
            await self.settle(key, now, begun=begun)

    @asynccontextmanager
    async def looking(self, key: Key) -> AsyncIterator[Context | None]:
        """A world as the last commit left it, to be read: what has fallen due since has not happened."""
        async with self._lock:
            with self._begin(writes=False) as connection:
                sandbox = Sandboxes(connection).find(*key)
                now = 0 if sandbox is None else sandbox.now(self.clock())
                yield None if sandbox is None else self._context(connection, sandbox, now)

    @asynccontextmanager
    async def writing(self, key: Key, *, begun: bool = False) -> AsyncIterator[Context | None]:
        """A settled and locked world, to be changed: committed when the block ends well.

        `begun` says that a part of what was asked for has been committed before, so that no outage can say otherwise.
        """
        now: int | None = None
        while True:
            async with self._lock:
                with self._begin(writes=True, begun=begun) as connection:
                    sandbox = Sandboxes(connection).find(*key, lock=True)
                    if sandbox is None:
                        yield None
                        return
                    # Read under the lock, so that the order of locks is the order of moments.
                    now = max(now or 0, sandbox.now(self.clock()))
                    settled = not _is_due(sandbox, now)
                    if settled:
                        context = self._context(connection, sandbox, now)
                        noted = self._tell(context)
                        yield context
                        context.store.flush()
                if settled:
                    self._told(sandbox.id, noted)
            if settled:
                await self.agree(sandbox.id)
                return
            await self.settle(key, now, begun=begun)

    async def settle(self, key: Key, until: int, seen: list[Fired] | None = None, *, begun: bool = False) -> int:
        """Let everything happen that is due at `until`; returns how many steps that were, and adds them to `seen`.

        The loop is given back between batches. `begun` as for `writing`.
        """
        fired = 0
        while True:
            async with self._lock:
                with self._begin(writes=True, asked=False, begun=begun) as connection:
                    sandbox = Sandboxes(connection).find(*key, lock=True)
                    if sandbox is None or not _is_due(sandbox, until):
                        break
                    batch, noted = self._batch(connection, sandbox, until)
                    fired += len(batch)
                    if seen is not None:
                        seen.extend(batch)
                self._told(sandbox.id, noted)
            await asyncio.sleep(0)
        if fired and sandbox is not None:
            await self.agree(sandbox.id)
        return fired

    async def settle_waking(self) -> int:
        """Settle every sandbox in which something is due by the system's clock, but those that others settle."""
        fired = 0
        while True:
            async with self._lock:
                with self._begin(writes=True, asked=False) as connection:
                    sandboxes = Sandboxes(connection)
                    number = sandboxes.waking(self.clock())
                    sandbox = sandboxes.find("id", number, lock=True) if number is not None else None
                    if sandbox is None:
                        return fired
                    batch, noted = self._batch(connection, sandbox, sandbox.now(self.clock()))
                    fired += len(batch)
                self._told(sandbox.id, noted)
            await self.agree(sandbox.id)
            await asyncio.sleep(0)

    async def agree(self, sandbox_id: int) -> None:
        """Let the data plane follow what was committed, before anybody is answered."""
        if self.data_plane is not None:
            await self.data_plane.agree(sandbox_id)

    def _batch(self, connection: Connection, sandbox: Sandbox, until: int) -> tuple[list[Fired], int]:
        context = self._context(connection, sandbox, until)
        noted = self._tell(context)
        with _undisturbed():
            fired = advance(context, until)
            context.store.flush()
        return fired, noted

    def _tell(self, context: Context) -> int:
        """Let the journal tell of what was answered, or connected, before; returns how many entries."""
        sandbox, tried = context.sandbox, self.requests.tried(context.sandbox.id)
        # An attempt that failed has left no number behind, unless only the answer to its commit was lost.
        if tried is not None and tried.seq <= sandbox.journal_seq:
            found = context.store.occurrences.page(tried.seq - 1, 1, None)
            if any(tried.is_kept(each.seq, each.noted_at, json.loads(each.detail)) for each in found):
                self.requests.written(sandbox.id, tried.length)
        noted = self.requests.trying(sandbox.id, sandbox.journal_seq + 1)
        for each in noted:
            context.store.note(each.kind, each.at, each.detail, each.noted_at)
        return len(noted)

    def _told(self, sandbox_id: int, noted: int) -> None:
        """Note that a transaction was committed, with `noted` of what was kept back in it."""
        self.requests.written(sandbox_id, noted)
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, most: float) -> None:
        """Wait until something was written by this process, but no longer than `most` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most):
                await self._news.wait()

    async def write_down(self, sandbox_id: int) -> None:
        """Let the journal tell of all that was answered, or connected, in this sandbox by this process."""
        if self.requests.of(sandbox_id):
            async with self.writing(("id", sandbox_id)) as context:
                pass
            if context is None:
                self.requests.forget(sandbox_id)

    async def write_all_down(self) -> None:
        """The same for all sandboxes. Raises Unavailable."""
        for sandbox_id in self.requests.sandboxes:
            await self.write_down(sandbox_id)

    def _wake(self) -> None:
        if self._writing_down is None or self._writing_down.done():
            self._writing_down = asyncio.get_running_loop().create_task(self._write_down_soon())

    async def _write_down_soon(self) -> None:
        await asyncio.sleep(SOON)
        while self.requests.sandboxes:
            with suppress(Unavailable):
                await self.write_all_down()
            await asyncio.sleep(SOON)

    def _context(self, connection: Connection, sandbox: Sandbox, now: int) -> Context:
        store = Store(connection, sandbox, self.clock())
        faults = StageFaults(store, sandbox) if sandbox.stage_faults else None
        return Context(store, sandbox, now, sandbox.timing(self.default_pace), faults, self.data_plane)


class _Begun:
    """A transaction on a held connection: committed at the end, rolled back on any exception. Raises Unavailable."""

    __slots__ = ("_asked", "_begun", "_transaction", "_worlds", "_writes")

    def __init__(self, worlds: Transactions, *, writes: bool, asked: bool, begun: bool) -> None:
        self._worlds = worlds
        self._writes = writes
        self._asked = asked
        self._begun = begun
        self._transaction: RootTransaction

    def __enter__(self) -> Connection:
        try:
            connection = self._worlds.held(writes=self._writes)
            self._transaction = connection.begin()
        except DBAPIError as error:
            self._worlds.give_up(error, begun=self._begun)
            raise
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._transaction.__exit__(kind, error, trace)
        except DBAPIError as failed:
            # Whether a commit whose answer was lost has been kept, only a look can tell.
            is_unsure = error is None and self._writes and self._asked and not engines.timed_out(failed)
            self._worlds.give_up(failed, begun=self._begun or is_unsure)
            raise
        if isinstance(error, DBAPIError):
            self._worlds.give_up(error, begun=self._begun)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No search for garbage: a batch makes many objects but no circles, and to look for those takes a fifth of it."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _is_due(sandbox: Sandbox, now: int) -> bool:
    return sandbox.next_due_at is not None and sandbox.next_due_at <= now


def _said(error: DBAPIError, *, begun: bool) -> str:
    timed_out = engines.timed_out(error)
    cause = engines.cause_of(error)
    why = "The database does not answer in time" if timed_out else f"The database can't be used ({cause})"
    if begun:
        return f"{why}: what was asked for may have been done, wholly or in part. Look before you try again."
    return f"{why}: nothing was changed{', try again.' if timed_out else '. See to it, then try again.'}"
