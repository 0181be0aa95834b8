"""EC2's actions on VPC endpoints, judged by boto3, which checks each answer against AWS's own description."""

import ipaddress
from typing import Any

import pytest
from account import Account, code, refused
from driver import PROVISIONED

UNSHARED = ("use1-az3", "use1-az4", "use1-az5", "use1-az6")


def test_the_endpoint_goes_through_its_states(account: Account) -> None:
    """pendingAcceptance, pending, available, deleting, deleted for ten minutes, then not found."""
    made = account.made()
    endpoint = made["VpcEndpointId"]
    seen = [made["State"]]
    for _ in range(2):
        account.until("next")
        seen.append(account.described(endpoint)["State"])
    assert account.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    seen.append(account.described(endpoint)["State"])
    account.until("next")
    seen.append(account.described(endpoint)["State"])
    assert seen == ["pendingAcceptance", "pending", "available", "deleting", "deleted"]
    account.advance(599)
    assert account.described(endpoint)["State"] == "deleted"
    account.advance(2)
    said = refused(account.ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])
    assert said[0] == "InvalidVpcEndpointId.NotFound"
    assert endpoint in said[1]


def test_an_endpoint_is_shown_as_aws_shows_it(account: Account) -> None:
    """What the create answers is what is described; DNS names are regional first, then one for each zone."""
    subnets = [account.subnets["use1-az1"], account.subnets["use1-az2"]]
    tags = [{"Key": "ship", "Value": "ferry"}, {"Key": "empty", "Value": ""}]
    specification = [{"ResourceType": "vpc-endpoint", "Tags": tags}]
    made = account.made(SubnetIds=subnets, TagSpecifications=specification)
    endpoint, owner = made["VpcEndpointId"], account.id
    assert {name: made[name] for name in (
        "VpcEndpointType", "VpcId", "ServiceName", "State", "SubnetIds", "OwnerId", "PrivateDnsEnabled",
        "RequesterManaged", "RouteTableIds", "Tags", "IpAddressType",
    )} == {
        "VpcEndpointType": "Interface", "VpcId": account.vpc, "ServiceName": account.service,
        "State": "pendingAcceptance", "SubnetIds": subnets, "OwnerId": owner, "PrivateDnsEnabled": False,
        "RequesterManaged": False, "RouteTableIds": [], "Tags": tags, "IpAddressType": "ipv4",
    }  # fmt: skip
    assert [each["GroupName"] for each in made["Groups"]] == ["default"]
    label, service = made["DnsEntries"][0]["DnsName"].split(".")[:2]
    assert label.startswith(f"{endpoint}-")
    assert service == account.service.rsplit(".", 1)[1]
    zones = {
        each["ZoneId"]: each["ZoneName"] for each in account.ec2.describe_availability_zones()["AvailabilityZones"]
    }
    assert [each["DnsName"] for each in made["DnsEntries"]] == [
        f"{label}{zone}.{service}.us-east-1.vpce.amazonaws.com"
        for zone in ("", f"-{zones['use1-az1']}", f"-{zones['use1-az2']}")
    ]
    assert len({each["HostedZoneId"] for each in made["DnsEntries"]}) == 1
    assert made["CreationTimestamp"].isoformat().startswith("2030-01-01T")
    assert account.described(endpoint) == made


