"""Add-ons: created, found by many names, gone at once."""

import re

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient


@pytest.mark.parametrize("plan", ["heroku-redis:private-3", {"name": "heroku-redis:private-3"}, "heroku-redis"])
def test_a_plan_is_a_name_or_an_object_or_a_service(client: TestClient, plan: object) -> None:
    """A service alone means its default plan for Private Spaces."""
    world = World.make(client)
    world.app()
    made = world.post("/apps/ferry/addons", {"plan": plan, "attachment": {}, "config": {}, "confirm": "ferry"})
    assert (made["plan"]["name"], made["state"], made["config_vars"]) == ("heroku-redis:private-3", "provisioning", [])
    assert re.fullmatch(r"redis-[a-z]+-\d{5}", made["name"])
    assert made["provision_message"] == ""
    world.advance(PROVISIONED)
    shown = world.get(f"/apps/ferry/addons/{made['id']}")
    assert (shown["state"], shown["config_vars"]) == ("provisioned", ["REDIS_URL"])
    assert world.get(f"/addons/{made['name']}") == shown


def test_private_plans_need_a_private_space(client: TestClient) -> None:
    """In the Common Runtime the other plans are to be had, and private ones are refused."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    status, _, message = world.refusal("POST", "/apps/ferry/addons", {"plan": "heroku-redis:private-3"})
    assert status == 422
    assert "Private Space" in message
    assert world.post("/apps/ferry/addons", {"plan": "heroku-redis"})["plan"]["name"] == "heroku-redis:mini"


def test_a_shield_plan_needs_a_shield_space(client: TestClient) -> None:
    """In a Shield Space shield plans are installed."""
    world = World.make(client)
    world.post("/spaces", {"name": "fort", "team": "kagemusha", "shield": True})
    world.advance(PROVISIONED)
    world.app("ferry", "fort")
    assert world.post("/apps/ferry/addons", {"plan": "heroku-redis:shield-7"})["state"] == "provisioning"


def test_a_name_is_taken_once(client: TestClient) -> None:
    """Add-on names are unique over all apps."""
    world = World.make(client)
    world.app()
    world.app("tern")
    world.addon(name="cache")
    body = {"plan": "heroku-redis", "name": "cache"}
    assert world.refusal("POST", "/apps/tern/addons", body) == (422, "invalid_params", "Name is already taken")


@pytest.mark.parametrize("wait", [0, PROVISIONED])
def test_a_destroyed_addon_is_gone_at_once(client: TestClient, wait: int) -> None:
    """The answer says `deprovisioned`, the next GET is a 404, and its vars go in the same release."""
    world = World.make(client)
    world.app()
    name = world.post("/apps/ferry/addons", {"plan": "heroku-redis"})["name"]
    world.advance(wait)
    before = len(world.get("/apps/ferry/releases"))
    assert world.call("DELETE", f"/apps/ferry/addons/{name}", {"force": False})["state"] == "deprovisioned"
    for path in (f"/addons/{name}", f"/apps/ferry/addons/{name}", f"/addons/{name}/addon-attachments"):
        assert world.send("GET", path).json()["resource"] == "add_on"
    assert world.refusal("DELETE", f"/apps/ferry/addons/{name}")[0] == 404
    assert world.config() == {}
    releases = world.get("/apps/ferry/releases")
    assert [release["description"] for release in releases[before:]] == [f"Detach REDIS (@ref:{name})"]


def test_an_addon_is_destroyed_by_the_app_that_pays(client: TestClient) -> None:
    """Of an app that it is not attached to an add-on is not found."""
    world = World.make(client)
    world.app()
    world.app("tern")
    addon = world.addon()
    assert world.refusal("DELETE", f"/apps/tern/addons/{addon}")[0] == 404
    assert world.get(f"/addons/{addon}")["state"] == "provisioned"


def test_expansion_nests_whole_objects(client: TestClient) -> None:
    """``Accept-Expansion: addon_service,plan`` shows both whole wherever an add-on is shown."""
    world = World.make(client)
    world.app()
    addon = world.addon()
    plan, service = world.get("/plans/heroku-redis:private-7"), world.get("/addon-services/heroku-redis")
    shown = world.get(f"/addons/{addon}", accept_expansion="addon_service, plan")
    assert (shown["plan"], shown["addon_service"]) == (plan, service)
    listed = world.get("/apps/ferry/addons", accept_expansion="plan")[0]
    assert (listed["plan"], set(listed["addon_service"])) == (plan, {"id", "name"})
    resolved = world.post("/actions/addons/resolve", {"addon": addon}, accept_expansion="plan")[0]
    assert resolved["plan"]["price"]["cents"] == 90_000


def test_an_addon_is_resolved_by_any_of_its_names(client: TestClient) -> None:
    """Name, id, attachment name and config var lead to it, with or without an app."""
    world = World.make(client)
    addon, endpoint = world.connected()
    uuid = world.get(f"/addons/{addon}")["id"]
    variable = f"REDIS_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"
    for identity in (addon, uuid, "REDIS", "REDIS_URL", variable):
        for app in ("ferry", None, world.get("/apps/ferry")["id"]):
            found = world.post("/actions/addons/resolve", {"addon": identity, "app": app})
            assert [each["name"] for each in found] == [addon]


def test_a_resolution_may_be_ambiguous_or_empty(client: TestClient) -> None:
    """Several matches are a 200 with all of them; none is a 404 whose resource is `add_on`."""
    world = World.make(client)
    for app in ("ferry", "tern"):
        world.app(app)
        world.addon(app)
    assert len(world.post("/actions/addons/resolve", {"addon": "REDIS", "app": None})) == 2
    tern = world.post("/actions/addons/resolve", {"addon": "REDIS", "app": "tern"})
    assert [each["app"]["name"] for each in tern] == ["tern"]
    on_another = world.post("/actions/addons/resolve", {"addon": tern[0]["name"], "app": "ferry"})
    assert [each["app"]["name"] for each in on_another] == ["tern"]
    for body in ({"addon": "DATABASE"}, {"addon": ""}, {"addon": "REDIS", "addon_service": "heroku-kafka"}):
        missing = world.send("POST", "/actions/addons/resolve", body)
        assert (missing.status_code, missing.json()["resource"]) == (404, "add_on")
    lost = world.send("POST", "/actions/addons/resolve", {"addon": "REDIS", "app": "nowhere"})
    assert (lost.status_code, lost.json()["resource"]) == (404, "app")
    assert world.refusal("POST", "/actions/addons/resolve", {"app": "ferry"})[0] == 422


def test_services_and_plans_are_found_by_name_and_id(lone_client: TestClient) -> None:
    """Prices are whole cents a month; an unknown service or plan is a 404 that names its kind."""
    world = World.make(lone_client)
    service = world.get("/addon-services/heroku-kafka")
    plans = world.get(f"/addon-services/{service['id']}/plans")
    assert {plan["addon_service"]["name"] for plan in plans} == {"heroku-kafka"}
    assert all(isinstance(plan["price"]["cents"], int) and plan["price"]["unit"] == "month" for plan in plans)
    assert [plan["name"] for plan in plans if plan["default"]] == ["heroku-kafka:basic-0"]
    for plan in (plans[0]["id"], plans[0]["name"], "basic-0"):
        assert world.get(f"/addon-services/heroku-kafka/plans/{plan}") == plans[0]
    assert world.get(f"/plans/{plans[0]['id']}") == plans[0]
    assert world.send("GET", "/addon-services/heroku-mysql").json()["resource"] == "addon_service"
    assert world.send("GET", "/plans/heroku-kafka:huge").json()["resource"] == "plan"
    assert world.send("GET", "/addon-services/heroku-redis/plans/basic-0").json()["resource"] == "plan"
