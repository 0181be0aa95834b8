"""Transactions: locks that are had or given up in time, writers that never meet, and databases that go away."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from kagemusha import scheduler
from kagemusha.domain.connections import Outcome
from kagemusha.domain.errors import Conflict, Unavailable
from kagemusha.scheduler import Ticking
from kagemusha.services.connections import Entry, note
from kagemusha.services.requests import Answered
from kagemusha.services.sandboxes import NewSandbox, create_sandbox
from kagemusha.services.transactions import Transactions
from kagemusha.store import engine as engines
from kagemusha.store.base import Page
from kagemusha.store.engine import connect, reading, writing
from kagemusha.store.sandboxes import Sandboxes
from lost import lose_commit
from samples import row, world
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

NOW = 1_000_000
ONE = ("name", "one")
THREADS, WRITES = 4, 12


def url(engine: Engine) -> str:
    """The engine's URL, password and all."""
    return engine.url.render_as_string(hide_password=False)


def open_worlds(engine: Engine, now: int = NOW) -> Transactions:
    """Transactions on connections of their own, as another process has them."""
    return Transactions(connect(url(engine)), lambda: now, 60)


@pytest.fixture
def hasty(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Transactions]:
    """Transactions over a database with a world, which wait for a lock for a quarter of a second."""
    with engine.begin() as connection:
        world(connection, "one")
    monkeypatch.setattr(engines, "LOCK_TIMEOUT", 0.25)
    made = open_worlds(engine)
    yield made
    made.close()


async def rename(worlds: Transactions) -> int:
    """A write: returns the number that it allocated."""
    async with worlds.writing(ONE) as context:
        assert context is not None
        number = context.store.allocate()
        context.store.apps.insert(row("apps", number))
        return number


async def look(worlds: Transactions) -> int:
    """A read: returns how many things the world has had."""
    async with worlds.reading(ONE) as context:
        assert context is not None
        return context.sandbox.counter


def hold(connection: Connection) -> None:
    """Take the world's lock, as another process would."""
    assert Sandboxes(connection).find(*ONE, lock=True) is not None


@pytest.mark.parametrize("act", [rename, lambda worlds: worlds.settle(ONE, NOW)])
def test_a_lock_that_is_not_had_in_time_is_unavailable(
    hasty: Transactions, engine: Engine, act: Callable[[Transactions], Coroutine[Any, Any, Any]]
) -> None:
    """Who waits too long for a world is told to try again, has changed nothing, and succeeds later."""

    async def scenario() -> None:
        with writing(engine) as other, other.begin():
            hold(other)
            with pytest.raises(Unavailable, match="nothing was changed, try again"):
                await act(hasty)
        assert await look(hasty) == 2
        await act(hasty)

    asyncio.run(scenario())


def test_a_read_with_nothing_due_waits_for_no_lock(hasty: Transactions, engine: Engine) -> None:
    """While another process holds the world, it can be read."""
    with writing(engine) as other, other.begin():
        hold(other)
        assert asyncio.run(look(hasty)) == 2


def test_a_read_with_something_due_gives_up_in_time(hasty: Transactions, engine: Engine) -> None:
    """A reader that would have to settle a world that another process holds is told to try again."""
    with engine.begin() as connection:
        store = world(connection, "late", next_due_at=1, wake_at=1)
        store.spaces.insert(row("spaces", 1, due_at=1))

    async def look_late() -> str:
        async with hasty.reading(("name", "late")) as context:
            assert context is not None
            return context.store.spaces.page(Page("name", 5))[0].state

    with writing(engine) as other, other.begin():
        assert Sandboxes(other).find("name", "late", lock=True) is not None
        with pytest.raises(Unavailable):
            asyncio.run(look_late())
    assert asyncio.run(look_late()) == "allocated"


def test_an_error_in_the_block_undoes_the_block(hasty: Transactions) -> None:
    """What a use-case wrote before it raised is undone, and the number it took is given again."""

    async def scenario() -> None:
        async with hasty.writing(ONE) as context:
            assert context is not None
            context.store.apps.insert(row("apps", context.store.allocate()))
            raise Conflict("no")

    with pytest.raises(Conflict):
        asyncio.run(scenario())
    assert asyncio.run(rename(hasty)) == 3