def test_heroku_shows_the_same_endpoint(account: Account) -> None:
    """What EC2 calls an endpoint is the add-on's connection, and its config var when it is available."""
    made = account.available(SubnetIds=[account.subnets["use1-az1"]])
    addon = account.get("/apps/ferry/addons")[0]["name"]
    assert account.shown(addon)["connections"] == [{
        "endpoint_id": made["VpcEndpointId"], "hostname": made["DnsEntries"][0]["DnsName"],
        "owner_arn": f"arn:aws:iam::{account.id}:root", "status": "Available",
    }]  # fmt: skip
    name = f"REDIS_ENDPOINT_{made['VpcEndpointId'].removeprefix('vpce-').upper()}_URL"
    assert made["DnsEntries"][0]["DnsName"] in account.config()[name]


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no such VPC": ({"VpcId": "vpc-0123456789abcdef0"}, "InvalidVpcID.NotFound"),
    "no VPC's id": ({"VpcId": "harbor"}, "InvalidVpcID.NotFound"),
    "no such subnet": ({"SubnetIds": ["subnet-0123456789abcdef0"]}, "InvalidSubnetID.NotFound"),
    "no such group": ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
    "not issued": ({"ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"}, "InvalidServiceName"),
    "no name": ({"ServiceName": "com.amazonaws.vpce.x"}, "InvalidServiceName"),
    "gateway": ({"VpcEndpointType": "Gateway"}, "InvalidParameter"),
    "gateway by default": ({"VpcEndpointType": None}, "InvalidParameter"),
    "a route table": ({"RouteTableIds": ["rtb-1"]}, "InvalidParameter"),
    "private DNS": ({"PrivateDnsEnabled": True}, "InvalidParameter"),
    "IPv6": ({"IpAddressType": "ipv6"}, "InvalidParameter"),
    "a policy": ({"PolicyDocument": "{}"}, "InvalidParameter"),
    "another region's service": ({"ServiceRegion": "eu-west-1"}, "InvalidServiceName"),
    "a long token": ({"ClientToken": "t" * 65}, "InvalidParameterValue"),
    "tags of something else": (
        {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
        "InvalidParameterValue",
    ),
    "a tag of AWS's": (
        {"TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "aws:a", "Value": "b"}]}]},
        "InvalidParameterValue",
    ),
    "too many tags": (
        {"TagSpecifications": [
            {"ResourceType": "vpc-endpoint", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}
        ]},
        "TagLimitExceeded",
    ),
}  # fmt: skip


def test_a_create_that_cannot_be_is_refused_as_aws_does(account: Account) -> None:
    """Each with AWS's code; nothing is made, and no id is taken."""
    assert account.service
    before = account.everything()
    got = {name: code(account.ec2.create_vpc_endpoint, **account.asked(**more)) for name, (more, _) in REFUSALS.items()}
    assert got == {name: wanted for name, (_, wanted) in REFUSALS.items()}
    assert account.everything() == before


def test_what_surrounds_an_endpoint_belongs_to_its_vpc(account: Account) -> None:
    """Subnets and security groups of another VPC are refused, as is a subnet in a zone that is not shared."""
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = account.ec2.create_security_group(GroupName="mine", Description="d", VpcId=vpc)["GroupId"]
    subnet = account.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
    create = account.ec2.create_vpc_endpoint
    assert refused(create, **account.asked(SecurityGroupIds=[group])) == (
        "InvalidParameter", f"Security group {group} and VPC {account.vpc} belong to different networks."
    )  # fmt: skip
    assert code(create, **account.asked(SubnetIds=[subnet])) == "InvalidParameter"
    shared = sorted(set(account.subnets) - set(UNSHARED))
    assert shared, account.subnets
    unshared = account.subnets[next(zone for zone in UNSHARED if zone in account.subnets)]
    assert refused(create, **account.asked(SubnetIds=[unshared])) == (
        "InvalidParameter",
        f"The VPC endpoint service {account.service} does not support the availability zone of the subnet: {unshared}.",
    )
    made = account.made(SecurityGroupIds=[group], VpcId=vpc)
    assert made["Groups"] == [{"GroupId": group, "GroupName": "mine"}]


def test_a_zone_has_one_subnet_of_an_endpoint(account: Account) -> None:
    """Two subnets of one zone are refused, by a create and by a change."""
    zone = account.ec2.describe_subnets(SubnetIds=[account.subnets["use1-az1"]])["Subnets"][0]["AvailabilityZone"]
    twin = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="172.31.128.0/28", AvailabilityZone=zone)
    both = [account.subnets["use1-az1"], twin["Subnet"]["SubnetId"]]
    wanted = "DuplicateSubnetsInSameZone"
    assert code(account.ec2.create_vpc_endpoint, **account.asked(SubnetIds=both)) == wanted
    made = account.made(SubnetIds=both[:1])["VpcEndpointId"]
    assert code(account.ec2.modify_vpc_endpoint, VpcEndpointId=made, AddSubnetIds=both[1:]) == wanted
    assert account.described(made)["SubnetIds"] == both[:1]


