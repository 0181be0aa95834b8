"""Endpoints that many clients make and take away at once, while time runs: one row, whoever looks."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from account import Account
from gate import Gate
from live import Server

CLIENTS, EACH = 16, 13
MOST = 20.0
"""Seconds that it may all take."""
SHOWN = {
    "pendingAcceptance": "Pending Acceptance", "pending": "Pending", "available": "Available", "deleting": "Deleting",
    "deleted": "Deleted",
}  # fmt: skip


def look(account: Account, addon: str) -> dict[str, str]:
    """The endpoints as EC2 lists them, in Heroku's words, with which Heroku and the config vars must agree."""
    filters = [{"Name": "service-name", "Values": [account.service]}]
    listed = account.ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    seen = {each["VpcEndpointId"]: SHOWN[each["State"]] for each in listed}
    assert {each["endpoint_id"]: each["status"] for each in account.shown(addon)["connections"]} == seen
    parts = [name.removesuffix("_URL").partition("_ENDPOINT_")[2].lower() for name in account.config()]
    assert {f"vpce-{part}" for part in parts if part} == {each for each, said in seen.items() if said == "Available"}
    return seen


def churn(ec2: Any, vpc: str, service: str, gate: Gate) -> list[str]:
    """Make endpoints, and delete every other one at once and the rest at the end; returns all."""
    made = []
    for number in range(EACH):
        with gate.passing():
            answer = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service)
            made.append(answer["VpcEndpoint"]["VpcEndpointId"])
        if number % 2:
            with gate.passing():
                assert ec2.delete_vpc_endpoints(VpcEndpointIds=made[-1:])["Unsuccessful"] == []
    for endpoint in made[::2]:
        with gate.passing():
            assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    return made


def test_ec2_heroku_and_the_config_vars_agree_at_every_look(server: Server) -> None:
    """Over 200 creates and as many deletes by 16 clients, the clock moving on; at the end nothing is left."""
    with server.client() as own, ThreadPoolExecutor(CLIENTS) as pool:
        account = Account.make(own, None)
        service, addon = account.service, account.get("/apps/ferry/addons")[0]["name"]
        clients = [account.boto("ec2") for _ in range(CLIENTS)]
        vpcs = [each.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for each in clients]
        gate, began, states = Gate(), time.monotonic(), set()
        running = [pool.submit(churn, *each, service, gate) for each in zip(clients, vpcs, strict=True)]
        while not all(each.done() for each in running):
            account.advance(40)
            # A look is several requests, between which nothing may change.
            with gate.closed():
                states |= set(look(account, addon).values())
        made = {each for one in running for each in one.result()}
        assert len(made) == CLIENTS * EACH >= 200
        assert {"Pending Acceptance", "Available", "Deleting"} <= states
        account.advance(3 * 60)
        assert set(look(account, addon).values()) == {"Deleted"}
        account.advance(10 * 60)
        assert look(account, addon) == {}
        assert time.monotonic() - began < MOST
        own.delete(f"/_sim/sandboxes/{account.name}")
