"""Snapshots: taken, restored here or elsewhere, and refused when they are damaged."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient

GROUP = "sg-0123456789abcdef0"


def snapshot(world: World) -> dict[str, Any]:
    """The world's document."""
    taken: dict[str, Any] = world.sim("GET", "/snapshot")
    return taken


def lasting(document: dict[str, Any]) -> dict[str, Any]:
    """What of a document is not volatile."""
    return {key: value for key, value in document.items() if key not in {"exported_at", "requests"}}


def furnished(world: World) -> World:
    """Some of everything: things in all sorts of states, faults met and not, something held."""
    addon, _ = world.connected()
    world.sim("POST", "/faults", {"stage": "space.allocating", "effect": {"hold": True}, "times": 1})
    world.sim("POST", "/faults", {"operation": "app.info", "effect": {"status": 503, "body": {"id": "x"}}})
    world.post("/spaces", {"name": "stuck", "team": "kagemusha"})
    world.post("/spaces", {"name": "coming", "team": "kagemusha"})
    world.endpoint(world.shown(addon)["service_name"])
    world.call("PATCH", "/apps/ferry/config-vars", {"A": "1"})
    world.sim("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.1.20", "security_group_ids": [GROUP]})
    return world


def test_a_world_is_restored_where_it_was(client: TestClient) -> None:
    """After whatever happened since, a restored sandbox is what its document says, its clock included."""
    world = furnished(World.make(client))
    taken = snapshot(world)
    world.advance(PROVISIONED)
    world.call("DELETE", "/apps/ferry")
    world.sim("PUT", "/snapshot", taken)
    assert lasting(snapshot(world)) == lasting(taken)


def test_a_world_goes_on_elsewhere(client: TestClient) -> None:
    """Restored in another sandbox, a world behaves the same from then on; the keys and the account stay its own."""
    one = furnished(World.make(client))
    two = World.make(client, "two", seed=99, delays={"space.allocating": 5})
    account = client.get("/_sim/sandboxes/two").json()["aws"]["account_id"]
    two.sim("PUT", "/snapshot", snapshot(one))
    for world in (one, two):
        world.sim("DELETE", "/faults")
        world.advance(5)
        world.post("/spaces", {"name": "newer", "team": "kagemusha"})
        world.until("idle")
        world.addon()
    assert lasting(snapshot(one)) == lasting(snapshot(two))
    assert client.get("/_sim/sandboxes/two").json()["aws"]["account_id"] == account
    assert one.history() == two.history()


def test_an_owner_is_the_sandbox_that_takes_over(client: TestClient) -> None:
    """Endpoints of the sandbox's own account become the new one's; what users submitted stays as it is."""
    one = World.make(client)
    own = client.get("/_sim/sandboxes/one").json()["aws"]["account_id"]
    addon = one.addon(one.app())
    endpoint = one.endpoint(one.link(addon, own)["service_name"], f"arn:aws:iam::{own}:root")
    two = World.make(client, "two")
    two.sim("PUT", "/snapshot", snapshot(one))
    theirs = client.get("/_sim/sandboxes/two").json()["aws"]["account_id"]
    assert two.sim("GET", f"/endpoints/{endpoint}")["principal_arn"] == f"arn:aws:iam::{theirs}:root"
    assert two.shown(addon)["allowed_accounts"][0]["arn"] == f"arn:aws:iam::{own}:root"


def test_the_journal_goes_on(client: TestClient) -> None:
    """A restored journal tells what the document tells, under numbers that nobody has read yet."""
    world = furnished(World.make(client))
    history, last = world.history(), world.sim("GET", "/journal?limit=1000")["next_after"]
    world.sim("PUT", "/snapshot", snapshot(world))
    again = world.sim("GET", f"/journal?after={last}&limit=1000&kind=transition")["entries"]
    assert world.history() == history
    assert len(again) == len(history)


def test_the_journal_goes_on_when_a_sandbox_is_emptied(client: TestClient) -> None:
    """Whoever follows a journal hears of what comes after a reset, too: its numbers begin behind those of before."""
    world = furnished(World.make(client))
    last = world.sim("GET", "/journal?limit=1000")["next_after"]
    world.sim("POST", "/reset")
    assert world.sim("GET", "/journal") == {"entries": [], "next_after": 0}
    world.post("/spaces", {"name": "harbor", "team": "kagemusha"})
    entries = world.sim("GET", f"/journal?after={last}&kind=transition")["entries"]
    assert [(each["name"], each["to"]) for each in entries] == [("harbor", "allocating")]


def test_a_running_clock_runs_on(client: TestClient) -> None:
    """A world on a running clock goes on from the document's moment."""
    world = World.make(client, clock="auto", now="2030-01-01T00:00:00Z", pace=1)
    taken = snapshot(world)
    world.advance(86_400)
    world.sim("PUT", "/snapshot", taken)
    clock = world.sim("GET", "/clock")
    assert clock["mode"] == "auto"
    assert taken["clock"]["now"] <= clock["now"] < "2030-01-01T01"


Damage = Callable[[dict[str, Any]], object]


