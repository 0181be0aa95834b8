"""Twins of one seed that live through the article at pace 1: jumped, watched, restarted, and run by the scheduler."""

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from driver import PRINCIPAL, World
from fastapi.testclient import TestClient
from kagemusha import scheduler
from kagemusha.main import create_app
from kagemusha.settings import Settings
from live import serving
from scripts import Lived, MachineClock, check_same, told

Wait = Callable[[World, int], None]
LINK = "/private-link/v0/databases/redis-one"


def jump(world: World, seconds: int) -> None:
    """Let time pass in one jump."""
    world.advance(seconds)


def article(world: World, wait: Wait) -> Lived:
    """The article up to an available endpoint, with what must show at which second; returns all that came of it."""
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
    jump(world, 480)
    world.post("/teams/apps", {"name": "ferry", "space": "harbor"})
    world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-7", "name": "redis-one"})
    jump(world, 360)
    world.post(LINK, {"allowed_accounts": [PRINCIPAL]})
    wait(world, 299)
    assert world.shown("redis-one")["status"] == "Provisioning"
    wait(world, 302)
    assert world.shown("redis-one")["status"] == "Operational"
    endpoint = world.endpoint(world.shown("redis-one")["service_name"])
    wait(world, 239)
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "pendingAcceptance"
    wait(world, 362)
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "available"
    read = [world.history(), world.get("/apps/ferry/releases"), world.config(), world.shown("redis-one")]
    return [json.dumps(each).replace(world.name, "NAME") for each in read] + told(world, [])


@pytest.fixture
def expected(clocked: TestClient) -> Lived:
    """What comes of the article when time jumps and nobody looks."""
    return article(World.make(clocked, "jumped", pace=1), jump)


def test_a_twin_watched_every_second_is_the_same(clocked: TestClient, expected: Lived) -> None:
    """Second by second with looks in between: the same world, and the endpoint was seen `pending` on its way."""
    seen: list[str] = []

    def watch(world: World, seconds: int) -> None:
        for _ in range(seconds):
            world.advance(1)
            seen.extend(each["status"] for each in world.shown("redis-one")["connections"])

    check_same(article(World.make(clocked, "watched", pace=1), watch), expected)
    assert list(dict.fromkeys(seen)) == ["Pending Acceptance", "Pending", "Available"]


def test_a_twin_that_is_restarted_is_the_same(database: str, expected: Lived) -> None:
    """A server that is stopped and started in the middle of every wait leaves the same world."""
    with ExitStack() as servers:

        def start() -> TestClient:
            return servers.enter_context(
                TestClient(create_app(Settings(database=database)), base_url="http://127.0.0.1:8765")
            )

        def restart(world: World, seconds: int) -> None:
            world.advance(seconds // 2)
            servers.close()
            world.client = start()
            world.advance(seconds - seconds // 2)

        check_same(article(World.make(start(), "restarted", pace=1), restart), expected)


def test_a_twin_run_by_the_scheduler_is_the_same(
    database: str, expected: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a clock that runs, in which nobody but the scheduler lets things happen, the same world comes out."""
    monkeypatch.setattr(scheduler, "INTERVAL", 0.001)
    clock = MachineClock()
    with TestClient(
        create_app(Settings(database=database, ticks=True), clock), base_url="http://127.0.0.1:8765"
    ) as client:
        transactions = client.app.state.transactions  # type: ignore[attr-defined]

        async def scheduler_is_done() -> None:
            while True:
                async with transactions.server(writes=True) as sandboxes:
                    if sandboxes.waking(clock.now) is None:
                        return
                await asyncio.sleep(0)

        def run(_world: World, seconds: int) -> None:
            for _ in range(seconds):
                clock.now += 1_000
                client.portal.call(scheduler_is_done)  # type: ignore[union-attr]

        check_same(article(World.make(client, "running", pace=1, clock="auto"), run), expected)


def test_a_twin_whose_server_is_killed_is_the_same(tmp_path: Path, expected: Lived) -> None:
    """A server process that is killed, and another started over its database, leaves the same world."""
    file = f"sqlite:///{tmp_path}/killed.db"
    with ExitStack() as servers:

        def start() -> httpx.Client:
            server = servers.enter_context(serving("--database", file))
            client = servers.enter_context(server.client())
            servers.callback(server.kill)
            return client

        def kill(world: World, seconds: int) -> None:
            world.advance(seconds // 2)
            servers.close()
            world.client = start()
            world.advance(seconds - seconds // 2)

        check_same(article(World.make(start(), "killed", pace=1), kill), expected)
