"""The control API: sandboxes, history and endpoints."""

from pathlib import Path
from typing import Any

from driver import ACCEPT, PRINCIPAL, World
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings
from pydantic import SecretStr

SANDBOXES = "/_sim/sandboxes"


def refusal(answer: Any) -> tuple[int, str]:
    """The status and id of an answer, which has a message."""
    assert answer.json()["message"]
    return answer.status_code, answer.json()["id"]


def test_a_sandbox_is_what_was_asked_for(client: TestClient) -> None:
    """And its environment points a process at it."""
    asked = {
        "name": "one", "seed": 2**63 - 1, "pace": 2.5, "clock": "manual", "now": "2031-02-03T04:05:06.789+02:00",
        "aws_account_id": "111122223333", "aws_principal": "111122223333:role/deploy",
        "delays": {"space.allocating": "never", "addon.provisioning": [1, "PT2M"], "endpoint.pending": 0.5},
    }  # fmt: skip
    made = client.post(SANDBOXES, json=asked).json()
    assert (made["name"], made["seed"]) == ("one", 2**63 - 1)
    assert made["clock"] == {"mode": "manual", "now": "2031-02-03T02:05:06.789Z", "pace": 2.5, "next_due_at": None}
    assert made["aws"]["principal_arn"] == "arn:aws:iam::111122223333:role/deploy"
    assert made["env"]["HEROKU_HOST"] == made["env"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8765"
    assert made["env"]["HEROKU_DATA_HOST"] == "127.0.0.1"
    assert made["env"]["HEROKU_API_KEY"] == made["heroku_api_key"]
    assert client.get(f"{SANDBOXES}/one").json() == made
    assert [each["name"] for each in client.get(SANDBOXES).json()] == ["default", "one"]


def test_nothing_needs_to_be_said(client: TestClient) -> None:
    """With ``{}`` or no body name, seed, keys and account are drawn, and no two sandboxes share them."""
    first, second = client.post(SANDBOXES, json={}).json(), client.post(SANDBOXES).json()
    for key in ("name", "seed", "heroku_api_key"):
        assert first[key] != second[key]
    assert first["aws"]["account_id"] != second["aws"]["account_id"]
    assert first["clock"]["mode"] == "auto"
    assert first["clock"]["pace"] == 60


def test_default_is_always_there(client: TestClient) -> None:
    """It can't be made or deleted, only emptied; it is the article's account and has seed 0."""
    assert refusal(client.post(SANDBOXES, json={"name": "default"})) == (409, "conflict")
    assert refusal(client.delete(f"{SANDBOXES}/default")) == (409, "conflict")
    headers = {"Authorization": "Bearer anything", "Accept": ACCEPT}
    client.post("/apps", json={"name": "ferry"}, headers=headers)
    shown = client.post(f"{SANDBOXES}/default/reset").json()
    assert shown["seed"] == 0
    assert shown["aws"]["principal_arn"] == "arn:aws:iam::123456789101:user/abc.xyz"
    assert client.get("/apps", headers=headers).json() == []


def test_a_reset_world_is_as_it_was_created(client: TestClient) -> None:
    """Empty, with its seed, keys and clock, so that the same calls give the same world again."""
    world = World.make(client, pace=2)
    created, empty = world.sim("GET", ""), world.everything()
    world.connected()
    before = world.everything()
    world.sim("PATCH", "/clock", {"mode": "auto", "pace": 9})
    assert world.sim("POST", "/reset") == created
    assert world.everything() == empty
    world.connected()
    assert world.everything() == before


def test_a_deleted_sandbox_is_gone(client: TestClient) -> None:
    """Every call about it is a 404 of a sandbox, and its name is free."""
    world = World.make(client)
    assert client.delete(f"{SANDBOXES}/one").status_code == 204
    endpoint = {"service_name": "x"}
    calls = [
        ("GET", "", None), ("DELETE", "", None), ("POST", "/reset", None), ("GET", "/clock", None),
        ("PATCH", "/clock", {}), ("POST", "/clock/advance", {"seconds": 1}),
        ("POST", "/clock/advance", {"until": "idle"}), ("GET", "/pending", None), ("GET", "/journal", None),
        ("GET", "/snapshot", None), ("GET", "/endpoints", None), ("GET", "/sources", None),
        ("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.1.20"}), ("GET", "/sources/127.0.0.2", None),
        ("POST", "/endpoints", endpoint), ("GET", "/endpoints/x", None), ("POST", "/endpoints/x/accept", None),
    ]  # fmt: skip
    for method, path, body in calls:
        answer = world.ask_sim(method, path, body)
        assert (answer.status_code, answer.json()["resource"]) == (404, "sandbox")
    World.make(client)


