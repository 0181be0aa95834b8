"""EC2's actions on endpoint services: those of a consumer, and those of the owner, whom an operator's key plays."""

from collections.abc import Callable
from functools import partial
from xml.etree.ElementTree import Element

from kagemusha.api.aws import paging
from kagemusha.api.aws.call import Answer, Call
from kagemusha.api.aws.endpoints import context_of
from kagemusha.api.aws.facts import text
from kagemusha.api.aws.protocol import Content, numbered
from kagemusha.clock import rfc3339
from kagemusha.domain import catalog
from kagemusha.domain.errors import AwsError
from kagemusha.domain.principals import parse
from kagemusha.services import endpoint_services, endpoints
from kagemusha.services.aws_credentials import OPERATOR_ACCOUNT
from kagemusha.services.context import Context
from kagemusha.services.endpoint_services import PREFIX, EndpointService, region_of, service_id_of
from kagemusha.store.records import AllowedAccount, Endpoint, Privatelink

SERVICE_FILTERS = frozenset(
    {"owner", "service-name", "service-region", "service-type", "supported-ip-address-types", "tag-key"}
)
CONNECTION_FILTERS = frozenset({
    "ip-address-type", "service-id", "tag-key", "vpc-endpoint-id", "vpc-endpoint-owner", "vpc-endpoint-region",
    "vpc-endpoint-state",
})  # fmt: skip
PERMISSION_FILTERS = frozenset({"principal", "principal-type"})
_KINDS = {"root": "Account", "user": "User", "role": "Role"}


def _service(found: EndpointService) -> dict[str, Content]:
    """``ServiceDetail``."""
    return {
        "serviceName": found.name,
        "serviceId": found.service_id,
        "serviceType": [{"serviceType": "Interface"}],
        "serviceRegion": found.region,
        "availabilityZoneIdSet": list(found.zones),
        "availabilityZoneSet": sorted(found.zones.values()),
        "owner": OPERATOR_ACCOUNT,
        "baseEndpointDnsNameSet": [f"{found.service_id}.{found.region}.vpce.amazonaws.com"],
        "privateDnsNameSet": [],
        "vpcEndpointPolicySupported": False,
        "acceptanceRequired": True,
        "managesVpcEndpoints": False,
        "tagSet": [],
        "supportedIpAddressTypeSet": ["ipv4"],
    }


def _service_filtered_by(found: EndpointService, name: str) -> list[str]:
    return {
        "owner": [OPERATOR_ACCOUNT],
        "service-name": [found.name],
        "service-region": [found.region],
        "service-type": ["Interface"],
        "supported-ip-address-types": ["ipv4"],
    }.get(name, [])


async def describe_services(call: Call) -> Answer:
    """DescribeVpcEndpointServices: ours that allow the caller, and AWS's own by the emulator."""
    asked = call.parameters
    names, filters = asked.many("ServiceName"), asked.filters(SERVICE_FILTERS)
    asked.many("ServiceRegion")
    start, most = paging.page(asked)
    asked.finish()
    asked.check_dry_run()
    who, region = call.caller.principal.arn, call.scope.region
    async with call.transactions.reading(call.caller.key) as opened:
        context = context_of(call, opened)
        if names:
            ours = [each for each in names if each.startswith(PREFIX)]
            found = [endpoint_services.visible_service(context, each, who, region) for each in ours]
        else:
            found = endpoint_services.visible_services(context, who, region)
    kept: list[EndpointService | Element] = [
        each for each in found if paging.matches(filters, partial(_service_filtered_by, each))
    ]
    others = [each for each in names if not each.startswith(PREFIX)]
    if others or not names:
        # Without the filters: moto fails at them.
        [theirs] = await call.forward_items(numbered("ServiceName", others), "serviceDetailSet")
        kept += [each for each in theirs if paging.matches(filters, partial(_theirs_filtered_by, each))]
    shown, token = paging.cut(kept, start, most)
    return {
        "serviceNameSet": [text(each, "serviceName") if isinstance(each, Element) else each.name for each in shown],
        "serviceDetailSet": [each if isinstance(each, Element) else _service(each) for each in shown],
        "nextToken": token,
    }


def _theirs_filtered_by(service: Element, name: str) -> list[str]:
    """What a service of the emulator's has for a filter."""
    if name.startswith("tag:"):
        tags = {text(each, "key"): text(each, "value") for each in service.iterfind("tagSet/item")}
        return [tags[key] for key in (name.removeprefix("tag:"),) if key in tags]
    place = {
        "owner": "owner",
        "service-name": "serviceName",
        "service-region": "serviceRegion",
        "service-type": "serviceType/item/serviceType",
        "supported-ip-address-types": "supportedIpAddressTypeSet/item",
        "tag-key": "tagSet/item/key",
    }[name]
    return [each.text or "" for each in service.iterfind(place)]


