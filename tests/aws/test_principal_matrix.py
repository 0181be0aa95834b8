"""Who may make an endpoint where: {principals} x {what is allowed} x {places}, each with its outcome and its words."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from account import Account, Keys, refused
from driver import PROVISIONED

PRINCIPALS = ("root", "user/abc.xyz", "role/deploy", "assumed role/deploy")
ALLOWED = ("root", "itself", "another", "none", "removed")
PLACES = {
    "same region, shared zone": ("us-east-1", True),
    "same region, unshared zone": ("us-east-1", False),
    "other region, shared zone": ("us-west-2", True),
    "other region, unshared zone": ("us-west-2", False),
}
UNKNOWN = ("InvalidServiceName", "The Vpc Endpoint Service '{service}' does not exist")
UNSHARED = (
    "InvalidParameter",
    "The VPC endpoint service {service} does not support the availability zone of the subnet: {subnet}.",
)
MADE = ("pendingAcceptance", "")
HERE = {"same region, shared zone": MADE, "same region, unshared zone": UNSHARED}
NOWHERE = dict.fromkeys(PLACES, UNKNOWN)
OPEN = NOWHERE | HERE
OUTCOMES = {allowed: OPEN if allowed in {"root", "itself"} else NOWHERE for allowed in ALLOWED}
"""Whatever the principal is: what is allowed and where decides, by the account's root or by name."""
SHARED = {"us-east-1": {"use1-az1", "use1-az2", "use1-az4"}, "us-west-2": {"usw2-az1", "usw2-az2", "usw2-az3"}}


@pytest.fixture(scope="module")
def matrix(http: httpx.Client) -> Iterator[Account]:
    """An account whose app has an add-on with a link for each row's principal and permission."""
    account = Account.make(http, None)
    account.app()
    yield account
    http.delete(f"/_sim/sandboxes/{account.name}")


def keys_of(account: Account, principal: str) -> Keys:
    """What the principal signs with; a role's are of a session that was assumed."""
    kind, _, role = principal.partition(" ")
    if not role:
        return account.issued(kind)
    path = f"role/{role.removeprefix('role/')}"
    account.issued(path)
    arn = f"arn:aws:iam::{account.id}:{path}"
    return Keys.of_role(account.boto("sts").assume_role(RoleArn=arn, RoleSessionName="night-shift"))


def zone_of(ec2: Any, region: str, *, shared: bool) -> dict[str, str]:
    """A subnet of the default VPC in a zone of this kind."""
    found = ec2.describe_subnets()["Subnets"]
    return next(each for each in found if (each["AvailabilityZoneId"] in SHARED[region]) == shared)


@pytest.mark.parametrize("allowed", ALLOWED)
@pytest.mark.parametrize("principal", PRINCIPALS)
def test_each_principal_meets_what_it_is_allowed(matrix: Account, principal: str, allowed: str) -> None:
    """Not allowed, not issued and another region answer the same; an unshared zone only says so to who is allowed."""
    account, path = matrix, principal.removeprefix("assumed ")
    keys = keys_of(account, principal)
    # "another" is of the same account; of what is removed, an accepted endpoint is left.
    itself = f"{account.id}:{path}"
    listed = {"root": account.id, "itself": itself, "another": f"{account.id}:user/somebody.else"}
    addon = account.addon()
    service = account.link(addon, listed.get(allowed, itself))["service_name"]
    east = account.boto("ec2", keys)
    kept = None
    if allowed in {"none", "removed"}:
        if allowed == "removed":
            kept = east.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=account.vpc, ServiceName=service)
            account.advance(PROVISIONED)
        accounts = f"/private-link/v0/databases/{addon}/allowed_accounts"
        account.call("PATCH", accounts, {"allowed_accounts": [itself]})
    got, wanted = {}, {}
    for place, (region, shared) in PLACES.items():
        ec2 = account.boto("ec2", keys, region)
        subnet = zone_of(ec2, region, shared=shared)
        asked = {"VpcEndpointType": "Interface", "ServiceName": service, "SubnetIds": [subnet["SubnetId"]]}
        asked["VpcId"] = subnet["VpcId"]
        code, words = OUTCOMES[allowed][place]
        wanted[place] = (code, words.format(service=service, subnet=subnet["SubnetId"]))
        if code == MADE[0]:
            made = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
            got[place] = (made["State"], "")
            assert made["OwnerId"] == account.id
        else:
            got[place] = refused(ec2.create_vpc_endpoint, **asked)
    assert got == wanted
    seen = [each["ServiceName"] for each in east.describe_vpc_endpoint_services(
        Filters=[{"Name": "service-name", "Values": [service]}])["ServiceDetails"]]  # fmt: skip
    assert seen == ([service] if OUTCOMES[allowed] is OPEN else [])
    if kept is not None:
        assert account.described(kept["VpcEndpoint"]["VpcEndpointId"])["State"] == "available"
