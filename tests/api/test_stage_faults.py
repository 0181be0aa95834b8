"""Faults of stages: held, slow and failing, whom they meet and how often."""

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient
from kagemusha.domain.lifecycle import STAGE_IDS


def order(world: World, stage: str, effect: object, **more: object) -> int:
    """Order a fault of a stage; returns its number."""
    number: int = world.sim("POST", "/faults", {"stage": stage, "effect": effect, **more})["id"]
    return number


def hits(world: World, number: int) -> tuple[int, int | None]:
    """How often a fault was met, and how often it still may be."""
    found = world.sim("GET", f"/faults/{number}")
    return found["hits"], found["remaining"]


def enter(world: World, stage: str) -> None:
    """Let something enter the stage, after the fault was ordered."""
    match stage:
        case "space.allocating":
            world.post("/spaces", {"name": "marina", "team": "kagemusha"})
        case "space.deleting":
            world.call("DELETE", "/spaces/spare")
        case "addon.provisioning":
            world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-7"})
        case "privatelink.provisioning" | "allowed_account.provisioning":
            world.post("/private-link/v0/databases/bare", {"allowed_accounts": ["123456789101"]})
        case "privatelink.deprovisioning" | "privatelink.deprovisioned":
            world.call("DELETE", "/private-link/v0/databases/linked")
        case "endpoint.pending_acceptance" | "endpoint.pending":
            world.endpoint(world.shown("linked")["service_name"])
        case "endpoint.deleting" | "endpoint.deleted":
            world.sim("DELETE", f"/endpoints/{world.sim('GET', '/endpoints')[0]['endpoint_id']}")
        case _:
            pytest.fail(f"nothing enters {stage}")
    world.advance(2 * PROVISIONED)


CAN_FAIL = {"addon.provisioning", "privatelink.provisioning", "endpoint.pending_acceptance", "endpoint.pending"}
KINDS: list[tuple[str, dict[str, object]]] = [
    (stage, effect)
    for stage in sorted(STAGE_IDS)
    for effect in ({"hold": True}, {"slow": 2}, *([{"fail": True}] if stage in CAN_FAIL else []))
]


@pytest.mark.parametrize(("stage", "effect"), KINDS, ids=str)
def test_every_fault_meets_every_stage(lone_client: TestClient, stage: str, effect: dict[str, object]) -> None:
    """A fault of each kind is met in each stage that it can be of, once by one thing, counted and written down."""
    world = World.make(lone_client, None)
    world.app()
    world.post("/spaces", {"name": "spare", "team": "kagemusha"})
    for name in ("linked", "bare"):
        world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-7", "name": name})
    world.advance(PROVISIONED)
    world.endpoint(world.link("linked")["service_name"])
    world.advance(2 * PROVISIONED)
    fault = order(world, stage, effect)
    enter(world, stage)
    assert hits(world, fault) == (1, None)
    (met,) = world.sim("GET", "/journal?kind=fault")["entries"]
    assert (met["fault"], met["stage"], met["effect"]) == (fault, stage, effect)
    held = [each for each in world.sim("GET", "/pending")["pending"] if each["held"]]
    assert len(held) == ("hold" in effect)


def test_a_held_link_never_becomes_operational(client: TestClient) -> None:
    """What is born into a held stage stays in it, pending without a moment, until the fault is taken back."""
    world = World.make(client)
    addon = world.addon(world.app())
    fault = order(world, "privatelink.provisioning", {"hold": True})
    world.post(f"/private-link/v0/databases/{addon}", {"allowed_accounts": ["123456789101"]})
    world.advance(100 * PROVISIONED)
    assert world.shown(addon)["status"] == "Provisioning"
    (pending,) = world.sim("GET", "/pending")["pending"]
    assert (pending["held"], pending["due_at"], pending["to"]) == (True, None, "Operational")
    assert hits(world, fault) == (1, None)
    world.sim("DELETE", f"/faults/{fault}")
    assert world.sim("GET", "/pending")["pending"][0]["held"] is False
    world.advance(PROVISIONED)
    assert world.shown(addon)["status"] == "Operational"


def test_a_hold_catches_what_is_in_the_stage_already(client: TestClient) -> None:
    """Released, a caught thing falls due after what was left of its delay."""
    world = World.make(client)
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    before = world.sim("GET", "/pending")
    fault = order(world, "space.allocating", {"hold": True})
    assert hits(world, fault) == (1, None)
    world.advance(3_600)
    world.sim("DELETE", "/faults")
    after = world.sim("GET", "/pending")
    assert after["pending"][0]["due_at"] == before["pending"][0]["due_at"].replace("T00:", "T01:")


