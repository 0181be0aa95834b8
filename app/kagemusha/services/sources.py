"""Sources: which address of a VPC, and which security groups, a client has that comes from an address of this machine.

Chosen: so that one machine can play several clients in a VPC. An address that nobody spoke of is its own.
"""

import json
import re
from collections.abc import Sequence
from ipaddress import IPv4Address

from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.services.context import Context
from kagemusha.store.records import Source

MOST = 1_000
"""Sources that a world may have."""
MOST_GROUPS = 16
"""Security groups that an interface may have (known: the VPC quotas page, after an increase)."""
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ADDRESS = re.compile(rf"127(?:\.{_OCTET}){{3}}", re.ASCII)
VPC_ADDRESS = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
GROUP = re.compile(r"sg-[0-9a-f]{8}(?:[0-9a-f]{9})?", re.ASCII)


def set_source(context: Context, address: str, vpc_address: str, security_group_ids: Sequence[str]) -> Source:
    """Give an address of this machine one in a VPC, and security groups. Raises InvalidParams for what is none."""
    source = Source(address, vpc_address, json.dumps(list(dict.fromkeys(security_group_ids))))
    check(source)
    if context.store.sources.find(address) is None and len(context.store.sources.all()) >= MOST:
        message = f"A sandbox has {MOST} sources at most: take some back first."
        raise InvalidParams(message)
    context.store.sources.put(source)
    return source


def check(source: Source) -> None:
    """Refuse an address that is not of this machine, and what are no address and no security groups."""
    if not ADDRESS.fullmatch(source.address):
        message = "address must be one of this machine's, from 127.0.0.0 to 127.255.255.255."
        raise InvalidParams(message)
    if not VPC_ADDRESS.fullmatch(source.vpc_address):
        message = "vpc_address must be an IPv4 address, such as 10.0.1.20."
        raise InvalidParams(message)
    if len(source.groups) > MOST_GROUPS or not all(map(GROUP.fullmatch, source.groups)):
        message = f"security_group_ids must be {MOST_GROUPS} ids at most, such as sg-0123456789abcdef0."
        raise InvalidParams(message)


def list_sources(context: Context) -> list[Source]:
    """All sources, by address."""
    return sorted(context.store.sources.all(), key=lambda each: IPv4Address(each.address))


def find_source(context: Context, address: str) -> Source:
    """What an address was given; NotFound if nothing."""
    found = context.store.sources.find(address)
    if found is None:
        message = f"{address} was given no VPC address: who comes from there comes from there."
        raise NotFound("source", message)
    return found


def delete_source(context: Context, address: str) -> None:
    """Let an address be its own again; NotFound if it is."""
    context.store.sources.delete(find_source(context, address).address)


def seen_as(context: Context, address: str) -> Source:
    """Who comes from `address`: what it was given, or itself, without security groups."""
    return context.store.sources.find(address) or Source(address, address, "[]")
