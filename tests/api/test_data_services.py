"""What the Data API's routes have in common: whose they are, whom they answer, and clusters and maintenances."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator
from kagemusha import openapi
from kagemusha.main import create_app
from kagemusha.settings import Settings

DOCUMENT = openapi.documents()["heroku-data.json"]
PLANS = {"redis": "heroku-redis", "postgres": "heroku-postgresql", "kafka": "heroku-kafka"}
BODIES: dict[str, Any] = {
    "redis.configure": {"maxmemory_policy": "allkeys-lfu", "timeout": 60},
    "redis.maintenance.window": {"description": "Tuesday 14:30"},
    "postgres.maintenance.window": {"description": "Tuesday 14:30"},
}


def operations(*tags: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The method, path and description of every operation of these tags."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            if set(tags) & set(operation["tags"]):
                yield method.upper(), path, operation


def filled(path: str, addon: str) -> str:
    """The path with its parameters filled in."""
    return path.format(name=addon, credential_name="default", app="ferry")


def check(answer: Any, operation: dict[str, Any]) -> None:
    """Fail unless the answer is one that the operation describes."""
    said = operation["responses"][str(answer.status_code)]
    if "$ref" in said:
        said = DOCUMENT["components"]["responses"][said["$ref"].rpartition("/")[2]]
    schema = said["content"]["application/json"]["schema"] | {"components": DOCUMENT["components"]}
    Draft202012Validator(schema, validate_formats=True).validate(answer.json())


@pytest.fixture
def stores(lone_client: TestClient) -> tuple[World, dict[str, str]]:
    """A world with an add-on of each service that provisions, by the service's tag."""
    world = World.make(lone_client)
    world.app()
    return world, {tag: world.post("/apps/ferry/addons", {"plan": plan})["name"] for tag, plan in PLANS.items()}


def test_every_answer_is_as_openapi_describes_it(stores: tuple[World, dict[str, str]]) -> None:
    """While add-ons provision, when they are there, and what is refused."""
    world, addons = stores
    for wait in (0, PROVISIONED):
        world.advance(wait)
        for tag, addon in [*addons.items(), ("maintenance", addons["kafka"])]:
            for method, path, operation in operations(tag):
                body = BODIES.get(operation["operationId"])
                answer = world.send(method, filled(path, addon), body)
                assert answer.status_code in {200, 422 if not wait and method != "GET" else 200}, answer.text
                check(answer, operation)
                check(world.send(method, filled(path, "none").replace("ferry", "none"), body), operation)


def test_a_route_is_for_add_ons_of_its_service(stores: tuple[World, dict[str, str]]) -> None:
    """Any other is a 404 that says of which service it is, and nothing changes."""
    world, addons = stores
    world.advance(PROVISIONED)
    before = world.everything()
    tried = 0
    for tag, plan in PLANS.items():
        for other in PLANS.keys() - {tag}:
            for method, path, operation in operations(tag):
                body = BODIES.get(operation["operationId"])
                status, code, message = world.refusal(method, filled(path, addons[other]), body)
                assert (status, code) == (404, "not_found")
                assert f"is of {PLANS[other]}, not of {plan}" in message
                tried += 1
    assert tried > 30
    assert world.everything() == before


def test_an_add_on_that_is_destroyed_is_gone(stores: tuple[World, dict[str, str]]) -> None:
    """404 at once from every route."""
    world, addons = stores
    for tag, addon in addons.items():
        world.call("DELETE", f"/apps/ferry/addons/{addon}")
        for method, path, operation in operations(tag):
            answer = world.refusal(method, filled(path, addon), BODIES.get(operation["operationId"]))
            assert answer == (404, "not_found", "Couldn't find that add-on.")
    assert world.get("/data/maintenances/v1/apps/ferry") == {"maintenances": []}


def test_accept_is_ignored(stores: tuple[World, dict[str, str]]) -> None:
    """Each read answers whatever is accepted."""
    world, addons = stores
    for tag, addon in [*addons.items(), ("maintenance", addons["redis"])]:
        for _, path, _ in (each for each in operations(tag) if each[0] == "GET"):
            assert world.get(filled(path, addon), accept="text/plain")