def test_addresses_are_inside_their_subnets_and_unique(account: Account) -> None:
    """A network interface in each subnet; a small one runs out of addresses, and gets them back."""
    zone = account.ec2.describe_subnets(SubnetIds=[account.subnets["use1-az1"]])["Subnets"][0]["AvailabilityZone"]
    small = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="172.31.128.0/28", AvailabilityZone=zone)["Subnet"]
    subnets = [small["SubnetId"], account.subnets["use1-az2"]]
    made = [account.made(SubnetIds=subnets) for _ in range(11)]
    ids = [each for one in made for each in one["NetworkInterfaceIds"]]
    shown = account.ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in shown] == ids
    assert len({each["PrivateIpAddress"] for each in shown}) == len(ids) == 22
    network = ipaddress.ip_network("172.31.128.0/28")
    inside = {each["PrivateIpAddress"] for each in shown if each["SubnetId"] == small["SubnetId"]}
    assert inside == {str(network[number]) for number in range(4, 15)}
    create = account.ec2.create_vpc_endpoint
    assert code(create, **account.asked(SubnetIds=subnets)) == "InsufficientFreeAddressesInSubnet"
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[made[0]["VpcEndpointId"]])
    again = account.made(SubnetIds=subnets)["NetworkInterfaceIds"]
    assert not set(again) & set(ids)


def test_a_vpc_has_fifty_endpoints(account: Account) -> None:
    """The next one is refused; one that is deleted counts no more, and another VPC has its own."""
    made = [account.endpoint(account.service, f"{account.id}", vpc_id=account.vpc) for _ in range(50)]
    said = refused(account.ec2.create_vpc_endpoint, **account.asked())
    assert said == ("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert account.made(VpcId=vpc)["VpcId"] == vpc
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=made[:1])
    assert account.made()["State"] == "pendingAcceptance"
    assert code(account.ec2.create_vpc_endpoint, **account.asked()) == "VpcEndpointLimitExceeded"


def test_a_change_moves_the_endpoint_and_its_names(account: Account) -> None:
    """Subnets and security groups come and go; the DNS names, and Kafka's brokers with them, follow the zones."""
    kafka = account.link(account.addon(account.app(), "heroku-kafka:private-standard-2"), account.id)["service_name"]
    made = account.available(ServiceName=kafka, SubnetIds=[account.subnets["use1-az1"]])
    endpoint = made["VpcEndpointId"]
    name = f"KAFKA_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"
    releases = len(account.get("/apps/ferry/releases"))
    group = account.ec2.create_security_group(GroupName="mine", Description="d", VpcId=account.vpc)["GroupId"]
    change = account.ec2.modify_vpc_endpoint
    assert change(VpcEndpointId=endpoint, AddSubnetIds=[account.subnets["use1-az2"]], AddSecurityGroupIds=[group],
                  RemoveSecurityGroupIds=[made["Groups"][0]["GroupId"]])["Return"] is True  # fmt: skip
    changed = account.described(endpoint)
    assert changed["SubnetIds"] == [account.subnets["use1-az1"], account.subnets["use1-az2"]]
    assert [each["GroupId"] for each in changed["Groups"]] == [group]
    assert len(changed["NetworkInterfaceIds"]) == 2
    zonal = [each["DnsName"] for each in changed["DnsEntries"]][1:]
    assert account.config()[name] == ",".join(f"kafka+ssl://{each}:9096" for each in zonal)
    change(VpcEndpointId=endpoint, RemoveSubnetIds=[account.subnets["use1-az1"]])
    assert account.described(endpoint)["SubnetIds"] == [account.subnets["use1-az2"]]
    assert account.config()[name] == f"kafka+ssl://{zonal[1]}:9096"
    assert len(account.get("/apps/ferry/releases")) == releases + 2


def test_a_change_that_cannot_be_is_refused(account: Account) -> None:
    """Unknown subnets, groups and endpoints, and endpoints on their way out, each with AWS's code."""
    endpoint = account.made()["VpcEndpointId"]
    change = account.ec2.modify_vpc_endpoint
    gone = account.made()["VpcEndpointId"]
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[gone])
    assert [
        code(change, VpcEndpointId=endpoint, AddSubnetIds=["subnet-1"]),
        code(change, VpcEndpointId=endpoint, AddSecurityGroupIds=["sg-1"]),
        code(change, VpcEndpointId=endpoint, PrivateDnsEnabled=True),
        code(change, VpcEndpointId=gone, AddSecurityGroupIds=[]),
        code(change, VpcEndpointId="vpce-0123456789abcdef0"),
    ] == [
        "InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "InvalidParameter", "IncorrectState",
        "InvalidVpcEndpointId.NotFound",
    ]  # fmt: skip


