"""Endpoint services: what a consumer may see of them, and what their owner, Heroku's account, may ask.

A service that does not exist and one that does not allow the caller answer the same, as in AWS (known).
"""

from typing import NamedTuple

from kagemusha.domain import catalog, principals
from kagemusha.domain.errors import AwsError
from kagemusha.domain.states import PrivatelinkState
from kagemusha.services import effects
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, AllowedAccount, Privatelink

PREFIX = "com.amazonaws.vpce."
"""What the names of our services begin with, issued or not."""


class EndpointService(NamedTuple):
    """A service that is open to its consumer."""

    link: Privatelink
    addon: Addon

    @property
    def name(self) -> str:
        """``com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0``."""
        return self.link.service_name

    @property
    def region(self) -> str:
        """The AWS region."""
        return region_of(self.name)

    @property
    def service_id(self) -> str:
        """``vpce-svc-0123456789abcdef0``."""
        return service_id_of(self.name)

    @property
    def zones(self) -> dict[str, str]:
        """Its availability zones: their names by id."""
        return catalog.ZONES[self.region]


def region_of(service_name: str) -> str:
    """The AWS region in a service's name."""
    return service_name.split(".")[3]


def service_id_of(service_name: str) -> str:
    """The service's id in its name."""
    return service_name.split(".")[4]


def visible_service(context: Context, name: str, principal_arn: str, region: str | None) -> EndpointService:
    """The service `name`, for a principal that it allows, in its own region (None: wherever that is).

    Raises AwsError InvalidServiceName.
    """
    link = context.store.privatelinks.find(name) if name.startswith(PREFIX) else None
    found = _open_to(context, link, principal_arn) if link else None
    if found is None or region not in {None, found.region}:
        message = f"The Vpc Endpoint Service '{name}' does not exist"
        raise AwsError("InvalidServiceName", message)
    return found


def _open_to(context: Context, link: Privatelink, principal_arn: str) -> EndpointService | None:
    if link.state != PrivatelinkState.OPERATIONAL:
        return None
    addon = context.store.addons.get(link.addon_id)
    if addon is None or not principals.is_allowed(principal_arn, effects.allowed_arns(context, link.id)):
        return None
    return EndpointService(link, addon)


def visible_services(context: Context, principal_arn: str, region: str) -> list[EndpointService]:
    """The services of the region that allow the principal, oldest first."""
    found = context.store.privatelinks.open_to(principals.covering(principal_arn))
    return [EndpointService(link, addon) for link, addon in found if region_of(link.service_name) == region]


def owned_service(context: Context, service_id: str, region: str) -> Privatelink:
    """The privatelink behind a service id of the region; AwsError InvalidVpcEndpointServiceId.NotFound otherwise."""
    link = context.store.privatelinks.find(f"{PREFIX}{region}.{service_id}")
    if link is None:
        raise not_owned(service_id)
    return link


def not_owned(service_id: str) -> AwsError:
    """The error for a service id that its asker does not own, whether it is there or not."""
    return AwsError("InvalidVpcEndpointServiceId.NotFound", f"The VpcEndpointService Id '{service_id}' does not exist")


def permissions(context: Context, service_id: str, region: str) -> list[AllowedAccount]:
    """The principals that a service allows, in the order in which they were added."""
    return context.store.allowed_accounts.of_link(owned_service(context, service_id, region).id)
