"""Accept: version 3 and its variants, for the Platform API alone."""

import pytest
from driver import World
from fastapi.testclient import TestClient

V3 = "application/vnd.heroku+json; version=3"


@pytest.mark.parametrize(
    "accept",
    [
        V3, f"{V3}.sdk", f"{V3}.fir", f"{V3}.actions", f"{V3}.cedar-acm", "application/vnd.heroku+json;version=3",
        'application/vnd.heroku+json; version="3"', 'application/vnd.heroku+json; version="3.sdk"',
        f"text/html, {V3}", f"{V3}, */*;q=0.1", "application/vnd.heroku+json; q=0.9; version=3", f"{V3}; q=0.9",
        "Application/Vnd.Heroku+JSON; version=3",
    ],
)  # fmt: skip
def test_version_3_and_its_variants_are_answered(lone_client: TestClient, accept: str) -> None:
    """Among other media ranges, and whatever the suffix."""
    world = World.make(lone_client)
    assert world.get("/account", accept=accept)["email"] == "one@kagemusha.example"


@pytest.mark.parametrize(
    "accept",
    [
        "", "*/*", "application/json", "application/vnd.heroku+json", "application/vnd.heroku+json; version=2",
        "application/vnd.heroku+json; version=30", "application/vnd.heroku+json; version=35.sdk",
        "application/vnd.heroku+json; version=3.", "application/vnd.heroku+json; version=edge",
        'application/vnd.heroku+json; version="3', "application/vnd.heroku+json, version=3",
        "text/vnd.heroku+json; version=3", "application/vnd.heroku+json; aversion=3", ";,;,;,", "," * 30_000,
        "application/vnd.heroku+json" + ";" * 30_000,
    ],
)  # fmt: skip
def test_anything_else_is_not_acceptable(lone_client: TestClient, accept: str) -> None:
    """406, and the message says what to send."""
    world = World.make(lone_client)
    assert world.refusal("GET", "/account", accept=accept) == (
        406,
        "not_acceptable",
        "Set `Accept: application/vnd.heroku+json; version=3` and try again.",
    )


def test_a_second_header_counts(lone_client: TestClient) -> None:
    """A list may come in several headers."""
    world = World.make(lone_client)
    headers = [("Authorization", f"Bearer {world.key}"), ("Accept", "*/*"), ("Accept", V3)]
    assert lone_client.get("/account", headers=headers).status_code == 200


def test_a_refused_request_changes_nothing(client: TestClient) -> None:
    """A create that is not acceptable makes nothing and takes no id."""
    world = World.make(client)
    before = world.everything()
    assert world.refusal("POST", "/apps", {"name": "ferry"}, accept="*/*")[0] == 406
    assert world.everything() == before


def test_credentials_are_asked_for_first(lone_client: TestClient) -> None:
    """401 is decided before 406 and before the body is judged."""
    for path, body in (("/account", None), ("/apps/none", None), ("/apps", {"name": 7})):
        answer = lone_client.request("GET" if body is None else "POST", path, json=body)
        assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")


def test_the_other_apis_ignore_it(lone_client: TestClient) -> None:
    """The Data API and the control API answer whatever is accepted."""
    world = World.make(lone_client)
    assert world.refusal("GET", "/private-link/v0/databases/none", accept="text/plain")[0] == 404
    assert lone_client.get("/_sim/sandboxes", headers={"Accept": "text/plain"}).status_code == 200
