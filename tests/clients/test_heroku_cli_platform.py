"""The CLI's commands about spaces, apps, add-ons and teams that the article does not walk, unmodified."""

import pytest
from driver import World
from heroku_cli import Heroku


@pytest.fixture
def addon(world: World) -> str:
    """An add-on in an app in a space, on a clock that waits."""
    world.sim("PATCH", "/clock", {"mode": "manual", "pace": 1})
    return world.addon(world.app(), "heroku-redis:private-7")


def test_apps_and_spaces(heroku: Heroku, world: World, addon: str) -> None:
    """`apps:info`, `apps`, `spaces`, `spaces:topology`, `ps`, `releases` and `releases:info` show what there is."""
    world.post("/apps", {"name": "mine"})
    info = heroku("apps:info", "-a", "ferry")
    for line in ("=== ferry", "Addons:         heroku-redis:private-7", "Space:          harbor", "heroku-24",
                 "Git URL:        https://git.heroku.com/ferry.git", "Owner:          cli@kagemusha"):  # fmt: skip
        assert line in info
    assert f"Web URL:        {world.get('/apps/ferry')['web_url']}" in info
    assert "ferry (virginia)\nmine\n" in heroku("apps")
    listed = heroku("apps", "--space", "harbor")
    assert "=== Apps in space harbor\n\nferry (virginia)" in listed
    assert "mine" not in listed
    [row] = [line.split() for line in heroku("spaces").splitlines() if "harbor" in line]
    assert row[:5] == ["harbor", "kagemusha", "virginia", "allocated", "cedar"]
    assert "=== ferry\n\nDomains: ferry-" in heroku("spaces:topology", "harbor")
    assert "No dynos on ferry" in heroku("ps", "-a", "ferry")
    releases = heroku("releases", "-a", "ferry")
    assert "=== ferry Releases - Current: v4" in releases
    assert f"@ref:{addon} completed provisioning, setting REDIS_URL." in releases
    assert f"REDIS_URL: {world.config()['REDIS_URL']}" in heroku("releases:info", "v4", "-a", "ferry")


def test_addons(heroku: Heroku, world: World, addon: str) -> None:
    """`addons:plans`, `addons:upgrade`, `addons:rename` and `addons:wait` do what they say."""
    plans = heroku("addons:plans", "heroku-redis")
    assert "heroku-redis:private-9" in plans
    assert "$1750/month" in plans
    assert "done, ~$2.431/hour" in heroku("addons:upgrade", addon, "heroku-redis:private-9", "-a", "ferry")
    assert world.get(f"/addons/{addon}")["plan"]["name"] == "heroku-redis:private-9"
    assert f"{addon} successfully renamed to redis-mine" in heroku("addons:rename", addon, "redis-mine")
    assert world.get("/apps/ferry/addons/redis-mine")["state"] == "provisioned"
    assert heroku("addons:wait", "redis-mine", "-a", "ferry").strip() == ""
    world.post("/apps/ferry/addons", {"plan": "heroku-kafka:private-standard-0", "name": "kafka-mine"})
    wait = ("addons:wait", "kafka-mine", "-a", "ferry", "--wait-interval", "1")
    assert "Creating kafka-mine... done" in heroku.waits(*wait, then=lambda: world.until("idle"))
    assert world.get("/addons/kafka-mine")["state"] == "provisioned"


def test_teams_and_access(heroku: Heroku, world: World) -> None:
    """`teams`, `members`, `access`, `auth:token` and `auth:logout` know the one account and its key."""
    world.sim("PATCH", "/clock", {"mode": "manual", "pace": 1})
    world.app()
    assert ["kagemusha", "admin"] in [line.split() for line in heroku("teams").splitlines()]
    for command in (("members", "--team", "kagemusha"), ("access", "-a", "ferry")):
        [row] = [line.split() for line in heroku(*command).splitlines() if "@" in line]
        assert row[:2] == ["cli@kagemusha.example", "admin"]
    assert world.key in heroku("auth:token")
    assert "Logging out... done" in heroku("auth:logout")
    assert world.get("/account")["email"] == "cli@kagemusha.example"


def test_changes(heroku: Heroku, world: World, addon: str) -> None:
    """`apps:rename`, `apps:lock`, `maintenance:on`, `apps:stacks:set`, `spaces:rename`, and a confirmed attachment."""
    assert "Renaming ferry to tern... done" in heroku("apps:rename", "tern", "-a", "ferry")
    assert "Locking tern... done" in heroku("apps:lock", "-a", "tern")
    assert "Enabling maintenance mode for tern... done" in heroku("maintenance:on", "-a", "tern")
    assert "Setting stack to heroku-22... done" in heroku("apps:stacks:set", "heroku-22", "-a", "tern")
    assert "Renaming space from harbor to haven... done" in heroku("spaces:rename", "--from", "harbor", "--to", "haven")
    app = world.get("/apps/tern")
    assert (app["maintenance"], app["stack"]["name"], app["space"]["name"]) == (True, "heroku-22", "haven")
    assert world.get("/teams/apps/tern")["locked"] is True
    world.post("/addon-attachments", {"addon": addon, "app": "tern", "name": "OLD"})
    other = world.addon("tern")
    attached = heroku("addons:attach", other, "-a", "tern", "--as", "REDIS", "--confirm", "tern")
    assert f"Attaching {other} as REDIS to tern... done" in attached
    assert world.get("/apps/tern/addon-attachments/REDIS")["addon"]["name"] == other
