"""Every spelling of the credentials, and the chain of Request-Ids."""

import base64

import pytest
from driver import World
from fastapi.testclient import TestClient


def basic(text: str) -> str:
    """A Basic Authorization header."""
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("spelling", ["Bearer {key}", ":{key}", "a@b.example:{key}"])
def test_each_spelling_opens_the_keys_world(client: TestClient, spelling: str) -> None:
    """Bearer, Basic without a user and Basic with one are the same key."""
    world = World.make(client)
    sent = spelling.format(key=world.key)
    shown = world.get("/account", authorization=sent if sent.startswith("Bearer") else basic(sent))
    assert shown["email"] == "one@kagemusha.example"


def test_an_undefined_token_is_known_by_its_request_ids(client: TestClient) -> None:
    """A client that sends Basic :undefined is in the world whose Request-Id it echoes, and is warned."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    echoed = world.send("GET", "/account").headers["request-id"]
    headers = {"Authorization": basic(":undefined"), "Request-Id": f"12345678-0000-4000-8000-000000000000,{echoed}"}
    answer = client.get("/private-link/v0/databases/none", headers=headers)
    assert answer.status_code == 404
    assert "X-Heroku-Warning" in answer.headers
    ids = client.app.state.request_ids  # type: ignore[attr-defined]
    assert ids.sandbox(answer.headers["request-id"]) == ids.sandbox(echoed) is not None


def test_an_issued_key_that_is_gone_is_refused(client: TestClient) -> None:
    """A key of the issued form opens nothing once its sandbox is deleted, in open mode too."""
    world = World.make(client)
    assert client.delete("/_sim/sandboxes/one").status_code == 204
    assert world.send("GET", "/account").status_code == 401
