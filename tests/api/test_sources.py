"""Sources: what addresses of this machine stand for in a VPC."""

import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.services import sources
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Source

GROUP, OTHER = "sg-0123456789abcdef0", "sg-12345678"


def seen_as(client: TestClient, name: str, address: str) -> Source:
    """Who comes from an address, as the data plane asks."""

    async def look() -> Source:
        worlds: Transactions = client.app.state.transactions  # type: ignore[attr-defined]
        async with worlds.reading(("name", name)) as context:
            assert context is not None
            return sources.seen_as(context, address)

    assert client.portal is not None
    return client.portal.call(look)


def test_a_source_is_given_an_address_in_a_vpc(client: TestClient) -> None:
    """It is shown, listed, given another, and taken back; whoever comes from there is seen as such meanwhile."""
    world = World.make(client)
    given = {"vpc_address": "10.0.1.20", "security_group_ids": [GROUP, OTHER, GROUP]}
    shown = {"address": "127.0.0.2", "vpc_address": "10.0.1.20", "security_group_ids": [GROUP, OTHER]}
    assert world.sim("PUT", "/sources/127.0.0.2", given) == shown
    assert world.sim("GET", "/sources/127.0.0.2") == shown
    found = seen_as(client, "one", "127.0.0.2")
    assert (found.vpc_address, found.groups) == ("10.0.1.20", (GROUP, OTHER))
    changed = world.sim("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.9.9"})
    assert changed == {"address": "127.0.0.2", "vpc_address": "10.0.9.9", "security_group_ids": []}
    assert world.sim("GET", "/sources") == [changed]
    answer = world.ask_sim("DELETE", "/sources/127.0.0.2")
    assert (answer.status_code, answer.content) == (204, b"")
    assert world.sim("GET", "/sources") == []
    assert world.ask_sim("GET", "/sources/127.0.0.2").json()["resource"] == "source"


def test_a_source_that_nobody_spoke_of_is_its_own(client: TestClient) -> None:
    """It comes from where it comes from, without security groups, in a world where others were given some, too."""
    world, other = World.make(client), World.make(client, "two")
    world.sim("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.1.20", "security_group_ids": [GROUP]})
    for name, address in (("one", "127.0.0.1"), ("two", "127.0.0.2")):
        found = seen_as(client, name, address)
        assert (found.address, found.vpc_address, found.groups) == (address, address, ())
    assert other.sim("GET", "/sources") == []


def test_sources_are_listed_by_address(client: TestClient) -> None:
    """As numbers, not as text."""
    world = World.make(client)
    for last in (10, 2, 1, 255):
        world.sim("PUT", f"/sources/127.0.0.{last}", {"vpc_address": "10.0.0.1"})
    listed = [each["address"] for each in world.sim("GET", "/sources")]
    assert listed == ["127.0.0.1", "127.0.0.2", "127.0.0.10", "127.0.0.255"]


def test_a_reset_takes_sources_away(client: TestClient) -> None:
    """A world that is emptied has none."""
    world = World.make(client)
    world.sim("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.1.20"})
    world.sim("POST", "/reset")
    assert world.sim("GET", "/sources") == []


def test_there_may_be_so_many(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused and says so; those that are there can be changed."""
    monkeypatch.setattr(sources, "MOST", 2)
    world = World.make(client)
    for last in (1, 2, 2):
        world.sim("PUT", f"/sources/127.0.0.{last}", {"vpc_address": "10.0.0.1"})
    answer = world.ask_sim("PUT", "/sources/127.0.0.3", {"vpc_address": "10.0.0.1"})
    assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
    assert "at most" in answer.json()["message"]
    assert len(world.sim("GET", "/sources")) == 2


def test_an_authority_is_kept_with_its_sandbox(client: TestClient) -> None:
    """It stays through a reset and a restored snapshot, is in no document, and goes with the sandbox."""
    world, other = World.make(client), World.make(client, "two")
    worlds: Transactions = client.app.state.transactions  # type: ignore[attr-defined]

    async def keep() -> int:
        async with worlds.server(writes=True) as sandboxes:
            found = sandboxes.find("name", "one", lock=True)
            assert found is not None
            assert sandboxes.authority(found.id) is None
            sandboxes.keep_authority(found.id, "PEM of one")
            return found.id

    async def kept(number: int) -> str | None:
        async with worlds.server() as sandboxes:
            return sandboxes.authority(number)

    assert client.portal is not None
    number = client.portal.call(keep)
    taken = world.sim("GET", "/snapshot")
    assert "PEM of one" not in str(taken)
    world.sim("POST", "/reset")
    world.sim("PUT", "/snapshot", other.sim("GET", "/snapshot"))
    assert client.portal.call(kept, number) == "PEM of one"
    assert client.portal.call(kept, number + 1) is None
    world.ask_sim("DELETE", "")
    assert client.portal.call(kept, number) is None
