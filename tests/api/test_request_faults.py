"""Faults of requests: every kind over every operation, and how often each is met."""

import asyncio
import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha import openapi
from kagemusha.api.sim import journal
from kagemusha.domain.errors import NotFound, Unavailable
from live import Server, serving

HEROKU = [
    (operation["operationId"], method.upper(), path)
    for name, document in openapi.documents().items()
    if name != "simulator.json"
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
]
AWS = [
    ("ec2", "DescribeVpcEndpoints"),
    ("ec2", "CreateVpcEndpoint"),
    ("ec2", "DescribeVpcs"),
    ("sts", "GetCallerIdentity"),
    ("iam", "ListUsers"),
]
EFFECTS = [
    {"status": 503},
    {"status": 418, "body": {"id": "teapot", "message": "No."}, "headers": {"Retry-After": "7"}},
    {"status": 200, "body": "not JSON"},
    {"status": 204},
    {"status": 304, "headers": {"ETag": '"x"'}},
    {"latency": 0.001},
    {"latency": 0.001, "status": 500},
    {"rate_limit": True},
    {"disconnect": True},
    {"disconnect": "after"},
    {"truncate": True},
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A live server: a connection can be cut on a real one only."""
    with serving("--ephemeral") as running:
        yield running


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[World]:
    """A sandbox on it."""
    with server.client() as client:
        yield World.make(client, None)


def check(effect: dict[str, object], ask: httpx.Client, method: str, path: str, **more: object) -> None:
    """Send a request that meets a fault with this effect, and hold the answer to it."""
    if {"disconnect", "truncate"} & set(effect):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            ask.request(method, path, **more)  # type: ignore[arg-type]
        return
    answer = ask.request(method, path, **more)  # type: ignore[arg-type]
    if "rate_limit" in effect:
        assert answer.status_code in {429, 503}
    elif "status" in effect:
        assert answer.status_code == effect["status"]
    for name, value in dict(effect.get("headers", {})).items():  # type: ignore[call-overload]
        assert answer.headers[name] == value
    if isinstance(effect.get("body"), str):
        assert answer.text == effect["body"]


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
@pytest.mark.parametrize(("operation", "method", "path"), HEROKU)
def test_every_fault_meets_every_operation(
    world: World, operation: str, method: str, path: str, effect: dict[str, object]
) -> None:
    """A fault with this effect is met by a request for this operation, counted, written down, and used up."""
    fault = world.sim("POST", "/faults", {"operation": operation, "effect": effect, "times": 1})["id"]
    sent = {"headers": world.headers | ({"Connection": "close"} if "cut" in effect else {})}
    path = path.replace("{", "").replace("}", "")
    if method in {"POST", "PUT", "PATCH"}:
        sent["json"] = {}  # type: ignore[dict-item]
    check(effect, world.client, method, path, **sent)
    met = world.sim("GET", f"/faults/{fault}")
    assert (met["hits"], met["remaining"]) == (1, 0)
    world.sim("DELETE", f"/faults/{fault}")


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
@pytest.mark.parametrize(("service", "action"), AWS)
def test_every_fault_meets_aws(world: World, service: str, action: str, effect: dict[str, object]) -> None:
    """The same for AWS's operations, ours and the emulator's; without a body of its own an error is in AWS's shape."""
    key = world.client.get(f"/_sim/sandboxes/{world.name}").json()["aws"]["access_key_id"]
    fault = world.sim("POST", "/faults", {"operation": f"{service}.{action}", "effect": effect, "times": 1})["id"]
    signed = (
        f"AWS4-HMAC-SHA256 Credential={key}/20300101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
    body = {"Action": action, "Version": "2016-11-15"}
    check(effect, world.client, "POST", "/", headers={"Authorization": signed}, data=body)
    met = world.sim("GET", f"/faults/{fault}")
    assert (met["hits"], met["remaining"]) == (1, 0)


def test_an_aws_fault_is_in_the_words_of_aws(world: World) -> None:
    """A service that is not there yet answers 503 Unavailable, and one that is throttled RequestLimitExceeded."""
    key = world.client.get(f"/_sim/sandboxes/{world.name}").json()["aws"]["access_key_id"]
    signed = f"AWS4-HMAC-SHA256 Credential={key}/20300101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"
    for effect, said in (
        ({"status": 503}, "<Code>Unavailable</Code>"),
        ({"rate_limit": True}, "<Code>RequestLimitExceeded</Code>"),
        ({"status": 400, "body": {"Code": "Odd", "Message": "So."}}, "<Code>Odd</Code><Message>So.</Message>"),
        ({"status": 400, "body": {"Code": [5], "Message": None}}, "<Code>[5]</Code><Message>None</Message>"),
    ):
        match = {"ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000000"}
        body = {"operation": "ec2.CreateVpcEndpoint", "effect": effect, "match": match, "times": 1}
        world.sim("POST", "/faults", body)
        form = {"Action": "CreateVpcEndpoint", "Version": "2016-11-15", "VpcId": "vpc-1", **match}
        answer = world.client.post("/", headers={"Authorization": signed}, data=form)
        assert answer.status_code == effect.get("status", 503)
        assert said in answer.text


def test_a_create_whose_answer_is_lost_was_carried_out(world: World) -> None:
    """`"disconnect": "after"` is a request that was done and not answered; true is one that never was."""
    for number, (effect, made) in enumerate(((True, False), ("after", True))):
        world.sim("POST", "/faults", {"operation": "space.create", "effect": {"disconnect": effect}, "times": 1})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            world.post("/spaces", {"name": f"lost-{number}", "team": "kagemusha"})
        assert (world.send("GET", f"/spaces/lost-{number}").status_code == 200) is made


def test_a_fault_is_met_exactly_as_often_as_it_says(world: World) -> None:
    """A fault with `times` 2 meets exactly two of fifty requests that come at once."""
    fault = world.sim("POST", "/faults", {"operation": "account.info", "effect": {"status": 503}, "times": 2})["id"]
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: world.send("GET", "/account").status_code, range(50)))
    assert sorted(statuses) == [200] * 48 + [503] * 2
    assert world.sim("GET", f"/faults/{fault}")["hits"] == 2


