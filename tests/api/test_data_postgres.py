"""Postgres add-ons on the Data API: described, waited for, and their credential."""

from urllib.parse import urlsplit

from driver import PROVISIONED, World
from fastapi.testclient import TestClient

PLAN = "heroku-postgresql:private-4"
CLIENT = "/client/v11/databases/{}"
CREDENTIALS = "/postgres/v0/databases/{}/credentials"


def test_it_is_described_by_name_and_id(client: TestClient) -> None:
    """Its parts are those of the config var's URL, and every line of `info` is an array."""
    world = World.make(client)
    addon = world.addon(world.app(), PLAN)
    shown = world.get(CLIENT.format(addon))
    uuid = world.get(f"/addons/{addon}")["id"]
    assert world.get(CLIENT.format(uuid)) == shown
    url = urlsplit(shown["resource_url"])
    assert shown["resource_url"] == world.config()["DATABASE_URL"]
    assert (shown["database_user"], shown["database_password"]) == (url.username, url.password)
    assert (shown["port"], f"/{shown['database_name']}") == (url.port, url.path)
    assert (shown["plan"], shown["waiting?"], shown["addon_id"]) == ("private-4", False, uuid)
    lines = {row["name"]: row["values"] for row in shown["info"]}
    assert lines["Plan"] == ["Private 4"]
    assert lines["Status"] == ["available"]
    assert lines["Region"] == ["virginia"]
    assert all(isinstance(values, list) for values in lines.values())


def test_one_that_provisions_is_waited_for(client: TestClient) -> None:
    """Every read is a 200 that says so and gives no secret, never a 404; every write is a 422 and changes nothing."""
    world = World.make(client)
    world.app()
    addon = world.post("/apps/ferry/addons", {"plan": PLAN})["name"]
    before = world.everything()
    shown = world.get(CLIENT.format(addon))
    assert (shown["waiting?"], shown["resource_url"], shown["database_user"]) == (True, None, None)
    assert "database_password" not in shown
    assert world.get(f"{CLIENT.format(addon)}/wait_status") == {"message": "preparing", "waiting?": True}
    [listed] = world.get(CREDENTIALS.format(addon))
    assert (listed["state"], listed["credentials"]) == ("provisioning", [])
    for method, path, body in (
        ("POST", f"{CREDENTIALS.format(addon)}/default/credentials_rotation", {"forced": True}),
        ("POST", f"/postgres/v0/databases/{addon}/credentials_rotation", None),
        ("POST", f"{CLIENT.format(addon)}/maintenance", None),
        ("PUT", f"{CLIENT.format(addon)}/maintenance_window", {"description": "Sunday 6:30"}),
    ):
        assert world.refusal(method, path, body)[:2] == (422, "invalid_params")
    assert world.everything() == before
    world.advance(PROVISIONED)
    assert world.get(f"{CLIENT.format(addon)}/wait_status") == {"message": "available", "waiting?": False}


def test_there_is_no_bastion(client: TestClient) -> None:
    """`pg:psql` asks private plans for a machine to go through: it is told of none, and connects by itself."""
    world = World.make(client)
    addon = world.addon(world.app(), PLAN)
    uuid = world.get(f"/addons/{addon}")["id"]
    assert world.get(f"{CLIENT.format(uuid)}/bastion") == {"host": None, "private_key": None}


def test_the_credential_is_that_of_the_url(client: TestClient) -> None:
    """There is one, `default`, active, in the list and alone; any other is not found."""
    world = World.make(client)
    addon = world.addon(world.app(), PLAN)
    shown = world.get(f"{CREDENTIALS.format(addon)}/default")
    assert world.get(CREDENTIALS.format(addon)) == [shown]
    url = urlsplit(world.config()["DATABASE_URL"])
    assert (shown["host"], shown["port"], f"/{shown['database']}") == (url.hostname, url.port, url.path)
    assert shown["credentials"] == [{"password": url.password, "state": "active", "user": url.username}]
    assert (shown["name"], shown["state"]) == ("default", "active")
    other = f"{CREDENTIALS.format(addon)}/reader"
    before = world.everything()
    for method, path in (("GET", other), ("POST", f"{other}/credentials_rotation")):
        status, code, message = world.refusal(method, path)
        assert (status, code) == (404, "not_found")
        assert "`default`" in message
    assert world.everything() == before


def test_its_maintenance_window_is_kept(client: TestClient) -> None:
    """It is said in `info` and by the maintenance, of which there is none."""
    world = World.make(client)
    addon = world.addon(world.app(), PLAN)
    path = CLIENT.format(addon)
    assert world.post(f"{path}/maintenance", {}) == {"message": f"{addon} needs no maintenance."}
    window = world.call("PUT", f"{path}/maintenance_window", {"description": "Monday 1:00"})["window"]
    assert world.get(f"{path}/maintenance") == {"message": f"{addon} needs no maintenance. Its window is {window}."}
    assert {"name": "Maintenance window", "values": [window]} in world.get(path)["info"]
