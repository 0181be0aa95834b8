"""Names of attachments that others have: confirmed, they move, in one release."""

import pytest
from driver import World
from fastapi.testclient import TestClient


def two(world: World) -> tuple[str, str]:
    """Two Redis add-ons in ferry, the first of which is REDIS and has another name besides."""
    first = world.addon(world.app())
    second = world.addon()
    world.post("/addon-attachments", {"addon": first, "app": "ferry", "name": "OLD"})
    return first, second


def promotion(addon: str, **more: object) -> dict[str, object]:
    """What `redis:promote` sends."""
    return {"addon": {"name": addon}, "app": {"name": "ferry"}, "name": "REDIS"} | more


def test_a_name_of_another_addon_wants_to_be_confirmed(client: TestClient) -> None:
    """423 that names what would be lost, and nothing changes; a confirmation of something else is none."""
    world = World.make(client)
    _, second = two(world)
    before = world.everything()
    for confirm in ({}, {"confirm": None}, {"confirm": "tern"}, {"confirm": ""}):
        status, code, message = world.refusal("POST", "/addon-attachments", promotion(second, **confirm))
        assert (status, code) == (423, "confirmation_required")
        assert message == "Adding REDIS to app ferry would overwrite existing vars REDIS_URL."
    assert world.everything() == before


@pytest.mark.parametrize("by_id", [False, True])
def test_a_confirmed_name_moves_in_one_release(client: TestClient, by_id: bool) -> None:
    """The variables of the name are the other add-on's from then on; the first keeps its other name."""
    world = World.make(client)
    first, second = two(world)
    others = world.get(f"/addons/{second}")["config_vars"]
    values, releases = world.config(), len(world.get("/apps/ferry/releases"))
    confirm = world.get("/apps/ferry")["id"] if by_id else "ferry"
    made = world.post("/addon-attachments", promotion(second, confirm=confirm))
    assert (made["name"], made["addon"]["name"]) == ("REDIS", second)
    assert world.config() == values | {"REDIS_URL": values[others[0]]}
    assert world.config()["OLD_URL"] != world.config()["REDIS_URL"]
    assert world.get(f"/addons/{first}")["config_vars"] == ["OLD_URL"]
    assert world.get(f"/addons/{second}")["config_vars"] == sorted([*others, "REDIS_URL"])
    said = [each["description"] for each in world.get("/apps/ferry/releases")]
    assert said[releases:] == [f"Detach REDIS (@ref:{first}), Attach REDIS (@ref:{second})"]
    assert len(world.get("/apps/ferry/addon-attachments")) == 3


def test_endpoint_variables_move_with_the_name(client: TestClient) -> None:
    """Those of the add-on that loses it go, those of the one that gets it come, in the same release."""
    world = World.make(client)
    first, endpoint = world.connected()
    world.post("/addon-attachments", {"addon": first, "app": "ferry", "name": "OLD"})
    second = world.addon()
    part = f"ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"
    releases = len(world.get("/apps/ferry/releases"))
    world.post("/addon-attachments", promotion(second, confirm="ferry"))
    assert {f"OLD_{part}", "OLD_URL", "REDIS_URL"} <= set(world.config())
    assert f"REDIS_{part}" not in world.config()
    world.post("/addon-attachments", promotion(first, confirm="ferry"))
    assert f"REDIS_{part}" in world.config()
    assert len(world.get("/apps/ferry/releases")) == releases + 2


def test_the_last_attachment_of_the_payer_stays(client: TestClient) -> None:
    """Confirmed or not: `redis:promote` makes another one first, or is refused."""
    world = World.make(client)
    first = world.addon(world.app())
    second = world.addon()
    before = world.everything()
    status, _, message = world.refusal("POST", "/addon-attachments", promotion(second, confirm="ferry"))
    assert status == 422
    assert first in message
    assert world.everything() == before


def test_a_name_that_an_addon_has_already(client: TestClient) -> None:
    """Without a confirmation it is taken; with one, the attachment is made anew and nothing is lost."""
    world = World.make(client)
    addon = world.addon(world.app())
    config = world.config()
    assert world.refusal("POST", "/addon-attachments", promotion(addon))[:2] == (422, "invalid_params")
    world.post("/addon-attachments", promotion(addon, confirm="ferry"))
    assert world.config() == config
    assert [each["name"] for each in world.get("/apps/ferry/addon-attachments")] == ["REDIS"]


def test_a_variable_of_ones_own_is_lost_only_when_confirmed(client: TestClient) -> None:
    """By an attachment and by an add-on's create alike; the add-on then gives the variable."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.call("PATCH", "/apps/ferry/config-vars", {"MINE_URL": "x", "CACHE_URL": "y"})
    body = {"addon": addon, "app": "ferry", "name": "MINE"}
    assert world.refusal("POST", "/addon-attachments", body)[:2] == (423, "confirmation_required")
    world.post("/addon-attachments", body | {"confirm": "ferry"})
    assert world.config()["MINE_URL"] == world.config()["REDIS_URL"]
    new = {"plan": "heroku-redis:private-3", "attachment": {"name": "CACHE"}}
    assert world.refusal("POST", "/apps/ferry/addons", new)[:2] == (423, "confirmation_required")
    world.post("/apps/ferry/addons", new | {"confirm": "ferry"})
    assert world.config()["CACHE_URL"] == "y"
    world.until("idle")
    assert world.config()["CACHE_URL"].startswith("rediss://")


def test_a_namespace_is_kept(client: TestClient) -> None:
    """It is shown wherever the attachment is, and goes with it; what is no namespace is refused."""
    world = World.make(client)
    addon = world.addon(world.app(), "heroku-postgresql:private-4")
    body = {"addon": addon, "app": "ferry", "name": "ANALYST", "namespace": "credential:analyst"}
    made = world.post("/addon-attachments", body)
    assert made["namespace"] == "credential:analyst"
    assert world.get(f"/addon-attachments/{made['id']}") == made
    assert {each["name"]: each["namespace"] for each in world.get("/addon-attachments")} == {
        "ANALYST": "credential:analyst",
        "DATABASE": None,
    }
    assert sorted(world.config()) == ["ANALYST_URL", "DATABASE_URL"]
    for wrong in ("", "a b", ":", "x" * 300):
        assert world.refusal("POST", "/addon-attachments", body | {"name": "X", "namespace": wrong})[0] == 422
    world.call("DELETE", f"/addon-attachments/{made['id']}")
    again = world.post("/addon-attachments", body | {"namespace": None})
    assert again["namespace"] is None
    world.call("DELETE", f"/apps/ferry/addons/{addon}")
    assert world.get("/addon-attachments") == []