def test_a_fault_is_matched_by_the_path(client: TestClient) -> None:
    """A fault that names a parameter of the path meets requests for that alone."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    world.post("/apps", {"name": "tender"})
    world.sim("POST", "/faults", {"operation": "app.info", "effect": {"status": 500}, "match": {"name": "ferry"}})
    assert [world.send("GET", f"/apps/{app}").status_code for app in ("tender", "ferry")] == [200, 500]
    world.sim("DELETE", "/faults")
    world.sim("POST", "/faults", {"operation": "*", "effect": {"status": 500}, "match": {"path": "/apps/tender"}})
    assert [world.send("GET", f"/apps/{app}").status_code for app in ("tender", "ferry")] == [500, 200]


def test_the_answer_of_a_fault_is_herokus(client: TestClient) -> None:
    """An error without a body of its own is in Heroku's shape; a rate limit leaves nothing."""
    world = World.make(client)
    world.sim("POST", "/faults", {"operation": "*", "effect": {"status": 503}, "times": 1})
    answer = world.send("GET", "/account")
    assert (answer.status_code, answer.json()["id"]) == (503, "service_unavailable")
    world.sim("POST", "/faults", {"operation": "*", "effect": {"rate_limit": True}, "times": 1})
    answer = world.send("GET", "/account")
    assert (answer.status_code, answer.json()["id"]) == (429, "rate_limit")
    assert answer.headers["ratelimit-remaining"] == "0"
    assert world.send("GET", "/account").headers["ratelimit-remaining"] == "4500"


def test_no_fault_meets_the_control_api(client: TestClient) -> None:
    """`*` means Heroku's and AWS's operations: the test steers on."""
    world = World.make(client)
    world.sim("POST", "/faults", {"operation": "*", "effect": {"status": 503}})
    assert world.ask_sim("GET", "/faults").status_code == 200
    assert world.send("GET", "/account").status_code == 503


def test_a_fault_meets_its_own_world_alone(client: TestClient) -> None:
    """Another sandbox's requests meet no fault of this one."""
    one, two = World.make(client), World.make(client, "two")
    one.sim("POST", "/faults", {"operation": "*", "effect": {"status": 503}})
    assert (one.send("GET", "/account").status_code, two.send("GET", "/account").status_code) == (503, 200)


