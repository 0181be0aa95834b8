"""A list takes as many queries however long it is."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from driver import PRINCIPAL, World
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.services.endpoint_services import visible_services
from kagemusha.services.transactions import Transactions
from kagemusha.settings import Settings
from sqlalchemy import Engine

LISTS = [
    "/apps", "/users/~/apps", "/teams/kagemusha/apps", "/spaces", "/spaces/harbor/topology", "/addons",
    "/apps/ferry/addons", "/apps/ferry/releases", "/addon-attachments", "/apps/ferry/addon-attachments",
    "/addons/{addon}/addon-attachments", "/addons/{addon}/config", "/data/maintenances/v1/apps/ferry",
    "/private-link/v0/databases/{addon}", "/_sim/sandboxes/one/endpoints", "/_sim/sandboxes/one/pending",
    "/_sim/sandboxes/one/journal", "/_sim/sandboxes",
]  # fmt: skip
"""Every list that grows with the world."""


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that SQLite is asked meanwhile: the world in memory has one connection."""
    sent: list[str] = []
    connection = engine.raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    driver.set_trace_callback(sent.append)
    yield sent
    driver.set_trace_callback(None)
    connection.close()


def grow(world: World, addon: str | None, number: int) -> str:
    """More of everything that is listed; returns the first add-on."""
    world.app(f"other-{number}", f"space-{number}")
    world.app(f"ferry-{number}" if addon else "ferry")
    made = world.addon()
    first = addon or made
    for each in dict.fromkeys((first, made)):
        world.post("/addon-attachments", {"addon": each, "app": f"other-{number}", "name": f"OTHER_{each[-5:]}"})
    service = world.link(made)["service_name"]
    if addon:
        more = {"allowed_accounts": [f"21098765432{number}"]}
        world.call("PUT", f"/private-link/v0/databases/{first}/allowed_accounts", more)
    world.endpoint(world.shown(first)["service_name"])
    world.endpoint(service)
    World.make(world.client, None)
    return first


def visible(world: World, worlds: Transactions) -> list[str]:
    """The services that the principal sees."""

    async def look() -> list[str]:
        async with worlds.reading(("name", world.name)) as context:
            assert context is not None
            return [each.name for each in visible_services(context, f"arn:aws:iam::{PRINCIPAL}", "us-east-1")]

    return asyncio.run(look())


@pytest.fixture
def still() -> Iterator[TestClient]:
    """A server in which nothing is asked of the database but what a request asks: nobody lets time run."""
    app = create_app(Settings(ephemeral=True, ticks=False))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield client


def test_a_list_takes_as_many_queries_however_long_it_is(still: TestClient) -> None:
    """Heroku's lists, the control API's, and that of the services that EC2 shows."""
    worlds: Transactions = still.app.state.transactions  # type: ignore[attr-defined]
    world = World.make(still)
    addon = grow(world, None, 0)
    calls: dict[str, Callable[[], object]] = {
        path: lambda path=path: world.call("GET", path.format(addon=addon)) for path in LISTS
    }
    calls["services"] = lambda: visible(world, worlds)

    def seen() -> tuple[dict[str, int], dict[str, int]]:
        sizes, queries = {}, {}
        for name, call in calls.items():
            # What the journal has to tell of requests before is no question of this one's.
            still.portal.call(worlds.write_all_down)  # type: ignore[union-attr]
            with counted(worlds.engine) as sent:
                sizes[name] = len(repr(call()))
            queries[name] = len(sent)
        return sizes, queries

    sizes, queries = seen()
    for number in range(1, 4):
        grow(world, addon, number)
    longer, as_many = seen()
    assert as_many == queries
    assert [name for name in calls if longer[name] <= sizes[name]] == []