def test_a_released_thing_is_as_if_time_had_stood_still(client: TestClient) -> None:
    """A hold changes no draw: after it, the world goes on as one that was held up, hour for hour."""
    held, free = World.make(client), World.make(client, "two")
    for world in (held, free):
        world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    order(held, "space.allocating", {"hold": True})
    held.advance(3_600)
    held.sim("DELETE", "/faults")
    for world in (held, free):
        world.until("idle")
    assert held.history()[-1]["at"] == free.history()[-1]["at"].replace("T00:", "T01:")


@pytest.mark.parametrize(
    ("stage", "fail", "shown"),
    [
        ("privatelink.provisioning", True, "Failed"),
        ("privatelink.provisioning", "Failed", "Failed"),
    ],
)
def test_a_link_fails(client: TestClient, stage: str, fail: object, shown: str) -> None:
    """A failing link ends as Failed when it would have become Operational, has no service, and can be deleted."""
    world = World.make(client)
    addon = world.addon(world.app())
    fault = order(world, stage, {"fail": fail}, match={"addon": addon}, times=1)
    world.post(f"/private-link/v0/databases/{addon}", {"allowed_accounts": ["123456789101"]})
    world.advance(PROVISIONED)
    assert world.shown(addon)["status"] == shown
    assert world.shown(addon)["service_name"] == ""
    assert hits(world, fault) == (1, 0)
    world.call("DELETE", f"/private-link/v0/databases/{addon}")
    world.advance(PROVISIONED)
    assert world.send("GET", f"/private-link/v0/databases/{addon}").status_code == 404


@pytest.mark.parametrize(
    ("stage", "fail", "state"),
    [
        ("endpoint.pending_acceptance", True, "expired"),
        ("endpoint.pending_acceptance", "rejected", "rejected"),
        ("endpoint.pending_acceptance", "failed", "failed"),
        ("endpoint.pending", True, "failed"),
        ("endpoint.pending", "rejected", "rejected"),
    ],
)
def test_an_endpoint_fails(client: TestClient, stage: str, fail: object, state: str) -> None:
    """A failing endpoint ends in the state that the fault says, gives no config var, and can be deleted."""
    world = World.make(client)
    addon = world.addon(world.app())
    fault = order(world, stage, {"fail": fail})
    endpoint = world.endpoint(world.link(addon)["service_name"])
    world.advance(2 * PROVISIONED)
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == state
    assert list(world.config()) == ["REDIS_URL"]
    assert hits(world, fault) == (1, None)
    world.sim("DELETE", f"/endpoints/{endpoint}")


def test_an_addon_fails(client: TestClient) -> None:
    """An add-on whose provisioning fails is shown as deprovisioned, gives nothing, and can be destroyed."""
    world = World.make(client)
    world.app()
    order(world, "addon.provisioning", {"fail": True})
    addon = world.addon()
    assert world.get(f"/addons/{addon}")["state"] == "deprovisioned"
    assert world.config() == {}
    world.call("DELETE", f"/apps/ferry/addons/{addon}")
    assert world.send("GET", f"/addons/{addon}").status_code == 404


def test_a_slow_stage_lasts_longer(client: TestClient) -> None:
    """A slow stage lasts as many times as long as the fault says, by the same draw."""
    slow, usual = World.make(client), World.make(client, "two")
    order(slow, "space.allocating", {"slow": 10}, times=1)
    lasted = []
    for world in (slow, usual):
        world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
        world.until("next")
        lasted.append(world.sim("GET", "/clock")["now"])
    assert lasted[0] > "2030-01-01T00:50"
    assert lasted[1] < "2030-01-01T00:09"


def test_an_account_is_matched_by_its_addon(client: TestClient) -> None:
    """A fault of allowed accounts can name their add-on: others' accounts become active."""
    world = World.make(client)
    world.app()
    stuck, free = world.addon(), world.addon(name="other-redis")
    fault = order(world, "allowed_account.provisioning", {"hold": True}, match={"addon": stuck})
    statuses = [world.link(addon)["allowed_accounts"][0]["status"] for addon in (stuck, free)]
    assert statuses == ["Provisioning", "Active"]
    assert hits(world, fault) == (1, None)


