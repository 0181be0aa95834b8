"""What is answered where nothing is simulated: other methods, other paths, other spellings."""

import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.api.aws import sts
from kagemusha.services import apps


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/apps", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/account", "GET, HEAD, OPTIONS"),
        ("PATCH", "/addon-attachments/x", "DELETE, GET, HEAD, OPTIONS"),
        ("GET", "/actions/addons/resolve", "OPTIONS, POST"),
        ("GET", "/teams/apps", "OPTIONS, POST"),
        ("GET", "/private-link/v0/databases/x/allowed_accounts", "OPTIONS, PATCH, PUT"),
        ("PUT", "/_sim/sandboxes/x/clock", "GET, HEAD, OPTIONS, PATCH"),
        ("DELETE", "/_sim/sandboxes/x/endpoints", "GET, HEAD, OPTIONS, POST"),
        ("BREW", "/apps", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_another_method_is_a_405_that_says_which_there_are(
    lone_client: TestClient, method: str, path: str, allowed: str
) -> None:
    """In Heroku's shape, with Allow, and before anybody asks for credentials."""
    answer = lone_client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["id"] == "method_not_allowed"
    assert path in answer.json()["message"]


def test_options_says_which_methods_there_are(lone_client: TestClient) -> None:
    """204 with Allow at a known path, 404 at any other."""
    answer = lone_client.options("/apps")
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert lone_client.options("/nothing").status_code == 404


def test_head_is_get_without_the_body(lone_client: TestClient) -> None:
    """The same status and headers, errors included."""
    world = World.make(lone_client)
    for path in ("/account", "/apps/none", "/nothing"):
        head, get = world.send("HEAD", path), world.send("GET", path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    assert world.send("HEAD", "/actions/addons/resolve").status_code == 405


def test_a_bug_is_answered_and_told_of(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of our own is a 500 with an id that asks for a report, with what every answer has, in the journal."""

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(apps, "list_apps", fail)
    world = World.make(client)
    lenient = TestClient(client.app, base_url="http://127.0.0.1:8765", raise_server_exceptions=False)
    answer = lenient.get("/apps", headers=world.headers)
    assert (answer.status_code, answer.json()["id"]) == (500, "internal_server_error")
    assert {"request-id", "ratelimit-remaining"} <= answer.headers.keys()
    told = world.sim("GET", "/journal?kind=request")["entries"][-1]
    assert (told["operation"], told["status"], told["error"]) == ("app.list", 500, "internal_server_error")


def test_a_bug_of_the_aws_half_is_told_of(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is AWS's InternalError, in the journal, too."""

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setitem(sts.ACTIONS, "GetCallerIdentity", fail)
    scope = "AWS4-HMAC-SHA256 Credential=anyone/20300101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0"
    answer = client.post("/", data={"Action": "GetCallerIdentity"}, headers={"Authorization": scope})
    assert (answer.status_code, "<Code>InternalError</Code>" in answer.text) == (500, True)
    told = client.get("/_sim/sandboxes/default/journal?kind=request").json()["entries"][-1]
    assert (told["operation"], told["status"], told["error"]) == ("sts.GetCallerIdentity", 500, "InternalError")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/apps/", "//apps", "/APPS", "/apps/a/b/c", "/apps/a%2Fb", "/v3/apps", "/apps/x/builds", "/robots.txt",
        "/_sim", "/_sim/", "/private-link/v0/databases", "/docs", "/openapi.json", "/apps/..%2f..%2fetc",
        "/apps/a?b#c/d/e", "/%2e%2e/x", "/💥", "/apps;x=1",
    ],
)  # fmt: skip
def test_what_is_not_simulated_says_so(lone_client: TestClient, path: str) -> None:
    """404 in Heroku's shape, naming what was asked for."""
    world = World.make(lone_client)
    status, code, message = world.refusal("GET", path)
    assert (status, code) == (404, "not_found")
    assert "not simulate" in message or path.startswith("/apps/a?b")


def test_a_percent_encoded_name_is_the_name(lone_client: TestClient) -> None:
    """Encoding what needs none changes nothing."""
    world = World.make(lone_client)
    world.post("/apps", {"name": "ferry"})
    assert world.get("/apps/f%65rry")["name"] == "ferry"


def test_a_long_unknown_path_is_not_repeated_whole(lone_client: TestClient) -> None:
    """The message stays readable."""
    world = World.make(lone_client)
    assert len(world.refusal("GET", "/" + "x" * 50_000)[2]) < 500


def test_every_answer_has_the_edges_headers(lone_client: TestClient) -> None:
    """Request-Id and RateLimit-Remaining come with successes and with each kind of error."""
    world = World.make(lone_client)
    for method, path in (("GET", "/account"), ("GET", "/nothing"), ("PUT", "/apps"), ("OPTIONS", "/apps"),
                         ("GET", "/_sim/health"), ("GET", "/apps/%00")):  # fmt: skip
        headers = world.send(method, path).headers
        assert headers["ratelimit-remaining"] == "4500"
        assert len(headers["request-id"]) == 36
