"""Scenarios that a sandbox is made with: what is there, when, and what is refused."""

from typing import Any

import pytest
from driver import BEGAN, World
from fastapi.testclient import TestClient

FERRY: dict[str, Any] = {
    "version": 1,
    "seed": 7,
    "clock": "manual",
    "now": BEGAN,
    "spaces": [{"name": "harbor"}],
    "apps": [
        {"name": "ferry", "space": "harbor", "config": {"GREETING": "ahoy"}},
        {"name": "tender", "space": "harbor"},
    ],
    "addons": [{"app": "ferry", "plan": "heroku-redis:private-7", "name": "redis-ferry"}],
    "attachments": [{"addon": "redis-ferry", "app": "tender", "as": "CACHE"}],
    "privatelinks": [{"addon": "redis-ferry", "allowed_accounts": ["123456789101"]}],
    "endpoints": [{"addon": "redis-ferry", "principal_arn": "123456789101:root"}],
}


def play(client: TestClient, name: str = "one", **more: Any) -> World:
    """A sandbox that begins with the scenario, changed by `more`."""
    answer = client.post("/_sim/sandboxes", json={"name": name, "scenario": FERRY | more})
    assert answer.status_code == 201, answer.text
    return World(client, name, answer.json()["heroku_api_key"])


def test_what_has_no_moment_is_there_and_done_with(client: TestClient) -> None:
    """Everything is ready at the beginning, and nothing is to come."""
    world = play(client)
    assert world.sim("GET", "/clock")["now"] == "2030-01-01T00:00:00.000Z"
    assert world.sim("GET", "/pending")["pending"] == []
    assert world.shown("redis-ferry")["status"] == "Operational"
    (endpoint,) = world.sim("GET", "/endpoints")
    assert endpoint["state"] == "available"
    variable = f"ENDPOINT_{endpoint['endpoint_id'].removeprefix('vpce-').upper()}_URL"
    assert set(world.config()) == {"GREETING", "REDIS_URL", f"REDIS_{variable}"}
    assert set(world.config("tender")) == {"CACHE_URL", f"CACHE_{variable}"}


def test_what_has_a_moment_is_asked_for_then(client: TestClient) -> None:
    """It takes its time from its moment; the clock ends at the last one, or where `until` says."""
    later = {"endpoints": [{"addon": "redis-ferry", "principal_arn": "123456789101:root", "at": "PT5M"}]}
    world = play(client, **later)
    assert world.sim("GET", "/clock")["now"] == "2030-01-01T00:05:00.000Z"
    assert world.sim("GET", "/endpoints")[0]["state"] == "pendingAcceptance"
    assert play(client, "two", **later, until=4_000).sim("GET", "/endpoints")[0]["state"] == "available"
    idle = play(client, "three", **later, until="idle")
    assert idle.sim("GET", "/pending")["pending"] == []
    assert idle.sim("GET", "/clock")["now"] > "2030-01-01T00:05"


def test_ready_says_whether_a_thing_is_done_with(client: TestClient) -> None:
    """Without a moment a thing can take its time, too, and with one it can be done with at once."""
    spaces = [{"name": "harbor"}, {"name": "slow", "ready": False}, {"name": "quick", "at": 60, "ready": True}]
    world = play(client, spaces=spaces)
    assert [world.get(f"/spaces/{name}")["state"] for name in ("slow", "quick")] == ["allocating", "allocated"]


def test_faults_come_after_what_is_there(client: TestClient) -> None:
    """A fault meets what is asked for after it, and not what the scenario has made by then."""
    faults = [
        {"stage": "space.allocating", "effect": {"hold": True}},
        {"operation": "app.info", "effect": {"status": 503}},
    ]
    world = play(client, faults=faults)
    assert world.get("/spaces/harbor")["state"] == "allocated"
    world.post("/spaces", {"name": "stuck", "team": "kagemusha"})
    world.until("idle")
    assert world.get("/spaces/stuck")["state"] == "allocating"
    assert world.send("GET", "/apps/ferry").status_code == 503


def test_a_scenario_always_comes_to_the_same(client: TestClient) -> None:
    """Played twice, it is the same world with the same history."""
    one, two = play(client), play(client, "two")
    assert one.everything() == two.everything()
    assert one.history() == two.history()


def test_the_sandboxs_own_words_win(client: TestClient) -> None:
    """What is asked of the sandbox itself is not the scenario's to say."""
    body = {"name": "own", "seed": 9, "clock": "auto", "pace": 2, "scenario": FERRY}
    made = client.post("/_sim/sandboxes", json=body).json()
    assert (made["seed"], made["clock"]["mode"], made["clock"]["pace"]) == (9, "auto", 2)


def test_what_has_no_say_must_be_right_all_the_same(lone_client: TestClient) -> None:
    """A seed that no world can have is refused in a scenario though another wins."""
    body = {"name": "own", "seed": 9, "scenario": FERRY | {"seed": -1}}
    assert lone_client.post("/_sim/sandboxes", json=body).status_code == 422


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"version": 2}, "scenario.version"),
        ({"boats": []}, "scenario.boats"),
        ({"spaces": [{"name": "harbor", "colour": "red"}]}, "scenario.spaces.0.colour"),
        ({"apps": [{"name": 5}]}, "scenario.apps.0.name"),
        ({"privatelinks": [{"addon": "redis-ferry", "allowed_accounts": [123456789101]}]}, "allowed_accounts.0"),
        ({"spaces": [{"name": "harbor", "at": -1}]}, "scenario.spaces.0.at"),
        ({"spaces": [{"name": "harbor", "at": 60}], "until": 30}, "until must not be before"),
        ({"spaces": []}, "scenario.apps[0]: Couldn't find that space."),
        ({"addons": [{"app": "ferry", "plan": "heroku-redis:gold"}]}, "scenario.addons[0]: "),
        ({"endpoints": [{"addon": "nothing"}]}, "scenario.endpoints[0]: Couldn't find that add-on."),
        ({"endpoints": [{"addon": "redis-ferry", "principal_arn": "210987654321"}]}, "InvalidServiceName"),
        ({"faults": [{"stage": "space.gone", "effect": {"hold": True}}]}, "scenario.faults[0]: There is no stage"),
        ({"faults": [{"operation": "app.inof", "effect": {"status": 503}}]}, "Did you mean app.info"),
        ({"seed": -1}, "seed"),
        ({"delays": {"space.gone": 1}}, "delays"),
    ],
)
def test_what_can_not_be_played_leaves_no_sandbox(lone_client: TestClient, more: dict[str, Any], said: str) -> None:
    """A mistake is a 422 that names its place, and there is no half of a world."""
    answer = lone_client.post("/_sim/sandboxes", json={"name": "half", "scenario": FERRY | more})
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["message"]
    assert lone_client.get("/_sim/sandboxes/half").status_code == 404
