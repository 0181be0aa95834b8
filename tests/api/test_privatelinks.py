"""Privatelinks: asked for, opened to accounts, connected through, and taken down."""

from typing import Any

import httpx
import pytest
from driver import PRINCIPAL, PROVISIONED, World
from fastapi.testclient import TestClient

PATH = "/private-link/v0/databases/{}"
OTHER = "210987654321"


def allow(world: World, addon: str, *accounts: str) -> Any:
    """Allow more accounts."""
    return world.call("PUT", f"{PATH.format(addon)}/allowed_accounts", {"allowed_accounts": list(accounts)})


def forbid(world: World, addon: str, *accounts: str) -> Any:
    """Allow accounts no longer."""
    return world.call("PATCH", f"{PATH.format(addon)}/allowed_accounts", {"allowed_accounts": list(accounts)})


def connections(world: World, addon: str) -> list[str]:
    """The statuses of the link's connections."""
    return [each["status"] for each in world.shown(addon)["connections"]]


def releases(world: World, app: str = "ferry") -> list[str]:
    """What the app's releases say, oldest first."""
    return [release["description"] for release in world.get(f"/apps/{app}/releases")]


def variable(endpoint: str, prefix: str = "REDIS") -> str:
    """The name of an endpoint's config var."""
    return f"{prefix}_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"


def test_the_five_routes_answer_the_same_object(client: TestClient) -> None:
    """With 201, 200, 202, 202 and 202; by the add-on's name or id."""
    world = World.make(client)
    addon = world.addon(world.app())
    uuid = world.get(f"/addons/{addon}")["id"]
    body = {"allowed_accounts": [PRINCIPAL]}
    accounts = f"{PATH.format(uuid)}/allowed_accounts"
    answers = [
        world.send("POST", PATH.format(addon), body), world.send("GET", PATH.format(uuid)),
        world.send("PUT", accounts, body), world.send("PATCH", accounts, body), world.send("DELETE", PATH.format(uuid)),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 200, 202, 202, 202]
    assert {tuple(sorted(answer.json())) for answer in answers} == {
        ("addon", "allowed_accounts", "app", "connections", "service_name", "status")
    }
    first = answers[0].json()
    assert (first["status"], first["service_name"], first["connections"]) == ("Provisioning", "", [])
    assert answers[1].json() == answers[2].json() == first


def test_principals_are_kept_as_written_and_compared_as_arns(client: TestClient) -> None:
    """An account, its root and its ARN are one; duplicates are one; each removes the others."""
    world = World.make(client)
    addon = world.addon(world.app())
    root = [OTHER, f"{OTHER}:root", f"arn:aws:iam::{OTHER}:root"]
    made = world.post(PATH.format(addon), {"allowed_accounts": [*root, PRINCIPAL, f"arn:aws:iam::{PRINCIPAL}"]})
    assert [(each["account_id"], each["arn"]) for each in made["allowed_accounts"]] == [
        (OTHER, f"arn:aws:iam::{OTHER}:root"),
        (PRINCIPAL, f"arn:aws:iam::{PRINCIPAL}"),
    ]
    world.advance(PROVISIONED)
    before = world.shown(addon)
    assert allow(world, addon, *root) == before
    assert {each["status"] for each in before["allowed_accounts"]} == {"Active"}
    for spelling in root:
        assert [each["account_id"] for each in forbid(world, addon, spelling)["allowed_accounts"]] == [PRINCIPAL]
        added = allow(world, addon, spelling)["allowed_accounts"]
        assert [(each["account_id"], each["status"]) for each in added][1:] == [(spelling, "Provisioning")]
    assert forbid(world, addon, PRINCIPAL, OTHER, "111111111111")["allowed_accounts"] == []
    assert allow(world, addon) == forbid(world, addon) == world.shown(addon)


@pytest.mark.parametrize("account", ["123456789101", f"{OTHER}:role/R_+=,.@-1", f"{OTHER}:user/" + "u" * 64])
def test_each_spelling_of_a_principal_is_taken(lone_client: TestClient, account: str) -> None:
    """Names hold dots and commas, and are as long as AWS lets them be."""
    world = World.make(lone_client)
    addon = world.addon(world.app())
    assert world.link(addon, account)["allowed_accounts"][0]["account_id"] == account


def test_an_empty_list_makes_no_link(client: TestClient) -> None:
    """A link is created for somebody; later everybody may be removed."""
    world = World.make(client)
    addon = world.addon(world.app())
    status, code, message = world.refusal("POST", PATH.format(addon), {"allowed_accounts": []})
    assert (status, code) == (422, "invalid_params")
    assert "at least one" in message
    world.link(addon)
    assert forbid(world, addon, PRINCIPAL)["allowed_accounts"] == []


