"""EC2's actions on VPC endpoints. What is not of a service of ours is the emulator's."""

from functools import partial
from xml.etree.ElementTree import Element

from kagemusha.api.aws import paging, tags
from kagemusha.api.aws.call import Answer, Call
from kagemusha.api.aws.facts import items, text
from kagemusha.api.aws.protocol import Content, Parameters, numbered
from kagemusha.clock import rfc3339
from kagemusha.domain import catalog
from kagemusha.domain.errors import AwsError
from kagemusha.domain.states import EndpointState
from kagemusha.services import endpoints
from kagemusha.services.context import Context
from kagemusha.services.endpoint_services import PREFIX, region_of
from kagemusha.services.endpoints import Changes, NewEndpoint
from kagemusha.services.sandboxes import missing
from kagemusha.store.records import Endpoint

LONGEST_TOKEN = 64
FILTERS = frozenset({
    "ip-address-type", "service-name", "service-region", "tag-key", "vpc-endpoint-id", "vpc-endpoint-state",
    "vpc-endpoint-type", "vpc-id",
})  # fmt: skip


def shape(endpoint: Endpoint) -> dict[str, Content]:
    """``VpcEndpoint``."""
    placed = endpoints.placements_of(endpoint)
    zone = catalog.HOSTED_ZONES[region_of(endpoint.service_name)]
    return {
        "vpcEndpointId": endpoint.endpoint_id,
        "vpcEndpointType": "Interface",
        "vpcId": endpoint.vpc_id,
        "serviceName": endpoint.service_name,
        "state": endpoint.state,
        "routeTableIdSet": [],
        "subnetIdSet": [each.subnet_id for each in placed],
        "groupSet": group_set(endpoint),
        "ipAddressType": "ipv4",
        "dnsOptions": {"dnsRecordIpType": "ipv4"},
        "privateDnsEnabled": False,
        "requesterManaged": False,
        "networkInterfaceIdSet": [each.network_interface_id for each in placed],
        "dnsEntrySet": [{"dnsName": name, "hostedZoneId": zone} for name in endpoints.dns_names(endpoint)],
        "creationTimestamp": rfc3339(endpoint.created_at),
        "tagSet": tags.shape(endpoint),
        "ownerId": endpoint.owner_account_id,
        "serviceRegion": region_of(endpoint.service_name),
    }


def group_set(endpoint: Endpoint) -> Content:
    """``groupSet``, of an endpoint and of each of its network interfaces."""
    groups = endpoints.security_groups_of(endpoint)
    return [{"groupId": each, "groupName": name} for each, name in groups.items()]


def context_of(call: Call, context: Context | None) -> Context:
    """The caller's world; a sandbox that is gone by now is NotFound."""
    if context is None:
        raise missing(call.caller.sandbox.name)
    return context


def mine(call: Call, endpoint: Endpoint | None) -> bool:
    """Whether the endpoint is the caller's, in the region that is asked."""
    return (
        endpoint is not None
        and endpoint.owner_account_id == call.account_id
        and region_of(endpoint.service_name) == call.scope.region
    )


def _filtered_by(endpoint: Endpoint, name: str) -> list[str]:
    if name.startswith("tag:"):
        value = tags.of(endpoint).get(name.removeprefix("tag:"))
        return [] if value is None else [value]
    return {
        "ip-address-type": ["ipv4"],
        "service-name": [endpoint.service_name],
        "service-region": [region_of(endpoint.service_name)],
        "tag-key": list(tags.of(endpoint)),
        "vpc-endpoint-id": [endpoint.endpoint_id],
        "vpc-endpoint-state": [endpoint.state],
        "vpc-endpoint-type": ["Interface"],
        "vpc-id": [endpoint.vpc_id or ""],
    }[name]