def test_what_is_pending_is_told_soonest_first(client: TestClient) -> None:
    """With the moment, from where and to where."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.post(f"/private-link/v0/databases/{addon}", {"allowed_accounts": [PRINCIPAL]})
    told = world.sim("GET", "/pending")
    assert [(each["machine"], each["from"], each["to"]) for each in told["pending"]] == [
        ("allowed_account", "Provisioning", "Active"),
        ("privatelink", "Provisioning", "Operational"),
    ]
    assert told["pending"][1]["name"] == addon
    assert told["pending"][0]["due_at"] == world.sim("GET", "/clock")["next_due_at"]
    assert world.sim("GET", "/pending?limit=1")["pending"] == told["pending"][:1]


def test_the_journal_is_read_page_by_page(client: TestClient) -> None:
    """In order, without gaps; the end is an empty page that can be asked again."""
    world = World.make(client)
    world.connected()
    whole = world.sim("GET", "/journal?limit=1000")
    seqs = [each["seq"] for each in whole["entries"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert {each["sandbox"] for each in whole["entries"]} == {"one"}
    page = world.sim("GET", "/journal?after=2&limit=3")
    assert (page["entries"], page["next_after"]) == (whole["entries"][2:5], 5)
    transitions = [each for each in whole["entries"] if each["kind"] == "transition"]
    page = world.sim("GET", "/journal?after=2&limit=3&kind=transition")
    assert page["entries"] == [each for each in transitions if each["seq"] > 2][:3]
    assert page["next_after"] == page["entries"][-1]["seq"]
    assert world.sim("GET", f"/journal?after={len(seqs)}") == {"entries": [], "next_after": len(seqs)}
    assert world.sim("GET", "/journal?kind=fault") == {"entries": [], "next_after": 0}


def test_a_snapshot_is_the_whole_world(client: TestClient) -> None:
    """Every thing, the history and the clock; the same twice over but for when it was made."""
    world = World.make(client)
    addon, endpoint = world.connected()
    first, second = world.sim("GET", "/snapshot"), world.sim("GET", "/snapshot")
    assert first | {"exported_at": 0} == second | {"exported_at": 0}
    assert first["version"] == 3
    assert [row["name"] for row in first["world"]["addons"]] == [addon]
    assert [row["endpoint_id"] for row in first["world"]["endpoints"]] == [endpoint]
    assert "journal" not in first["world"]
    assert len(first["transitions"]) == len(world.history())
    assert first["clock"] == world.sim("GET", "/clock")


def test_an_endpoint_is_made_and_taken_down(client: TestClient) -> None:
    """202 and `deleting`, its var gone at once; then `deleted`, and then not there."""
    world = World.make(client)
    addon, endpoint = world.connected()
    shown = world.sim("GET", f"/endpoints/{endpoint}")
    assert world.sim("GET", "/endpoints") == [shown]
    assert shown["dns_name"].endswith(".us-east-1.vpce.amazonaws.com")
    answer = world.ask_sim("DELETE", f"/endpoints/{endpoint}")
    assert (answer.status_code, answer.json()["state"]) == (202, "deleting")
    assert list(world.config()) == ["REDIS_URL"]
    assert refusal(world.ask_sim("DELETE", f"/endpoints/{endpoint}")) == (409, "InvalidState")
    world.until("next")
    assert world.sim("GET", f"/endpoints/{endpoint}")["state"] == "deleted"
    assert [each["status"] for each in world.shown(addon)["connections"]] == ["Deleted"]
    world.until("next")
    assert refusal(world.ask_sim("GET", f"/endpoints/{endpoint}")) == (404, "InvalidVpcEndpointId.NotFound")
    assert world.shown(addon)["connections"] == []


def test_the_services_owner_accepts_and_rejects(client: TestClient) -> None:
    """Accepting takes the wait away, rejecting takes the var; what can't be is an InvalidState that changes nothing."""
    world = World.make(client)
    addon = world.addon(world.app())
    endpoint = world.endpoint(world.link(addon)["service_name"])
    assert world.sim("POST", f"/endpoints/{endpoint}/accept")["state"] == "pending"
    world.until("next")
    assert len(world.config()) == 2
    before = world.everything()
    assert refusal(world.ask_sim("POST", f"/endpoints/{endpoint}/accept")) == (409, "InvalidState")
    assert world.everything() == before
    assert world.sim("POST", f"/endpoints/{endpoint}/reject")["state"] == "rejected"
    assert list(world.config()) == ["REDIS_URL"]
    assert refusal(world.ask_sim("POST", f"/endpoints/{endpoint}/reject")) == (409, "InvalidState")


