"""Every spelling of the credentials, and the chain of Request-Ids."""

import base64

import httpx
import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings


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


def undefined(client: TestClient, spelled: str, request_ids: str = "") -> httpx.Response:
    """What the Data API answers, about an add-on that is not there, to a client that lost its token."""
    headers = {"Authorization": spelled, "Request-Id": request_ids}
    return client.get("/private-link/v0/databases/none", headers=headers)


def test_an_undefined_token_is_known_by_its_request_ids(client: TestClient) -> None:
    """A client that sends Basic :undefined is in the world whose Request-Id it echoes, and is warned."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    echoed = world.send("GET", "/account").headers["request-id"]
    answer = undefined(client, basic(":undefined"), f"12345678-0000-4000-8000-000000000000,{echoed}")
    assert answer.status_code == 404
    assert "known by its earlier requests" in answer.headers["X-Heroku-Warning"]
    ids = client.app.state.request_ids  # type: ignore[attr-defined]
    assert ids.sandbox(answer.headers["request-id"]) == ids.sandbox(echoed) is not None


def test_an_undefined_token_alone_is_the_default_sandboxs(lone_client: TestClient) -> None:
    """Without a Request-Id of ours the client is taken for the default sandbox, and told so."""
    default = World(lone_client, "default", "anything")
    own = default.send("GET", "/account").headers["request-id"]
    answer = undefined(lone_client, basic(":undefined"), "12345678-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "taken for the sandbox default" in answer.headers["X-Heroku-Warning"]
    ids = lone_client.app.state.request_ids  # type: ignore[attr-defined]
    assert ids.sandbox(answer.headers["request-id"]) == ids.sandbox(own)


def test_an_undefined_token_is_heard_for_an_hour_and_not_elsewhere(client: TestClient) -> None:
    """An older Request-Id speaks for nobody, and on the Platform API none does."""
    world = World.make(client)
    ids = client.app.state.request_ids  # type: ignore[attr-defined]
    echoed, lost = world.send("GET", "/account").headers["request-id"], basic(":undefined")
    shown = world.get("/account", authorization=lost, request_id=echoed)
    assert shown["email"] == "default@kagemusha.example"
    clock = ids._clock
    for seconds, said in ((3_590, "earlier requests"), (3_610, "sandbox default")):
        ids._clock = lambda seconds=seconds: clock() + seconds * 1_000
        assert said in undefined(client, lost, echoed).headers["X-Heroku-Warning"]


@pytest.mark.parametrize(
    "spelled", ["Bearer undefined", basic("x:undefined"), basic(":undefined "), basic("undefined:x")]
)
def test_only_an_empty_user_with_an_undefined_token_is_a_lost_token(lone_client: TestClient, spelled: str) -> None:
    """Whatever else holds the word is an ordinary token: in open mode the default sandbox's, without a warning."""
    world = World.make(lone_client)
    echoed = world.send("GET", "/account").headers["request-id"]
    answer = undefined(lone_client, spelled, echoed)
    assert answer.status_code == 404
    assert "X-Heroku-Warning" not in answer.headers
    ids = lone_client.app.state.request_ids  # type: ignore[attr-defined]
    assert ids.sandbox(answer.headers["request-id"]) != ids.sandbox(echoed)


def test_in_strict_mode_a_lost_token_needs_a_request_id(database: str) -> None:
    """It is a 401 that says what to use; with a Request-Id of ours its sandbox answers; other tokens are a 401."""
    strict = create_app(Settings(database=database, auth="strict"))
    with TestClient(strict, base_url="http://127.0.0.1:8765") as client:
        echoed = World.make(client).send("GET", "/account").headers["request-id"]
        refused = undefined(client, basic(":undefined"))
        assert (refused.status_code, refused.json()["id"]) == (401, "unauthorized")
        assert "1.3.4" in refused.json()["message"]
        assert undefined(client, basic(":undefined"), echoed).status_code == 404
        assert undefined(client, "Bearer undefined", echoed).status_code == 401


def test_an_issued_key_that_is_gone_is_refused(client: TestClient) -> None:
    """A key of the issued form opens nothing once its sandbox is deleted, in open mode too."""
    world = World.make(client)
    assert client.delete("/_sim/sandboxes/one").status_code == 204
    assert world.send("GET", "/account").status_code == 401