async def create(call: Call) -> Answer:
    """CreateVpcEndpoint: an Interface endpoint of a service of ours, in subnets of the account."""
    asked = call.parameters
    service = asked.text("ServiceName") or ""
    if not service.startswith(PREFIX):
        # moto keeps an endpoint without a type, and fails when it is deleted; AWS's default is Gateway (known).
        return await call.forward("" if asked.text("VpcEndpointType") else "&VpcEndpointType=Gateway")
    vpc_id = asked.required("VpcId")
    _check_kind(asked, service)
    token = asked.text("ClientToken")
    if token is not None and not (0 < len(token) <= LONGEST_TOKEN and token.isascii()):
        message = f"ClientToken has up to {LONGEST_TOKEN} ASCII characters."
        raise AwsError("InvalidParameterValue", message)
    subnet_ids, group_ids = asked.many("SubnetId"), asked.many("SecurityGroupId")
    own = tags.specified(asked)
    region = asked.text("ServiceRegion") or call.scope.region
    asked.finish()
    facts = call.facts
    await facts.check_vpc(vpc_id)
    groups = await (facts.security_groups(vpc_id, group_ids) if group_ids else facts.default_security_group(vpc_id))
    new = NewEndpoint(
        service,
        call.caller.principal.arn,
        vpc_id=vpc_id,
        security_groups=groups,
        region=call.scope.region if region == call.scope.region else "",
        subnets=await facts.subnets(subnet_ids),
        tags=own,
        client_token=token,
    )
    async with call.transactions.writing(call.caller.key) as context:
        made = endpoints.create_endpoint(context_of(call, context), new)
        # Ends the transaction, and so undoes what was only tried.
        asked.check_dry_run()
    return {"vpcEndpoint": shape(made), "clientToken": token}


