"""Security groups as the data plane asks for them: what was made by EC2's API is what rules connections."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

import httpx
import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient
from kagemusha.domain.doors import Door, Filter
from kagemusha.domain.errors import AwsError
from kagemusha.domain.security_groups import Rule, admits
from kagemusha.main import create_app
from kagemusha.services.doors import doors
from kagemusha.services.transactions import Transactions
from kagemusha.settings import Settings
from upstreams import HTML, PAGE, http, moto_server, nobody, saying

REGION, SEED = "us-east-1", 7
MEMBER = "sg-0fedcba9876543210"


@contextmanager
def serving(**settings: object) -> Iterator[TestClient]:
    """A server in this process, and a client of it."""
    app = create_app(Settings.model_validate({"ephemeral": True, "clock": "manual", **settings}))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield client


@pytest.fixture(scope="module", params=["embedded", "upstream"])
def client(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """A client of a server with moto in its process, or in one of its own."""
    if request.param == "embedded":
        with serving() as found:
            yield found
    else:
        with moto_server() as url, serving(aws_upstream=url) as found:
            yield found


class Account:
    """The account of a new sandbox."""

    def __init__(self, client: TestClient) -> None:
        """Make the sandbox."""
        self._client = client
        self.world = World.make(client, None)
        aws = self.world.sim("GET", "")["aws"]
        self.id: str = aws["account_id"]
        self._key: str = aws["access_key_id"]

    def ec2(self, action: str, **parameters: str) -> httpx.Response:
        """An answer of EC2 that must be a success."""
        scope = f"{self._key}/20300101/{REGION}/ec2/aws4_request"
        answer = self._client.post(
            "/",
            content=urlencode({"Action": action, "Version": "2016-11-15"} | parameters),
            headers={
                "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            },
        )
        assert answer.is_success, answer.text
        return answer

    def group(self, name: str, *permissions: dict[str, str]) -> str:
        """A security group of the default VPC with these ingress rules; returns its id."""
        made = self.ec2("CreateSecurityGroup", GroupName=name, GroupDescription="for the Redis").text
        found = re.search(r"<groupId>(sg-[0-9a-f]+)</groupId>", made)
        assert found is not None, made
        for number, permission in enumerate(permissions, 1):
            spelled = {f"IpPermissions.{number}.{field}": value for field, value in permission.items()}
            self.ec2("AuthorizeSecurityGroupIngress", GroupId=found[1], **spelled)
        return found[1]

    def ingress(self, *ids: str) -> Sequence[Rule]:
        """The rules of groups, as the data plane asks."""
        return ingress(self._client, self.id, *ids)


def ingress(client: TestClient, account_id: str, *ids: str) -> Sequence[Rule]:
    """The rules of an account's groups, as the data plane asks."""
    assert client.portal is not None
    found: Sequence[Rule] = client.portal.call(client.app.state.aws.ingress, account_id, REGION, SEED, ids)  # type: ignore[attr-defined]
    return found


def tcp(port: int, **more: str) -> dict[str, str]:
    """A permission for one port."""
    return {"IpProtocol": "tcp", "FromPort": str(port), "ToPort": str(port)} | {
        name.replace("_", "."): value for name, value in more.items()
    }


def test_rules_are_those_of_ec2(client: TestClient) -> None:
    """What was authorized, by CIDRs of both versions and by groups, for a port or all, is what is told."""
    account = Account(client)
    members = account.group("members")
    web = account.group("web", tcp(6379, IpRanges_1_CidrIp="10.0.1.0/24", IpRanges_2_CidrIp="10.0.2.0/24"))
    open_to_all = account.group("open", {"IpProtocol": "-1", "Ipv6Ranges.1.CidrIpv6": "::/0"})
    by_group = account.group("by-group", tcp(5432, Groups_1_GroupId=members))
    assert account.ingress(web) == [Rule("tcp", 6379, 6379, ("10.0.1.0/24", "10.0.2.0/24"))]
    assert [(each.protocol, each.cidrs) for each in account.ingress(open_to_all)] == [("-1", ("::/0",))]
    assert account.ingress(by_group) == [Rule("tcp", 5432, 5432, (), (members,))]
    both = account.ingress(web, by_group)
    assert admits(both, 6379, "10.0.2.7")
    assert not admits(both, 6379, "10.0.3.7")
    assert admits(both, 5432, "10.0.3.7", [members])
    assert not admits(both, 5432, "10.0.2.7", [web])