def test_a_fault_is_used_up(client: TestClient) -> None:
    """A fault with `times` is met that often and no more."""
    world = World.make(client)
    fault = order(world, "space.allocating", {"slow": 100}, times=2)
    for name in ("one", "two", "three"):
        world.post("/spaces", {"name": f"harbor-{name}", "team": "kagemusha"})
    world.advance(PROVISIONED)
    assert [world.get(f"/spaces/harbor-{name}")["state"] for name in ("one", "two", "three")] == [
        "allocating", "allocating", "allocated",
    ]  # fmt: skip
    assert hits(world, fault) == (2, 0)
    assert world.sim("GET", "/journal?kind=fault")["entries"][0] | {"seq": 0} == {
        "seq": 0, "kind": "fault", "sandbox": "one", "at": "2030-01-01T00:00:00.000Z", "fault": 1,
        "stage": "space.allocating", "effect": {"slow": 100},
        "resource": world.get("/spaces/harbor-one")["id"], "name": "harbor-one",
    }  # fmt: skip


def test_a_refused_request_meets_no_fault(client: TestClient) -> None:
    """A create that is refused takes no hit and no draw."""
    world = World.make(client)
    fault = order(world, "space.allocating", {"hold": True}, probability=0.5)
    assert world.send("POST", "/spaces", {"name": "x", "team": "kagemusha"}).status_code == 422
    assert hits(world, fault) == (0, None)


def test_chance_is_the_same_every_time(client: TestClient) -> None:
    """A fault with a probability meets the same things in every world with the same seed."""

    def states(name: str) -> list[str]:
        world = World.make(client, name)
        order(world, "space.allocating", {"hold": True}, probability=0.5)
        for number in range(20):
            world.post("/spaces", {"name": f"harbor-{number}", "team": "kagemusha"})
        world.advance(PROVISIONED)
        return [world.get(f"/spaces/harbor-{number}")["state"] for number in range(20)]

    assert states("one") == states("two")
    assert set(states("three")) == {"allocating", "allocated"}


def test_one_thing_is_held_released_and_stepped(client: TestClient) -> None:
    """What is pending for one thing can be held, let go, and made to happen now, alone."""
    world = World.make(client)
    spaces = [world.post("/spaces", {"name": f"harbor-{n}", "team": "kagemusha"})["id"] for n in range(3)]
    assert world.sim("POST", f"/pending/{spaces[0]}/hold")["held"] is True
    assert world.sim("POST", f"/pending/{spaces[0]}/hold")["held"] is True
    stepped = world.sim("POST", f"/pending/{spaces[1]}/step")
    assert [(each["resource"], each["to"]) for each in stepped["transitions"]] == [(spaces[1], "allocated")]
    assert stepped["now"] == "2030-01-01T00:00:00.000Z"
    world.until("idle")
    assert [world.get(f"/spaces/harbor-{n}")["state"] for n in range(3)] == ["allocating", "allocated", "allocated"]
    assert world.sim("POST", f"/pending/{spaces[0]}/release")["held"] is False
    world.until("idle")
    assert world.get("/spaces/harbor-0")["state"] == "allocated"
    assert world.ask_sim("POST", f"/pending/{spaces[0]}/step").status_code == 404


def test_a_held_thing_can_be_stepped(client: TestClient) -> None:
    """What a fault holds can be let go by itself; the fault stays, and holds what comes next."""
    world = World.make(client)
    order(world, "space.allocating", {"hold": True})
    space = world.post("/spaces", {"name": "harbor", "team": "kagemusha"})["id"]
    assert world.sim("POST", f"/pending/{space}/step")["fired"] == 1
    assert world.get("/spaces/harbor")["state"] == "allocated"


def test_a_held_thing_can_be_deleted(client: TestClient) -> None:
    """A thing that is held takes the step that somebody asks for, and is held no more."""
    world = World.make(client)
    order(world, "space.allocating", {"hold": True})
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    world.call("DELETE", "/spaces/harbor")
    world.until("idle")
    assert world.send("GET", "/spaces/harbor").status_code == 404
    assert world.sim("GET", "/pending")["pending"] == []


def test_an_account_that_is_removed_stops_a_held_endpoint(client: TestClient) -> None:
    """An endpoint that a fault holds does not go on, once released, for a principal that is no longer allowed."""
    world = World.make(client)
    addon = world.addon(world.app())
    order(world, "endpoint.pending_acceptance", {"hold": True})
    endpoint = world.endpoint(world.link(addon)["service_name"])
    body = {"allowed_accounts": ["123456789101:user/abc.xyz"]}
    world.call("PATCH", f"/private-link/v0/databases/{addon}/allowed_accounts", body)
    world.sim("DELETE", "/faults")
    world.until("idle")
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "pendingAcceptance"
    world.call("PUT", f"/private-link/v0/databases/{addon}/allowed_accounts", body)
    world.until("idle")
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "available"