def test_an_endpoint_takes_zones_and_what_surrounds_it(client: TestClient) -> None:
    """Zones may be repeated; a VPC and security groups are kept; the principal defaults to the sandbox's own."""
    world = World.make(client, aws_account_id="111122223333")
    addon = world.addon(world.app())
    service = world.link(addon, "111122223333")["service_name"]
    zones = ["use1-az2", "use1-az2"]
    made = world.sim("POST", "/endpoints", {"service_name": service, "availability_zone_ids": zones, "vpc_id": "vpc-1",
                                            "security_group_ids": ["sg-1"]})  # fmt: skip
    assert (made["state"], made["principal_arn"]) == ("pendingAcceptance", "arn:aws:iam::111122223333:root")
    row = world.everything()["world"]["endpoints"][0]
    kept = (row["availability_zone_ids"], row["security_group_ids"], row["vpc_id"])
    assert kept == (["use1-az2"], {"sg-1": ""}, "vpc-1")


def test_authorization_is_ignored_on_loopback(lone_client: TestClient) -> None:
    """Whatever it holds."""
    for value in ("", "Bearer x", "Basic ???", "nonsense"):
        assert lone_client.get(SANDBOXES, headers={"Authorization": value}).status_code == 200


def test_another_bind_needs_the_token(tmp_path: Path) -> None:
    """Every call, health included; Heroku's APIs then take issued keys alone."""
    settings = Settings(host="0.0.0.0", admin_token=SecretStr("s3cret"), database=f"sqlite:///{tmp_path}/world.db")
    with TestClient(create_app(settings)) as client:
        for value in ("", "Bearer", "Bearer ", "Bearer wrong", "Basic s3cret", "s3cret", "Bearer s3cret2"):
            for path in ("/_sim/health", SANDBOXES, f"{SANDBOXES}/default/snapshot"):
                answer = client.get(path, headers={"Authorization": value} if value else {})
                assert refusal(answer) == (401, "unauthorized")
        bad = client.get(SANDBOXES, headers={"Authorization": "Bearer sécret".encode("latin-1")})  # type: ignore[dict-item]
        assert bad.status_code == 401
        token = {"Authorization": "bearer s3cret"}
        key = client.post(SANDBOXES, json={"name": "one"}, headers=token).json()["heroku_api_key"]
        for bearer, status in (("anything", 401), ("s3cret", 401), (key, 200)):
            headers = {"Authorization": f"Bearer {bearer}", "Accept": ACCEPT}
            assert client.get("/account", headers=headers).status_code == status


def test_health_names_the_database(client: TestClient, database: str) -> None:
    """So that somebody who looks knows what is asked."""
    shown = client.get("/_sim/health").json()
    assert (shown["status"], shown["database"]) == ("ok", database.partition(":")[0])
