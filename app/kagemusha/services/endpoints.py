"""Endpoints: EC2's VpcEndpoint and Heroku's connection are one row."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

from kagemusha.domain import principals
from kagemusha.domain.doors import PORTS
from kagemusha.domain.errors import AwsError, IllegalStep, InvalidParams
from kagemusha.domain.names import endpoint_dns_name
from kagemusha.domain.stages import Effect, On
from kagemusha.domain.states import LIVE_ENDPOINT_STATES, EndpointState, Machine
from kagemusha.services import endpoint_services, placements, releases
from kagemusha.services.context import Context
from kagemusha.services.doors import KINDS
from kagemusha.services.endpoint_services import EndpointService
from kagemusha.services.placements import Placement, Subnet
from kagemusha.store.base import Page
from kagemusha.store.link_views import ShownEndpoint
from kagemusha.store.records import Addon, Endpoint

MOST_IN_VPC = 50
"""Interface endpoints that a VPC may have (known: the VPC quotas page)."""
GONE = frozenset({EndpointState.DELETING, EndpointState.DELETED})
"""The states in which an endpoint has no network interfaces any more, and counts no more in its VPC."""


class NewEndpoint(NamedTuple):
    """What a create asks for: no zones means all, no VPC that none is named, no security groups no filter.

    EC2 gives subnets instead of zones, and its region; `security_groups` are names by id.
    """

    service_name: str
    principal_arn: str | None = None
    availability_zone_ids: Sequence[str] = ()
    vpc_id: str | None = None
    security_groups: Mapping[str, str] | None = None
    region: str | None = None
    subnets: Sequence[Subnet] = ()
    tags: Mapping[str, str] = MappingProxyType({})
    client_token: str | None = None

    @property
    def digest(self) -> str:
        """What two requests with one token must agree in."""
        asked = self._replace(client_token=None, tags=dict(self.tags))
        return blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=16).hexdigest()


def dns_name(endpoint: Endpoint | ShownEndpoint) -> str:
    """The endpoint's regional DNS name."""
    return endpoint_dns_name(endpoint.endpoint_id, endpoint.dns_suffix, endpoint.service_name)


def dns_names(endpoint: Endpoint) -> list[str]:
    """The regional DNS name, then one for each zone."""
    connection = releases.connection(endpoint)
    return [connection.host, *connection.zonal_hosts]


def security_groups_of(endpoint: Endpoint) -> dict[str, str]:
    """The names of the endpoint's security groups, by id."""
    found: dict[str, str] = json.loads(endpoint.security_group_ids or "{}")
    return found


def placements_of(endpoint: Endpoint) -> list[Placement]:
    """The endpoint's network interfaces."""
    return placements.parse(json.loads(endpoint.subnets))


def address(context: Context, endpoint: Endpoint, placed: Placement) -> str:
    """The address of a network interface: with a data plane that of its endpoint's door, whatever the subnet."""
    plane, addon = context.data_plane, context.store.addons.get(endpoint.addon_id)
    kind = KINDS.get(addon.addon_service.name) if addon else None
    if plane is None or kind is None or endpoint.state not in LIVE_ENDPOINT_STATES:
        return placed.address
    return plane.address(context.sandbox.id, dns_name(endpoint), PORTS[kind])