def test_a_mixed_list_is_deleted_as_far_as_it_goes(account: Account) -> None:
    """Ours and the emulator's own go, what is not there is listed, and asking again is no failure."""
    ours = account.available()["VpcEndpointId"]
    theirs = account.ec2.create_vpc_endpoint(VpcId=account.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    gateway = theirs["VpcEndpoint"]["VpcEndpointId"]
    missing = ["vpce-0123456789abcdef0", "harbor"]
    for expected in (missing, [gateway, *missing]):
        answer = account.ec2.delete_vpc_endpoints(VpcEndpointIds=[ours, gateway, missing[0], ours, missing[1]])
        assert [each["ResourceId"] for each in answer["Unsuccessful"]] == expected
        assert {each["Error"]["Code"] for each in answer["Unsuccessful"]} == {"InvalidVpcEndpoint.NotFound"}
    assert account.described(ours)["State"] == "deleting"
    assert not [name for name in account.config() if "ENDPOINT" in name]
    assert code(account.ec2.delete_vpc_endpoints, VpcEndpointIds=[]) == "MissingParameter"


def test_lists_are_filtered(account: Account) -> None:
    """By state, service, VPC, type and tags, with wildcards; all filters must pass, one value of each is enough."""
    tagged = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "ship", "Value": "ferry-1*"}]}]
    first = account.available(TagSpecifications=tagged)["VpcEndpointId"]
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    second = account.made(VpcId=vpc)["VpcEndpointId"]
    gateway = account.ec2.create_vpc_endpoint(VpcId=account.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    theirs = gateway["VpcEndpoint"]["VpcEndpointId"]
    assert account.listed() == [first, second, theirs]
    for wanted, filters in (
        ([first], {"vpc_endpoint_state": ["available"], "vpc_endpoint_type": ["Interface"]}),
        ([second], {"vpc_endpoint_state": ["pendingAcceptance"]}),
        ([first, second], {"vpc_endpoint_state": ["available", "pending*"], "service_name": [account.service]}),
        ([first, second], {"service_name": ["com.amazonaws.vpce.*"]}),
        ([theirs], {"service_name": ["com.amazonaws.us-east-1.s3"]}),
        ([second], {"vpc_id": [vpc]}),
        ([first, theirs], {"vpc_id": [account.vpc]}),
        ([first], {"tag__ship": ["ferry-*"]}),
        ([first], {"tag__ship": ["f?rry-1\\*"]}),
        ([], {"tag__ship": ["ferry-?\\?"]}),
        ([first], {"tag_key": ["ship"]}),
        ([], {"tag__ship": ["*"], "vpc_id": [vpc]}),
        ([second], {"vpc_endpoint_id": [second]}),
    ):
        assert account.listed(**filters) == wanted, filters
    assert code(account.listed, harbor=["x"]) == "InvalidParameterValue"
    both = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[second, theirs, second])["VpcEndpoints"]
    assert [each["VpcEndpointId"] for each in both] == [second, theirs]


def test_lists_are_paged(account: Account) -> None:
    """A paginator meets each endpoint once, the emulator's own included; a token that nobody gave is refused."""
    made = [account.endpoint(account.service, account.id) for _ in range(11)]
    account.ec2.create_vpc_endpoint(VpcId=account.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    pages = [
        [each["VpcEndpointId"] for each in page["VpcEndpoints"]]
        for page in account.ec2.get_paginator("describe_vpc_endpoints").paginate(PaginationConfig={"PageSize": 5})
    ]
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [each for page in pages for each in page][:11] == made
    describe = account.ec2.describe_vpc_endpoints
    assert len(describe(MaxResults=5_000)["VpcEndpoints"]) == 12
    assert code(describe, MaxResults=1) == "InvalidParameterValue"
    for token in ("harbor", "é", "a2FnZW11c2hhOi0x", "a2FnZW11c2hhOjk5OTk5OTk5OTk="):
        assert code(describe, MaxResults=5, NextToken=token) == "InvalidNextToken"


def test_tags_come_and_go(account: Account) -> None:
    """Tags are set, replaced and removed, by value where one is given; with one that is missing nothing is changed."""
    endpoint = account.made()["VpcEndpointId"]

    def tags() -> dict[str, str]:
        return {each["Key"]: each["Value"] for each in account.described(endpoint)["Tags"]}

    make, remove = account.ec2.create_tags, account.ec2.delete_tags
    make(Resources=[endpoint, account.vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "<2>"}])
    make(Resources=[endpoint], Tags=[{"Key": "a", "Value": "3"}])
    assert tags() == {"a": "3", "b": "<2>"}
    assert len(account.ec2.describe_vpcs(VpcIds=[account.vpc])["Vpcs"][0]["Tags"]) == 2
    remove(Resources=[endpoint], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    assert tags() == {"a": "3"}
    new = [{"Key": "c", "Value": "4"}]
    assert code(make, Resources=[endpoint, "harbor"], Tags=new) == "InvalidID"
    assert (
        code(make, Resources=[endpoint], Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)]) == "TagLimitExceeded"
    )
    assert tags() == {"a": "3"}
    remove(Resources=[endpoint])
    assert tags() == {}


