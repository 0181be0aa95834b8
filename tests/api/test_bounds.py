"""Figures at their bounds: what is out of them is refused, and nothing within them fails."""

import pytest
from driver import World
from fastapi.testclient import TestClient

LAST, AFTER = "9990-01-02T23:59:59Z", "9990-01-02T23:59:59.001Z"
"""The last moment at which a clock can be put, and the next one."""


def test_the_slowest_pace_is_slow_and_works(client: TestClient) -> None:
    """At the slowest pace a space takes days, and everything can be read."""
    world = World.make(client, pace=0.001)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    assert world.sim("GET", "/pending")["pending"][0]["due_at"] > "2030-01-04"
    world.until("idle")
    assert world.get("/spaces/harbor")["state"] == "allocated"


@pytest.mark.parametrize("clock", ["auto", "manual"])
def test_time_ends_with_the_year_9999(client: TestClient, clock: str) -> None:
    """What would last longer never ends by itself: nothing is pending, the clock stands, everything can be read."""
    world = World.make(client, clock=clock, now=LAST, pace=0.5, delays={"space.allocating": "P10Y"})
    assert world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})["state"] == "allocating"
    assert world.sim("GET", "/pending")["pending"] == []
    assert world.sim("GET", "/clock")["next_due_at"] is None
    assert world.until("next")["fired"] == 0
    assert world.sim("GET", "/snapshot")["clock"]["now"].startswith(LAST[:8])
    assert client.get("/_sim/sandboxes").status_code == 200


@pytest.mark.parametrize("clock", ["auto", "manual"])
@pytest.mark.parametrize("asked", [{"to": AFTER}, {"to": "9999-12-31T23:59:59Z"}, {"seconds": 2 * 86_400}])
def test_no_clock_is_put_where_a_world_would_stand_still(client: TestClient, clock: str, asked: object) -> None:
    """A move to the last ten years is a 422 that says how far the clock can go; the world goes on as it was."""
    world = World.make(client, clock=clock, now="9990-01-02T00:00:00Z")
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    answer = world.ask_sim("POST", "/clock/advance", asked)
    assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
    assert LAST.removesuffix("Z") in answer.json()["message"]
    assert world.sim("POST", "/clock/advance", {"to": LAST})["fired"] == 1
    assert world.get("/spaces/harbor")["state"] == "allocated"


def test_what_is_next_may_be_too_near_to_the_end(client: TestClient) -> None:
    """A clock that it would put into the last ten years stays where it is, with a 409 that says when it falls due."""
    world = World.make(client, now=LAST)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    due = world.sim("GET", "/clock")["next_due_at"]
    for until in ("next", "idle"):
        answer = world.ask_sim("POST", "/clock/advance", {"until": until})
        assert (answer.status_code, answer.json()["id"]) == (409, "conflict")
        assert due in answer.json()["message"]
    assert world.sim("GET", "/clock")["now"] == LAST.replace("Z", ".000Z")


@pytest.mark.parametrize("released", ["by its fault's end", "by hand"])
def test_what_was_held_too_long_ends_with_the_year_9999(client: TestClient, released: str) -> None:
    """A thing with more than the rest of time to go falls due at its end; everybody can read on."""
    world = World.make(client, pace=1)
    for effect in ({"slow": 5e8}, {"hold": True}):
        held = world.sim("POST", "/faults", {"stage": "space.allocating", "effect": effect})["id"]
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    world.sim("POST", "/clock/advance", {"to": "9000-01-01T00:00:00Z"})
    if released == "by hand":
        resource = world.sim("GET", "/pending")["pending"][0]["resource"]
        world.sim("POST", f"/pending/{resource}/release")
    else:
        world.ask_sim("DELETE", f"/faults/{held}")
    assert [each["due_at"] for each in world.sim("GET", "/pending")["pending"]] == ["9999-12-31T23:59:59.000Z"]
    assert world.sim("GET", "/clock")["next_due_at"] == "9999-12-31T23:59:59.000Z"
    assert client.get("/_sim/sandboxes").status_code == 200


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