def test_what_was_due_has_happened_though_the_block_fails(engine: Engine) -> None:
    """Settling is committed before the block begins, and the block's failure doesn't undo it."""
    with engine.begin() as connection:
        world(connection, "one", next_due_at=1, wake_at=1).spaces.insert(row("spaces", 1, due_at=1))
    worlds = open_worlds(engine)

    async def scenario() -> None:
        async with worlds.writing(ONE):
            raise Conflict("no")

    with pytest.raises(Conflict):
        asyncio.run(scenario())
    worlds.close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state, generation FROM spaces")).all() == [("allocated", 1)]


def test_a_world_is_never_before_what_has_happened_in_it(engine: Engine) -> None:
    """Though the machine's clock goes back, the world's stands until the machine's has caught up."""
    with engine.begin() as connection:
        world(connection, "one", next_due_at=NOW, wake_at=NOW).spaces.insert(row("spaces", 1, due_at=NOW))
    seen: list[int] = []

    async def scenario() -> None:
        for moment in (NOW, NOW - 500, NOW + 1):
            worlds = open_worlds(engine, moment)
            async with worlds.reading(ONE) as context:
                assert context is not None
                seen.append(context.now)
            worlds.close()

    asyncio.run(scenario())
    assert seen == [NOW, NOW, NOW + 1]


def test_a_mistake_of_ours_is_not_called_an_outage(hasty: Transactions) -> None:
    """A row that the database refuses is an IntegrityError, undone, and the connection goes on."""

    async def scenario() -> None:
        async with hasty.writing(ONE) as context:
            assert context is not None
            for _ in range(2):
                context.store.apps.insert(row("apps", 1))

    with pytest.raises(IntegrityError):
        asyncio.run(scenario())
    assert asyncio.run(rename(hasty)) == 3


def test_a_reader_sees_one_moment(engine: Engine) -> None:
    """What is committed while a reader looks is seen by the next reader only."""
    with reading(engine) as reader:
        with reader.begin():
            assert Sandboxes(reader).find(*ONE) is None
            with writing(engine) as writer, writer.begin():
                world(writer, "one")
            assert Sandboxes(reader).find(*ONE) is None
        with reader.begin():
            assert Sandboxes(reader).find(*ONE) is not None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_passes_over_what_another_process_holds(engine: Engine) -> None:
    """The sandbox that wakes first is claimed once; a second claimer takes the next, a third none."""
    with engine.begin() as connection:
        for name, wake_at in (("later", 20), ("sooner", 10), ("asleep", None), ("not yet", 99)):
            world(connection, name, wake_at=wake_at)
        names = {sandbox.id: sandbox.name for sandbox in Sandboxes(connection).list()}
    with writing(engine) as first, writing(engine) as second, writing(engine) as third:
        for each, claimed in ((first, "sooner"), (second, "later"), (third, None)):
            each.begin()
            number = Sandboxes(each).waking(50)
            assert (names[number] if number else None) == claimed


def in_threads(work: Callable[[], None]) -> None:
    """Run `work` in several threads that begin at once; what one of them raises is raised here."""
    barrier, raised = threading.Barrier(THREADS), list[BaseException]()

    def run() -> None:
        barrier.wait(timeout=10)
        try:
            work()
        except BaseException as error:  # noqa: BLE001  it is raised again below
            raised.append(error)

    running = [threading.Thread(target=run) for _ in range(THREADS)]
    for each in running:
        each.start()
    for each in running:
        each.join(timeout=60)
    for error in raised:
        raise error


def test_writers_at_once_never_get_the_same_number(engine: Engine) -> None:
    """Numbers given to writers that work at the same time are all different, and none is left out."""
    with engine.begin() as connection:
        world(connection, "one")
    numbers: list[int] = []

    def write() -> None:
        async def scenario() -> None:
            worlds = open_worlds(engine)
            for _ in range(WRITES):
                numbers.append(await rename(worlds))  # noqa: PERF401  the loop is the point
            worlds.close()

        asyncio.run(scenario())

    in_threads(write)
    assert sorted(numbers) == list(range(3, 3 + THREADS * WRITES))


