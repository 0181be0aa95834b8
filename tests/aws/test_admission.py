"""Who gets through to the store: security groups, states of the endpoint, passwords and TLS, each with each."""

import os
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from account import Account
from live import serving

CLIENT, VPC_ADDRESS = "127.0.0.9", "10.20.1.5"
"""Where the client comes from, and what that is in the VPC."""
PORT = 6379
PATIENCE = 10.0
RULES = {
    "no rule": None,
    "a rule for the port": "0.0.0.0/0",
    "a rule for the client's block": "10.20.0.0/16",
    "a rule for another block": "10.99.0.0/16",
}
ADMITS = {"a rule for the port", "a rule for the client's block"}
STATES = ("pendingAcceptance", "pending", "available", "rejected", "expired", "failed", "deleting", "deleted")
PASSWORDS = ("right", "wrong", "none")
TLS = ("verified", "unverified", "plain")
Outcome = Literal["refused", "hangs", "reset", "+PONG", "-WRONGPASS", "-NOAUTH"]
ANSWERS: dict[str, Outcome] = {"right": "+PONG", "wrong": "-WRONGPASS", "none": "-NOAUTH"}


@dataclass(frozen=True)
class Scene:
    """An add-on with an endpoint for each rule in each state, and the places that they have, or had."""

    account: Account
    places: dict[tuple[str, str], tuple[str, int]]
    password: str
    authority: str


def expected(rule: str, state: str, password: str, tls: str) -> Outcome:
    """What becomes of a client."""
    if state != "available":
        return "refused"
    if rule not in ADMITS:
        return "hangs"
    return "reset" if tls == "plain" else ANSWERS[password]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A server of its own, whose account has it all."""
    with serving("--ephemeral", "--data-plane") as server, server.client() as client:
        # No other process has this seed, and so none wants the same places.
        account = Account.make(client, None, seed=os.getpid())
        account.sim("PUT", f"/sources/{CLIENT}", {"vpc_address": VPC_ADDRESS})
        groups = {rule: _group(account, number, block) for number, (rule, block) in enumerate(RULES.items())}
        ids = {
            (rule, state): account.made(SecurityGroupIds=[group])["VpcEndpointId"]
            for rule, group in groups.items()
            for state in STATES
        }
        doors = {each["endpoint_id"]: each for each in account.sim("GET", "/data-plane")["doors"]}
        places = {key: (doors[each]["address"], doors[each]["listens_on"]) for key, each in ids.items()}
        for (_, state), each in ids.items():
            _bring(account, each, state)
            assert account.described(each)["State"] == state
        url = account.get("/apps/ferry/config-vars")["REDIS_URL"]
        authority = account.sim("GET", "/data-plane/authority")["certificate"]
        yield Scene(account, places, url.split(":")[2].partition("@")[0], authority)


def _group(account: Account, number: int, block: str | None) -> str:
    made: str = account.ec2.create_security_group(
        GroupName=f"redis-{number}", Description="Clients of Redis", VpcId=account.vpc
    )["GroupId"]
    if block is not None:
        allowed = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": block}]}
        account.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[allowed])
    return made


def _bring(account: Account, endpoint_id: str, state: str) -> None:
    """Take an endpoint that waits into a state, while the clock stands still."""
    step, match = f"/pending/{endpoint_id}/step", {"resource": endpoint_id}
    if state in {"pending", "available", "failed"}:
        account.sim("POST", f"/endpoints/{endpoint_id}/accept")
    match state:
        case "available":
            account.sim("POST", step)
        case "rejected":
            account.sim("POST", f"/endpoints/{endpoint_id}/reject")
        case "expired" | "failed":
            stage = "endpoint.pending" if state == "failed" else "endpoint.pending_acceptance"
            account.sim("POST", "/faults", {"stage": stage, "effect": {"fail": state}, "match": match})
            account.sim("POST", step)
        case "deleting" | "deleted":
            account.sim("DELETE", f"/endpoints/{endpoint_id}")
            if state == "deleted":
                account.sim("POST", step)


def _seen(scene: Scene, rule: str, state: str, password: str, tls: str) -> Outcome:
    """What becomes of a client that connects to the place of an endpoint."""
    to = scene.places[rule, state]
    before = _hanging(scene)
    try:
        raw = socket.create_connection(to, timeout=PATIENCE, source_address=(CLIENT, 0))
    except ConnectionRefusedError:
        return "refused"
    with closing(raw):
        if tls == "plain":
            raw.sendall(_said(scene, password))
            return "hangs" if _hears_nothing(scene, raw, before) else _answer(raw)
        context = ssl.create_default_context(cadata=scene.authority)
        if tls == "unverified":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(raw, server_hostname=to[0], do_handshake_on_connect=False) as secure:
            secure.settimeout(0)
            with pytest.raises(ssl.SSLWantReadError):
                secure.do_handshake()
            if _hears_nothing(scene, secure, before):
                return "hangs"
            secure.settimeout(PATIENCE)
            secure.do_handshake()
            secure.sendall(_said(scene, password))
            return _answer(secure)


def _said(scene: Scene, password: str) -> bytes:
    """What a client of Redis says, inline."""
    given = {"right": scene.password, "wrong": "p0", "none": ""}[password]
    return f"AUTH h {given}\r\nPING\r\n".encode() if given else b"PING\r\n"


def _answer(client: socket.socket) -> Outcome:
    """The last word of the answer to a PING, or to the AUTH that failed before it."""
    said = client.makefile("rb")
    try:
        first = said.readline()
        told = said.readline() if first == b"+OK\r\n" else first
    except ConnectionResetError:
        return "reset"
    outcome: Any = told.split()[0].decode()
    found: Outcome = outcome
    return found


def _hanging(scene: Scene) -> int:
    """How many the gateway has left hanging."""
    refused: dict[str, int] = scene.account.sim("GET", "/data-plane")["refused"]
    return refused.get("security_group", 0)


def _hears_nothing(scene: Scene, client: socket.socket, before: int) -> bool:
    """Whether the gateway has seen the client and says nothing: waits until it is either answered or left hanging."""
    while not select.select([client], [], [], 0.01)[0]:
        if _hanging(scene) > before:
            return not select.select([client], [], [], 0)[0]
    return False


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("rule", RULES)
def test_what_becomes_of_a_client(scene: Scene, rule: str, state: str) -> None:
    """Each password and each way of speaking TLS gets what rule and state say, and the store's own errors."""
    seen = {(each, tls): _seen(scene, rule, state, each, tls) for each in PASSWORDS for tls in TLS}
    assert seen == {(each, tls): expected(rule, state, each, tls) for each in PASSWORDS for tls in TLS}


