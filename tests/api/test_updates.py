"""What can be changed of spaces, apps and add-ons that are there."""

from typing import Any

import pytest
from driver import World
from fastapi.testclient import TestClient


def test_a_renamed_space_is_found_by_its_new_name(client: TestClient) -> None:
    """A space keeps its id and loses its old name; its apps name the new one."""
    world = World.make(client)
    world.app()
    made = world.get("/spaces/harbor")
    world.advance(60)
    renamed = world.call("PATCH", "/spaces/harbor", {"name": "haven"})
    assert renamed == made | {"name": "haven", "updated_at": renamed["updated_at"]}
    assert renamed["updated_at"] > made["updated_at"]
    assert world.refusal("GET", "/spaces/harbor")[0] == 404
    assert world.get("/apps/ferry")["space"]["name"] == "haven"
    assert world.call("PATCH", "/spaces/haven", {}) == renamed == world.get(f"/spaces/{made['id']}")


def test_a_space_can_not_take_any_name(client: TestClient) -> None:
    """One that is taken or malformed is refused; so is a rename of a space that is going."""
    world = World.make(client)
    for name in ("harbor", "haven"):
        world.post("/spaces", {"name": name, "team": "kagemusha"})
    for name in ("haven", "Haven", "a", "x" * 31, "a--b", ""):
        assert world.refusal("PATCH", "/spaces/harbor", {"name": name})[:2] == (422, "invalid_params")
    world.call("DELETE", "/spaces/harbor")
    assert world.refusal("PATCH", "/spaces/harbor", {"name": "other"})[:2] == (409, "conflict")


def test_the_topology_of_a_space_is_its_apps(client: TestClient) -> None:
    """Each with its host name; nothing runs in them."""
    world = World.make(client)
    world.app()
    world.app("tern")
    world.post("/apps", {"name": "elsewhere"})
    apps = [world.get(f"/apps/{name}") for name in ("ferry", "tern")]
    hosts = [app["web_url"].removeprefix("https://").rstrip("/") for app in apps]
    assert world.get("/spaces/harbor/topology") == {
        "version": 1,
        "apps": [{"id": app["id"], "domains": [host], "formation": []} for app, host in zip(apps, hosts, strict=True)],
    }
    assert world.refusal("GET", "/spaces/none/topology")[0] == 404


def test_an_app_takes_another_name_and_keeps_the_rest(client: TestClient) -> None:
    """Id, config and releases stay; the addresses that are made of the name change; no release is made."""
    world = World.make(client)
    addon = world.addon(world.app())
    before, config, releases = world.get("/apps/ferry"), world.config(), world.get("/apps/ferry/releases")
    renamed = world.call("PATCH", "/apps/ferry", {"name": "tern"})
    assert (renamed["id"], renamed["name"]) == (before["id"], "tern")
    assert renamed["git_url"] == "https://git.heroku.com/tern.git"
    assert renamed["web_url"].startswith("https://tern-")
    assert world.refusal("GET", "/apps/ferry")[0] == 404
    assert world.config("tern") == config
    assert [each["id"] for each in world.get("/apps/tern/releases")] == [each["id"] for each in releases]
    assert world.get(f"/addons/{addon}")["app"]["name"] == "tern"
    world.post("/apps", {"name": "ferry"})
    for name in ("ferry", "Tern", "", "a", "x" * 31, "1a"):
        assert world.refusal("PATCH", "/apps/tern", {"name": name})[:2] == (422, "invalid_params")
    assert world.call("PATCH", "/apps/tern", {"name": "tern"})["updated_at"] == renamed["updated_at"]


def test_an_app_is_put_into_maintenance_and_out_of_it(client: TestClient) -> None:
    """It says so everywhere, and is no variable of its config; a new app is in none, whatever its name was before."""
    world = World.make(client)
    world.app()
    before = world.get("/apps/ferry")["updated_at"]
    world.advance(1)
    assert world.call("PATCH", "/apps/ferry", {"maintenance": True})["maintenance"] is True
    assert world.get("/apps/ferry")["updated_at"] > before
    assert world.get("/teams/apps/ferry")["maintenance"] is world.get("/apps")[0]["maintenance"] is True
    assert world.config() == {}
    assert world.call("PATCH", "/apps/ferry", {"name": "tern"})["maintenance"] is True
    assert world.call("PATCH", "/apps/tern", {"maintenance": False})["maintenance"] is False
    world.call("PATCH", "/apps/tern", {"maintenance": True})
    world.call("DELETE", "/apps/tern")
    assert world.post("/apps", {"name": "tern"})["maintenance"] is False


