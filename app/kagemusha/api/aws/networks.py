"""What else of EC2 shows our endpoints: their network interfaces, and their tags."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b

from kagemusha.api.aws import paging, tags
from kagemusha.api.aws.call import Answer, Call
from kagemusha.api.aws.endpoints import context_of, group_set, mine
from kagemusha.api.aws.protocol import Content, numbered
from kagemusha.domain.errors import AwsError
from kagemusha.services import endpoints
from kagemusha.services.context import Context
from kagemusha.services.placements import Placement
from kagemusha.store.records import Endpoint

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of an endpoint of ours."""

    endpoint: Endpoint
    placed: Placement
    address: str

    @property
    def description(self) -> str:
        """What AWS describes it with (known)."""
        return f"VPC Endpoint Interface {self.endpoint.endpoint_id}"

    @property
    def mac(self) -> str:
        """A locally administered address, made from the interface's id."""
        digest = blake2b(self.placed.network_interface_id.encode(), digest_size=5).digest()
        return ":".join(f"{byte:02x}" for byte in (0x02, *digest))

    def filtered_by(self, name: str) -> list[str]:
        """What it has for a filter; nothing for those that it can't pass."""
        groups = endpoints.security_groups_of(self.endpoint)
        return {
            "availability-zone": [self.placed.zone],
            "description": [self.description],
            "group-id": list(groups),
            "group-name": list(groups.values()),
            "interface-type": ["vpc_endpoint"],
            "network-interface-id": [self.placed.network_interface_id],
            "owner-id": [self.endpoint.owner_account_id],
            "private-ip-address": [self.address],
            "addresses.private-ip-address": [self.address],
            "requester-managed": ["true"],
            "status": ["in-use"],
            "subnet-id": [self.placed.subnet_id],
            "vpc-id": [self.endpoint.vpc_id or ""],
        }.get(name, [])

    def shape(self) -> dict[str, Content]:
        """``NetworkInterface``."""
        placed = self.placed
        return {
            "networkInterfaceId": placed.network_interface_id,
            "subnetId": placed.subnet_id,
            "vpcId": self.endpoint.vpc_id,
            "availabilityZone": placed.zone,
            "description": self.description,
            "ownerId": self.endpoint.owner_account_id,
            "requesterManaged": True,
            "status": "in-use",
            "macAddress": self.mac,
            "privateIpAddress": self.address,
            "sourceDestCheck": True,
            "groupSet": group_set(self.endpoint),
            "tagSet": [],
            "privateIpAddressesSet": [{"privateIpAddress": self.address, "primary": True}],
            "ipv6AddressesSet": [],
            "interfaceType": "vpc_endpoint",
        }


async def describe_interfaces(call: Call) -> Answer:
    """DescribeNetworkInterfaces: those of our endpoints, and the emulator's."""
    asked = call.parameters
    ids = asked.many("NetworkInterfaceId")
    filters = {each.required("Name"): each.many("Value") for each in asked.structures("Filter")}
    start, most = paging.page(asked)
    asked.finish()
    asked.check_dry_run()
    async with call.transactions.reading(call.caller.key) as opened:
        context = context_of(call, opened)
        ours = [
            Interface(each, placed, endpoints.address(context, each, placed))
            for each in endpoints.list_endpoints(context)
            if mine(call, each) and each.state not in endpoints.GONE
            for placed in endpoints.placements_of(each)
            if not ids or placed.network_interface_id in ids
        ]
    shapes: list[Content] = [each.shape() for each in ours if paging.matches(filters, each.filtered_by)]
    known = {each.placed.network_interface_id for each in ours}
    others = [each for each in ids if each not in known]
    if others or not ids:
        pairs = asked.pairs("Filter.") | numbered("NetworkInterfaceId", others)
        [theirs] = await call.forward_items(pairs, "networkInterfaceSet")
        shapes += theirs
    shown, token = paging.cut(shapes, start, most)
    return {"networkInterfaceSet": shown, "nextToken": token}


async def create_tags(call: Call) -> Answer:
    """CreateTags: of endpoints of ours, and of what is the emulator's."""
    given = tags.given(call.parameters)

    def added(kept: Tags) -> Tags:
        tags.check(kept | given)
        return kept | given

    return await _change(call, added)


async def delete_tags(call: Call) -> Answer:
    """DeleteTags: all of them without ``Tag.N``, and only where the value agrees if one is given (known)."""
    gone = [(each.required("Key"), each.text("Value")) for each in call.parameters.structures("Tag")]

    def removed(kept: Tags) -> Tags:
        return {key: value for key, value in kept.items() if gone and not {(key, None), (key, value)} & set(gone)}

    return await _change(call, removed)


async def _change(call: Call, changed: Callable[[Tags], Tags]) -> Answer:
    """Change the tags of what a request names, ours last: of all or of none, whatever the emulator says of its own."""
    asked = call.parameters
    ids = list(dict.fromkeys(asked.many("ResourceId")))
    if not ids:
        raise AwsError("MissingParameter", "The request must contain the parameter ResourceId")
    asked.finish()
    async with call.transactions.reading(call.caller.key) as opened:
        ours = _ours(call, context_of(call, opened), ids)
    for each in ours:
        changed(tags.of(each))
    asked.check_dry_run()
    known = {each.endpoint_id for each in ours}
    others = [each for each in ids if each not in known]
    if others:
        pairs = asked.pairs("Tag.") | numbered("ResourceId", others)
        await call.facts.ask(asked.action, **pairs)
    if ours:
        async with call.transactions.writing(call.caller.key, begun=bool(others)) as opened:
            context = context_of(call, opened)
            for each in _ours(call, context, known):
                endpoints.tag_endpoint(context, each, changed(tags.of(each)))
    return {"return": True}


def _ours(call: Call, context: Context, ids: Iterable[str]) -> list[Endpoint]:
    found = (context.store.endpoints.find(each) for each in ids)
    return [each for each in found if each is not None and mine(call, each)]
