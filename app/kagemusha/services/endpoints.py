"""Endpoints: EC2's VpcEndpoint and Heroku's connection are one row."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kagemusha.domain import catalog, principals
from kagemusha.domain.errors import AwsError, IllegalStep, InvalidParams
from kagemusha.domain.names import endpoint_dns_name
from kagemusha.domain.stages import Effect, On
from kagemusha.domain.states import EndpointState, Machine, PrivatelinkState
from kagemusha.services import effects, releases
from kagemusha.services.context import Context
from kagemusha.store.base import Page
from kagemusha.store.records import Addon, Endpoint


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """What a create asks for: no zones means all, no VPC that none is named, no security groups no filter."""

    service_name: str
    principal_arn: str | None = None
    availability_zone_ids: Sequence[str] = ()
    vpc_id: str | None = None
    security_group_ids: Sequence[str] | None = None


def dns_name(endpoint: Endpoint) -> str:
    """The endpoint's regional DNS name."""
    return endpoint_dns_name(endpoint.endpoint_id, endpoint.dns_suffix, endpoint.service_name)


def create_endpoint(context: Context, new: NewEndpoint) -> Endpoint:
    """Make an endpoint of a service that we issued, for a principal that it allows.

    Raises AwsError: an unknown service and one that does not allow the principal answer the same, as AWS does.
    """
    try:
        principal = principals.parse(new.principal_arn or context.sandbox.aws_principal_arn)
    except InvalidParams as error:
        raise AwsError("InvalidParameter", error.message) from None
    link = context.store.privatelinks.find(new.service_name) if new.service_name.startswith("com.") else None
    allowed = effects.allowed_arns(context, link.id) if link else []
    addon = context.store.addons.get(link.addon_id) if link else None
    if (
        link is None
        or addon is None
        or link.state != PrivatelinkState.OPERATIONAL
        or not principals.is_allowed(principal.arn, allowed)
    ):
        message = f"The Vpc Endpoint Service '{new.service_name}' does not exist"
        raise AwsError("InvalidServiceName", message)
    zones = catalog.ZONES[link.service_name.split(".")[3]]
    for zone in new.availability_zone_ids:
        if zone not in zones:
            message = (
                f"The VPC endpoint service {new.service_name} does not support the availability zone {zone}: "
                f"it supports {', '.join(zones)}."
            )
            raise AwsError("InvalidParameter", message)
    number = context.store.allocate()
    names = context.names(number)
    step = context.born(Machine.ENDPOINT, number, names.endpoint_id(), addon.name)
    endpoint = Endpoint(
        id=number, endpoint_id=names.endpoint_id(), privatelink_id=link.id, addon_id=addon.id, addon_name=addon.name,
        service_name=link.service_name, principal_arn=principal.arn, owner_account_id=principal.account,
        dns_suffix=names.dns_suffix(),
        availability_zone_ids=json.dumps(list(dict.fromkeys(new.availability_zone_ids)) or list(zones)),
        vpc_id=new.vpc_id,
        security_group_ids=None if new.security_group_ids is None else json.dumps(list(new.security_group_ids)),
        created_at=context.now, state=EndpointState.PENDING_ACCEPTANCE, generation=0, due_at=step.due_at,
    )  # fmt: skip
    context.store.endpoints.insert(endpoint)
    return endpoint


def find_endpoint(context: Context, endpoint_id: str) -> Endpoint:
    """An endpoint by its ``vpce-`` id; AwsError InvalidVpcEndpointId.NotFound otherwise."""
    context.store.send()
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
    context.store.send()
    addon = context.store.addons.get(endpoint.addon_id)
    if Effect.SYNC_CONFIG_VARS in step.effects and addon is not None:
        releases.sync_by_provider(context, addon)
    return find_endpoint(context, endpoint.endpoint_id)


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
    context.store.send()
    releases.sync_by_provider(context, addon)