def test_an_apps_stack_changes_at_once(client: TestClient) -> None:
    """Nothing is deployed that would still run on the old one."""
    world = World.make(client)
    world.app()
    changed = world.call("PATCH", "/apps/ferry", {"build_stack": {"name": "heroku-22"}})
    assert changed["stack"]["name"] == changed["build_stack"]["name"] == "heroku-22"
    assert world.call("PATCH", "/apps/ferry", {"build_stack": changed["stack"]["id"]}) == changed
    assert world.refusal("PATCH", "/apps/ferry", {"build_stack": "cedar-10"})[:2] == (404, "not_found")


@pytest.mark.parametrize(("sent", "meant"), [(1, True), (0, False)])
def test_numbers_that_a_client_sends_for_maintenance(lone_client: TestClient, sent: int, meant: bool) -> None:
    """heroku3 says 0 where it means false; other numbers mean nothing."""
    world = World.make(lone_client)
    world.post("/apps", {"name": "ferry", "stack": "cedar"})
    assert world.call("PATCH", "/apps/ferry", {"maintenance": sent})["maintenance"] is meant
    for wrong in (2, 0.5, "1", [], -1):
        assert world.refusal("PATCH", "/apps/ferry", {"maintenance": wrong})[:2] == (422, "invalid_params")


def test_a_teams_app_is_locked_and_unlocked(client: TestClient) -> None:
    """The route under /teams shows and changes it; an app of one's own is not to be found there."""
    world = World.make(client)
    world.app()
    assert world.get("/teams/apps/ferry")["locked"] is False
    assert world.call("PATCH", "/teams/apps/ferry", {"locked": True})["locked"] is True
    assert world.get("/teams/apps/ferry")["locked"] is True
    assert world.call("PATCH", "/teams/apps/ferry", {"locked": False})["locked"] is False
    world.post("/apps", {"name": "mine"})
    assert world.send("PATCH", "/teams/apps/mine", {"locked": True}).json()["resource"] == "app"


def test_an_app_is_given_to_a_team_and_back(client: TestClient) -> None:
    """`owner` names the team or the account; an app in a space stays its team's."""
    world = World.make(client)
    world.post("/apps", {"name": "mine"})
    assert world.call("PATCH", "/teams/apps/mine", {"owner": "kagemusha"})["team"] == {"name": "kagemusha"}
    assert world.get("/apps/mine")["team"]["name"] == "kagemusha"
    for owner in ("~", world.get("/account")["email"], world.get("/account")["id"]):
        assert world.call("PATCH", "/teams/apps/mine", {"owner": owner})["team"] is None
    world.app()
    assert world.refusal("PATCH", "/teams/apps/ferry", {"owner": "~"})[:2] == (422, "invalid_params")


def test_an_addon_takes_another_plan(client: TestClient) -> None:
    """Its plan and price are the new one's; its config vars stay, and so no release is made."""
    world = World.make(client)
    addon, _ = world.connected()
    before, config, releases = world.get(f"/addons/{addon}"), world.config(), world.get("/apps/ferry/releases")
    world.advance(60)
    changed = world.call("PATCH", f"/apps/ferry/addons/{addon}", {"plan": {"name": "heroku-redis:private-9"}})
    assert (changed["plan"]["name"], changed["billed_price"]["cents"]) == ("heroku-redis:private-9", 175_000)
    assert changed["updated_at"] > before["updated_at"]
    changing = {"plan", "billed_price", "updated_at"}
    assert {key: changed[key] for key in changed if key not in changing} == {
        key: before[key] for key in before if key not in changing
    }
    assert world.get(f"/addons/{addon}") == changed
    assert (world.config(), world.get("/apps/ferry/releases")) == (config, releases)
    assert world.call("PATCH", f"/apps/ferry/addons/{addon}", {"plan": "heroku-redis:private-9"}) == changed
    rich = world.call("PATCH", f"/apps/ferry/addons/{addon}", {}, accept_expansion="plan")
    assert rich["plan"]["price"]["cents"] == 175_000


def test_a_plan_waits_for_the_addon(client: TestClient) -> None:
    """While it provisions the plan stays; the name may change."""
    world = World.make(client)
    world.app()
    made = world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-3", "name": "redis-one"})
    path = f"/apps/ferry/addons/{made['id']}"
    assert world.refusal("PATCH", path, {"plan": "heroku-redis:private-9"})[:2] == (422, "invalid_params")
    assert world.call("PATCH", path, {"name": "redis-two", "plan": "heroku-redis:private-3"})["name"] == "redis-two"
    world.until("idle")
    assert world.get("/addons/redis-two")["state"] == "provisioned"
    assert world.history()[-1]["name"] == "redis-two"