def test_a_link_waits_for_its_addon_and_is_the_only_one(client: TestClient) -> None:
    """An add-on that provisions is a 422, a second link a 409; neither takes an id."""
    world = World.make(client)
    world.app()
    addon = world.post("/apps/ferry/addons", {"plan": "heroku-redis"})["name"]
    body = {"allowed_accounts": [OTHER]}
    before = world.everything()
    status, code, message = world.refusal("POST", PATH.format(addon), body)
    assert (status, code) == (422, "invalid_params")
    assert "wait" in message
    assert world.everything() == before
    world.advance(PROVISIONED)
    world.post(PATH.format(addon), body)
    before = world.everything()
    assert world.refusal("POST", PATH.format(addon), body)[:2] == (409, "conflict")
    assert world.everything() == before


@pytest.mark.parametrize("wait", [0, PROVISIONED])
def test_a_deleted_link_lingers_and_is_gone(client: TestClient, wait: int) -> None:
    """`Deprovisioning`, `Deprovisioned`, then 404; until then nothing can be asked of it, then a new one can be."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.post(PATH.format(addon), {"allowed_accounts": [OTHER]})
    world.advance(wait)
    assert world.call("DELETE", PATH.format(addon))["status"] == "Deprovisioning"
    for expected in ("Deprovisioning", "Deprovisioned"):
        assert world.shown(addon)["status"] == expected
        before = world.everything()
        body = {"allowed_accounts": [OTHER]}
        accounts = f"{PATH.format(addon)}/allowed_accounts"
        assert world.refusal("DELETE", PATH.format(addon))[:2] == (409, "conflict")
        for method, path in (("POST", PATH.format(addon)), ("PUT", accounts), ("PATCH", accounts)):
            assert world.refusal(method, path, body)[:2] == (409, "conflict")
        assert world.everything() == before
        while world.send("GET", PATH.format(addon)).json().get("status") == expected:
            world.until("next")
    assert world.send("GET", PATH.format(addon)).status_code == 404
    assert world.link(addon, OTHER)["status"] == "Operational"


@pytest.mark.parametrize("wait", [0, PROVISIONED])
def test_a_service_is_named_only_if_the_link_was_operational(client: TestClient, wait: int) -> None:
    """A link that is deleted while it provisions never shows a name; one that has shown it goes on doing so."""
    world = World.make(client)
    addon = world.addon(world.app())
    made = world.post(PATH.format(addon), {"allowed_accounts": [OTHER]})
    assert made["service_name"] == ""
    world.advance(wait)
    named = world.shown(addon)["service_name"]
    assert named.startswith("com.amazonaws.vpce.") if wait else named == ""
    shown = [world.call("DELETE", PATH.format(addon))]
    world.until("next")
    while world.send("GET", PATH.format(addon)).is_success:
        shown.append(world.shown(addon))
        world.until("next")
    assert [each["service_name"] for each in shown] == [named] * len(shown)
    assert {each["status"] for each in shown} == {"Deprovisioning", "Deprovisioned"}


@pytest.mark.parametrize(
    ("plan", "prefix"),
    [("heroku-redis:private-7", "REDIS"), ("heroku-postgresql:private-4", "DATABASE"), ("heroku-kafka", "KAFKA")],
)
def test_an_endpoints_var_shows_everywhere_at_once(client: TestClient, plan: str, prefix: str) -> None:
    """In the app, the add-on and the attachment, at the moment of `Available` and not before."""
    world = World.make(client)
    addon = world.addon(world.app(), plan)
    endpoint = world.endpoint(world.link(addon)["service_name"])
    name, seen = variable(endpoint, prefix), []
    while connections(world, addon) != ["Available"]:
        seen += connections(world, addon)
        assert name not in world.config()
        world.until("next")
    assert seen == ["Pending Acceptance", "Pending"]
    attachment = world.get(f"/apps/ferry/addon-attachments/{prefix}", accept_inclusion="config_vars")
    both = [name, f"{prefix}_URL"]
    assert sorted(world.config()) == world.get(f"/addons/{addon}")["config_vars"] == attachment["config_vars"] == both
    shown = world.shown(addon)["connections"][0]
    assert shown["endpoint_id"] == endpoint
    assert shown["owner_arn"] == "arn:aws:iam::123456789101:root"
    assert shown["hostname"].split(".")[0].startswith(endpoint)
    assert releases(world)[-1] == f"Update {prefix} by {plan.partition(':')[0]}"


def test_deleting_a_link_is_one_release_for_each_app(client: TestClient) -> None:
    """However many endpoints and attachments: all live endpoints are rejected and all their vars go."""
    world = World.make(client)
    addon, first = world.connected()
    service = world.shown(addon)["service_name"]
    second = world.endpoint(service)
    world.advance(PROVISIONED)
    waiting = world.endpoint(service)
    world.app("tern")
    world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    world.post("/addon-attachments", {"addon": addon, "app": "tern"})
    assert len(world.config()) == 6
    before = {app: len(releases(world, app)) for app in ("ferry", "tern")}
    answer = world.call("DELETE", PATH.format(addon))
    assert [each["status"] for each in answer["connections"]] == ["Rejected"] * 3
    assert sorted(world.config()) == ["CACHE_URL", "REDIS_URL"]
    assert sorted(world.config("tern")) == ["REDIS_URL"]
    assert releases(world)[before["ferry"] :] == ["Update CACHE, REDIS by heroku-redis"]
    assert releases(world, "tern")[before["tern"] :] == ["Update REDIS by heroku-redis"]
    assert {world.sim("GET", f"/endpoints/{each}")["state"] for each in (first, second, waiting)} == {"rejected"}


def test_destroying_the_addon_takes_the_link_with_it(client: TestClient) -> None:
    """The Data API answers 404 at once, the endpoint is rejected, and one release takes all vars."""
    world = World.make(client)
    addon, endpoint = world.connected()
    before = len(releases(world))
    world.call("DELETE", f"/apps/ferry/addons/{addon}")
    assert world.refusal("GET", PATH.format(addon))[0] == 404
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "rejected"
    assert world.config() == {}
    assert releases(world)[before:] == [f"Detach REDIS (@ref:{addon})"]
    world.until("idle")
    assert world.sim("GET", "/pending")["pending"] == []


def test_an_attachment_has_the_vars_of_its_endpoints(client: TestClient) -> None:
    """Attaching adds the endpoint's var under the new name, detaching takes just that away."""
    world = World.make(client)
    addon, endpoint = world.connected()
    made = world.post("/addon-attachments", {"addon": addon, "app": "ferry", "name": "CACHE"})
    both = ["CACHE", "REDIS"]
    names = sorted([f"{each}_URL" for each in both] + [variable(endpoint, each) for each in both])
    assert sorted(world.config()) == names == world.get(f"/addons/{addon}")["config_vars"]
    world.call("DELETE", f"/addon-attachments/{made['id']}")
    assert sorted(world.config()) == [variable(endpoint), "REDIS_URL"]


