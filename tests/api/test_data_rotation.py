"""Rotated credentials: every URL that holds them changes, in one release for each app."""

import re

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient

REDIS = ("heroku-redis:private-7", "/redis/v0/databases/{}/credentials_rotation")
POSTGRES = ("heroku-postgresql:private-4", "/postgres/v0/databases/{}/credentials/default/credentials_rotation")
ALL = ("heroku-postgresql:private-4", "/postgres/v0/databases/{}/credentials_rotation")


def passwords(world: World, app: str) -> set[str]:
    """The passwords in the app's URLs."""
    return set(re.findall(r"p[0-9a-f]{64}", " ".join(world.config(app).values())))


@pytest.mark.parametrize(("plan", "path"), [REDIS, POSTGRES, ALL])
def test_every_url_changes_in_one_release_for_each_app(client: TestClient, plan: str, path: str) -> None:
    """Those of all attachments and endpoints, at one instant; the release is the provider's."""
    world = World.make(client)
    addon, _ = world.connected(plan=plan)
    first = world.get("/apps/ferry/addon-attachments")[0]["name"]
    world.app("tern")
    world.post("/apps", {"name": "gull"})
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    world.post("/addon-attachments", {"addon": addon, "app": "tern", "name": "STORE"})
    before = {app: (world.config(app), passwords(world, app)) for app in ("ferry", "tern", "gull")}
    counts = {app: len(world.get(f"/apps/{app}/releases")) for app in before}
    world.advance(5)
    world.post(path.format(addon), {})

    old, new = before["ferry"][1], passwords(world, "ferry")
    assert len(old) == len(new) == 1
    assert old != new == passwords(world, "tern")
    for app in before:
        config = world.config(app)
        assert set(config) == set(before[app][0])
        assert all(value != before[app][0][name] for name, value in config.items())
    service = plan.partition(":")[0]
    for app, said in (("ferry", ", ".join(sorted(["CACHE", first]))), ("tern", "STORE")):
        [release] = world.get(f"/apps/{app}/releases")[counts[app] :]
        assert release["description"] == f"Update {said} by {service}"
        assert release["user"]["email"] == f"{service}@addons.heroku.com"
        assert release["created_at"] == world.sim("GET", "/clock")["now"].replace(".000Z", "Z")
    assert len(world.get("/apps/gull/releases")) == counts["gull"]


def test_the_data_api_shows_the_new_password(client: TestClient) -> None:
    """In the Redis's URL, and in the Postgres's URL and credential."""
    world = World.make(client)
    world.app()
    redis, postgres = world.addon(plan=REDIS[0]), world.addon(plan=POSTGRES[0])
    world.post(REDIS[1].format(redis), {})
    world.post(POSTGRES[1].format(postgres), {})
    assert world.get(f"/redis/v0/databases/{redis}")["resource_url"] == world.config()["REDIS_URL"]
    shown = world.get(f"/client/v11/databases/{postgres}")
    assert shown["resource_url"] == world.config()["DATABASE_URL"]
    [user] = world.get(f"/postgres/v0/databases/{postgres}/credentials/default")["credentials"]
    assert (user["user"], user["password"]) == (shown["database_user"], shown["database_password"])
    assert user["password"] in shown["resource_url"]


def test_what_comes_later_has_the_new_password(client: TestClient) -> None:
    """An attachment, and an endpoint that becomes available, after a rotation."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.endpoint(world.link(addon)["service_name"])
    old = passwords(world, "ferry")
    world.post(REDIS[1].format(addon), {})
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    world.advance(PROVISIONED)
    assert len(world.config()) == 4
    assert len(passwords(world, "ferry")) == 1
    assert passwords(world, "ferry").isdisjoint(old)


def test_each_rotation_gives_another_password_and_the_seed_says_which(client: TestClient) -> None:
    """Three rotations make four passwords, the same ones in a world with the same seed."""
    told = []
    for name in ("one", "two"):
        world = World.make(client, name)
        addon = world.addon(world.app())
        seen = [passwords(world, "ferry")]
        for _ in range(3):
            world.post(REDIS[1].format(addon), {})
            seen.append(passwords(world, "ferry"))
        told.append(seen)
    assert told[0] == told[1]
    assert len(set.union(*told[0])) == 4
