"""Apps: one's own and a team's."""

import re

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient


def test_an_app_needs_nothing_said(client: TestClient) -> None:
    """Without a body an app has a name of Heroku's kind, an address, the default region and stack, and two releases."""
    world = World.make(client)
    made = world.call("POST", "/apps")
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{5}", made["name"])
    assert re.fullmatch(rf"https://{made['name']}-[0-9a-f]{{12}}\.herokuapp\.com/", made["web_url"])
    assert (made["region"]["name"], made["stack"]["name"], made["space"], made["team"]) == (
        "us",
        "heroku-24",
        None,
        None,
    )
    said = [release["description"] for release in world.get(f"/apps/{made['id']}/releases")]
    assert said == ["Initial release", "Enable Logplex"]
    assert world.get(f"/apps/{made['name']}") == made


@pytest.mark.parametrize("body", [{"name": "ferry", "region": "eu"}, {"name": "ferry", "region": {"name": "eu"}}])
def test_a_region_is_a_name_or_an_object(lone_client: TestClient, body: dict[str, object]) -> None:
    """Clients differ in how they name things."""
    assert World.make(lone_client).post("/apps", body)["region"]["name"] == "eu"


def test_a_name_is_taken_once(client: TestClient) -> None:
    """A second app of the same name is refused until the first is gone."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    refused = (422, "invalid_params", "Name ferry is already taken")
    assert world.refusal("POST", "/apps", {"name": "ferry"}) == refused
    world.call("DELETE", "/apps/ferry")
    world.post("/apps", {"name": "ferry"})


def test_an_app_of_a_space_is_its_teams(client: TestClient) -> None:
    """With a space and no team it is the space's team's and in its region; another region is refused."""
    world = World.make(client)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "dublin"})
    waiting = world.refusal("POST", "/teams/apps", {"name": "ferry", "space": "harbor"})
    assert waiting[:2] == (422, "invalid_params")
    assert "allocating" in waiting[2]
    world.advance(PROVISIONED)
    made = world.post("/teams/apps", {"name": "ferry", "space": "harbor", "locked": True, "internal_routing": True})
    assert (made["team"], made["space"]["name"], made["region"]["name"]) == ({"name": "kagemusha"}, "harbor", "dublin")
    assert (made["locked"], made["joined"], made["internal_routing"]) == (True, True, True)
    shown = world.get("/apps/ferry")
    assert shown["team"]["name"] == shown["organization"]["name"] == "kagemusha"
    assert shown["space"] == {"id": made["space"]["id"], "name": "harbor", "shield": False}
    assert world.refusal("POST", "/teams/apps", {"space": "harbor", "region": "us"})[0] == 422


def test_a_teams_apps_are_those_of_the_team(client: TestClient) -> None:
    """The routes under /teams show the team's apps alone, the others all; a team's it is unless it is personal."""
    world = World.make(client)
    world.post("/apps", {"name": "mine"})
    world.post("/teams/apps", {"name": "ours", "team": "kagemusha"})
    world.post("/teams/apps", {"name": "theirs"})
    world.post("/teams/apps", {"name": "personal", "personal": True})
    team = world.get("/teams/kagemusha")["id"]
    for identity in ("kagemusha", team):
        assert {app["name"] for app in world.get(f"/teams/{identity}/apps")} == {"ours", "theirs"}
    assert world.get("/teams/apps/ours")["name"] == "ours"
    assert world.send("GET", "/teams/apps/mine").json()["resource"] == "app"
    assert world.send("GET", "/teams/others/apps").json()["resource"] == "team"
    assert len(world.get("/apps")) == 4


def test_the_callers_apps_are_found_by_every_name_of_the_caller(client: TestClient) -> None:
    """``~``, the email and the id are the caller; anybody else is not there."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    account = world.get("/account")
    for user in ("~", account["email"], account["id"]):
        assert [app["name"] for app in world.get(f"/users/{user}/apps")] == ["ferry"]
    assert world.send("GET", "/users/somebody@example.com/apps").json()["resource"] == "user"


def test_deleting_an_app_takes_everything_with_it(client: TestClient) -> None:
    """Its add-ons, their links and endpoints, and its attachments go; apps that shared its add-ons get one release."""
    world = World.make(client)
    addon, endpoint = world.connected()
    world.app("tern")
    other = world.addon("tern")
    world.post("/addon-attachments", {"addon": addon, "app": "tern", "name": "SHARED"})
    world.post("/addon-attachments", {"addon": other, "app": "ferry", "name": "BORROWED"})
    before = len(world.get("/apps/tern/releases"))
    assert world.call("DELETE", "/apps/ferry")["name"] == "ferry"
    assert world.send("GET", "/apps/ferry").json()["resource"] == "app"
    assert world.send("GET", f"/addons/{addon}").status_code == 404
    assert world.send("GET", f"/private-link/v0/databases/{addon}").status_code == 404
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "rejected"
    assert [each["name"] for each in world.get("/addon-attachments")] == ["REDIS"]
    assert list(world.config("tern")) == ["REDIS_URL"]
    releases = world.get("/apps/tern/releases")[before:]
    assert [release["description"] for release in releases] == [f"Detach SHARED (@ref:{addon})"]
    assert len(world.get(f"/addons/{other}/addon-attachments")) == 1