def test_a_removed_principal_keeps_what_was_accepted(client: TestClient) -> None:
    """Its available connection stays, with its var; a new endpoint is refused."""
    world = World.make(client)
    addon, endpoint = world.connected()
    before = len(releases(world))
    forbid(world, addon, PRINCIPAL)
    world.advance(86_400)
    assert connections(world, addon) == ["Available"]
    assert variable(endpoint) in world.config()
    assert len(releases(world)) == before
    body = {"service_name": world.shown(addon)["service_name"], "principal_arn": PRINCIPAL}
    assert world.ask_sim("POST", "/endpoints", body).json()["id"] == "InvalidServiceName"


def test_a_removed_principals_waiting_endpoint_waits_until_it_is_allowed_again(client: TestClient) -> None:
    """It stays pending for ever; allowed again, and Active again, it is accepted and becomes available."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.endpoint(world.link(addon)["service_name"])
    forbid(world, addon, PRINCIPAL)
    assert world.sim("GET", "/pending")["pending"] == []
    world.advance(86_400)
    assert connections(world, addon) == ["Pending Acceptance"]
    allow(world, addon, OTHER)
    world.advance(PROVISIONED)
    assert connections(world, addon) == ["Pending Acceptance"]
    allow(world, addon, "123456789101")
    world.until("next")
    assert [each["status"] for each in world.shown(addon)["allowed_accounts"]] == ["Active", "Active"]
    assert connections(world, addon) == ["Pending Acceptance"]
    world.advance(PROVISIONED)
    assert connections(world, addon) == ["Available"]


def test_who_may_connect(client: TestClient) -> None:
    """A root covers its account, a user itself alone, and only once its account is Active."""
    world = World.make(client)
    addon = world.addon(world.app())
    service = world.link(addon, PRINCIPAL)["service_name"]
    allow(world, addon, OTHER)

    def refused(principal: str) -> bool:
        answer: httpx.Response = world.ask_sim(
            "POST", "/endpoints", {"service_name": service, "principal_arn": principal}
        )
        return answer.status_code == 400 and answer.json()["id"] == "InvalidServiceName"

    assert refused(f"{OTHER}:role/x")
    world.advance(PROVISIONED)
    assert not refused(f"{OTHER}:role/x")
    assert not refused(OTHER)
    assert not refused(PRINCIPAL)
    for stranger in ("123456789101", "123456789101:user/abc", "123456789101:role/abc.xyz", "333333333333"):
        assert refused(stranger)


def test_an_endpoint_needs_an_operational_link(client: TestClient) -> None:
    """Before and after that its service does not exist, as AWS says of what it will not show."""
    world = World.make(client)
    addon = world.addon(world.app())
    service = world.link(addon)["service_name"]
    world.call("DELETE", PATH.format(addon))
    answer = world.ask_sim("POST", "/endpoints", {"service_name": service, "principal_arn": PRINCIPAL})
    assert (answer.status_code, answer.json()) == (
        400,
        {"id": "InvalidServiceName", "message": f"The Vpc Endpoint Service '{service}' does not exist"},
    )
