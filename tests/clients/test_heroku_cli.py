"""The article with the unmodified heroku CLI from npm, with what `kagemusha env` prints and nothing else.

Between its commands the test sends what each `data:privatelink` command sends: its plugin can't be installed from npm.
"""

import pytest
from driver import World
from heroku_cli import Heroku
from live import Server
from plugin import Plugin

ROOT = "arn:aws:iam::123456789101:root"
USER = "arn:aws:iam::123456789101:user/abc.xyz"


def check_privatelink(world: World, plugin: Plugin, app: str, attachment: str) -> None:
    """Walk the commands of `data:privatelink` for the add-on attached as `attachment`, each answer checked."""
    created = plugin.create(attachment, app, "123456789101:user/abc.xyz")
    database = created["addon"]["name"]
    assert (created["status"], created["service_name"], created["connections"]) == ("Provisioning", "", [])
    assert [(each["arn"], each["status"]) for each in created["allowed_accounts"]] == [(USER, "Provisioning")]
    world.until("idle")
    shown = plugin.show(database, app)
    assert shown["status"] == "Operational"
    assert [each["arn"] for each in plugin.add(database, app, "123456789101")["allowed_accounts"]] == [USER, ROOT]
    assert [each["arn"] for each in plugin.remove(database, app, USER)["allowed_accounts"]] == [ROOT]
    world.until("idle")
    assert [each["status"] for each in plugin.show(database, app)["allowed_accounts"]] == ["Active"]
    endpoint = world.endpoint(shown["service_name"])
    waiting = plugin.show(f"{attachment}_URL", app)["connections"]
    assert [(each["endpoint_id"], each["owner_arn"]) for each in waiting] == [(endpoint, ROOT)]
    assert waiting[0]["status"] == "Pending Acceptance"
    world.until("next")
    assert plugin.show(database, app)["connections"][0]["status"] == "Pending"
    world.until("next")
    assert plugin.show(database, app)["connections"][0]["status"] == "Available"


def check_config_var(heroku: Heroku, world: World, attachment: str) -> None:
    """`heroku config` shows the endpoint's variable, `config:get` its value."""
    [endpoint] = [each for each in world.sim("GET", "/endpoints") if each["state"] == "available"]
    variable = f"{attachment}_ENDPOINT_{endpoint['endpoint_id'].removeprefix('vpce-').upper()}_URL"
    assert f"{variable}:" in heroku("config", "-a", "ferry")
    assert f"{endpoint['endpoint_id']}-" in heroku("config:get", variable, "-a", "ferry")


def check_gone(world: World, plugin: Plugin, app: str, attachment: str) -> None:
    """`data:privatelink:destroy` ends the link: it lingers, and its endpoint is rejected."""
    database = plugin.show(attachment, app)["addon"]["name"]
    gone = plugin.destroy(database, app)
    assert gone["status"] == "Deprovisioning"
    assert [each["status"] for each in gone["connections"]] == ["Rejected"]
    world.until("next")
    assert plugin.show(database, app)["status"] == "Deprovisioned"


@pytest.mark.parametrize(
    ("plan", "attachment", "version"),
    [
        ("heroku-redis:private-3", "REDIS", "2.0.1"),
        ("heroku-postgresql:private-4", "DATABASE", "1.3.4"),
        ("heroku-kafka:private-standard-2", "KAFKA", "bearer"),
    ],
)
def test_the_cli_walks_the_article(
    heroku: Heroku, server: Server, world: World, plan: str, attachment: str, version: str
) -> None:
    """Every command exits with 0 and shows what was done, with each spelling of the plugin's credentials."""
    service = plan.split(":", maxsplit=1)[0]
    assert "virginia" in heroku("regions", "--private")
    assert "cli@kagemusha.example" in heroku("auth:whoami")
    created = heroku("spaces:create", "harbor", "--team", "kagemusha", "--region", "virginia")
    assert "allocating" in created
    assert "Outbound IPs" in heroku("spaces:wait", "harbor", "-i", "1")
    info = heroku("spaces:info", "harbor")
    assert "State:        allocated" in info
    assert "Virginia, United States" in info
    assert "Creating ferry in space harbor... done" in heroku("apps:create", "ferry", "--space", "harbor")
    heroku("apps:create", "tender", "--space", "harbor")
    made = heroku("addons:create", plan, "-a", "ferry", "--wait")
    assert f"{attachment}_URL" in made
    addon = world.get("/addons")[0]["name"]
    assert f"Created {addon} as {attachment}_URL" in made
    assert addon in heroku("addons", "-a", "ferry")
    shown = heroku("addons:info", addon, "-a", "ferry")
    assert f"Plan:         {plan}" in shown
    assert f"ferry::{attachment}" in shown

    world.sim("PATCH", "/clock", {"mode": "manual"})
    plugin = Plugin(server.url, world.key, version)
    check_privatelink(world, plugin, "ferry", attachment)
    check_config_var(heroku, world, attachment)

    assert "Attaching" in heroku("addons:attach", addon, "-a", "tender", "--as", "STORE")
    assert heroku("config", "-a", "tender").count("STORE_") == 2
    assert "done, v4" in heroku("addons:detach", "STORE", "-a", "tender")
    assert "STORE_" not in heroku("config", "-a", "tender")
    assert "A: 1\nB: two" in heroku("config:set", "A=1", "B=two", "-a", "ferry")
    assert heroku("config:get", "A", "-a", "ferry").splitlines()[-1] == "1"
    assert "Unsetting A" in heroku("config:unset", "A", "-a", "ferry")

    check_gone(world, plugin, "ferry", attachment)
    assert "_ENDPOINT_" not in heroku("config", "-a", "ferry")
    assert "done" in heroku("addons:destroy", addon, "-a", "ferry", "--confirm", "ferry")
    assert f"{service} (" not in heroku("addons", "-a", "ferry")
    heroku("apps:destroy", "ferry", "--confirm", "ferry")
    heroku("apps:destroy", "tender", "--confirm", "tender")
    assert "Destroying space harbor... done" in heroku("spaces:destroy", "harbor", "--confirm", "harbor")
    assert bool(plugin.warnings) is (version == "2.0.1")
    world.until("idle")
    assert world.get("/spaces") == []
