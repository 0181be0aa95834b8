"""What belongs to apps, teams and the account beside the rest."""

import pytest
from driver import World
from fastapi.testclient import TestClient


def test_buildpacks_are_kept_in_order(client: TestClient) -> None:
    """By registry name, URN or URL; the next list replaces the last one, and no release is made."""
    world = World.make(client)
    world.app()
    path = "/apps/ferry/buildpack-installations"
    assert world.get(path) == []
    chosen = ["heroku/ruby", "urn:buildpack:heroku/nodejs", "https://github.com/heroku/heroku-buildpack-static"]
    made = world.call("PUT", path, {"updates": [{"buildpack": each} for each in chosen]})
    assert made == world.get(path)
    assert [each["ordinal"] for each in made] == [0, 1, 2]
    assert [each["buildpack"] for each in made] == [
        {"url": "urn:buildpack:heroku/ruby", "name": "heroku/ruby"},
        {"url": "urn:buildpack:heroku/nodejs", "name": "heroku/nodejs"},
        {"url": chosen[2], "name": chosen[2]},
    ]
    for wrong in ([{"buildpack": ""}], [{"buildpack": "x"}] * 101, [{}], ["heroku/ruby"], None):
        assert world.refusal("PUT", path, {"updates": wrong})[:2] == (422, "invalid_params")
    assert world.get(path) == made
    assert world.call("PUT", path, {"updates": []}) == []
    assert len(world.get("/apps/ferry/releases")) == 2
    assert world.config() == {}


def test_certificates_are_managed_or_not(client: TestClient) -> None:
    """POST says so, DELETE takes it back, PATCH asks for another look; each answers the app."""
    world = World.make(client)
    world.app()
    assert world.post("/apps/ferry/acm", {})["acm"] is True
    assert world.get("/apps/ferry")["acm"] is True
    assert world.call("PATCH", "/apps/ferry/acm", {"acm_refresh": True})["acm"] is True
    assert world.call("DELETE", "/apps/ferry/acm")["acm"] is False
    assert world.get("/apps")[0]["acm"] is False
    assert world.refusal("PATCH", "/apps/ferry/acm", {"acm_refresh": True})[:2] == (422, "invalid_params")


def test_nothing_runs(client: TestClient) -> None:
    """No dynos, no formation, and no place in a pipeline."""
    world = World.make(client)
    world.app()
    assert world.get("/apps/ferry/dynos") == world.get("/apps/ferry/formation") == []
    coupling = world.send("GET", "/apps/ferry/pipeline-couplings")
    assert (coupling.status_code, coupling.json()["resource"]) == (404, "pipeline_coupling")


@pytest.mark.parametrize(
    "part", ["buildpack-installations", "dynos", "formation", "collaborators", "pipeline-couplings"]
)
def test_parts_are_of_an_app_that_is_there(lone_client: TestClient, part: str) -> None:
    """Else it is a 404 whose resource is the app."""
    world = World.make(lone_client)
    assert world.send("GET", f"/apps/none/{part}").json()["resource"] == "app"


def test_the_account_has_access_to_its_apps(client: TestClient) -> None:
    """As the owner of its own, as an admin of its team's; and it is the one member of the team."""
    world = World.make(client)
    world.app()
    world.post("/apps", {"name": "mine"})
    account = world.get("/account")
    for app, role in (("ferry", "admin"), ("mine", "owner")):
        [found] = world.get(f"/apps/{app}/collaborators")
        assert (found["user"]["email"], found["role"], found["app"]["name"]) == (account["email"], role, app)
    assert found["permissions"] == world.get("/teams/permissions")
    [member] = world.get("/teams/kagemusha/members")
    assert (member["email"], member["role"], member["user"]["id"]) == (account["email"], "admin", account["id"])
    assert world.get("/teams/kagemusha/features") == []
    for part in ("members", "features"):
        assert world.send("GET", f"/teams/none/{part}").json()["resource"] == "team"


def test_the_key_is_the_one_authorization(client: TestClient) -> None:
    """It is found by its id and as ``~``; no session is there to be ended."""
    world = World.make(client)
    [found] = world.get("/oauth/authorizations")
    assert found["access_token"]["token"] == world.key
    assert world.get("/oauth/authorizations/~") == world.get(f"/oauth/authorizations/{found['id']}") == found
    assert world.send("GET", "/oauth/authorizations/none").json()["resource"] == "authorization"
    ended = world.send("DELETE", "/oauth/sessions/~")
    assert (ended.status_code, ended.json()["resource"]) == (404, "session")
    assert world.get("/account")["email"] == found["user"]["email"]


def test_each_release_has_the_config_of_its_moment(client: TestClient) -> None:
    """Whatever changed it: a user, an add-on that came, its endpoint, another name, and its end."""
    world = World.make(client)
    world.app()
    seen = {}

    def note() -> None:
        seen[world.get("/apps/ferry/releases", range="version ..; order=desc,max=1")[0]["version"]] = world.config()

    note()
    world.call("PATCH", "/apps/ferry/config-vars", {"A": "1", "B": "2"})
    note()
    addon = world.addon()
    note()
    service = world.link(addon)["service_name"]
    world.endpoint(service)
    world.until("idle")
    note()
    world.call("PATCH", "/apps/ferry/config-vars", {"A": None, "B": "3"})
    note()
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "OTHER"})
    note()
    world.call("DELETE", "/addon-attachments/ferry::REDIS")
    note()
    world.call("DELETE", f"/apps/ferry/addons/{addon}")
    note()
    assert len({str(config) for config in seen.values()}) == len(seen)
    told = {version: world.get(f"/apps/ferry/releases/{version}/config-vars") for version in seen}
    assert told == seen
    assert world.get("/apps/ferry/releases/current/config-vars") == world.config()
    assert world.refusal("GET", "/apps/ferry/releases/99/config-vars")[0] == 404
