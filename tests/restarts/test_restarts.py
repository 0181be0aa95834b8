"""A thousand links that provision under load, while the server, or its database, is killed again and again."""

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from checks import faults, shown
from driver import World as Driver
from live import Server, serving
from postgresql import port, postgresql_at
from world import World
from writers import PATIENCE, Load, Writer

LINKS, APPS, WRITERS = 1_000, 40, 8
PACE = 120
"""A link is operational after 2.5 to 5 s, so that it lives through some rounds."""
ROUNDS, OUTAGES = 20, 9
ANSWERS = 3_200
"""Answers in all rounds, about: the links last for so many."""
MOST_LATE = 1
"""503s that a server gives behind an outage of its database: it has to meet the connection that is gone."""


class Trial:
    """Writers at their work, and what is looked at while they rest."""

    def __init__(self, world: Driver, load: Load, writers: list[Writer], seed: int) -> None:
        """`seed` draws the moments at which something is killed."""
        self.world = world
        self.load = load
        self.writers = writers
        self.running: list[Future[None]] = []
        self._chance = random.Random(seed)

    @contextmanager
    def outage(self, rounds: int) -> Iterator[None]:
        """One of so many: wait for some answers, let the block kill and start again, and look at what is left.

        Early moments are drawn more often: what fell due meanwhile is then still being settled.
        """
        self._wait(int(3 * ANSWERS / rounds * self._chance.random() ** 2))
        self.load.away()
        yield
        self.load.back()
        self._wait(1)
        assert self.load.late <= MOST_LATE
        self._look()

    def finish(self) -> None:
        """Let the writers make the links that are left, and everything happen that is to come; hold up all of it."""
        while any(writer.unborn for writer in self.writers):
            self._wait(1)
        self._look()
        self.end()
        self.world.sim("PATCH", "/clock", {"mode": "manual"})
        self.world.until("idle")
        self._check()

    def end(self) -> None:
        """Let the writers end; raises what one of them met."""
        self.load.end()
        for each in self.running:
            each.result()

    def _wait(self, more: int) -> None:
        load = self.load
        with load.changed:
            target = load.answered + more
            came = load.changed.wait_for(lambda: load.answered >= target or load.is_over, PATIENCE)
        assert came, "nobody is answered"
        assert not load.is_over, "a writer gave up"

    def _look(self) -> None:
        """Hold the world against what the writers know, while none of them asks for anything."""
        with self.load.gate.closed():
            # A write waits for all that went before, which a killed server may have left to PostgreSQL to finish.
            self.world.sim("PATCH", "/clock", {"mode": "auto"})
            self._check()
            for writer in self.writers:
                writer.reconsider()

    def _check(self) -> None:
        world = World(self.world.sim("GET", "/snapshot"))
        found = faults(world, [writer.ledger for writer in self.writers])
        assert not found, "\n".join(found[:20])


def populated(world: Driver) -> list[tuple[str, str]]:
    """Add-ons that wait for their links, with their apps."""
    apps = [world.app(f"app-{number}") for number in range(APPS)]
    addons = [(f"redis-{number}", apps[number % APPS]) for number in range(LINKS)]
    for addon, app in addons:
        world.post(f"/apps/{app}/addons", {"plan": "heroku-redis:private-7", "name": addon})
    world.until("idle")
    return addons


@contextmanager
def at_work(server: Server, seed: int) -> Iterator[Trial]:
    """Writers, at work until the block ends, in a world whose time runs."""
    with server.client() as client, ThreadPoolExecutor(WRITERS) as pool:
        world = Driver.make(client, "load", pace=PACE)
        addons = populated(world)
        world.sim("PATCH", "/clock", {"mode": "auto"})
        load = Load(client.base_url.port or 0, world.name, world.key)
        writers = [Writer(load, each, addons[each::WRITERS], seed + each) for each in range(WRITERS)]
        trial = Trial(world, load, writers, seed)
        trial.running = [pool.submit(each.run) for each in writers]
        try:
            yield trial
        finally:
            trial.end()


def test_a_server_that_is_killed_loses_nothing(database: str, tmp_path: Path) -> None:
    """Twenty times killed and started again under load: what was answered is there, and everything happened once."""
    log = tmp_path / "log"
    with port() as number, ExitStack() as stack:
        start = partial(serving, "--database", database, "--port", str(number), log=log)
        server = stack.enter_context(start())
        with at_work(server, seed=20) as trial:
            for _ in range(ROUNDS):
                with trial.outage(ROUNDS):
                    server.kill()
                    server = stack.enter_context(start())
            trial.finish()
            assert list(shown(trial.world)) == []
    assert log.read_text() == ""


@pytest.mark.usefixtures("runtime_folder")
def test_a_database_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """A server outlives PostgreSQL, whose power is cut, which is quit, or crashes, and goes on where it was."""
    log = tmp_path / "log"
    with (
        port() as number,
        postgresql_at(number) as database,
        serving("--database", database.url, log=log) as server,
        at_work(server, seed=9) as trial,
    ):
        for turn in range(OUTAGES):
            with trial.outage(OUTAGES):
                (database.cut, database.quit, database.crash)[turn % 3]()
                database.start()
        trial.finish()
        assert list(shown(trial.world)) == []
    assert "Traceback" not in log.read_text()
