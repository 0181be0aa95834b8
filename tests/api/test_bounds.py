"""Figures at their bounds: what is out of them is refused, and nothing within them fails."""

import pytest
from driver import World
from fastapi.testclient import TestClient


@pytest.mark.parametrize("pace", [0, -1, 1e-300, 1e-12, 2e9, "fast"])
def test_a_pace_out_of_bounds_is_refused(client: TestClient, pace: object) -> None:
    """A pace that would make moments unwritable is a 422, for a new sandbox and a running one."""
    assert client.post("/_sim/sandboxes", json={"pace": pace}).status_code == 422
    world = World.make(client)
    assert world.ask_sim("PATCH", "/clock", {"pace": pace}).status_code == 422


def test_the_slowest_pace_is_slow_and_works(client: TestClient) -> None:
    """At the slowest pace a space takes days, and everything can be read."""
    world = World.make(client, pace=0.001)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    assert world.sim("GET", "/pending")["pending"][0]["due_at"] > "2030-01-04"
    world.until("idle")
    assert world.get("/spaces/harbor")["state"] == "allocated"


@pytest.mark.parametrize("now", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_world_begins_no_earlier_than_the_epoch(client: TestClient, now: str) -> None:
    """A beginning before 1970 is refused."""
    assert client.post("/_sim/sandboxes", json={"now": now}).status_code == 422


@pytest.mark.parametrize("clock", ["auto", "manual"])
def test_time_ends_with_the_year_9999(client: TestClient, clock: str) -> None:
    """At the end of time nothing falls due any more, the clock stands, and everything can be read."""
    world = World.make(client, clock=clock, now="9999-12-31T23:59:59Z")
    assert world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})["state"] == "allocating"
    assert world.sim("GET", "/pending")["pending"] == []
    assert world.sim("GET", "/clock")["next_due_at"] is None
    assert world.until("next")["fired"] == 0
    assert world.ask_sim("POST", "/clock/advance", {"seconds": 1}).status_code == 422
    assert world.sim("GET", "/snapshot")["clock"]["now"].startswith("9999-12-31T23:59:59")
    assert client.get("/_sim/sandboxes").status_code == 200


@pytest.mark.parametrize(
    "data_cidr", ["127.0.0.0/16", "0.0.0.0/16", "169.254.0.0/16", "10.1.0.0/15", "10.1.0.0/21", "x"]
)
def test_a_data_cidr_is_private_and_of_the_right_size(client: TestClient, data_cidr: str) -> None:
    """A data_cidr that is not of RFC 1918, or not a /16 to /20, is refused."""
    body = {"name": "harbor", "team": "kagemusha", "region": "dublin", "data_cidr": data_cidr}
    assert World.make(client).refusal("POST", "/spaces", body)[:2] == (422, "invalid_params")


def test_only_the_app_that_pays_destroys_an_addon(client: TestClient) -> None:
    """An add-on that is attached to an app can't be destroyed through it."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.app("tender")
    world.post("/addon-attachments", {"addon": addon, "app": "tender"})
    assert world.refusal("DELETE", f"/apps/tender/addons/{addon}")[:2] == (404, "not_found")
    assert world.get(f"/addons/{addon}")["state"] == "provisioned"


def test_a_reset_world_begins_anew(client: TestClient) -> None:
    """A reset empties the world, keeps its key and seed, and gives the same ids for the same calls again."""
    world = World.make(client)
    addon = world.addon(world.app())
    first = world.get(f"/addons/{addon}")
    shown = world.sim("POST", "/reset")
    assert (shown["seed"], shown["heroku_api_key"], shown["clock"]["now"]) == (7, world.key, "2030-01-01T00:00:00.000Z")
    assert world.get("/apps") == world.history() == []
    assert world.get(f"/addons/{world.addon(world.app())}") == first