def _check_kind(asked: Parameters, service: str) -> None:
    """Refuse what our services don't offer, in AWS's words where they are known."""
    kind = asked.text("VpcEndpointType") or "Gateway"
    if kind != "Interface":
        message = f"Endpoint type ({kind}) does not match available service types ([Interface])."
        raise AwsError("InvalidParameter", message)
    if asked.many("RouteTableId"):
        raise AwsError("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
    check_options(asked, service)


def check_options(asked: Parameters, service: str) -> None:
    """Refuse options that endpoint services of ours don't have."""
    if asked.flag("PrivateDnsEnabled"):
        message = f"Private DNS can't be enabled because the service {service} does not provide a private DNS name."
        raise AwsError("InvalidParameter", message)
    for name in ("IpAddressType", "DnsOptions.DnsRecordIpType"):
        if asked.text(name) not in {None, "ipv4", "service-defined"}:
            message = f"The service {service} supports the {name} ipv4 only."
            raise AwsError("InvalidParameter", message)
    if asked.text("PolicyDocument"):
        message = f"The service {service} does not support VPC endpoint policies."
        raise AwsError("InvalidParameter", message)


async def describe(call: Call) -> Answer:
    """DescribeVpcEndpoints: ours by id, or all, with the emulator's merged in."""
    asked = call.parameters
    ids, filters = asked.many("VpcEndpointId"), asked.filters(FILTERS)
    start, most = paging.page(asked)
    asked.finish()
    asked.check_dry_run()
    async with call.transactions.reading(call.caller.key) as opened:
        context = context_of(call, opened)
        named = [context.store.endpoints.find(each) for each in dict.fromkeys(ids)]
        found = named if ids else endpoints.list_endpoints(context)
    ours = [each for each in found if each is not None and mine(call, each)]
    known = {each.endpoint_id for each in ours}
    kept: list[Endpoint | Element] = [each for each in ours if paging.matches(filters, partial(_filtered_by, each))]
    others = [each for each in ids if each not in known]
    if others or not (ids or _ours_alone(filters)):
        # Without the filters: not every emulator knows them all.
        [theirs] = await call.forward_items(numbered("VpcEndpointId", others), "vpcEndpointSet")
        kept += [each for each in theirs if paging.matches(filters, partial(_theirs_filtered_by, each))]
    shown, token = paging.cut(kept, start, most)
    return {
        "vpcEndpointSet": [shape(each) if isinstance(each, Endpoint) else each for each in shown],
        "nextToken": token,
    }


def _theirs_filtered_by(endpoint: Element, name: str) -> list[str]:
    """What an endpoint of the emulator's has for a filter."""
    own = {text(each, "key"): text(each, "value") for each in endpoint.iterfind("tagSet/item")}
    if name.startswith("tag:"):
        value = own.get(name.removeprefix("tag:"))
        return [] if value is None else [value]
    match name:
        case "tag-key":
            return list(own)
        case "vpc-endpoint-state":
            return [text(endpoint, "state")]
        case _:
            first, *rest = name.split("-")
            return [text(endpoint, first + "".join(each.capitalize() for each in rest))]


def _ours_alone(filters: dict[str, list[str]]) -> bool:
    """Whether only endpoints of services of ours can pass."""
    return any(values and all(each.startswith(PREFIX) for each in values)
               for name, values in filters.items() if name == "service-name")  # fmt: skip


async def delete(call: Call) -> Answer:
    """DeleteVpcEndpoints: each by itself; what could not be deleted is listed, as in AWS."""
    asked = call.parameters
    ids = asked.many("VpcEndpointId")
    if not ids:
        raise AwsError("MissingParameter", "The request must contain the parameter VpcEndpointId")
    asked.finish()
    others: list[str] = []
    async with call.transactions.writing(call.caller.key) as opened:
        context = context_of(call, opened)
        asked.check_dry_run()
        for each in dict.fromkeys(ids):
            found = context.store.endpoints.find(each)
            if found is None or not mine(call, found) or found.state == EndpointState.DELETED:
                others.append(each)
            elif found.state != EndpointState.DELETING:
                endpoints.delete_endpoint(context, each)
    return {"unsuccessful": await _not_deleted(call, others)}


async def _not_deleted(call: Call, ids: list[str]) -> Content:
    """Delete what is the emulator's; what it does not have is not found."""
    if not ids:
        return []
    # Asked about all at once: it would say of one alone that it is not there.
    found = items(await call.facts.ask("DescribeVpcEndpoints"), "vpcEndpointSet")
    there = {text(each, "vpcEndpointId") for each in found if text(each, "state") != "deleted"}
    unsuccessful: list[Content] = [
        {
            "error": {"code": "InvalidVpcEndpoint.NotFound", "message": f"The Vpc Endpoint Id '{each}' does not exist"},
            "resourceId": each,
        }
        for each in ids
        if each not in there
    ]
    theirs = [each for each in ids if each in there]
    if theirs:
        [failed] = await call.forward_items(numbered("VpcEndpointId", theirs), "unsuccessful")
        unsuccessful += failed
    return unsuccessful


async def modify(call: Call) -> Answer:
    """ModifyVpcEndpoint: subnets and security groups of an endpoint of ours."""
    asked = call.parameters
    endpoint_id = asked.required("VpcEndpointId")
    async with call.transactions.reading(call.caller.key) as opened:
        found = context_of(call, opened).store.endpoints.find(endpoint_id)
    if found is None or not mine(call, found):
        return await call.forward()
    check_options(asked, found.service_name)
    asked.flag("ResetPolicy")
    vpc_id = found.vpc_id or ""
    added, groups = asked.many("AddSubnetId"), asked.many("AddSecurityGroupId")
    removed, groups_removed = asked.many("RemoveSubnetId"), asked.many("RemoveSecurityGroupId")
    asked.finish()
    changes = Changes(
        add_subnets=await call.facts.subnets(added),
        remove_subnets=removed,
        add_security_groups=await call.facts.security_groups(vpc_id, groups),
        remove_security_groups=groups_removed,
    )
    async with call.transactions.writing(call.caller.key) as opened:
        context = context_of(call, opened)
        endpoints.modify_endpoint(context, endpoints.find_endpoint(context, endpoint_id), changes)
        asked.check_dry_run()
    return {"return": True}