def test_an_undefined_token_is_known_on_the_privatelink_routes_alone() -> None:
    """Elsewhere its Request-Ids say nothing: a strict server answers 401."""
    with TestClient(create_app(Settings(ephemeral=True, auth="strict")), base_url="http://127.0.0.1:8765") as client:
        world = World.make(client)
        ids = world.send("GET", "/account").headers["request-id"]
        undefined = {"authorization": "Basic " + base64.b64encode(b":undefined").decode(), "request_id": ids}
        assert world.refusal("GET", "/private-link/v0/databases/none", **undefined)[0] == 404
        for method, path, operation in operations(*PLANS, "maintenance"):
            body = BODIES.get(operation["operationId"])
            assert world.refusal(method, filled(path, "none"), body, **undefined)[:2] == (401, "unauthorized")


def test_worlds_are_apart(client: TestClient) -> None:
    """Another world's add-on is not found, by name or id, and can't be changed."""
    mine, other = World.make(client, "mine", seed=1), World.make(client, "other", seed=2)
    addon = mine.addon(mine.app())
    uuid = mine.get(f"/addons/{addon}")["id"]
    before = mine.everything()
    for identity in (addon, uuid):
        for method, path, operation in operations("redis"):
            body = BODIES.get(operation["operationId"])
            assert other.refusal(method, filled(path, identity), body)[0] == 404
    assert other.refusal("GET", f"/data/maintenances/v1/{addon}")[0] == 404
    assert mine.everything() == before


def test_a_cluster_is_described(client: TestClient) -> None:
    """By name and id; it says whether it is to be waited for, and has no topics."""
    world = World.make(client)
    world.app()
    addon = world.post("/apps/ferry/addons", {"plan": "heroku-kafka:private-standard-2"})["name"]
    path = f"/data/kafka/v0/clusters/{addon}"
    assert world.get(f"{path}/wait_status") == {"message": "preparing", "waiting?": True}
    assert world.get(path)["state"]["waiting?"] is True
    world.advance(PROVISIONED)
    assert world.get(f"{path}/wait_status") == {"message": "available", "waiting?": False}
    shown = world.get(path)
    assert world.get(f"/data/kafka/v0/clusters/{shown['addon_id']}") == shown
    assert (shown["state"]["message"], shown["state"]["waiting?"], shown["topics"]) == ("available", False, [])
    assert (shown["attachment_name"], shown["shared_cluster"], "topic_prefix" in shown) == ("KAFKA", False, False)


def test_a_basic_cluster_is_shared(client: TestClient) -> None:
    """Its topics have a prefix and a limit."""
    world = World.make(client)
    addon = world.addon(world.post("/apps", {"name": "ferry"})["name"], "heroku-kafka:basic-0")
    shown = world.get(f"/data/kafka/v0/clusters/{addon}")
    assert (shown["shared_cluster"], shown["topic_prefix"]) == (True, f"{addon}.")
    assert shown["limits"]["max_topics"] == shown["limits"]["max_number_of_topics"] == 40


def test_maintenances_are_those_of_what_the_app_pays_for(client: TestClient) -> None:
    """By the app's name or id, oldest first; what is merely attached is not among them."""
    world = World.make(client)
    world.app()
    world.app("tern")
    first, second = world.addon(), world.addon(plan="heroku-postgresql")
    world.post("/addon-attachments", {"addon": first, "app": "tern"})
    uuid = world.get("/apps/ferry")["id"]
    listed = world.get(f"/data/maintenances/v1/apps/{uuid}")["maintenances"]
    assert [each["addon"]["name"] for each in listed] == [first, second]
    assert [(each["addon"]["attachments"], each["addon"]["kind"]) for each in listed] == [
        (["REDIS"], "heroku-redis"),
        (["DATABASE"], "heroku-postgresql"),
    ]
    assert [(each["status"], each["app"]) for each in listed] == [("none", {"name": "ferry", "uuid": uuid})] * 2
    assert world.get(f"/data/maintenances/v1/{first}") == listed[0]
    assert world.get("/data/maintenances/v1/apps/tern") == {"maintenances": []}
    assert world.refusal("GET", "/data/maintenances/v1/apps/none")[:2] == (404, "not_found")
