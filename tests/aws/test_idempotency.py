"""ClientToken: the same request made again is the same endpoint."""

from concurrent.futures import ThreadPoolExecutor

from account import Account, code
from driver import PROVISIONED


def test_the_same_request_is_the_same_endpoint(account: Account) -> None:
    """The token comes back; the endpoint is the one that was made, as it is now; without one there are two."""
    asked = account.asked(ClientToken="first", SubnetIds=[account.subnets["use1-az1"]])
    first = account.ec2.create_vpc_endpoint(**asked)
    account.advance(PROVISIONED)
    again = account.ec2.create_vpc_endpoint(**asked)
    assert first["ClientToken"] == again["ClientToken"] == "first"
    assert again["VpcEndpoint"] == account.described(first["VpcEndpoint"]["VpcEndpointId"])
    assert again["VpcEndpoint"]["State"] == "available"
    assert account.made()["VpcEndpointId"] != account.made()["VpcEndpointId"]
    assert len(account.listed()) == 3


def test_another_request_with_the_token_is_refused(account: Account) -> None:
    """Other subnets, tags or another service are another request."""
    account.made(ClientToken="first")
    create = account.ec2.create_vpc_endpoint
    tagged = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "a", "Value": "b"}]}]
    for more in ({"SubnetIds": [account.subnets["use1-az1"]]}, {"TagSpecifications": tagged}):
        assert code(create, **account.asked(ClientToken="first", **more)) == "IdempotentParameterMismatch"
    assert len(account.listed()) == 1


def test_a_token_is_free_when_its_endpoint_is_gone(account: Account) -> None:
    """As long as a deleted endpoint is shown it is answered; then the token makes another."""
    first = account.made(ClientToken="first")["VpcEndpointId"]
    account.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    assert account.made(ClientToken="first")["State"] == "deleting"
    account.until("idle")
    again = account.made(ClientToken="first")
    assert again["VpcEndpointId"] != first
    assert again["State"] == "pendingAcceptance"


def test_requests_at_once_make_one_endpoint(account: Account) -> None:
    """However many clients send the same one."""
    asked = account.asked(ClientToken="first")
    clients = [account.boto("ec2") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda ec2: ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"], clients))
    assert len(set(made)) == 1
    assert account.listed() == made[:1]


def test_a_token_is_an_accounts_own(account: Account, another: Account) -> None:
    """The same token in two sandboxes makes two endpoints."""
    assert account.made(ClientToken="first")["OwnerId"] == account.id
    assert another.made(ClientToken="first")["OwnerId"] == another.id
