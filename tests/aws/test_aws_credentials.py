"""Access keys: whose they are, what they open, when they end; and that no sandbox's open another's."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from account import Account, Keys, code, raw, refused
from fastapi.testclient import TestClient
from kagemusha.clock import system_now
from kagemusha.main import create_app
from kagemusha.settings import Settings

PRINCIPALS = {
    "root": ("arn:aws:iam::{id}:root", ""),
    "user/abc.xyz": ("arn:aws:iam::{id}:user/abc.xyz", "AIDA"),
    "role/deploy": ("arn:aws:sts::{id}:assumed-role/deploy/kagemusha", "AROA"),
}


def identity(account: Account, keys: Keys) -> dict[str, Any]:
    """What GetCallerIdentity says."""
    found: dict[str, Any] = account.boto("sts", keys).get_caller_identity()
    return {name: found[name] for name in ("Account", "Arn", "UserId")}


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_key_is_issued_for_a_principal(account: Account, principal: str) -> None:
    """GetCallerIdentity names it, always alike; its endpoints are the account's."""
    arn, unique = PRINCIPALS[principal]
    keys = account.issued(principal)
    said = identity(account, keys)
    assert (said["Account"], said["Arn"]) == (account.id, arn.format(id=account.id))
    assert said["UserId"].startswith(unique or account.id)
    assert identity(account, account.issued(principal)) == said
    asked = {"VpcEndpointType": "Interface", "VpcId": account.vpc, "ServiceName": account.service}
    assert account.boto("ec2", keys).create_vpc_endpoint(**asked)["VpcEndpoint"]["OwnerId"] == account.id


def test_the_operator_is_of_another_account(account: Account) -> None:
    """It plays the services' owner, and is nobody whom a service allows."""
    keys = account.issued("operator")
    owner = account.ec2.describe_vpc_endpoint_services(ServiceNames=[account.service])["ServiceDetails"][0]["Owner"]
    assert identity(account, keys)["Account"] == owner != account.id


@pytest.mark.parametrize("principal", ["999999999999", "nobody", "", "*", "999999999999:user/x", "OPERATOR"])
def test_a_key_is_issued_for_the_accounts_own_principals_alone(account: Account, principal: str) -> None:
    """Anything else is a 422 that says what to give."""
    answer = account.ask_sim("POST", "/aws-credentials", {"principal": principal})
    assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")


def test_a_sandbox_that_is_not_there_issues_nothing(http: httpx.Client) -> None:
    """It is a 404."""
    answer = http.post("/_sim/sandboxes/harbor/aws-credentials", json={"principal": "operator"})
    assert (answer.status_code, answer.json()["resource"]) == (404, "sandbox")


def test_unknown_keys_mean_the_default_sandbox(account: Account) -> None:
    """Where keys are not asked for strictly; its account is the article's."""
    said = identity(account, Keys("AKIAIOSFODNN7EXAMPLE", "anything"))
    assert (said["Account"], said["Arn"]) == ("123456789101", "arn:aws:iam::123456789101:user/abc.xyz")


def test_keys_of_our_form_that_are_gone_open_nothing(http: httpx.Client) -> None:
    """Each service refuses them in its own words, in every mode; so it does a deleted sandbox's."""
    gone = Account.make(http, None)
    keys = gone.keys
    issued = gone.issued("user/abc.xyz")
    assert identity(gone, issued)["Account"] == gone.id
    http.delete(f"/_sim/sandboxes/{gone.name}")
    for each in (keys, issued, Keys("AKIAKGM0000000000000", "x"), Keys("ASIAKGM0000000000000", "x", "y")):
        assert code(gone.boto("ec2", each).describe_vpcs) == "AuthFailure"
        assert code(gone.boto("ec2", each).describe_vpc_endpoints) == "AuthFailure"
        assert code(gone.boto("sts", each).get_caller_identity) == "InvalidClientTokenId"
        assert code(gone.boto("iam", each).list_users) == "InvalidClientTokenId"
        assert code(gone.boto("s3", each).list_buckets) == "InvalidAccessKeyId"


