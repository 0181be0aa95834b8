"""The AWS world over a restart, and over several processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from driver import World
from live import Server, serving
from upstreams import boto, moto_server

ROUNDS = 8
"""Connections of which, with two processes, both get some."""
NOTICE = "what is made there does not survive a restart"


def world_of(client: httpx.Client) -> World:
    """The sandbox `default`."""
    return World(client, "default", "any")


def vpcs(url: str, key: str = "any") -> set[str]:
    """The VPCs of an account, asked for over a new connection."""
    return {each["VpcId"] for each in boto(url, "ec2", key).describe_vpcs()["Vpcs"]}


def make_vpc(url: str, key: str = "any") -> str:
    """A VPC, made over a new connection; returns its id."""
    made: str = boto(url, "ec2", key).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return made


def connect(ec2: Any, vpc: str, service: str) -> str:
    """An endpoint without subnets in a VPC; returns its id."""
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType="Interface")
    endpoint: str = made["VpcEndpoint"]["VpcEndpointId"]
    return endpoint


def state(ec2: Any, endpoint: str) -> str:
    """The endpoint's state as EC2 describes it."""
    [found] = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    shown: str = found["State"]
    return shown


def test_endpoints_outlive_the_emulator(tmp_path: Path) -> None:
    """After a restart the emulator has only what is seeded, as the log says once; endpoints are seen and deleted."""
    place = ("--database", f"sqlite:///{tmp_path}/world.db", "--clock", "manual")
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    with serving(*place, log=first) as server, server.client() as client:
        world = world_of(client)
        service = world.link(world.addon(world.app()))["service_name"]
        [before] = vpcs(server.url)
        lost = make_vpc(server.url)
        endpoints = [connect(boto(server.url, "ec2"), vpc, service) for vpc in (before, lost)]
    with serving(*place, log=second) as server, server.client() as client:
        ec2 = boto(server.url, "ec2")
        assert vpcs(server.url) == {before}
        with pytest.raises(ClientError, match=r"InvalidVpcID.NotFound"):
            connect(ec2, lost, service)
        shown = ec2.describe_vpc_endpoints(VpcEndpointIds=endpoints)["VpcEndpoints"]
        assert [(each["VpcId"], each["State"]) for each in shown] == [
            (before, "pendingAcceptance"),
            (lost, "pendingAcceptance"),
        ]
        assert ec2.delete_vpc_endpoints(VpcEndpointIds=endpoints)["Unsuccessful"] == []
        assert {state(ec2, each) for each in endpoints} == {"deleting"}
        world_of(client).until("idle")
        assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert [log.read_text().count(NOTICE) for log in (first, second)] == [1, 1]


def test_several_workers_say_what_they_cannot_do(tmp_path: Path) -> None:
    """Without an emulator that they share, one line at the start says so; what needs none works in all of them."""
    log = tmp_path / "log"
    with serving("--ephemeral", "--workers", "2", "--clock", "manual", log=log) as server, server.client() as client:
        [line] = log.read_text().splitlines()
        assert line.startswith("kagemusha: several workers can't share the embedded AWS emulator")
        assert "--aws-upstream" in line
        world = world_of(client)
        endpoint = world.endpoint(world.link(world.addon(world.app()))["service_name"])
        for _ in range(ROUNDS):
            assert boto(server.url, "sts").get_caller_identity()["Account"] == "123456789101"
            assert state(boto(server.url, "ec2"), endpoint) == "pendingAcceptance"
            with pytest.raises(ClientError, match=r"\(Unavailable\).*--aws-upstream"):
                vpcs(server.url)
    assert log.read_text().splitlines() == [line]


@pytest.fixture
def shared() -> Iterator[Server]:
    """Two processes that answer at one address, with a moto server behind both."""
    with (
        moto_server() as upstream,
        serving("--ephemeral", "--workers", "2", "--clock", "manual", "--aws-upstream", upstream) as server,
    ):
        yield server


def test_several_workers_share_one_aws(shared: Server) -> None:
    """With an emulator by URL, what one process is asked to make every process sees."""
    with shared.client() as client:
        world = world_of(client)
        service = world.link(world.addon(world.app()))["service_name"]
    made = {make_vpc(shared.url) for _ in range(ROUNDS)}
    endpoints = {connect(boto(shared.url, "ec2"), vpc, service) for vpc in sorted(made)}
    for _ in range(ROUNDS):
        assert made < vpcs(shared.url)
        listed = boto(shared.url, "ec2").describe_vpc_endpoints()["VpcEndpoints"]
        assert {each["VpcEndpointId"] for each in listed} == endpoints


def test_sandboxes_are_accounts_of_their_own(shared: Server) -> None:
    """Two sandboxes share the emulator and none of its things, and one can't see or delete the other's endpoints."""
    with shared.client() as client:
        worlds = [World.make(client, name) for name in ("one", "two")]
        keys = [world.sim("GET", "")["aws"]["access_key_id"] for world in worlds]
        principal = worlds[0].sim("GET", "")["aws"]["principal_arn"]
        service = worlds[0].link(worlds[0].addon(worlds[0].app()), principal)["service_name"]
    mine = make_vpc(shared.url, keys[0])
    assert mine in vpcs(shared.url, keys[0])
    assert mine not in vpcs(shared.url, keys[1])
    endpoint = connect(boto(shared.url, "ec2", keys[0]), mine, service)
    stranger = boto(shared.url, "ec2", keys[1])
    with pytest.raises(ClientError, match=r"InvalidVpcEndpointId.NotFound"):
        state(stranger, endpoint)
    [refused] = stranger.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"]
    assert refused["ResourceId"] == endpoint
    assert state(boto(shared.url, "ec2", keys[0]), endpoint) == "pendingAcceptance"
