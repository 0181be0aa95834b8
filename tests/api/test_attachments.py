"""Attachments: under which name an app has an add-on."""

import pytest
from driver import World
from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    ("plan", "first", "prefix"),
    [
        ("heroku-redis", "REDIS", "HEROKU_REDIS_"),
        ("heroku-postgresql", "DATABASE", "HEROKU_POSTGRESQL_"),
        ("heroku-kafka", "KAFKA", "HEROKU_KAFKA_"),
    ],
)
def test_the_first_has_the_plain_name_and_later_ones_a_colour(
    client: TestClient, plan: str, first: str, prefix: str
) -> None:
    """As Heroku names them, each with a config var of its own."""
    world = World.make(client)
    world.app()
    for _ in range(3):
        world.addon(plan=plan)
    names = [each["name"] for each in world.get("/apps/ferry/addon-attachments")]
    colours = [name.removeprefix(prefix) for name in names if name != first]
    assert names.count(first) == 1
    assert len(set(colours)) == 2
    assert all(colour.isalpha() and colour.isupper() for colour in colours)
    assert sorted(world.config()) == sorted(f"{name}_URL" for name in names)


def test_an_addon_is_shared_with_another_app(client: TestClient) -> None:
    """The other app gets the var at once, in one release of its own; detaching takes it away again."""
    world = World.make(client)
    addon, endpoint = world.connected()
    world.app("tern")
    here = len(world.get("/apps/ferry/releases"))
    made = world.post("/addon-attachments", {"addon": {"name": addon}, "app": {"name": "tern"}, "confirm": "tern"})
    variables = [f"REDIS_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL", "REDIS_URL"]
    assert (made["name"], made["app"]["name"], made["addon"]["app"]["name"]) == ("REDIS", "tern", "ferry")
    assert world.config("tern") == world.config()
    assert sorted(world.config("tern")) == variables
    assert world.call("DELETE", f"/addon-attachments/{made['id']}")["id"] == made["id"]
    assert world.config("tern") == {}
    said = [release["description"] for release in world.get("/apps/tern/releases")][2:]
    assert said == [f"Attach REDIS (@ref:{addon})", f"Detach REDIS (@ref:{addon})"]
    assert len(world.get("/apps/ferry/releases")) == here
    assert world.send("GET", f"/addon-attachments/{made['id']}").json()["resource"] == "add_on attachment"


def test_a_name_of_ones_own(client: TestClient) -> None:
    """A given name makes a second set of vars; taken and malformed names are refused."""
    world = World.make(client)
    world.app()
    addon = world.addon()
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    assert sorted(world.config()) == ["CACHE_URL", "REDIS_URL"]
    assert world.get(f"/addons/{addon}")["config_vars"] == ["CACHE_URL", "REDIS_URL"]
    world.call("PATCH", "/apps/ferry/config-vars", {"MINE_URL": "x"})
    for name in ("CACHE", "cache", "1A", "", "A-B", "A" * 64, "Ä"):
        body = {"addon": addon, "app": "ferry", "name": name}
        assert world.refusal("POST", "/addon-attachments", body)[:2] == (422, "invalid_params")
    assert len(world.get("/addon-attachments")) == 2


def test_the_last_attachment_of_the_payer_stays(client: TestClient) -> None:
    """It goes with the add-on only."""
    world = World.make(client)
    world.app()
    addon = world.addon()
    only = world.get("/apps/ferry/addon-attachments/REDIS")
    status, _, message = world.refusal("DELETE", f"/addon-attachments/{only['id']}")
    assert status == 422
    assert addon in message
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    world.call("DELETE", f"/addon-attachments/{only['id']}")
    assert list(world.config()) == ["CACHE_URL"]


def test_attachments_are_listed_by_app_by_addon_and_all(client: TestClient) -> None:
    """And found by name in their app, by id anywhere; inclusion adds vars and plan."""
    world = World.make(client)
    world.app()
    world.app("tern")
    addon = world.addon()
    shared = world.post("/addon-attachments", {"addon": addon, "app": "tern"})
    assert len(world.get("/addon-attachments")) == len(world.get(f"/addons/{addon}/addon-attachments")) == 2
    assert [each["id"] for each in world.get("/apps/tern/addon-attachments")] == [shared["id"]]
    for path in (f"/addon-attachments/{shared['id']}", "/addon-attachments/tern::REDIS",
                 "/apps/tern/addon-attachments/REDIS", f"/apps/tern/addon-attachments/{shared['id']}"):  # fmt: skip
        assert world.get(path) == shared
    assert world.send("GET", f"/apps/ferry/addon-attachments/{shared['id']}").status_code == 404
    rich = world.get("/apps/tern/addon-attachments", accept_inclusion="addon:plan,config_vars")[0]
    assert rich["config_vars"] == ["REDIS_URL"]
    assert rich["addon"]["plan"]["name"] == "heroku-redis:private-7"
    assert not {"config_vars"} & set(shared)
    assert "plan" not in shared["addon"]


def test_an_attachment_is_resolved_by_name_var_and_id(client: TestClient) -> None:
    """Several are a 200 with all of them; none is a 404 whose resource is `add_on attachment`."""
    world = World.make(client)
    world.app()
    world.app("tern")
    addon = world.addon()
    shared = world.post("/addon-attachments", {"addon": addon, "app": "tern"})
    path = "/actions/addon-attachments/resolve"
    for identity in ("REDIS", "REDIS_URL", shared["id"]):
        found = world.post(path, {"addon_attachment": identity, "app": "tern"})
        assert [each["id"] for each in found] == [shared["id"]]
    assert len(world.post(path, {"addon_attachment": "REDIS", "app": None})) == 2
    assert len(world.post(path, {"addon_attachment": "REDIS", "addon_service": "heroku-redis"})) == 2
    for body in ({"addon_attachment": "DATABASE"}, {"addon_attachment": "REDIS", "addon_service": "heroku-kafka"}):
        answer = world.send("POST", path, body)
        assert (answer.status_code, answer.json()["resource"]) == (404, "add_on attachment")
    assert world.send("POST", path, {"addon_attachment": "REDIS", "app": "x"}).json()["resource"] == "app"


def test_attaching_needs_both_ends(lone_client: TestClient) -> None:
    """An add-on or an app that is not there is a 404 that says which."""
    world = World.make(lone_client)
    world.app()
    addon = world.addon()
    lost = world.send("POST", "/addon-attachments", {"addon": "none", "app": "ferry"})
    assert (lost.status_code, lost.json()["resource"]) == (404, "add_on")
    lost = world.send("POST", "/addon-attachments", {"addon": addon, "app": "none"})
    assert (lost.status_code, lost.json()["resource"]) == (404, "app")


def test_an_attachment_elsewhere_hides_no_config_var(client: TestClient) -> None:
    """A name that means something in another app still means this app's config var here, for both resolvers."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.app("tender")
    world.post("/addon-attachments", {"addon": addon, "app": "tender", "name": "REDIS_URL"})
    for path, asked in (("addons", "addon"), ("addon-attachments", "addon_attachment")):
        found = world.post(f"/actions/{path}/resolve", {asked: "REDIS_URL", "app": "ferry"})
        assert [each.get("addon", each)["name"] for each in found] == [addon]
