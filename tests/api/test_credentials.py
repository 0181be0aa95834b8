"""Every spelling of the credentials, and the chain of Request-Ids."""

import base64

import pytest
from fastapi.testclient import TestClient
from test_article import ACCEPT, world


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("spelling", ["bearer", "basic", "email"])
def test_each_spelling_opens_the_keys_world(client: TestClient, spelling: str) -> None:
    """Bearer, Basic without a user and Basic with one are the same key."""
    key = world(client, "one")["Authorization"].split()[1]
    sent = {"bearer": f"Bearer {key}", "basic": basic(f":{key}"), "email": basic(f"a@b.example:{key}")}[spelling]
    answer = client.get("/account", headers=ACCEPT | {"Authorization": sent})
    assert answer.json()["email"] == "one@kagemusha.example"


def test_an_undefined_token_is_known_by_its_request_ids(client: TestClient) -> None:
    """A client that sends Basic :undefined is in the world whose Request-Id it echoes, and is warned."""
    me = world(client, "one")
    client.post("/apps", json={"name": "ferry"}, headers=me)
    echoed = client.get("/account", headers=me).headers["request-id"]
    headers = {"Authorization": basic(":undefined"), "Request-Id": f"12345678-0000-4000-8000-000000000000,{echoed}"}
    answer = client.get("/private-link/v0/databases/none", headers=headers)
    assert answer.status_code == 404
    assert "X-Heroku-Warning" in answer.headers
    ids = client.app.state.request_ids  # type: ignore[attr-defined]
    assert ids.sandbox(answer.headers["request-id"]) == ids.sandbox(echoed) is not None


def test_an_issued_key_that_is_gone_is_refused(client: TestClient) -> None:
    """A key of the issued form opens nothing once its sandbox is deleted, in open mode too."""
    me = world(client, "one")
    assert client.delete("/_sim/sandboxes/one").status_code == 204
    assert client.get("/account", headers=me).status_code == 401
