"""Endpoint services: what consumers see of them, and what their owner, whom an operator's key plays, may do."""

from account import Account, code, refused
from driver import PROVISIONED


def test_a_service_is_described(account: Account) -> None:
    """By name, with its zones; acceptance is required, and it is an Interface service of Heroku's account."""
    answer = account.ec2.describe_vpc_endpoint_services(ServiceNames=[account.service])
    assert answer["ServiceNames"] == [account.service]
    [detail] = answer["ServiceDetails"]
    assert detail["ServiceId"] == account.service.rsplit(".", 1)[1]
    assert detail["ServiceType"] == [{"ServiceType": "Interface"}]
    assert detail["AcceptanceRequired"] is True
    assert len(detail["AvailabilityZones"]) == 3
    assert detail["Owner"] != account.id


def test_services_are_listed_with_awss_own(account: Account, another: Account) -> None:
    """Ours that allow the account, then the emulator's; a paginator meets all of them once."""
    assert another.service
    names = account.ec2.describe_vpc_endpoint_services()["ServiceNames"]
    assert account.service not in names
    first = account.service
    names = account.ec2.describe_vpc_endpoint_services()["ServiceNames"]
    assert names[0] == first
    assert {each for each in names if each.startswith("com.amazonaws.vpce.")} == {first}
    assert "com.amazonaws.us-east-1.s3" in names
    pages = list(
        account.ec2.get_paginator("describe_vpc_endpoint_services").paginate(PaginationConfig={"PageSize": 50})
    )
    assert [each for page in pages for each in page["ServiceNames"]] == names
    assert len(pages) > 1
    mixed = account.ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-east-1.s3", first])
    assert set(mixed["ServiceNames"]) == {"com.amazonaws.us-east-1.s3", first}


def test_a_service_that_is_not_there_is_refused(account: Account) -> None:
    """One that nobody issued, one that is still made, and one that does not allow the caller, all alike."""
    describe = account.ec2.describe_vpc_endpoint_services
    name = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
    said = ("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    assert refused(describe, ServiceNames=[name]) == said
    addon = account.addon(account.app())
    theirs = account.link(addon, "999999999999")["service_name"]
    assert refused(describe, ServiceNames=[theirs])[1] == said[1].replace(name, theirs)


def test_the_owner_sees_and_decides_connections(account: Account) -> None:
    """Accepting does not wait for the time it takes; rejecting cuts off; what can't be is listed as unsuccessful."""
    service_id = account.service.rsplit(".", 1)[1]
    first, second = (account.made()["VpcEndpointId"] for _ in range(2))
    operator = account.operator

    def states() -> dict[str, str]:
        found = operator.describe_vpc_endpoint_connections()["VpcEndpointConnections"]
        assert {each["VpcEndpointOwner"] for each in found} == {account.id}
        assert {each["ServiceId"] for each in found} == {service_id}
        return {each["VpcEndpointId"]: each["VpcEndpointState"] for each in found}

    def unsuccessful(answer: dict[str, list[dict[str, dict[str, str]]]]) -> dict[object, str]:
        return {each["ResourceId"]: each["Error"]["Code"] for each in answer["Unsuccessful"]}

    assert states() == {first: "pendingAcceptance", second: "pendingAcceptance"}
    accept, reject = operator.accept_vpc_endpoint_connections, operator.reject_vpc_endpoint_connections
    missing = "vpce-0123456789abcdef0"
    answer = accept(ServiceId=service_id, VpcEndpointIds=[first, missing])
    assert unsuccessful(answer) == {missing: "InvalidVpcEndpointId.NotFound"}
    assert states()[first] == "pending"
    answer = reject(ServiceId=service_id, VpcEndpointIds=[second])
    assert unsuccessful(answer) == {}
    assert unsuccessful(accept(ServiceId=service_id, VpcEndpointIds=[second])) == {second: "InvalidState"}
    account.advance(PROVISIONED)
    assert states() == {first: "available", second: "rejected"}
    assert account.described(second)["State"] == "rejected"
    assert [name for name in account.config() if "ENDPOINT" in name]
    reject(ServiceId=service_id, VpcEndpointIds=[first])
    assert not [name for name in account.config() if "ENDPOINT" in name]
    some = [{"Name": "vpc-endpoint-id", "Values": [first]}, {"Name": "service-id", "Values": [service_id]}]
    found = operator.describe_vpc_endpoint_connections(Filters=some)["VpcEndpointConnections"]
    assert [each["VpcEndpointId"] for each in found] == [first]


def test_the_owner_sees_who_is_allowed(account: Account) -> None:
    """Each principal with its kind; filtered by principal."""
    service_id = account.service.rsplit(".", 1)[1]
    addon = account.get("/apps/ferry/addons")[0]["name"]
    more = [f"{account.id}:user/abc.xyz", f"{account.id}:role/deploy"]
    account.call("PUT", f"/private-link/v0/databases/{addon}/allowed_accounts", {"allowed_accounts": more})
    describe = account.operator.describe_vpc_endpoint_service_permissions
    found = describe(ServiceId=service_id)["AllowedPrincipals"]
    assert [(each["PrincipalType"], each["Principal"].rpartition(":")[2]) for each in found] == [
        ("Account", "root"), ("User", "user/abc.xyz"), ("Role", "role/deploy"),
    ]  # fmt: skip
    some = [{"Name": "principal", "Values": ["*:role/*"]}]
    assert len(describe(ServiceId=service_id, Filters=some)["AllowedPrincipals"]) == 1


def test_nobody_else_owns_a_service(account: Account, another: Account) -> None:
    """To a consumer, and to another sandbox's operator, the owner's actions know no such service."""
    service_id = account.service.rsplit(".", 1)[1]
    endpoint = account.made()["VpcEndpointId"]
    assert account.ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"] == []
    assert another.operator.describe_vpc_endpoint_connections()["VpcEndpointConnections"] == []
    wanted = "InvalidVpcEndpointServiceId.NotFound"
    for ec2 in (account.ec2, another.operator, account.boto("ec2", account.issued("operator"), "eu-west-1")):
        for call in (ec2.accept_vpc_endpoint_connections, ec2.reject_vpc_endpoint_connections):
            assert code(call, ServiceId=service_id, VpcEndpointIds=[endpoint]) == wanted
    assert code(another.operator.describe_vpc_endpoint_service_permissions, ServiceId=service_id) == wanted
    assert account.described(endpoint)["State"] == "pendingAcceptance"