def create_endpoint(context: Context, new: NewEndpoint) -> Endpoint:
    """Make an endpoint of a service that we issued, for a principal that it allows.

    Raises AwsError: InvalidServiceName, InvalidParameter, DuplicateSubnetsInSameZone, VpcEndpointLimitExceeded,
    IdempotentParameterMismatch.
    """
    try:
        named = context.sandbox.aws_principal_arn if new.principal_arn is None else new.principal_arn
        principal = principals.parse(named)
    except InvalidParams as error:
        raise AwsError("InvalidParameter", error.message) from None
    made = context.store.endpoints.made_with(principal.account, new.client_token) if new.client_token else None
    if made is not None:
        return _made_again(made, new)
    service = endpoint_services.visible_service(context, new.service_name, principal.arn, new.region)
    zones = _zones(service, new)
    neighbours = context.store.endpoints.in_vpc(new.vpc_id) if new.vpc_id else []
    if sum(each.state not in GONE for each in neighbours) >= MOST_IN_VPC:
        raise AwsError("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
    number = context.store.allocate()
    names = context.names(number)
    placed = placements.place(names, new.subnets, _addresses(neighbours))
    step = context.born(Machine.ENDPOINT, number, names.endpoint_id(), service.addon.name)
    endpoint = Endpoint(
        id=number,
        endpoint_id=names.endpoint_id(),
        privatelink_id=service.link.id,
        addon_id=service.addon.id,
        addon_name=service.addon.name,
        service_name=service.name,
        principal_arn=principal.arn,
        owner_account_id=principal.account,
        dns_suffix=names.dns_suffix(),
        availability_zone_ids=json.dumps(zones),
        vpc_id=new.vpc_id,
        security_group_ids=None if new.security_groups is None else json.dumps(dict(new.security_groups)),
        created_at=context.now,
        subnets=json.dumps(placements.document(placed)),
        tags=json.dumps(dict(new.tags)),
        client_token=new.client_token,
        request_digest=new.digest if new.client_token else None,
        state=EndpointState.PENDING_ACCEPTANCE,
        generation=0,
        due_at=step.due_at,
        held_by=step.held_by,
        held_left=step.held_left,
    )
    context.store.endpoints.insert(endpoint)
    return endpoint


def _made_again(made: Endpoint, new: NewEndpoint) -> Endpoint:
    """What a request with a token that was used already is answered."""
    if made.request_digest != new.digest:
        message = "The client token is used with other parameters: send the same request again, or another token."
        raise AwsError("IdempotentParameterMismatch", message)
    return made


def _zones(service: EndpointService, new: NewEndpoint) -> list[str]:
    """The ids of the endpoint's zones: those of its subnets, those asked for, or all that the service has."""
    if new.region is not None:
        placements.check(service, new.vpc_id or "", new.subnets)
        return [each.zone_id for each in new.subnets]
    for zone in new.availability_zone_ids:
        if zone not in service.zones:
            message = (
                f"The VPC endpoint service {new.service_name} does not support the availability zone {zone}: "
                f"it supports {', '.join(service.zones)}."
            )
            raise AwsError("InvalidParameter", message)
    return list(dict.fromkeys(new.availability_zone_ids)) or list(service.zones)


def _addresses(neighbours: Iterable[Endpoint]) -> set[str]:
    return {placed.address for each in neighbours if each.state not in GONE for placed in placements_of(each)}


class Changes(NamedTuple):
    """What ModifyVpcEndpoint asks for."""

    add_subnets: Sequence[Subnet] = ()
    remove_subnets: Sequence[str] = ()
    add_security_groups: Mapping[str, str] = MappingProxyType({})
    remove_security_groups: Sequence[str] = ()


def modify_endpoint(context: Context, endpoint: Endpoint, changes: Changes) -> None:
    """Change an endpoint's subnets and security groups. Its zones, and so its DNS names, follow.

    Raises AwsError: InvalidParameter, DuplicateSubnetsInSameZone, IncorrectState for one that is on its way out.
    """
    if endpoint.state not in LIVE_ENDPOINT_STATES:
        message = f"The VPC endpoint {endpoint.endpoint_id} is {endpoint.state}: it can't be modified."
        raise AwsError("IncorrectState", message)
    placed = [each for each in placements_of(endpoint) if each.subnet_id not in changes.remove_subnets]
    link = context.store.privatelinks.get(endpoint.privatelink_id)
    addon = context.store.addons.get(endpoint.addon_id)
    if link is None or addon is None:
        message = f"The Vpc Endpoint Service '{endpoint.service_name}' does not exist"
        raise AwsError("InvalidServiceName", message)
    placements.check(EndpointService(link, addon), endpoint.vpc_id or "", changes.add_subnets, placed)
    taken = _addresses(context.store.endpoints.in_vpc(endpoint.vpc_id)) if endpoint.vpc_id else set()
    placed += placements.place(context.names(endpoint.id), changes.add_subnets, taken)
    groups = security_groups_of(endpoint) | dict(changes.add_security_groups)
    groups = {each: name for each, name in groups.items() if each not in changes.remove_security_groups}
    changed = endpoint._replace(
        availability_zone_ids=json.dumps([each.zone_id for each in placed]),
        subnets=json.dumps(placements.document(placed)),
        security_group_ids=json.dumps(groups),
    )
    context.store.endpoints.describe(changed)
    if endpoint.state == EndpointState.AVAILABLE:
        releases.sync_by_provider(context, addon, changed)


def tag_endpoint(context: Context, endpoint: Endpoint, tags: Mapping[str, str]) -> None:
    """Let the endpoint have these tags."""
    context.store.endpoints.describe(endpoint._replace(tags=json.dumps(dict(tags))))


def find_endpoint(context: Context, endpoint_id: str) -> Endpoint:
    """An endpoint by its ``vpce-`` id; AwsError InvalidVpcEndpointId.NotFound otherwise."""
    found = context.store.endpoints.find(endpoint_id)
    if found is None:
        message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
        raise AwsError("InvalidVpcEndpointId.NotFound", message)
    return found


def list_endpoints(context: Context) -> list[Endpoint]:
    """Every endpoint of the world, oldest first."""
    return context.store.endpoints.page(Page("id", limit=1_000_000))


def _step(context: Context, endpoint: Endpoint, on: On) -> Endpoint:
    try:
        step = context.step(endpoint, Machine.ENDPOINT, on, endpoint.endpoint_id, endpoint.addon_name)
    except IllegalStep:
        message = f"The endpoint {endpoint.endpoint_id} is {endpoint.state}: it can't be {_PAST[on]} now."
        raise AwsError("InvalidState", message) from None
    changed = find_endpoint(context, endpoint.endpoint_id)
    addon = context.store.addons.get(endpoint.addon_id)
    if Effect.SYNC_CONFIG_VARS in step.effects and addon is not None:
        releases.sync_by_provider(context, addon, changed)
    return changed


_PAST = {On.ACCEPT: "accepted", On.REJECT: "rejected", On.DELETE: "deleted"}


def delete_endpoint(context: Context, endpoint_id: str) -> Endpoint:
    """Ask for an endpoint's end: its vars go now; it is `deleting`, then `deleted`, then gone."""
    return _step(context, find_endpoint(context, endpoint_id), On.DELETE)


def accept_endpoint(context: Context, endpoint_id: str) -> Endpoint:
    """What the service's owner does for an endpoint that waits."""
    return _step(context, find_endpoint(context, endpoint_id), On.ACCEPT)


def reject_endpoint(context: Context, endpoint_id: str) -> Endpoint:
    """What the service's owner does to refuse, or cut off, an endpoint."""
    return _step(context, find_endpoint(context, endpoint_id), On.REJECT)


def reject_quietly(context: Context, endpoint: Endpoint) -> None:
    """Reject an endpoint without touching config vars: the caller does."""
    context.step(endpoint, Machine.ENDPOINT, On.REJECT, endpoint.endpoint_id, endpoint.addon_name)


def reject_all(context: Context, addon: Addon, live: Iterable[Endpoint]) -> None:
    """Reject all of `live`; their vars go in one release for each app."""
    for endpoint in live:
        reject_quietly(context, endpoint)
    releases.sync_by_provider(context, addon)
