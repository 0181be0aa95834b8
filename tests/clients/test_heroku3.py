"""heroku3, the Python client, unmodified but for the address that it talks to."""

import heroku3
import pytest
import requests
from driver import World
from heroku3.api import RateLimitExceeded
from live import Server, serving


def client_of(server: Server, key: str) -> heroku3.api.Heroku:
    """A client with a key; where it talks to is an attribute of its own."""
    client = heroku3.api.Heroku()
    client._session.trust_env = False
    client._heroku_url = server.url
    assert client.authenticate(key)
    return client


def test_its_calls_do_what_they_say(server: Server, world: World) -> None:
    """The account, an app's life, its config, add-ons, releases, buildpacks and collaborators."""
    world.sim("PATCH", "/clock", {"mode": "manual", "pace": 1})
    heroku = client_of(server, world.key)
    assert heroku.account().email == "cli@kagemusha.example"
    assert heroku.rate_limit.remaining == heroku.ratelimit_remaining() == 4500
    assert list(heroku.apps()) == []
    app = heroku.create_app("tern", region_id_or_name="eu")
    assert (app.name, app.region.name, app.stack.name) == ("tern", "eu", "heroku-24")
    assert [each.name for each in heroku.apps()] == ["tern"]

    assert app.update_config({"A": "1", "B": "two"}).to_dict() == {"A": "1", "B": "two"}
    config = app.config()
    config["A"] = "2"
    del config["B"]
    assert app.config().to_dict() == {"A": "2"}
    addon = app.install_addon("heroku-redis:premium-0", attachment_name="CACHE")
    assert addon.plan.name == "heroku-redis:premium-0"
    world.until("idle")
    assert sorted(app.config().to_dict()) == ["A", "CACHE_URL"]
    assert [each.name for each in app.addons()] == [each.name for each in heroku.addons("tern")] == [addon.name]
    newest = app.releases(order_by="version", sort="desc", limit=1)
    assert [each.version for each in newest] == [7]
    assert sorted(each.version for each in app.releases()) == list(range(1, 8))

    assert app.update_buildpacks(["heroku/ruby"])
    assert [each.buildpack.url for each in app.buildpacks()] == ["urn:buildpack:heroku/ruby"]
    assert [each.user.email for each in app.collaborators()] == ["cli@kagemusha.example"]
    assert list(app.dynos()) == list(app.process_formation()) == []
    assert app.enable_acm()
    assert app.enable_maintenance_mode().maintenance is True
    assert app.disable_maintenance_mode().maintenance is False
    assert app.rename("ferry").name == "ferry"
    app = heroku.app("ferry")
    app.remove_addon(addon.id)
    assert app.config().to_dict() == {"A": "2"}
    assert app.delete()
    with pytest.raises(requests.HTTPError, match="404"):
        heroku.app("ferry")


def test_a_long_list_is_read_whole_in_pieces(server: Server, world: World) -> None:
    """It asks for a range and is content with what it gets."""
    for number in range(5):
        world.post("/apps", {"name": f"tern-{number}"})
    heroku = client_of(server, world.key)
    assert sorted(each.name for each in heroku.apps()) == [f"tern-{number}" for number in range(5)]
    assert [each.name for each in heroku.apps(order_by="name", limit=2)] == ["tern-0", "tern-1"]


def test_it_knows_a_rate_limit() -> None:
    """A 429 is an exception of its own, and what is left is counted down."""
    with serving("--ephemeral", "--rate-limit", "2") as limited, limited.client() as client:
        heroku = client_of(limited, World.make(client).key)
        heroku.account()
        assert heroku.ratelimit_remaining() == 1
        heroku.apps()
        with pytest.raises(RateLimitExceeded):
            heroku.apps()
