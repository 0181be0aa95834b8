"""Where an endpoint has its network interfaces: one in each of its subnets, with an address inside it."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kagemusha.domain.errors import AwsError
from kagemusha.domain.names import Names
from kagemusha.services.endpoint_services import EndpointService

RESERVED_FIRST, RESERVED_LAST = 4, 1
"""Addresses at the ends of a subnet that AWS keeps for itself (known: the VPC guide)."""


class Subnet(NamedTuple):
    """A subnet of the account's, as AWS tells of it."""

    subnet_id: str
    vpc_id: str
    zone: str
    zone_id: str
    cidr: str


class Placement(NamedTuple):
    """An endpoint's network interface in one subnet."""

    subnet_id: str
    zone: str
    zone_id: str
    network_interface_id: str
    address: str


def check(service: EndpointService, vpc_id: str, subnets: Sequence[Subnet], kept: Iterable[Placement] = ()) -> None:
    """Refuse subnets of another VPC, of a zone that the service does not share, or two of one zone.

    Raises AwsError InvalidParameter and DuplicateSubnetsInSameZone, in AWS's own words (known).
    """
    zones = {each.zone_id for each in kept}
    for subnet in subnets:
        if subnet.vpc_id != vpc_id:
            message = f"The subnet {subnet.subnet_id} does not belong to the VPC {vpc_id}"
            raise AwsError("InvalidParameter", message)
        if subnet.zone_id not in service.zones:
            message = (
                f"The VPC endpoint service {service.name} does not support the availability zone of the subnet: "
                f"{subnet.subnet_id}."
            )
            raise AwsError("InvalidParameter", message)
        if subnet.zone_id in zones:
            message = (
                f"Found another VPC endpoint subnet in the availability zone of {subnet.subnet_id}. VPC endpoint "
                "subnets should be in different availability zones supported by the VPC endpoint service."
            )
            raise AwsError("DuplicateSubnetsInSameZone", message)
        zones.add(subnet.zone_id)


def place(names: Names, subnets: Iterable[Subnet], taken: set[str]) -> list[Placement]:
    """A network interface in each subnet; addresses in `taken` are left alone."""
    return [
        Placement(
            subnet.subnet_id,
            subnet.zone,
            subnet.zone_id,
            names.network_interface_id(subnet.subnet_id),
            _address(names, subnet, taken),
        )
        for subnet in subnets
    ]


def _address(names: Names, subnet: Subnet, taken: set[str]) -> str:
    network = ipaddress.IPv4Network(subnet.cidr)
    usable = network.num_addresses - RESERVED_FIRST - RESERVED_LAST
    start = names.number(f"address in {subnet.subnet_id}", max(usable, 1))
    for step in range(usable):
        address = str(network[RESERVED_FIRST + (start + step) % usable])
        if address not in taken:
            return address
    message = f"The subnet {subnet.subnet_id} has no free address left"
    raise AwsError("InsufficientFreeAddressesInSubnet", message)


def document(placements: Iterable[Placement]) -> list[dict[str, str]]:
    """Placements as they are kept."""
    return [each._asdict() for each in placements]


def parse(kept: Iterable[Mapping[str, str]]) -> list[Placement]:
    """Placements as they were kept."""
    return [Placement(**each) for each in kept]