def test_reset_takes_faults_away(client: TestClient) -> None:
    """A sandbox that is emptied has no faults."""
    world = World.make(client)
    order(world, "space.allocating", {"hold": True})
    world.sim("POST", "/reset")
    assert world.sim("GET", "/faults") == []
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    assert world.sim("GET", "/pending")["pending"][0]["held"] is False


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "effect"),
        ({"effect": {"hold": True}}, 'give one of "operation" and "stage"'),
        ({"stage": "space.allocating", "operation": "app.info", "effect": {"hold": True}}, "give one of"),
        ({"stage": "space.allocating", "effect": {}}, "one of"),
        ({"stage": "space.allocating", "effect": {"hold": False}}, "hold"),
        ({"stage": "space.allocating", "effect": {"hold": True, "slow": 2}}, 'one of "hold", "slow" and "fail"'),
        ({"stage": "space.allocating", "effect": {"status": 503}}, "is held, slow or fails"),
        ({"stage": "space.allocating", "effect": {"fail": True}}, "can't fail: hold it instead"),
        ({"stage": "space.allocating", "effect": {"slow": 0}}, "slow"),
        ({"stage": "space.allocating", "effect": {"slow": "fast"}}, "slow"),
        ({"stage": "space.allocated", "effect": {"hold": True}}, "There is no stage space.allocated"),
        ({"stage": "endpoint.pending", "effect": {"fail": "expired"}}, "fails as failed or rejected"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "match": {"app": "x"}}, "resource, name, addon"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "match": {"name": 1}}, "match.name"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "times": 0}, "times"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "times": "2"}, "times"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "probability": 1.5}, "probability"),
        ({"stage": "space.allocating", "effect": {"hold": True}, "extra": 1}, "extra"),
        ({"operation": "app.inof", "effect": {"status": 503}}, "Did you mean app.info"),
        ({"operation": "sandbox.create", "effect": {"status": 503}}, "no operation sandbox.create"),
        ({"operation": "app.info", "effect": {"hold": True}}, "has one of the other effects"),
        ({"operation": "app.info", "effect": {"status": 99}}, "status"),
        ({"operation": "app.info", "effect": {"status": 503, "disconnect": True}}, "give one of"),
        ({"operation": "app.info", "effect": {"latency": 1, "body": {}}}, "go with a"),
        ({"operation": "app.info", "effect": {"status": 204, "body": {}}}, "status 204 has no body: leave it out"),
        ({"operation": "*", "effect": {"status": 304, "body": "x"}}, "status 304 has no body: leave it out"),
        ({"operation": "app.info", "effect": {"status": 503, "headers": {"a b": "c"}}}, "can't be sent as a header"),
        ({"operation": "app.info", "effect": {"status": 503, "headers": {"a": "c\r\nd: e"}}}, "can't be sent"),
        ({"operation": "app.info", "effect": {"status": 503}, "match": {"addon": "x"}}, "app.info has"),
    ],
)
def test_what_is_no_fault_is_refused(client: TestClient, body: object, said: str) -> None:
    """A fault that could never be met, or is not one, is a 422 that says what is wrong, and orders nothing."""
    world = World.make(client)
    answer = world.ask_sim("POST", "/faults", body)
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert world.sim("GET", "/faults") == []


def test_what_can_not_be_sent_is_refused(client: TestClient) -> None:
    """A body with half a character in it, which no answer could have, orders nothing."""
    world = World.make(client)
    for body in (r'"\ud800"', r'{"a": ["\ud800"]}', r'{"\ud800": 1}'):
        fault = f'{{"operation": "app.info", "effect": {{"status": 503, "body": {body}}}}}'
        answer = client.post("/_sim/sandboxes/one/faults", content=fault, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert "this body can't be sent" in answer.json()["message"]
    assert world.sim("GET", "/faults") == []


def test_nothing_falls_due_after_the_end_of_time(client: TestClient) -> None:
    """What is released so late that its delay would not end falls due at the last moment that there is."""
    world = World.make(client)
    order(world, "space.allocating", {"slow": 5e8})
    space = world.post("/spaces", {"name": "harbor", "team": "kagemusha"})["id"]
    world.sim("POST", f"/pending/{space}/hold")
    world.sim("POST", "/clock/advance", {"to": "9990-01-01T00:00:00Z"})
    assert world.sim("POST", f"/pending/{space}/release")["due_at"] == "9999-12-31T23:59:59.000Z"
    assert world.sim("POST", f"/pending/{space}/step")["fired"] == 1


def test_a_fault_that_is_not_there_is_not_found(client: TestClient) -> None:
    """Asking for a fault that was taken back, or taking it back again, is a 404."""
    world = World.make(client)
    assert world.ask_sim("GET", "/faults/1").status_code == 404
    assert world.ask_sim("DELETE", "/faults/1").status_code == 404
    assert world.ask_sim("DELETE", "/faults/99999999999999999999").status_code == 422
