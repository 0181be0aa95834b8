"""A database that goes away in the middle of a request: the 503 says what may have been done."""

from typing import Any

import pytest
from driver import World
from fastapi.testclient import TestClient
from lost import lose_commit

NOTHING, PERHAPS = "nothing was changed", "may have been done"


def unavailable(world: World, method: str, path: str, body: object = None) -> str:
    """The message of a request to the control API that must be answered with a 503."""
    answer = world.ask_sim(method, path, body)
    assert answer.status_code == 503, answer.text
    told = answer.json()
    assert set(told) == {"id", "message"}
    assert told["id"] == "service_unavailable"
    message: str = told["message"]
    return message


@pytest.fixture
def world(client: TestClient) -> World:
    """A world with an app, and a space that is being allocated."""
    made = World.make(client)
    made.app()
    made.post("/spaces", {"name": "haven", "team": "kagemusha"})
    return made


@pytest.mark.parametrize("kept", [True, False])
def test_a_lost_commit_may_have_been_done(world: World, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """When the answer to a commit is lost nobody knows what became of it, and the 503 says so; a look tells."""
    app = world.client.app  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        lose_commit(patch, app.state.transactions.engine, 0, kept=kept)
        answer = world.send("PATCH", "/apps/ferry/config-vars", {"COLOUR": "red"})
    assert (answer.status_code, answer.json()["id"]) == (503, "service_unavailable")
    assert PERHAPS in answer.json()["message"]
    assert NOTHING not in answer.json()["message"]
    assert world.config() == ({"COLOUR": "red"} if kept else {})
    world.call("PATCH", "/apps/ferry/config-vars", {"COLOUR": "blue"})
    assert [each["version"] for each in world.get("/apps/ferry/releases")] == list(range(1, 5 if kept else 4))


def elsewhere(world: World) -> dict[str, Any]:
    """The snapshot of another world."""
    found: dict[str, Any] = World.make(world.client, "other").sim("GET", "/snapshot")
    return found


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/clock/advance", {"seconds": 3_600}),
        ("POST", "/clock/advance", {"until": "idle"}),
        ("PATCH", "/clock", {"mode": "auto"}),
        ("POST", "/reset", None),
        ("PUT", "/snapshot", {}),
    ],
)
def test_what_was_begun_is_not_denied(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    """When the database goes away behind the first of several transactions, no 503 says that nothing was changed."""
    app = world.client.app  # type: ignore[attr-defined]
    before = world.everything()
    if path == "/snapshot":
        body = elsewhere(world)
    with monkeypatch.context() as patch:
        lose_commit(patch, app.state.transactions.engine, 1, kept=False)
        message = unavailable(world, method, path, body)
    assert PERHAPS in message
    assert NOTHING not in message
    assert world.everything() != before


def test_a_lost_look_has_changed_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database goes away under a reader, nothing was changed."""
    app = world.client.app  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        lose_commit(patch, app.state.transactions.engine, 0, kept=False)
        assert NOTHING in unavailable(world, "GET", "/clock")
    assert world.sim("GET", "/clock")["mode"] == "manual"


@pytest.mark.parametrize("lasting", [True, False])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_scenario_that_was_not_played_to_its_end_is_not_denied(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int, lasting: bool
) -> None:
    """When the database goes away while a scenario is played, its sandbox is gone, or the 503 says that it may not."""
    app = world.client.app  # type: ignore[attr-defined]
    body = {"name": "played", "scenario": {"version": 1, "spaces": [{"name": "harbor"}]}}
    with monkeypatch.context() as patch:
        lose_commit(patch, app.state.transactions.engine, number, kept=False, lasting=lasting)
        answer = world.client.post("/_sim/sandboxes", json=body)
    assert answer.status_code == 503, answer.text
    assert world.client.get("/_sim/sandboxes/played").status_code == (200 if lasting else 404)
    if lasting:
        assert PERHAPS in answer.json()["message"]
