"""The clock of a sandbox: read, frozen, let run, and moved."""

from typing import Any

import pytest
from driver import BEGAN, PRINCIPAL, PROVISIONED, World
from fastapi.testclient import TestClient

SANDBOXES = "/_sim/sandboxes"


def refusal(answer: Any) -> tuple[int, str]:
    """The status and id of an answer, which has a message."""
    assert answer.json()["message"]
    return answer.status_code, answer.json()["id"]


def test_the_clock_moves_in_four_ways(client: TestClient) -> None:
    """By seconds or a duration, to a moment, to what is next, and until nothing is."""
    world = World.make(client)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    assert world.advance(90.5) == {"now": "2030-01-01T00:01:30.500Z", "fired": 0, "transitions": []}
    assert world.sim("POST", "/clock/advance", {"seconds": "PT1M"})["now"] == "2030-01-01T00:02:30.500Z"
    assert world.sim("POST", "/clock/advance", {"to": "2030-01-01T00:03:00+00:00"})["now"] == "2030-01-01T00:03:00.000Z"
    due = world.sim("GET", "/clock")["next_due_at"]
    fired = world.until("next")
    assert (fired["now"], fired["fired"]) == (due, 1)
    assert fired["transitions"] == world.history()[1:]
    assert (fired["transitions"][0]["from"], fired["transitions"][0]["to"]) == ("allocating", "allocated")
    assert world.until("next") == world.until("idle") == {"now": due, "fired": 0, "transitions": []}
    world.connected()
    world.call("DELETE", "/apps/ferry")
    world.until("idle")
    assert world.sim("GET", "/clock")["next_due_at"] is None


@pytest.mark.parametrize(
    ("duration", "now"),
    [
        ("P1DT1H", "2030-01-02T01:00:00.000Z"), ("PT1H30M", "2030-01-01T01:30:00.000Z"),
        ("PT1.5S", "2030-01-01T00:00:01.500Z"), ("P1W", "2030-01-08T00:00:00.000Z"),
        ("P1Y1M", "2031-01-31T00:00:00.000Z"), ("PT0S", "2030-01-01T00:00:00.000Z"),
    ],
)  # fmt: skip
def test_a_duration_may_have_several_units(lone_client: TestClient, duration: str, now: str) -> None:
    """ISO 8601, where a year has 365 days and a month 30."""
    assert World.make(lone_client).sim("POST", "/clock/advance", {"seconds": duration})["now"] == now


def test_until_idle_gives_up_after_ten_years(client: TestClient) -> None:
    """409 that says when the next thing is due; what happened by then stays."""
    world = World.make(client, delays={"privatelink.provisioning": "P9Y"})
    addon = world.addon(world.app())
    world.sim("PATCH", "/clock", {"pace": 0.5})
    world.post(f"/private-link/v0/databases/{addon}", {"allowed_accounts": [PRINCIPAL]})
    due = world.sim("GET", "/pending")["pending"][-1]["due_at"]
    answer = world.ask_sim("POST", "/clock/advance", {"until": "idle"})
    assert refusal(answer) == (409, "conflict")
    assert due in answer.json()["message"]
    assert [each["status"] for each in world.shown(addon)["allowed_accounts"]] == ["Active"]
    assert world.until("next")["now"] == due


def test_a_clock_is_frozen_and_runs_on(client: TestClient) -> None:
    """From `manual` to `auto` it goes on from where it stood; a pace that was given stays."""
    world = World.make(client)
    assert world.sim("PATCH", "/clock", {"mode": "auto"})["pace"] == 60
    assert world.sim("PATCH", "/clock", {"pace": 3})["pace"] == 3
    shown = world.sim("PATCH", "/clock", {"mode": "manual"})
    assert (shown["mode"], shown["pace"]) == ("manual", 3)
    assert shown["now"][:16] == BEGAN[:16]
    assert world.sim("GET", "/clock") == shown
    assert refusal(world.ask_sim("PATCH", "/clock", {"mode": "fast"})) == (422, "invalid_params")
    assert world.sim("PATCH", "/clock", {}) == shown


def test_a_pace_counts_for_what_is_drawn_from_then_on(client: TestClient) -> None:
    """What is under way keeps its moment; what comes after is faster."""
    world = World.make(client)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    due = world.sim("GET", "/clock")["next_due_at"]
    assert world.sim("PATCH", "/clock", {"pace": 3600})["next_due_at"] == due
    world.post("/spaces", {"name": "haven", "team": "kagemusha"})
    world.advance(1)
    assert world.get("/spaces/haven")["state"] == "allocated"
    assert world.get("/spaces/harbor")["state"] == "allocating"
    world.advance(PROVISIONED)
    assert world.get("/spaces/harbor")["state"] == "allocated"
