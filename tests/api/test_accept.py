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


def test_a_second_header_counts(lone_client: TestClient) -> None:
    """A list may come in several headers."""
    world = World.make(lone_client)
    headers = [("Authorization", f"Bearer {world.key}"), ("Accept", "*/*"), ("Accept", V3)]
    assert lone_client.get("/account", headers=headers).status_code == 200


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