def test_a_role_is_assumed(account: Account) -> None:
    """One that a key was issued for, or that the account's IAM has; its session says who it is and whose."""
    sts = account.boto("sts")
    arn = f"arn:aws:iam::{account.id}:role/deploy"
    said = refused(sts.assume_role, RoleArn=arn, RoleSessionName="night-shift")
    user = f"arn:aws:iam::{account.id}:root"
    assert said == ("AccessDenied", f"User: {user} is not authorized to perform: sts:AssumeRole on resource: {arn}")
    account.boto("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument="{}")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="night-shift", DurationSeconds=900)
    session = f"arn:aws:sts::{account.id}:assumed-role/deploy/night-shift"
    assert answer["AssumedRoleUser"]["Arn"] == session
    assert identity(account, Keys.of_role(answer))["Arn"] == session
    account.issued("role/other")
    assert sts.assume_role(RoleArn=arn.replace("deploy", "other"), RoleSessionName="ab")["Credentials"]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"RoleArn": "arn:aws:iam::999999999999:role/deploy"}, "AccessDenied"),
        ({"RoleArn": "arn:aws:iam::{id}:user/deploy"}, "AccessDenied"),
        ({"RoleArn": "arn:aws:iam::{id}:role/team/deploy"}, "AccessDenied"),
        ({"RoleSessionName": "a b"}, "ValidationError"),
        ({"DurationSeconds": 43_201}, "InvalidParameterValue"),
    ],
)
def test_a_role_that_cannot_be_assumed_is_refused(account: Account, more: dict[str, Any], wanted: str) -> None:
    """Of another account, no role at all, or for a session that can't be."""
    account.issued("role/deploy")
    asked = {"RoleArn": "arn:aws:iam::{id}:role/deploy", "RoleSessionName": "night-shift"} | more
    asked["RoleArn"] = asked["RoleArn"].format(id=account.id)
    assert code(account.boto("sts").assume_role, **asked) == wanted


@pytest.fixture
def shifting() -> Iterator[tuple[TestClient, list[int]]]:
    """A server in this process, and the milliseconds by which its machine's clock is ahead."""
    ahead = [0]
    app = create_app(Settings(ephemeral=True, auth="strict"), lambda: system_now() + ahead[0])
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield client, ahead


def test_a_session_ends(shifting: tuple[TestClient, list[int]]) -> None:
    """After the seconds that were asked for, by the machine's clock, whatever a world's says."""
    client, ahead = shifting
    keys = client.get("/_sim/sandboxes/default").json()["aws"]["access_key_id"]
    principal = {"principal": "123456789101:role/deploy"}
    assert client.post("/_sim/sandboxes/default/aws-credentials", json=principal).status_code == 201
    client.patch("/_sim/sandboxes/default/clock", json={"mode": "manual"})
    asked = b"Action=AssumeRole&RoleArn=arn:aws:iam::123456789101:role/deploy&RoleSessionName=ab&DurationSeconds=900"
    session = raw(client, keys, asked, "sts").text.partition("<AccessKeyId>")[2].partition("<")[0]
    statuses = []
    for milliseconds in (0, 899_000, 901_000):
        ahead[0] = milliseconds
        statuses.append(raw(client, session, b"Action=GetCallerIdentity", "sts"))
    assert [each.status_code for each in statuses] == [200, 200, 403]
    assert "<Code>ExpiredToken</Code>" in statuses[-1].text


def test_strict_servers_take_issued_keys_alone(shifting: tuple[TestClient, list[int]]) -> None:
    """Any other is refused as one that is gone."""
    client, _ = shifting
    answer = raw(client, "AKIAIOSFODNN7EXAMPLE", b"Action=DescribeVpcEndpoints")
    assert answer.status_code == 401
    assert "<Code>AuthFailure</Code>" in answer.text


