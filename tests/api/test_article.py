"""The article, end to end, on a clock that the test moves."""

import pytest
from driver import World
from fastapi.testclient import TestClient

SERVICES = {
    "heroku-redis:private-7": ("REDIS", "redis://h:p"),
    "heroku-postgresql:private-4": ("DATABASE", "postgres://u"),
    "heroku-kafka:private-standard-2": ("KAFKA", "kafka+ssl://vpce-"),
}


@pytest.mark.parametrize("plan", SERVICES)
def test_the_article_ends_with_the_config_var(client: TestClient, plan: str) -> None:
    """For each kind of add-on a link, an account and an endpoint end in the endpoint's config var."""
    prefix, url = SERVICES[plan]
    world = World.make(client)
    addon, endpoint = world.connected(plan=plan)
    variable = f"{prefix}_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"
    assert sorted(world.config()) == [variable, f"{prefix}_URL"]
    assert world.config()[variable].startswith(url)
    descriptions = [release["description"] for release in world.get("/apps/ferry/releases")]
    assert descriptions == [
        "Initial release",
        "Enable Logplex",
        f"Attach {prefix} (@ref:{addon})",
        f"@ref:{addon} completed provisioning, setting {prefix}_URL.",
        f"Update {prefix} by {plan.split(':', maxsplit=1)[0]}",
    ]


def test_sandboxes_do_not_see_each_other(client: TestClient) -> None:
    """One sandbox's app can't be found with another's key."""
    first, second = World.make(client, "first"), World.make(client, "second")
    first.post("/apps", {"name": "mine"})
    assert second.send("GET", "/apps/mine").status_code == 404
    assert second.get("/apps") == []


def test_errors_have_herokus_shape(client: TestClient) -> None:
    """Missing credentials, a wrong Accept, an unknown path and another method answer in Heroku's shape."""
    assert client.get("/account").json()["id"] == "unauthorized"
    assert client.get("/account", headers={"Authorization": "Bearer x"}).status_code == 406
    assert client.get("/nothing").json()["id"] == "not_found"
    answer = client.put("/apps")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