def _connection(found: Endpoint) -> dict[str, Content]:
    """``VpcEndpointConnection``."""
    zone = catalog.HOSTED_ZONES[region_of(found.service_name)]
    return {
        "serviceId": service_id_of(found.service_name),
        "vpcEndpointId": found.endpoint_id,
        "vpcEndpointOwner": found.owner_account_id,
        "vpcEndpointState": found.state,
        "creationTimestamp": rfc3339(found.created_at),
        "dnsEntrySet": [{"dnsName": name, "hostedZoneId": zone} for name in endpoints.dns_names(found)],
        "networkLoadBalancerArnSet": [],
        "gatewayLoadBalancerArnSet": [],
        "ipAddressType": "ipv4",
        "tagSet": [],
        "vpcEndpointRegion": region_of(found.service_name),
    }


def _connection_filtered_by(found: Endpoint, name: str) -> list[str]:
    return {
        "ip-address-type": ["ipv4"],
        "service-id": [service_id_of(found.service_name)],
        "vpc-endpoint-id": [found.endpoint_id],
        "vpc-endpoint-owner": [found.owner_account_id],
        "vpc-endpoint-region": [region_of(found.service_name)],
        "vpc-endpoint-state": [found.state],
    }.get(name, [])


async def describe_connections(call: Call) -> Answer:
    """DescribeVpcEndpointConnections: the operator sees all; any other account owns no service of ours, and none."""
    asked = call.parameters
    filters = asked.filters(CONNECTION_FILTERS)
    start, most = paging.page(asked)
    asked.finish()
    asked.check_dry_run()
    async with call.transactions.reading(call.caller.key) as opened:
        context = context_of(call, opened)
        listed = endpoints.list_endpoints(context) if call.caller.is_operator else []
    found = [each for each in listed if region_of(each.service_name) == call.scope.region]
    kept = [_connection(each) for each in found if paging.matches(filters, partial(_connection_filtered_by, each))]
    shown, token = paging.cut(kept, start, most)
    return {"vpcEndpointConnectionSet": shown, "nextToken": token}


def _check_connected(context: Context, service: Privatelink, endpoint_id: str) -> None:
    found = context.store.endpoints.find(endpoint_id)
    if found is None or found.privatelink_id != service.id:
        message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
        raise AwsError("InvalidVpcEndpointId.NotFound", message)


async def _decide(call: Call, decide: Callable[[Context, str], Endpoint]) -> Answer:
    asked = call.parameters
    service_id, ids = asked.required("ServiceId"), asked.many("VpcEndpointId")
    if not ids:
        raise AwsError("MissingParameter", "The request must contain the parameter VpcEndpointId")
    asked.finish()
    if not call.caller.is_operator:
        raise endpoint_services.not_owned(service_id)
    unsuccessful: list[Content] = []
    async with call.transactions.writing(call.caller.key) as opened:
        context = context_of(call, opened)
        service = endpoint_services.owned_service(context, service_id, call.scope.region)
        for each in dict.fromkeys(ids):
            try:
                _check_connected(context, service, each)
                decide(context, each)
            except AwsError as error:
                shown = {"code": error.code, "message": error.message}
                unsuccessful.append({"error": shown, "resourceId": each})
        asked.check_dry_run()
    return {"unsuccessful": unsuccessful}


async def accept(call: Call) -> Answer:
    """AcceptVpcEndpointConnections, by the operator."""
    return await _decide(call, endpoints.accept_endpoint)


async def reject(call: Call) -> Answer:
    """RejectVpcEndpointConnections, by the operator."""
    return await _decide(call, endpoints.reject_endpoint)


def _permission(found: AllowedAccount, service_id: str) -> dict[str, Content]:
    """``AllowedPrincipal``."""
    return {
        "principalType": _kind(found),
        "principal": found.arn,
        "servicePermissionId": f"vpce-svc-perm-{found.uuid.replace('-', '')[:17]}",
        "tagSet": [],
        "serviceId": service_id,
    }


def _kind(found: AllowedAccount) -> str:
    return _KINDS[parse(found.arn).path.split("/")[0]]


def _permission_filtered_by(found: AllowedAccount, name: str) -> list[str]:
    return [found.arn] if name == "principal" else [_kind(found)]


async def describe_permissions(call: Call) -> Answer:
    """DescribeVpcEndpointServicePermissions: the operator sees whom a service allows; others ask the emulator."""
    asked = call.parameters
    if not call.caller.is_operator:
        return await call.forward()
    service_id, filters = asked.required("ServiceId"), asked.filters(PERMISSION_FILTERS)
    start, most = paging.page(asked)
    asked.finish()
    asked.check_dry_run()
    async with call.transactions.reading(call.caller.key) as opened:
        found = endpoint_services.permissions(context_of(call, opened), service_id, call.scope.region)
    kept = [
        _permission(each, service_id)
        for each in found
        if paging.matches(filters, partial(_permission_filtered_by, each))
    ]
    shown, token = paging.cut(kept, start, most)
    return {"allowedPrincipals": shown, "nextToken": token}