def test_sandboxes_do_not_see_each_others_endpoints(account: Account, another: Account) -> None:
    """Worlds of one seed give the same ids; each account lists, deletes and tags its own alone."""
    first, second = account.made(), another.made()
    assert first["VpcEndpointId"] == second["VpcEndpointId"]
    assert (first["OwnerId"], second["OwnerId"]) == (account.id, another.id)
    more = account.made()["VpcEndpointId"]
    assert another.listed() == [second["VpcEndpointId"]]
    assert code(another.ec2.describe_vpc_endpoints, VpcEndpointIds=[more]) == "InvalidVpcEndpointId.NotFound"
    assert len(another.ec2.delete_vpc_endpoints(VpcEndpointIds=[more])["Unsuccessful"]) == 1
    another.ec2.delete_vpc_endpoints(VpcEndpointIds=[second["VpcEndpointId"]])
    another.ec2.create_tags(Resources=[more], Tags=[{"Key": "a", "Value": "b"}])
    shown = [account.described(each) for each in (first["VpcEndpointId"], more)]
    assert [(each["State"], each["Tags"]) for each in shown] == [("pendingAcceptance", [])] * 2


def test_sandboxes_have_networks_of_their_own(account: Account, another: Account) -> None:
    """A VPC and a bucket that one makes are not there for the other, who can use the same name."""
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert code(another.ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert code(another.ec2.create_vpc_endpoint, **another.asked(VpcId=vpc)) == "InvalidVpcID.NotFound"
    mine, theirs = account.boto("s3"), another.boto("s3")
    mine.create_bucket(Bucket="harbor")
    mine.put_object(Bucket="harbor", Key="cargo", Body=b"mine")
    assert theirs.list_buckets()["Buckets"] == []
    assert code(theirs.get_object, Bucket="harbor", Key="cargo") == "NoSuchBucket"
    theirs.create_bucket(Bucket="harbor")
    assert code(theirs.get_object, Bucket="harbor", Key="cargo") == "NoSuchKey"
    assert mine.get_object(Bucket="harbor", Key="cargo")["Body"].read() == b"mine"


def networks(account: Account, region: str) -> Any:
    """The default VPC and what comes with it."""
    ec2 = account.boto("ec2", region=region)
    groups = [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]]
    subnets = [(each["SubnetId"], each["VpcId"], each["CidrBlock"]) for each in ec2.describe_subnets()["Subnets"]]
    return groups, subnets


def test_the_default_vpc_is_from_the_seed(account: Account, another: Account, http: httpx.Client) -> None:
    """Two worlds of one seed have the same in each region, whatever was asked before; another seed has others."""
    other = Account.make(http, None, seed=8)
    regions = ("us-east-1", "eu-west-1")
    first = [networks(account, region) for region in regions]
    other.ec2.describe_vpcs()
    assert [networks(another, region) for region in reversed(regions)] == first[::-1]
    assert first[0] != first[1]
    assert networks(other, "us-east-1") != first[0]
    http.delete(f"/_sim/sandboxes/{other.name}")


def test_a_reset_gives_the_default_vpc_again(account: Account) -> None:
    """What was made in it is gone; so are the endpoints. Issued keys stay."""
    first, keys = networks(account, "us-east-1"), account.issued("user/abc.xyz")
    account.made()
    account.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    account.boto("s3").create_bucket(Bucket="harbor")
    account.sim("POST", "/reset")
    assert networks(account, "us-east-1") == first
    assert account.listed() == []
    assert account.boto("s3").list_buckets()["Buckets"] == []
    assert identity(account, keys)["Account"] == account.id


def test_worlds_of_one_seed_are_equal(account: Account, another: Account) -> None:
    """A world with endpoints is exported, and equals its twin to the byte but for what is made of account ids."""
    told = []
    for each in (account, another):
        each.available(SubnetIds=[each.subnets["use1-az1"], each.subnets["use1-az2"]], ClientToken="first")
        each.ec2.delete_vpc_endpoints(VpcEndpointIds=[each.made()["VpcEndpointId"]])
        each.advance(60)
        told.append(str(each.everything()).replace(each.id, "ACCOUNT").replace(each.name, "NAME"))
    # The digest of a request is made of the principal's ARN.
    digests = [each.everything()["world"]["endpoints"][0]["request_digest"] for each in (account, another)]
    assert told[0].replace(digests[0], "DIGEST") == told[1].replace(digests[1], "DIGEST")