def test_who_is_not_let_in_meets_no_fault(client: TestClient) -> None:
    """A request without credentials, or for another version, is refused as ever, and uses no fault up."""
    world = World.make(client)
    world.sim("POST", "/faults", {"operation": "*", "effect": {"status": 503}, "times": 1})
    assert client.get("/account").status_code == 401
    assert client.get("/account", headers=world.headers | {"Accept": "text/html"}).status_code == 406
    assert world.sim("GET", "/faults")[0]["hits"] == 0


def test_a_status_has_the_id_that_heroku_gives_it(client: TestClient) -> None:
    """An account that does not pay is delinquent."""
    world = World.make(client)
    world.sim("POST", "/faults", {"operation": "app.create", "effect": {"status": 402}, "times": 1})
    assert world.refusal("POST", "/apps", {"name": "ferry"})[:2] == (402, "delinquent")


def test_the_journal_tells_of_requests_and_their_faults(client: TestClient) -> None:
    """A request is told with its operation, status, duration, error and fault, in order; secrets are not."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    world.sim("POST", "/faults", {"operation": "app.info", "effect": {"status": 503}, "times": 1})
    world.send("GET", "/apps/ferry")
    world.send("GET", "/apps/nobody")
    entries = world.sim("GET", "/journal")["entries"]
    assert [each["seq"] for each in entries] == sorted(each["seq"] for each in entries)
    told = [(each["kind"], each["operation"]) for each in entries]
    assert told == [("request", "app.create"), ("fault", "app.info"), ("request", "app.info"), ("request", "app.info")]
    made, _, met, refused = entries
    assert {key: made[key] for key in ("method", "path", "status", "at")} == {
        "method": "POST", "path": "/apps", "status": 201, "at": "2030-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert made["duration"] > 0
    assert (met["status"], met["fault"]) == (503, 1)
    assert (refused["status"], refused["error"]) == (404, "not_found")
    assert world.key not in str(entries)
    secret = base64.b64encode(b":" + world.key.encode()).decode()
    world.client.get("/account", headers={"Accept": world.headers["Accept"], "Authorization": f"Basic {secret}"})
    assert secret not in str(world.sim("GET", "/journal"))
    assert [each["kind"] for each in world.sim("GET", "/journal?kind=fault")["entries"]] == ["fault"]


def test_the_journal_is_waited_for(server: Server) -> None:
    """`wait` answers when there is something to tell, and with nothing when there is not."""
    with server.client() as client, ThreadPoolExecutor(1) as pool:
        world = World.make(client, None)
        assert world.sim("GET", "/journal?wait=0.05")["entries"] == []
        waiting = pool.submit(world.sim, "GET", "/journal?wait=30&kind=transition")
        world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
        assert [each["to"] for each in waiting.result()["entries"]] == ["allocating"]


def test_the_journal_is_followed(server: Server) -> None:
    """Server-sent events tell each entry as it comes, and go on after the last that arrived."""
    with server.client() as client:
        world = World.make(client, None)
        path = f"/_sim/sandboxes/{world.name}/journal?kind=transition"
        world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
        with client.stream("GET", path, headers={"Accept": "text/event-stream"}) as stream:
            lines = stream.iter_lines()
            number = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
            assert '"to": "allocating"' in next(line for line in lines if line.startswith("data: "))
            world.until("idle")
            assert '"to": "allocated"' in next(line for line in lines if line.startswith("data: "))
        headers = {"Accept": "text/event-stream", "Last-Event-ID": number}
        with client.stream("GET", path, headers=headers) as stream:
            assert '"to": "allocated"' in next(line for line in stream.iter_lines() if line.startswith("data: "))


def test_an_outage_does_not_end_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows the journal while the database is away hears of what comes when it is back."""
    reads = iter([Unavailable("away"), [{"seq": 2, "kind": "request"}], NotFound("sandbox")])

    async def read(*_: object) -> object:
        found = next(reads)
        if isinstance(found, Exception):
            raise found
        return found

    async def news(_: float) -> None:
        return

    async def told() -> list[str]:
        worlds: Any = SimpleNamespace(news=news)
        return [each async for each in journal._stream(worlds, "one", 0, 10, None, [])]

    monkeypatch.setattr(journal, "_read", read)
    assert [each.partition("\n")[0] for each in asyncio.run(told())] == [": follows the journal", "id: 2"]
