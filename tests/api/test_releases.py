"""Releases: one for each change, by whom it was made."""

import pytest
from driver import World
from fastapi.testclient import TestClient


def test_a_release_is_found_by_version_and_id(client: TestClient) -> None:
    """By number, as ``v3``, by id and as ``current``; only the last one is current."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    world.call("PATCH", "/apps/ferry/config-vars", {"A": "b"})
    releases = world.get("/apps/ferry/releases")
    assert [release["version"] for release in releases] == [1, 2, 3]
    assert [release["current"] for release in releases] == [False, False, True]
    for identity in ("3", "v3", releases[2]["id"], "current"):
        assert world.get(f"/apps/ferry/releases/{identity}") == releases[2]


@pytest.mark.parametrize(
    "identity", ["4", "0", "-1", "v", "1.0", "³", "9" * 30, "00000000-0000-4000-8000-000000000000"]
)
def test_what_is_no_release_is_not_found(lone_client: TestClient, identity: str) -> None:
    """A version that was never made, and what is no version, are a 404 of a release."""
    world = World.make(lone_client)
    world.post("/apps", {"name": "ferry"})
    world.post("/apps", {"name": "tern"})
    answer = world.send("GET", f"/apps/ferry/releases/{identity}")
    assert (answer.status_code, answer.json()["resource"]) == (404, "release")
    foreign = world.get("/apps/tern/releases")[0]["id"]
    assert world.send("GET", f"/apps/ferry/releases/{foreign}").status_code == 404


def test_each_release_says_who_made_it(client: TestClient) -> None:
    """The account makes its own, the add-on's provider those of provisioning and of endpoints."""
    world = World.make(client)
    world.connected()
    releases = world.get("/apps/ferry/releases")
    own, provider = "one@kagemusha.example", "heroku-redis@addons.heroku.com"
    assert [release["user"]["email"] for release in releases] == [own, own, own, provider, provider]
    assert [release["addon_plan_names"] for release in releases][1:3] == [[], ["heroku-redis:private-7"]]
    assert releases[0]["user"]["id"] == world.get("/account")["id"]


def test_a_release_of_an_effect_has_the_moment_due(client: TestClient) -> None:
    """However late somebody looks, it was made when it fell due."""
    world = World.make(client)
    world.app()
    world.post("/apps/ferry/addons", {"plan": "heroku-redis"})
    due = world.sim("GET", "/pending")["pending"][0]["due_at"]
    world.advance(86_400)
    assert world.get("/apps/ferry/releases")[-1]["created_at"] == f"{due[:19]}Z"
