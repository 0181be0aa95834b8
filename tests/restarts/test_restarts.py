"""A thousand links that provision under load, while the server, or its database, is killed again and again."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import pytest
from checks import faults, shown
from driver import World as Driver
from live import Server, serving
from postgresql import port, postgresql_at, until
from watching import watching
from world import World, entries
from writers import PATIENCE, Load, Writer

LINKS, APPS, WRITERS = 1_000, 40, 8
PACE = 120
"""A link is operational after 2.5 to 5 s, so that it lives through some rounds."""
ROUNDS, OUTAGES = 20, 9
ANSWERS = 3_200
"""Answers in all rounds, about: the links last for so many."""
CAUGHT = 0.5
"""The share of kills that hit a change, and not any moment."""
AGAIN = 0.25
"""The share of rounds in which something is killed twice."""
LONGEST = 0.04
"""Seconds at most that changes have taken, all together, before a kill hits one."""
MOST_LATE = 1
"""503s that a server gives behind an outage of its database: it has to meet the connection that is gone."""


class Trial:
    """Writers at their work, and what is looked at while they rest."""

    def __init__(self, world: Driver, database: str, load: Load, writers: list[Writer], seed: int) -> None:
        """`seed` draws the moments at which something is killed."""
        self.world = world
        self._database = database
        self.load = load
        self.writers = writers
        self.running: list[Future[None]] = []
        self._chance = random.Random(seed)
        self._journal: list[dict[str, Any]] = []

    def outages(self, rounds: int) -> Iterator[None]:
        """For each, the caller kills something and starts it again. After each round what is left is looked at.

        In some rounds that is done twice: the second time before anybody is answered, while what fell due meanwhile
        is being settled.
        """
        for _ in range(rounds):
            self._wait("answered", self._chance.randint(0, 2 * ANSWERS // rounds))
            yield from self._outage(CAUGHT)
            if self._chance.random() < AGAIN:
                self._wait("asked", 1)
                yield from self._outage(1)
            self._wait("answered", 1)
            assert self.load.late <= MOST_LATE
            self._look()

    def _outage(self, caught: float) -> Iterator[None]:
        if self._chance.random() < caught:
            self._catch(self._chance.uniform(0, LONGEST))
        self.load.away()
        yield
        self.load.back()

    def rest(self) -> None:
        """Let the writers make the links that are left, and no more."""
        while any(writer.unborn for writer in self.writers):
            self._wait("answered", 1)
        self._look()
        self.end()

    def finish(self) -> None:
        """Let everything happen that is to come, and hold up all of it, also as Heroku's clients are shown it."""
        self.world.sim("PATCH", "/clock", {"mode": "manual"})
        self.world.until("idle")
        assert list(shown(self.world, self._check())) == []

    def end(self) -> None:
        """Let the writers end; raises what one of them met."""
        self.load.end()
        for each in self.running:
            each.result()

    def _wait(self, what: Literal["asked", "answered"], more: int) -> None:
        """Wait until the writers have asked, or have been answered, so many times more."""
        load = self.load
        with load.changed:
            target = load.met[what] + more
            came = load.changed.wait_for(lambda: load.met[what] >= target or load.is_over, PATIENCE)
        assert came, "nobody is answered"
        assert not load.is_over, "a writer gave up"

    def _catch(self, seconds: float) -> None:
        """Wait until the server is in the middle of a change, when changes have taken so long, all together."""
        last = time.monotonic()
        deadline = last + PATIENCE
        with watching(self._database) as writes:
            while seconds > 0:
                is_writing, now = writes(), time.monotonic()
                seconds -= now - last if is_writing else 0
                last = now
                assert now < deadline, "nothing is written"

    def _look(self) -> None:
        """Hold the world against what the writers know, while none of them asks for anything."""
        with self.load.gate.closed():
            # A write waits for all that went before, which a killed server may have left to PostgreSQL to finish.
            self.world.sim("PATCH", "/clock", {"mode": "manual"})
            self._check()
            for writer in self.writers:
                writer.reconsider()
            self.world.sim("PATCH", "/clock", {"mode": "auto"})

    def _check(self) -> World:
        """Hold the world, in which nothing happens meanwhile, against what the writers know."""
        told = self.world.sim("GET", "/snapshot")
        self._journal += entries(self.world, after=len(self._journal))
        world = World(told, self._journal)
        found = faults(world, [writer.ledger for writer in self.writers])
        assert not found, "\n".join(found[:20])
        return world


def populated(world: Driver) -> list[tuple[str, str]]:
    """Add-ons that wait for their links, with their apps."""
    apps = [world.app(f"app-{number}") for number in range(APPS)]
    addons = [(f"redis-{number}", apps[number % APPS]) for number in range(LINKS)]
    for addon, app in addons:
        world.post(f"/apps/{app}/addons", {"plan": "heroku-redis:private-7", "name": addon})
    world.until("idle")
    return addons


@contextmanager
def at_work(server: Server, database: str, seed: int) -> Iterator[Trial]:
    """Writers, at work until the block ends, in a world whose time runs."""
    with server.client() as client, ThreadPoolExecutor(WRITERS) as pool:
        world = Driver.make(client, "load", pace=PACE)
        addons = populated(world)
        world.sim("PATCH", "/clock", {"mode": "auto"})
        load = Load(client.base_url.port or 0, world.name, world.key)
        writers = [Writer(load, each, addons[each::WRITERS], seed + each) for each in range(WRITERS)]
        trial = Trial(world, database, load, writers, seed)
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
        with at_work(server, database, seed=20) as trial:
            for _ in trial.outages(ROUNDS):
                server.kill()
                server = stack.enter_context(start())
            trial.rest()
            trial.finish()
    assert log.read_text() == ""


@pytest.mark.usefixtures("runtime_folder")
def test_a_database_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """A server outlives PostgreSQL, whose power is cut, which is quit, or crashes, and goes on where it was."""
    log = tmp_path / "log"
    with (
        port() as number,
        postgresql_at(number) as database,
        serving("--database", database.url, log=log) as server,
        at_work(server, database.url, seed=9) as trial,
    ):
        for kill, _ in zip(cycle([database.cut, database.quit, database.crash]), trial.outages(OUTAGES)):
            kill()
            database.start()
        trial.rest()
        with closing(database.connect()) as looking:
            trial.world.post("/spaces", {"name": "haven", "team": "kagemusha"})
            state = partial(looking.execute, "SELECT state FROM spaces WHERE name = 'haven'")
            until(lambda: state().fetchone() == ("allocated",), "nobody lets time run any more")
        trial.finish()
    assert "Traceback" not in log.read_text()