def test_a_client_without_a_source_is_somewhere_in_the_vpc(scene: Scene) -> None:
    """A rule for all of the VPC lets it in, as the article's does; one for a part of it does not."""
    account = scene.account
    [block] = [each["CidrBlock"] for each in account.ec2.describe_vpcs()["Vpcs"]]
    seen = []
    for number, rule in enumerate((block, block.replace("/16", "/20"))):
        group = _group(account, 10 + number, rule)
        endpoint = account.made(SecurityGroupIds=[group])["VpcEndpointId"]
        _bring(account, endpoint, "available")
        [door] = [each for each in account.sim("GET", "/data-plane")["doors"] if each["endpoint_id"] == endpoint]
        before = _hanging(scene)
        with socket.create_connection((door["address"], door["listens_on"]), timeout=PATIENCE) as client:
            client.sendall(b"PING\r\n")
            seen.append("hangs" if _hears_nothing(scene, client, before) else _answer(client))
        account.sim("DELETE", f"/endpoints/{endpoint}")
    assert seen == ["reset", "hangs"]


def test_who_hangs_is_cut_when_the_door_closes(scene: Scene) -> None:
    """A client that no rule lets in is let go with the endpoint."""
    account = scene.account
    endpoint = account.made(SecurityGroupIds=[_group(account, 20, None)])["VpcEndpointId"]
    _bring(account, endpoint, "available")
    [door] = [each for each in account.sim("GET", "/data-plane")["doors"] if each["endpoint_id"] == endpoint]
    before = _hanging(scene)
    with socket.create_connection((door["address"], door["listens_on"]), timeout=PATIENCE) as client:
        assert _hears_nothing(scene, client, before)
        account.sim("POST", f"/endpoints/{endpoint}/reject")
        with pytest.raises(ConnectionResetError):
            client.recv(1)