@pytest.mark.parametrize("same", ["name", "aws_account_id"])
def test_of_sandboxes_made_at_once_one_is_made(engine: Engine, same: str) -> None:
    """Of processes that make sandboxes with one name, or one account, one succeeds and the others are a Conflict."""
    made: list[str] = []
    refused: list[str] = []

    def make() -> None:
        async def scenario() -> None:
            worlds = open_worlds(engine)
            for turn in range(WRITES):
                name = f"turn-{turn}" if same == "name" else None
                account = f"{turn:012}" if same == "aws_account_id" else None
                try:
                    made.append((await create_sandbox(worlds, NewSandbox(name, aws_account_id=account))).name)
                except Conflict as conflict:
                    refused.append(conflict.message)
            worlds.close()

        asyncio.run(scenario())

    in_threads(make)
    assert len(made) == len(set(made)) == WRITES
    assert len(refused) == (THREADS - 1) * WRITES


@pytest.mark.parametrize("begun", [False, True])
def test_a_scheduler_that_was_stopped_looks_no_more(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    """When it says that it has stopped, it has: a look would open a connection that nobody closes."""
    worlds = open_worlds(engine)
    looked = asyncio.Event()

    async def look() -> int:
        looked.set()
        return 0

    monkeypatch.setattr(worlds, "settle_waking", look)
    monkeypatch.setattr(scheduler, "INTERVAL", 0.01)

    async def scenario() -> None:
        ticking = Ticking(worlds)
        assert ticking.is_running
        if begun:
            await asyncio.wait_for(looked.wait(), 30)
            assert ticking.is_running
        await ticking.stop()
        assert not ticking.is_running

    asyncio.run(scenario())
    worlds.close()


def test_a_database_that_is_away_is_told_of_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each outage of the database, however long, is two lines of the scheduler's: that it is away, that it is back."""
    worlds, over = open_worlds(engine), asyncio.Event()
    outages = [True, True, False, False, True, False]

    async def look() -> int:
        if not outages:
            over.set()
        elif outages.pop(0):
            raise Unavailable("the database is away")
        return 0

    monkeypatch.setattr(worlds, "settle_waking", look)
    monkeypatch.setattr(scheduler, "INTERVAL", 0.01)

    async def scenario() -> None:
        ticking = Ticking(worlds)
        await asyncio.wait_for(over.wait(), 30)
        await ticking.stop()

    asyncio.run(scenario())
    worlds.close()
    away = "The scheduler could not look, and goes on trying: the database is away"
    assert caplog.messages == [away, "The scheduler looks again."] * 2


def test_what_is_due_happens_once_whoever_settles(engine: Engine) -> None:
    """Schedulers that look at the same time take each step once, in one gapless journal a world."""
    with engine.begin() as connection:
        for name in ("one", "two", "three"):
            store = world(connection, name, next_due_at=1, wake_at=1)
            for number in range(1, 31):
                store.spaces.insert(row("spaces", number, due_at=number))
    fired: list[int] = []

    def settle() -> None:
        async def scenario() -> None:
            worlds = open_worlds(engine)
            fired.append(await worlds.settle_waking())
            fired.append(await worlds.settle(ONE, NOW))
            worlds.close()

        asyncio.run(scenario())

    in_threads(settle)
    assert sum(fired) == 90
    with engine.connect() as connection:
        told = connection.execute(text("SELECT sandbox_id, seq, at FROM journal ORDER BY sandbox_id, seq")).all()
        states = {tuple(each) for each in connection.execute(text("SELECT state, generation, due_at FROM spaces"))}
    assert [(seq, at) for _, seq, at in told] == [(number, number) for number in range(1, 31)] * 3
    assert states == {("allocated", 1, None)}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_that_was_restarted_is_found_again(hasty: Transactions, engine: Engine) -> None:
    """When PostgreSQL drops its connections, one request is told so and all that follow work."""

    async def scenario() -> None:
        await rename(hasty)
        assert await look(hasty) == 3
        with engine.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        with pytest.raises(Unavailable, match="can't be used"):
            await look(hasty)
        assert await rename(hasty) == 4
        assert await look(hasty) == 4

    asyncio.run(scenario())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_statement_that_takes_too_long_is_given_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends a statement after STATEMENT_TIMEOUT, and the client is told to try again."""
    monkeypatch.setattr(engines, "STATEMENT_TIMEOUT", 0.2)
    worlds = open_worlds(engine)

    async def scenario() -> None:
        with pytest.raises(Unavailable, match="try again"):
            async with worlds.server() as sandboxes:
                sandboxes._connection.execute(text("SELECT pg_sleep(30)"))

    asyncio.run(scenario())
    worlds.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("left", [None, b"not a database" * 1_000])
def test_a_file_that_disappears_is_said_and_not_made_again(engine: Engine, left: bytes | None) -> None:
    """A file that is deleted, or written over, under the server is an outage; no empty one takes its place."""
    path = Path(engine.url.database or "")
    engine.dispose()
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    worlds = Transactions(engine, lambda: NOW, 60)
    with pytest.raises(Unavailable, match="can't be used") as raised:
        asyncio.run(rename(worlds))
    assert "sqlite3" not in raised.value.message
    assert (path.read_bytes() if path.exists() else None) == left
    worlds.close()


@pytest.mark.parametrize("kept", [True, False])
def test_what_fell_due_is_not_lost_with_its_commit(
    hasty: Transactions, engine: Engine, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """A request that meets an outage while it settles has changed nothing itself, and what was due happens once."""
    with engine.begin() as connection:
        store = world(connection, "late", next_due_at=1, wake_at=1)
        store.spaces.insert(row("spaces", 1, due_at=1))

    async def scenario() -> list[str]:
        # A look that finds something due, the settling, and the look again.
        lose_commit(monkeypatch, hasty.engine, 1, kept=kept)
        with pytest.raises(Unavailable, match="nothing was changed"):
            async with hasty.writing(("name", "late")):
                pass
        async with hasty.reading(("name", "late")) as context:
            assert context is not None
            return [each.target or "" for each in context.store.journal_page(0, 10)]

    assert asyncio.run(scenario()) == ["allocated"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_request_is_told_once_though_the_commit_was_lost(
    hasty: Transactions, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Requests that were written down by a commit whose answer was lost are not written down again."""

    async def scenario() -> list[tuple[int, str]]:
        async with hasty.reading(ONE) as context:
            assert context is not None
            number = context.sandbox.id
        for name in ("first", "second"):
            hasty.requests.note(number, Answered(NOW, NOW, name, "GET", "/", 200, 0.001))
        with monkeypatch.context() as patch:
            lose_commit(patch, hasty.engine, 0, kept=kept)
            with pytest.raises(Unavailable, match="may have been done"):
                await rename(hasty)
        hasty.requests.note(number, Answered(NOW, NOW, "third", "GET", "/", 200, 0.001))
        await rename(hasty)
        async with hasty.reading(ONE) as context:
            assert context is not None
            return [(each.seq, json.loads(each.detail)["operation"]) for each in context.store.occurrences.all()]

    assert asyncio.run(scenario()) == [(1, "first"), (2, "second"), (3, "third")]


@pytest.mark.parametrize("kept", [True, False])
def test_connections_and_requests_are_told_once_and_in_order(
    hasty: Transactions, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Whatever kind comes first: a commit whose answer was lost leaves none out, and none twice."""
    entry = Entry("redis", "h", "redis-ferry", "127.0.0.1", Outcome.CONNECTED)

    async def scenario() -> list[tuple[int, str]]:
        async with hasty.reading(ONE) as context:
            assert context is not None
            number = context.sandbox.id
        for _ in range(2):
            note(hasty, number, NOW, entry)
            hasty.requests.note(number, Answered(NOW, NOW, "app.list", "GET", "/", 200, 0.001))
            with monkeypatch.context() as patch:
                lose_commit(patch, hasty.engine, 0, kept=kept)
                with pytest.raises(Unavailable, match="may have been done"):
                    await rename(hasty)
            note(hasty, number, NOW, entry)
        await rename(hasty)
        async with hasty.reading(ONE) as context:
            assert context is not None
            return [(each.seq, each.kind) for each in context.store.occurrences.all()]

    told = ["connection", "request", "connection"] * 2
    assert asyncio.run(scenario()) == list(enumerate(told, 1))