def test_rules_are_asked_for_each_time(client: TestClient) -> None:
    """A rule that is revoked lets nobody in any more, and a group that is gone has none."""
    account = Account(client)
    permission = tcp(6379, IpRanges_1_CidrIp="0.0.0.0/0")
    web = account.group("web", permission)
    assert admits(account.ingress(web), 6379, "127.0.0.1")
    spelled = {f"IpPermissions.1.{field}": value for field, value in permission.items()}
    account.ec2("RevokeSecurityGroupIngress", GroupId=web, **spelled)
    assert account.ingress(web) == []
    account.ec2("AuthorizeSecurityGroupIngress", GroupId=web, **spelled)
    account.ec2("DeleteSecurityGroup", GroupId=web)
    assert account.ingress(web, "sg-0123456789abcdef0") == []
    assert account.ingress() == []


def test_another_accounts_groups_are_none(client: TestClient) -> None:
    """Only groups of the account that is asked for are told of."""
    one, two = Account(client), Account(client)
    web = one.group("web", tcp(6379, IpRanges_1_CidrIp="0.0.0.0/0"))
    assert len(one.ingress(web)) == 1
    assert two.ingress(web) == []


def test_to_ask_for_rules_is_a_first_request() -> None:
    """A server that nobody has sent an AWS request to tells the rules, too."""
    with serving() as fresh:
        assert ingress(fresh, "123456789101", "sg-0123456789abcdef0") == []


@pytest.mark.parametrize("answers", ["nothing", "a page", "an error"])
def test_an_emulator_that_does_not_tell_is_an_error(answers: str) -> None:
    """Nobody is let in, or kept out, by rules that are not known."""
    behind = {
        "nothing": nobody,
        "a page": partial(saying, http(200, HTML, PAGE)),
        "an error": partial(saying, http(500, HTML, PAGE)),
    }[answers]()
    with behind as url, serving(aws_upstream=url) as client, pytest.raises(AwsError) as raised:
        ingress(client, "123456789101", "sg-0123456789abcdef0")
    assert raised.value.code == "Unavailable"


def test_several_workers_without_an_emulator_know_no_rules() -> None:
    """The error says what to do."""
    with serving(workers=2) as client, pytest.raises(AwsError, match="--aws-upstream"):
        ingress(client, "123456789101", "sg-0123456789abcdef0")


def test_groups_of_an_endpoint_without_an_aws_client_count(client: TestClient) -> None:
    """They are looked for in the sandbox's own account, whoever the endpoint is of: no other sandbox is asked."""
    account = Account(client)
    web = account.group("web", tcp(6379, IpRanges_1_CidrIp="10.0.1.0/24"))
    world = account.world
    addon = world.addon(world.app())
    # The account of this principal is the sandbox default's.
    endpoint = world.endpoint(world.link(addon)["service_name"], security_group_ids=[web])
    world.advance(PROVISIONED)

    async def look() -> list[Door]:
        worlds: Transactions = client.app.state.transactions  # type: ignore[attr-defined]
        async with worlds.reading(("name", world.name)) as context:
            assert context is not None
            return doors(context)

    assert client.portal is not None
    own, through = client.portal.call(look)
    assert (own.filter, through.endpoint_id, through.is_open) == (None, endpoint, True)
    assert through.filter == Filter(account.id, REGION, None, (web,))
    rules = ingress(client, through.filter.account_id, *through.filter.security_group_ids)
    assert [admits(rules, through.port, address) for address in ("10.0.1.9", "127.0.0.1")] == [True, False]


ANSWER = f"""<?xml version="1.0" encoding="UTF-8"?>
<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>1</requestId>
  <securityGroupInfo>
    <item>
      <groupId>sg-1</groupId>
      <ipPermissions>
        <item>
          <ipProtocol>tcp</ipProtocol><fromPort>6379</fromPort><toPort>6380</toPort>
          <groups><item><userId>1</userId><groupId>{MEMBER}</groupId></item><item><groupName>old</groupName></item></groups>
          <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp><description>x</description></item></ipRanges>
          <ipv6Ranges><item><cidrIpv6>fd00::/8</cidrIpv6></item></ipv6Ranges>
          <prefixListIds/>
        </item>
        <item>
          <ipProtocol>tcp</ipProtocol><fromPort>0</fromPort><toPort>65535</toPort>
          <groups/><ipRanges/><ipv6Ranges/><prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds>
        </item>
        <item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort></item>
      </ipPermissions>
      <ipPermissionsEgress>
        <item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>
      </ipPermissionsEgress>
    </item>
  </securityGroupInfo>
</DescribeSecurityGroupsResponse>"""


def test_an_answer_of_aws_is_read() -> None:
    """All parts of a permission are; egress is none of it, and a prefix list lets nobody in."""
    with saying(http(200, "text/xml;charset=UTF-8", ANSWER)) as url, serving(aws_upstream=url) as client:
        rules = ingress(client, "123456789101", "sg-1")
    assert rules == [
        Rule("tcp", 6379, 6380, ("10.0.0.0/8", "fd00::/8"), (MEMBER,)),
        Rule("tcp", 0, 65_535),
        Rule("icmp", -1, -1),
    ]
    assert not admits(rules, 22, "10.0.0.1")
