"""Transactions: the edge's way into a world. The only place that commits.

Settle before you look: whatever is due in a sandbox happens, in committed transactions of its own, before a
reader or writer sees it, so no answer depends on the scheduler.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kagemusha.domain.errors import Unavailable
from kagemusha.services.advance import Fired, advance
from kagemusha.services.context import Context
from kagemusha.store import engine as engines
from kagemusha.store.records import Sandbox
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store

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

    def close(self) -> None:
        """Give the connections back."""
        self._let_go()
        self.engine.dispose()

    @contextmanager
    def _begin(self, *, writes: bool) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any exception. Raises Unavailable."""
        try:
            if writes not in self._held:
                self._held[writes] = (engines.writing if writes else engines.reading)(self.engine)
            with self._held[writes].begin():
                yield self._held[writes]
        except DBAPIError as error:
            if not engines.is_outage(error):
                raise
            # What one connection met, the other would meet next.
            self._let_go()
            raise Unavailable(_said(error)) from error

    def _let_go(self) -> None:
        for connection in self._held.values():
            with suppress(SQLAlchemyError):
                connection.close()
        self._held.clear()

    @asynccontextmanager
    async def server(self, *, writes: bool = False) -> AsyncIterator[Sandboxes]:
        """The list of sandboxes, without entering one."""
        async with self._lock:
            with self._begin(writes=writes) as connection:
                yield Sandboxes(connection)

    @asynccontextmanager
    async def reading(self, key: Key) -> AsyncIterator[Context | None]:
        """A settled world, to be read; None if there is no such sandbox."""
        now: int | None = None
        while True:
            async with self._lock:
                with self._begin(writes=False) as connection:
                    sandbox = Sandboxes(connection).find(*key)
                    if sandbox is None:
                        yield None
                        return
                    now = max(now or 0, sandbox.now(self.clock()))
                    if not _is_due(sandbox, now):
                        yield self._context(connection, sandbox, now)
                        return
            await self.settle(key, now)

    @asynccontextmanager
    async def writing(self, key: Key) -> AsyncIterator[Context | None]:
        """A settled and locked world, to be changed: committed when the block ends well."""
        now: int | None = None
        while True:
            async with self._lock:
                with self._begin(writes=True) as connection:
                    sandbox = Sandboxes(connection).find(*key, lock=True)
                    if sandbox is None:
                        yield None
                        return
                    # Read under the lock, so that the order of locks is the order of moments.
                    now = max(now or 0, sandbox.now(self.clock()))
                    if not _is_due(sandbox, now):
                        context = self._context(connection, sandbox, now)
                        yield context
                        context.store.flush()
                        return
            await self.settle(key, now)

    async def settle(self, key: Key, until: int, seen: list[Fired] | None = None) -> int:
        """Let everything happen that is due at `until`; returns how many steps that were, and adds them to `seen`.

        The loop is given back between batches.
        """
        fired = 0
        while True:
            async with self._lock:
                with self._begin(writes=True) as connection:
                    sandbox = Sandboxes(connection).find(*key, lock=True)
                    if sandbox is None or not _is_due(sandbox, until):
                        return fired
                    batch = self._batch(connection, sandbox, until)
                    fired += len(batch)
                    if seen is not None:
                        seen.extend(batch)
            await asyncio.sleep(0)

    async def settle_waking(self) -> int:
        """Settle every sandbox in which something is due by the system's clock, but those that others settle."""
        fired = 0
        while True:
            async with self._lock:
                with self._begin(writes=True) as connection:
                    sandboxes = Sandboxes(connection)
                    number = sandboxes.waking(self.clock())
                    sandbox = sandboxes.find("id", number, lock=True) if number is not None else None
                    if sandbox is None:
                        return fired
                    fired += len(self._batch(connection, sandbox, sandbox.now(self.clock())))
            await asyncio.sleep(0)

    def _batch(self, connection: Connection, sandbox: Sandbox, until: int) -> list[Fired]:
        context = self._context(connection, sandbox, until)
        with _undisturbed():
            fired = advance(context, until)
            context.store.flush()
        return fired

    def _context(self, connection: Connection, sandbox: Sandbox, now: int) -> Context:
        return Context(Store(connection, sandbox), sandbox, now, sandbox.timing(self.default_pace))


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


def _said(error: DBAPIError) -> str:
    if engines.timed_out(error):
        return "The database does not answer in time: nothing was changed, try again."
    cause = engines.cause_of(error)
    return f"The database can't be used ({cause}): nothing was changed. See to it, then try again."