def test_a_privatelink_keeps_its_addon_from_plans_without(client: TestClient) -> None:
    """Postgres Advanced knows no PrivateLink: the link is to go first."""
    world = World.make(client)
    addon = world.addon(world.app(), "heroku-postgresql:private-0")
    world.link(addon)
    body = {"plan": "heroku-postgresql:advanced-4g"}
    status, code, message = world.refusal("PATCH", f"/apps/ferry/addons/{addon}", body)
    assert (status, code) == (422, "invalid_params")
    assert "PrivateLink" in message
    world.call("DELETE", f"/private-link/v0/databases/{addon}")
    world.until("idle")
    assert world.call("PATCH", f"/apps/ferry/addons/{addon}", body)["plan"]["name"].endswith(":advanced-4g")


def test_a_renamed_addon_is_found_by_its_new_name(client: TestClient) -> None:
    """On both APIs; its config vars, attachments and link stay, and no release is made."""
    world = World.make(client)
    addon, endpoint = world.connected()
    config, releases = world.config(), len(world.get("/apps/ferry/releases"))
    world.call("PATCH", f"/apps/ferry/addons/{addon}", {"name": "redis-mine"})
    assert world.shown("redis-mine")["connections"][0]["endpoint_id"] == endpoint
    assert world.shown("redis-mine")["addon"]["name"] == "redis-mine"
    assert world.get("/addon-attachments")[0]["addon"]["name"] == "redis-mine"
    assert (world.config(), len(world.get("/apps/ferry/releases"))) == (config, releases)
    assert world.refusal("GET", f"/addons/{addon}")[0] == world.refusal("GET", f"/private-link/v0/databases/{addon}")[0]
    world.addon(name="redis-other")
    for name in ("redis-other", "", "1", "a b", "x" * 257):
        refused: Any = world.refusal("PATCH", "/apps/ferry/addons/redis-mine", {"name": name})
        assert refused[:2] == (422, "invalid_params")


def test_only_the_app_that_pays_changes_an_addon(client: TestClient) -> None:
    """Where it is only attached it is not to be found for that."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.app("tern")
    world.post("/addon-attachments", {"addon": addon, "app": "tern"})
    assert world.get(f"/apps/tern/addons/{addon}")["name"] == addon
    for path in (f"/apps/tern/addons/{addon}", "/apps/ferry/addons/none", f"/apps/none/addons/{addon}"):
        assert world.refusal("PATCH", path, {"name": "redis-mine"})[0] == 404


def test_an_addons_config_is_what_it_gives(client: TestClient) -> None:
    """The variables of the app that pays, with their values; none while it provisions; its provider's to change."""
    world = World.make(client)
    world.app()
    made = world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-3"})
    assert world.get(f"/addons/{made['id']}/config") == []
    world.until("idle")
    given = {each["name"]: each["value"] for each in world.get(f"/addons/{made['id']}/config")}
    assert given == world.config()
    assert list(given) == ["REDIS_URL"]
    body = {"config": [{"name": "REDIS_URL", "value": "x"}]}
    assert world.refusal("PATCH", f"/addons/{made['id']}/config", body)[:2] == (403, "forbidden")
    assert world.config() == given


def test_a_provider_says_when_its_addon_is_provisioned(client: TestClient) -> None:
    """At that moment, with what comes with it, once, and never again when the time would have come."""
    world = World.make(client)
    world.app()
    made = world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-3"})
    done = world.post(f"/addons/{made['name']}/actions/provision", {})
    assert (done["state"], done["config_vars"]) == ("provisioned", ["REDIS_URL"])
    said = [each["description"] for each in world.get("/apps/ferry/releases")]
    assert said[-1] == f"@ref:{made['name']} completed provisioning, setting REDIS_URL."
    assert world.refusal("POST", f"/addons/{made['name']}/actions/provision")[:2] == (422, "invalid_params")
    world.until("idle")
    assert [each["description"] for each in world.get("/apps/ferry/releases")] == said
    assert [each["to"] for each in world.history()].count("provisioned") == 1


def test_a_provider_says_that_its_addon_can_not_be(client: TestClient) -> None:
    """It is gone, as a destroyed one is; one that is provisioned is to be destroyed."""
    world = World.make(client)
    world.app()
    made = world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-3"})
    assert world.post(f"/addons/{made['id']}/actions/deprovision", {})["state"] == "deprovisioned"
    assert world.refusal("GET", f"/addons/{made['id']}")[0] == 404
    assert world.get("/apps/ferry/addon-attachments") == []
    addon = world.addon()
    assert world.refusal("POST", f"/addons/{addon}/actions/deprovision")[:2] == (422, "invalid_params")
    assert world.get(f"/addons/{addon}")["state"] == "provisioned"
