"""Many sandboxes and many clients at once: each world comes out as if it had been alone."""

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import httpx
import pytest
from driver import World
from live import Server, serving
from scripts import LONG_ENOUGH, PRELUDE, Actor, Lived, Step, anything, check_same, told

SANDBOXES, CLIENTS = 200, 16
STEPS = 8
"""Random steps of each world, after those of the prelude."""
MOST_BYTES = 50_000
"""What a sandbox may take of the database's file."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A live server that keeps its worlds in a file."""
    folder = tmp_path_factory.mktemp("crowd")
    with serving("--database", f"sqlite:///{folder}/world.db") as running:
        yield running


def script(number: int) -> list[Step]:
    """What is done in the world with this number."""
    random = Random(number)
    return [*PRELUDE, *(anything(random) for _ in range(STEPS))]


def crowd(client: httpx.Client, numbers: Sequence[int], random: Random) -> dict[int, Lived]:
    """Live through the worlds with these numbers, their steps shuffled into each other."""
    actors = {number: Actor(World.make(client, None, seed=number)) for number in numbers}
    waiting = {number: script(number) for number in numbers}
    while waiting:
        number = random.choice(list(waiting))
        step = waiting[number].pop(0)
        actors[number].world.advance(step.gap / 1000)
        actors[number].act(step.action)
        if not waiting[number]:
            del waiting[number]
    for actor in actors.values():
        actor.world.advance(LONG_ENOUGH / 1000)
    return {number: told(actor.world, actor.answers) for number, actor in actors.items()}


def test_each_world_in_a_crowd_is_as_if_alone(server: Server) -> None:
    """Two hundred sandboxes, moved by sixteen clients at once, come out as those moved one after the other."""

    def together(place: int) -> dict[int, Lived]:
        with server.client() as client:
            return crowd(client, range(place, SANDBOXES, CLIENTS), Random(place))

    with ThreadPoolExecutor(CLIENTS) as pool:
        lived = {number: each for found in pool.map(together, range(CLIENTS)) for number, each in found.items()}
    assert len(lived) == SANDBOXES
    with server.client() as client:
        for number in range(SANDBOXES):
            check_same(lived[number], crowd(client, [number], Random(0))[number])


def test_a_sandbox_is_small(tmp_path: Path) -> None:
    """A test may have a sandbox of its own: one takes little of the database."""
    path = tmp_path / "world.db"
    with serving("--database", f"sqlite:///{path}") as running, running.client() as client:
        before = size(path)
        for _ in range(100):
            World.make(client, None)
        assert (size(path) - before) / 100 < MOST_BYTES


def size(path: Path) -> int:
    """Bytes of the pages that a SQLite database has."""
    with sqlite3.connect(path) as connection:
        pages, length = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    connection.close()
    return int(pages) * int(length)
