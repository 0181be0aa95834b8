"""Redis add-ons on the Data API: described, waited for and set up."""

from typing import Any

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient

PATH = "/redis/v0/databases/{}"


def info(world: World, addon: str) -> dict[str, Any]:
    """The lines of `redis:info`."""
    return {row["name"]: row["values"] for row in world.get(PATH.format(addon))["info"]}


def test_it_is_described_by_name_and_id(client: TestClient) -> None:
    """The URL is that of the config var, the plan has no service prefix, and every line is an array."""
    world = World.make(client)
    addon = world.addon(world.app())
    shown = world.get(PATH.format(addon))
    uuid = world.get(f"/addons/{addon}")["id"]
    assert world.get(PATH.format(uuid)) == shown
    assert (shown["name"], shown["addon_id"], shown["plan"], shown["port"]) == (addon, uuid, "private-7", 6379)
    assert shown["resource_url"] == world.config()["REDIS_URL"]
    assert (shown["prefer_native_tls"], "waiting?" in shown) == (True, False)
    assert info(world, addon) == {
        "Plan": ["Private 7"], "Status": ["available"], "Created": [shown["created_at"]], "Version": ["8.0"],
        "Timeout": [300], "Maxmemory": ["noeviction"], "Keyspace notifications": ["disabled"],
        "Maintenance": ["not required"], "Requires TLS": ["Yes"],
    }  # fmt: skip


def test_one_that_provisions_is_waited_for(client: TestClient) -> None:
    """Every read is a 200 that says so and holds no URL, never a 404; every write is a 422 and changes nothing."""
    world = World.make(client)
    world.app()
    path = PATH.format(world.post("/apps/ferry/addons", {"plan": "heroku-redis"})["name"])
    before = world.everything()
    shown = world.get(path)
    assert (shown["waiting?"], shown["resource_url"]) == (True, "")
    assert world.get(f"{path}/wait") == {"message": "preparing", "waiting?": True}
    assert world.get(f"{path}/config")["timeout"]["value"] == 300
    for method, rest, body in (
        ("PATCH", "config", {"timeout": 5}), ("POST", "credentials_rotation", {}), ("POST", "upgrade", {}),
        ("POST", "stats/reset", {}), ("POST", "maintenance", {}),
        ("PUT", "maintenance_window", {"description": "Sunday 6:30"}),
    ):  # fmt: skip
        status, code, message = world.refusal(method, f"{path}/{rest}", body)
        assert (status, code) == (422, "invalid_params")
        assert "still being provisioned" in message
    assert world.everything() == before
    world.advance(PROVISIONED)
    assert world.get(f"{path}/wait") == {"message": "available", "waiting?": False}


def test_each_setting_is_set_alone(client: TestClient) -> None:
    """A PATCH answers the whole config, what it does not name stays, and what the add-on was created with too."""
    world = World.make(client)
    addon = world.addon(world.app(), config={"maxmemory_policy": "mine", "settings": "mine"})
    path = f"{PATH.format(addon)}/config"
    for change in ({"maxmemory_policy": "volatile-lru"}, {"timeout": 0}, {"notify_keyspace_events": "AKE"}, {}):
        assert world.call("PATCH", path, change) == world.get(path)
    shown = world.get(path)
    assert {name: each["value"] for name, each in shown.items()} == {
        "maxmemory_policy": "volatile-lru",
        "notify_keyspace_events": "AKE",
        "standby_segv_workaround": False,
        "timeout": 0,
    }
    assert {name: each["default"] for name, each in shown.items()} == {
        "maxmemory_policy": "noeviction",
        "notify_keyspace_events": "",
        "standby_segv_workaround": False,
        "timeout": 300,
    }
    assert len(shown["maxmemory_policy"]["values"]) == 8
    lines = info(world, addon)
    assert (lines["Timeout"], lines["Maxmemory"], lines["Keyspace notifications"]) == ([0], ["volatile-lru"], ["AKE"])
    kept = world.everything()["world"]["addons"][0]["config"]
    assert kept == {"maxmemory_policy": "mine", "settings": "mine"}


def test_an_upgrade_leads_to_a_later_version(client: TestClient) -> None:
    """To the one named or the newest; from there nowhere."""
    world = World.make(client)
    world.app()
    first, second = world.addon(), world.addon()
    for addon, body in ((first, {"version": "8.1"}), (second, None)):
        said = world.post(f"{PATH.format(addon)}/upgrade", body)
        assert said == {"message": f"{addon} was upgraded to 8.1."}
        assert world.get(PATH.format(addon))["version"] == "8.1"
        assert info(world, addon)["Version"] == ["8.1"]
        assert "newest" in world.refusal("POST", f"{PATH.format(addon)}/upgrade", {})[2]


@pytest.mark.parametrize(
    ("description", "window"),
    [
        ("Tuesday 14:30", "Tuesdays 14:30 to 18:30 UTC"),
        ("sundays 6:00", "Sundays 06:00 to 10:00 UTC"),
        ("SUNDAY 22:30", "Sundays 22:30 to Mondays 02:30 UTC"),
        ("Friday 20:00", "Fridays 20:00 to Saturdays 00:00 UTC"),
    ],
)
def test_a_maintenance_window_is_four_hours(lone_client: TestClient, description: str, window: str) -> None:
    """It is said in `info`, by the maintenance and by `data:maintenances`; other settings stay."""
    world = World.make(lone_client)
    addon = world.addon(world.app())
    path = PATH.format(addon)
    world.call("PATCH", f"{path}/config", {"timeout": 7})
    assert world.call("PUT", f"{path}/maintenance_window", {"description": description}) == {"window": window}
    lines = info(world, addon)
    assert (lines["Maintenance window"], lines["Timeout"]) == ([window], [7])
    assert window in world.get(f"{path}/maintenance")["message"]
    assert world.get(f"/data/maintenances/v1/{addon}")["window"] == window


def test_maintenance_and_statistics_answer_and_change_nothing(client: TestClient) -> None:
    """There never is any maintenance, and no statistics are kept."""
    world = World.make(client)
    addon = world.addon(world.app())
    path = PATH.format(addon)
    before = world.everything()
    assert world.get(f"{path}/maintenance") == {"message": f"{addon} needs no maintenance."}
    assert world.post(f"{path}/maintenance", {}) == {"message": f"{addon} needs no maintenance."}
    assert world.post(f"{path}/stats/reset", {}) == {"message": f"The statistics of {addon} were reset."}
    assert world.everything() == before