def test_network_interfaces_are_listed_with_the_others(account: Account) -> None:
    """Those of endpoints and those of the emulator, filtered alike; they go with their endpoint."""
    made = account.made(SubnetIds=[account.subnets["use1-az1"]])
    own = account.ec2.create_network_interface(SubnetId=account.subnets["use1-az1"])
    theirs = own["NetworkInterface"]["NetworkInterfaceId"]

    def listed(**filters: str) -> list[str]:
        some = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        found = account.ec2.describe_network_interfaces(Filters=some)["NetworkInterfaces"]
        return [each["NetworkInterfaceId"] for each in found]

    [ours] = made["NetworkInterfaceIds"]
    assert listed() == [ours, theirs]
    assert listed(subnet_id=account.subnets["use1-az1"]) == [ours, theirs]
    assert listed(interface_type="vpc_endpoint") == [ours]
    assert listed(description=f"VPC Endpoint Interface {made['VpcEndpointId']}") == [ours]
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert listed() == [theirs]


def test_a_dry_run_changes_nothing(account: Account) -> None:
    """What would succeed is DryRunOperation, what would not its own error; the world and its ids stay as they are."""
    made = account.made()["VpcEndpointId"]
    before = account.everything()
    ec2, service_id = account.ec2, account.service.rsplit(".", 1)[1]
    operator = {"ServiceId": service_id, "VpcEndpointIds": [made]}
    tags = {"Resources": [made], "Tags": [{"Key": "a", "Value": "b"}]}
    would = {
        "create": code(ec2.create_vpc_endpoint, DryRun=True, **account.asked()),
        "describe": code(ec2.describe_vpc_endpoints, DryRun=True),
        "modify": code(ec2.modify_vpc_endpoint, DryRun=True, VpcEndpointId=made),
        "delete": code(ec2.delete_vpc_endpoints, DryRun=True, VpcEndpointIds=[made]),
        "services": code(ec2.describe_vpc_endpoint_services, DryRun=True),
        "connections": code(account.operator.describe_vpc_endpoint_connections, DryRun=True),
        "permissions": code(
            account.operator.describe_vpc_endpoint_service_permissions, DryRun=True, ServiceId=service_id
        ),
        "accept": code(account.operator.accept_vpc_endpoint_connections, DryRun=True, **operator),
        "reject": code(account.operator.reject_vpc_endpoint_connections, DryRun=True, **operator),
        "interfaces": code(ec2.describe_network_interfaces, DryRun=True),
        "tag": code(ec2.create_tags, DryRun=True, **tags),
        "untag": code(ec2.delete_tags, DryRun=True, **tags),
    }
    assert would == dict.fromkeys(would, "DryRunOperation")
    assert code(ec2.create_vpc_endpoint, DryRun=True, **account.asked(VpcId="vpc-1")) == "InvalidVpcID.NotFound"
    assert account.everything() == before


def test_an_endpoint_of_a_link_that_goes_is_rejected(account: Account) -> None:
    """EC2 shows it rejected at that moment; it can still be deleted, and no new one is made."""
    endpoint = account.available()["VpcEndpointId"]
    addon = account.get("/apps/ferry/addons")[0]["name"]
    account.call("DELETE", f"/private-link/v0/databases/{addon}")
    assert account.described(endpoint)["State"] == "rejected"
    assert code(account.ec2.create_vpc_endpoint, **account.asked()) == "InvalidServiceName"
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    account.advance(PROVISIONED)
    assert account.described(endpoint)["State"] == "deleted"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_an_endpoint_is_seen_in_its_region_alone(account: Account, region: str) -> None:
    """Lists, ids and deletes of another region know nothing of it."""
    endpoint = account.made()["VpcEndpointId"]
    ec2 = account.boto("ec2", region=region)
    there = region == "us-east-1"
    assert bool(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == there
    assert len(ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"]) == (0 if there else 1)
    assert account.described(endpoint)["State"] == ("deleting" if there else "pendingAcceptance")
