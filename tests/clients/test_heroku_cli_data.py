"""The CLI's commands for Redis and Postgres add-ons, unmodified, with what `kagemusha env` prints and nothing else."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from driver import World
from heroku_cli import Heroku


def addon(world: World, plan: str) -> str:
    """An add-on that provisions until the test moves the clock."""
    world.sim("PATCH", "/clock", {"mode": "manual"})
    world.app()
    name: str = world.post("/apps/ferry/addons", {"plan": plan})["name"]
    return name


def test_redis_commands(heroku: Heroku, world: World) -> None:
    """`redis:info`, `redis:credentials`, `redis:wait`, `redis:maxmemory`, `redis:timeout` and their kin."""
    name = addon(world, "heroku-redis:private-3")
    assert "Status: " in heroku("redis:info", "-a", "ferry")
    assert "preparing" in heroku("redis:info", name, "-a", "ferry")
    waited = heroku.waits("redis:wait", "-a", "ferry", "--wait-interval", "1", then=lambda: world.until("idle"))
    assert re.search(rf"Waiting for database {name}\.\.\. .*available", waited)
    info = heroku("redis:info", "-a", "ferry")
    assert f"=== {name} (REDIS_URL)" in info
    assert re.search(r"Plan: +Private 3\n", info)
    assert re.search(r"Status: +available\n", info)
    [told] = json.loads(heroku("redis:info", "-a", "ferry", "--json"))
    assert (told["name"], told["plan"], told["config_vars"]) == (name, "private-3", ["REDIS_URL"])

    before = world.config()["REDIS_URL"]
    assert heroku("redis:credentials", "-a", "ferry").strip() == before
    assert f"Resetting credentials for {name}" in heroku("redis:credentials", "REDIS", "--reset", "-a", "ferry")
    after = world.config()["REDIS_URL"]
    assert after != before
    assert heroku("redis:credentials", name, "-a", "ferry").strip() == after
    assert "Update REDIS by heroku-redis" in heroku("releases", "-a", "ferry")

    said = heroku("redis:maxmemory", "-a", "ferry", "--policy", "volatile-lru")
    assert f"Maxmemory policy for {name} (REDIS_URL) set to volatile-lru." in said
    assert "volatile-lru evicts" in said
    assert "set to 0 seconds." in heroku("redis:timeout", "-a", "ferry", "--seconds", "0")
    assert "set to 'AKE'." in heroku("redis:keyspace-notifications", "-a", "ferry", "--config", "AKE")
    assert "were reset" in heroku("redis:stats-reset", "-a", "ferry", "--confirm", "ferry")
    assert "upgraded to 8.1" in heroku("redis:upgrade", "-a", "ferry", "--version", "8.1", "--confirm", "ferry")
    info = heroku("redis:info", "-a", "ferry")
    for line in ("Version: +8.1", "Timeout: +0", "Maxmemory: +volatile-lru", "Keyspace notifications: +AKE"):
        assert re.search(f"{line}\n", info)


def test_redis_promote(heroku: Heroku, world: World) -> None:
    """`redis:promote` makes another Redis the app's REDIS_URL; the first one is kept under a name of its own."""
    first = addon(world, "heroku-redis:private-3")
    second = world.addon()
    before = world.config()
    [other] = before.keys() - {"REDIS_URL"}
    assert f"Promoting {second} to REDIS_URL on ferry" in heroku("redis:promote", second, "-a", "ferry")
    after = world.config()
    assert after["REDIS_URL"] == after[other] == before[other]
    [kept] = world.get(f"/addons/{first}")["config_vars"]
    assert after[kept] == before["REDIS_URL"]
    assert heroku("redis:credentials", "REDIS_URL", "-a", "ferry").strip() == before[other]


def test_postgres_commands(heroku: Heroku, world: World) -> None:
    """`pg:info`, `pg:wait`, `pg:credentials`, `pg:credentials:url` and `pg:credentials:rotate`."""
    name = addon(world, "heroku-postgresql:private-4")
    assert "preparing" in heroku("pg:info", "-a", "ferry")
    wait = ("pg:wait", "-a", "ferry", "--wait-interval", "1", "--no-notify")
    waited = heroku.waits(*wait, then=lambda: world.until("idle"))
    assert re.search(rf"Waiting for database {name}\.\.\. .*available", waited)
    for arguments in ((), ("DATABASE",)):
        info = heroku("pg:info", *arguments, "-a", "ferry")
        assert "DATABASE_URL" in info
        assert re.search(r"Plan: +Private 4\n", info)
        assert re.search(r"Status: +available\n", info)
        assert name in info

    before = world.config()["DATABASE_URL"]
    assert before in heroku("pg:credentials:url", "-a", "ferry")
    assert before in heroku("pg:credentials:url", "DATABASE", "--name", "default", "-a", "ferry")
    assert "active" in heroku("pg:credentials", "-a", "ferry")
    assert "Rotating default" in heroku("pg:credentials:rotate", "-a", "ferry", "--confirm", "ferry")
    after = world.config()["DATABASE_URL"]
    assert after != before
    assert after in heroku("pg:credentials:url", "-a", "ferry")
    heroku("pg:credentials:rotate", "--all", "--force", "-a", "ferry", "--confirm", "ferry")
    assert world.config()["DATABASE_URL"] != after


def test_psql_is_run_with_the_parts_of_the_url(heroku: Heroku, world: World, tmp_path: Path) -> None:
    """`pg:psql` asks of a private plan for a bastion, is told of none, and runs `psql` on the URL with TLS."""
    addon(world, "heroku-postgresql:private-4")
    world.until("idle")
    (programs := tmp_path / "bin").mkdir()
    (psql := programs / "psql").write_text("#!/bin/sh\nenv | grep ^PG\nprintf '%s\\n' \"$@\"\n")
    psql.chmod(0o755)
    path = f"{programs}:{heroku.environment['PATH']}"
    said = Heroku(heroku.environment | {"PATH": path})("pg:psql", "-a", "ferry", "-c", "SELECT 1").splitlines()
    url = urlsplit(world.config()["DATABASE_URL"])
    assert {
        f"PGHOST={url.hostname}", f"PGPORT={url.port}", f"PGUSER={url.username}", f"PGPASSWORD={url.password}",
        f"PGDATABASE={url.path[1:]}", "PGSSLMODE=require", "SELECT 1",
    } <= set(said)  # fmt: skip


def test_maintenance_commands(heroku: Heroku, world: World) -> None:
    """`data:maintenances` and `data:maintenances:info`, for add-ons of both services."""
    redis = addon(world, "heroku-redis:private-3")
    postgres = world.addon(plan="heroku-postgresql:private-4")
    world.call("PUT", f"/redis/v0/databases/{redis}/maintenance_window", {"description": "Tuesday 14:30"})
    listed = heroku("data:maintenances", "-a", "ferry")
    assert redis in listed
    assert postgres in listed
    assert "Tuesdays 14:30 to 18:30 UTC" in listed
    # What a command prints while it works goes to the same place.
    told = heroku("data:maintenances", "-a", "ferry", "--json")
    assert [each["status"] for each in json.loads(told[: told.rindex("]") + 1])] == ["none", "none"]
    assert re.search(r"addon_kind: +heroku-postgresql\n", heroku("data:maintenances:info", postgres, "-a", "ferry"))
