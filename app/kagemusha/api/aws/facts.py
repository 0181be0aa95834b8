"""What the emulator knows of an account's networks, and the reading of its answers."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

from kagemusha.api.aws.emulator import Emulator, unavailable
from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.api.aws.protocol import numbered
from kagemusha.domain.errors import AwsError
from kagemusha.domain.security_groups import Rule
from kagemusha.services.placements import Subnet


class Facts:
    """What the emulator knows of an account's networks in one region: the one client of ours that asks it."""

    def __init__(self, emulator: Emulator, account_id: str, seed: int, region: str) -> None:
        """About the account, in `region`."""
        self._emulator = emulator
        self._account_id = account_id
        self._seed = seed
        self._region = region

    async def ask(self, action: str, **parameters: str) -> Element:
        """EC2's answer to `action`; its own error as AwsError."""
        body = urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
        answer = await self._emulator.send(self._account_id, self._seed, self._request("ec2", body))
        return read(answer)

    async def has_role(self, name: str) -> bool:
        """Whether the account's IAM has a role of this name; not where the emulator does not answer."""
        body = urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": name}).encode()
        try:
            answer = await self._emulator.send(self._account_id, self._seed, self._request("iam", body))
        except AwsError:
            return False
        return answer.status == HTTPStatus.OK

    def _request(self, service: str, body: bytes) -> AwsRequest:
        scope = f"{self._account_id}/20200101/{self._region}/{service}/aws4_request"
        return AwsRequest(
            "POST",
            "/",
            {
                "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "x-amz-date": "20200101T000000Z",
            },
            body,
        )

    async def _named(self, action: str, kind: str, ids: Sequence[str]) -> dict[str, Element]:
        """What the account has of a kind (``subnet-id``) with these ids, in their order; some may be missing."""
        if not ids:
            return {}
        values = numbered("Filter.1.Value", ids)
        root = await self.ask(action, **{"Filter.1.Name": kind}, **values)
        first, _, rest = kind.partition("-")
        found = {text(item, f"{first}{rest.capitalize()}"): item for item in root.iterfind("./*/item")}
        return {each: found[each] for each in ids if each in found}

    async def check_vpc(self, vpc_id: str) -> None:
        """Raise AwsError InvalidVpcID.NotFound unless the VPC exists."""
        if not await self._named("DescribeVpcs", "vpc-id", [vpc_id]):
            message = f"The vpc ID '{vpc_id}' does not exist"
            raise AwsError("InvalidVpcID.NotFound", message)

    async def subnets(self, ids: Sequence[str]) -> list[Subnet]:
        """The subnets with these ids; AwsError InvalidSubnetID.NotFound for one that is not there."""
        found = await self._named("DescribeSubnets", "subnet-id", ids)
        for each in ids:
            if each not in found:
                message = f"The subnet ID '{each}' does not exist"
                raise AwsError("InvalidSubnetID.NotFound", message)
        fields = ("vpcId", "availabilityZone", "availabilityZoneId", "cidrBlock")
        return [Subnet(each, *(text(item, field) for field in fields)) for each, item in found.items()]

    async def default_security_group(self, vpc_id: str) -> dict[str, str]:
        """The name of the VPC's default security group by its id: what an endpoint has that names none (known)."""
        filters = {"Filter.1.Name": "vpc-id", "Filter.1.Value.1": vpc_id}
        filters |= {"Filter.2.Name": "group-name", "Filter.2.Value.1": "default"}
        found = items(await self.ask("DescribeSecurityGroups", **filters), "securityGroupInfo")
        return {text(item, "groupId"): text(item, "groupName") for item in found}

    async def security_groups(self, vpc_id: str, ids: Sequence[str]) -> dict[str, str]:
        """The names of these security groups by id; AwsError for one that is not there, or of another VPC."""
        found = await self._named("DescribeSecurityGroups", "group-id", ids)
        for each in ids:
            if each not in found:
                message = f"The security group '{each}' does not exist"
                raise AwsError("InvalidGroup.NotFound", message)
            if text(found[each], "vpcId") != vpc_id:
                message = f"Security group {each} and VPC {vpc_id} belong to different networks."
                raise AwsError("InvalidParameter", message)
        return {each: text(item, "groupName") for each, item in found.items()}

    async def ingress(self, ids: Sequence[str]) -> list[Rule]:
        """The ingress rules of the security groups with these ids, all together; a group that is gone has none."""
        found = await self._named("DescribeSecurityGroups", "group-id", ids)
        return [_rule(item) for group in found.values() for item in group.iterfind("./ipPermissions/item")]

    async def vpc_block(self, vpc_id: str) -> str | None:
        """The first CIDR block of a VPC; None for one that is not there."""
        found = await self._named("DescribeVpcs", "vpc-id", [vpc_id])
        return text(found[vpc_id], "cidrBlock") if found else None


def _rule(item: Element) -> Rule:
    """An ``IpPermission``."""
    first, last = (text(item, name) for name in ("fromPort", "toPort"))
    return Rule(
        text(item, "ipProtocol"),
        int(first) if first else None,
        int(last) if last else None,
        cidrs=(*_texts(item, "ipRanges/item/cidrIp"), *_texts(item, "ipv6Ranges/item/cidrIpv6")),
        group_ids=_texts(item, "groups/item/groupId"),
    )


def _texts(item: Element, path: str) -> tuple[str, ...]:
    return tuple(each.text for each in item.iterfind(path) if each.text)


def read(answer: AwsResponse) -> Element:
    """The root of an EC2 answer, names without the namespace that emulators differ in; its error as AwsError."""
    root = parse(answer.body)
    if root is None:
        raise unavailable(f"its answer ({answer.status}) is not AWS's. Look what it is.")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if answer.status >= HTTPStatus.BAD_REQUEST:
        code, message = root.findtext(".//Code"), root.findtext(".//Message")
        raise AwsError(code or "InternalError", message or "The AWS emulator failed.")
    return root


def parse(body: bytes) -> Element | None:
    """The root of an answer of EC2, STS or IAM: a ``…Response``; None for anything else, a page for people included."""
    try:
        root = fromstring(body)
    except ParseError:
        return None
    return root if root.tag.endswith("Response") else None


def items(root: Element, name: str) -> list[Element]:
    """The items of the list `name`."""
    return root.findall(f".//{name}/item")


def text(item: Element, name: str) -> str:
    """The text of an element of `item`, or nothing."""
    return item.findtext(name) or ""