def _put(path: str, value: object) -> Damage:
    def damage(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        found: Any = document
        for part in parents:
            found = found[int(part) if part.isdecimal() else part]
        found[last] = value

    return damage


DAMAGES: list[tuple[Damage, str]] = [
    (_put("version", 2), "older"),
    (_put("version", 4), "newer"),
    (_put("version", "3"), "version"),
    (lambda document: document.pop("world"), "world"),
    (lambda document: document.pop("clock"), "clock"),
    (_put("extra", 1), "extra"),
    (_put("seed", -1), "seed"),
    (_put("counter", 3), "world.spaces[1].id"),
    (_put("counter", 2**63), "counter"),
    (_put("clock.now", "yesterday"), "clock.now"),
    (_put("clock.mode", "fast"), "clock.mode"),
    (_put("settings.pace", "1"), "settings.pace"),
    (_put("settings.delays", {"space.allocating": -1}), "delays"),
    (_put("settings.delays", {"space.gone": 1}), "delays"),
    (_put("settings.pace", 0), "pace"),
    (_put("faults.0.stage", "space.gone"), "space.gone"),
    (_put("faults.0.hits", -1), "faults.0.hits"),
    (_put("faults.1.operation", "app.inof"), "app.info"),
    (_put("faults.1.id", 1), "faults[1].id"),
    (_put("faults.1.id", 9), "faults[1].id"),
    (_put("counter", 2**53), "counter"),
    (_put("clock.now", "9999-12-31T23:59:59-23:59"), "clock.now: give a moment of the years 1970 to 9999"),
    (_put("transitions.0.at", "9999-12-31T23:59:59-23:59"), "transitions.0.at: give a moment"),
    (_put("transitions.0.at", "1969-12-31T23:59:59Z"), "transitions.0.at: give a moment"),
    (_put("requests", [{"kind": "request", "at": "9999-12-31T23:59:59-23:59"}]), "requests.0.at: give a moment"),
    (_put("transitions.0.at", 5), "transitions.0.at"),
    (_put("transitions.0.machine", "car"), "transitions.0.machine"),
    (_put("requests", [{"kind": "other", "at": "2030-01-01T00:00:00Z"}]), "requests.0.kind"),
    (_put("world.boats", []), "world.boats"),
    (_put("world.sources.0.address", "10.0.0.1"), "world.sources[0]"),
    (_put("world.sources.0.vpc_address", "10.0.0"), "world.sources[0]"),
    (_put("world.sources.0.security_group_ids", ["web"]), "world.sources[0]"),
    (_put("world.sources.0.security_group_ids", "[]"), "world.sources[0].security_group_ids"),
    (lambda document: document["world"]["sources"].append(document["world"]["sources"][0]), "world.sources[0].address"),
    (lambda document: document["world"].pop("apps"), "world.apps"),
    (_put("world.spaces", {}), "world.spaces"),
    (_put("world.spaces.0.state", "sunk"), "world.spaces[0].state"),
    (_put("world.spaces.0.uuid", "x"), "world.spaces[0].uuid"),
    (_put("world.spaces.0.name", "a\0b"), "world.spaces[0].name"),
    (_put("world.spaces.0.name", None), "world.spaces[0].name"),
    (_put("world.spaces.0.shield", 1), "world.spaces[0].shield"),
    (_put("world.spaces.0.region", "atlantis"), "world.spaces[0].region"),
    (_put("world.spaces.0.created_at", 10**18), "world.spaces[0].created_at"),
    (_put("world.spaces.0.held_by", 7), "world.spaces[0].held_by"),
    (_put("world.spaces.0.more", 1), "world.spaces[0].more"),
    (lambda document: document["world"]["spaces"].append(dict(document["world"]["spaces"][0])), "world.spaces[3].id"),
    (_put("world.apps.0.space_id", 9_999), "world.apps[0].space_id"),
    (_put("world.apps.0.release_version", 1), "world.apps[0].release_version"),
    (_put("world.apps.0.buildpacks", "[]"), "world.apps[0].buildpacks"),
    (_put("world.addons.0.plan", "heroku-redis:gold"), "world.addons[0].plan"),
    (_put("world.addons.0.app_id", 1), "world.addons[0].app_id"),
    (_put("world.addons.0.due_at", 5), "world.addons[0].state: nothing follows provisioned"),
    (_put("world.addons.0.generation", 2**31 - 1), "world.addons[0].generation"),
    (_put("world.addons.0.credential_version", 2**31 - 1), "world.addons[0].credential_version"),
    (_put("world.addons.0.settings", {"boats": 1}), "world.addons[0].settings: boats is no setting"),
    (_put("world.addons.0.settings", {"timeout": "5"}), "world.addons[0].settings: timeout must be a whole number"),
    (_put("world.addons.0.settings", {"maxmemory_policy": []}), "settings: maxmemory_policy must be text"),
    (_put("world.addons.0.settings", {"maxmemory_policy": "x"}), "settings: maxmemory_policy can't be 'x'"),
    (_put("world.addons.0.settings", {"version": "6"}), "settings: version can't be '6'"),
    (_put("world.spaces.1.held_left", 2**60), "world.spaces[1].held_left"),
    (_put("world.privatelinks.0.service_name", "com.amazonaws.s3"), "world.privatelinks[0].service_name"),
    (_put("world.endpoints.0.service_name", "a.b"), "world.endpoints[0].service_name"),
    (_put("world.endpoints.0.subnets", [{}]), "world.endpoints[0].subnets[0]"),
    (_put("world.endpoints.0.endpoint_id", "vpce-1"), "world.endpoints[0].endpoint_id"),
    (_put("world.config_vars.0.app_id", 1), "world.config_vars[0].app_id"),
    (_put("world.releases.0.version", 2), "world."),
    (_put("world.allowed_accounts.0.state", "Operational"), "world.allowed_accounts[0].state"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_a_damaged_document_is_refused(lone_client: TestClient, damage: Damage, said: str) -> None:
    """A document that is older, newer or damaged is a 422 that names the place, and changes nothing."""
    world = furnished(World.make(lone_client, None))
    taken = snapshot(world)
    document = copy.deepcopy(taken)
    damage(document)
    answer = world.ask_sim("PUT", "/snapshot", document)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["message"]
    assert lasting(snapshot(world)) == lasting(taken)
