"""Spaces: where apps with private add-ons live."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network

from kagemusha.domain import catalog
from kagemusha.domain.errors import Conflict, IllegalStep, InvalidParams, NotFound
from kagemusha.domain.stages import On
from kagemusha.domain.states import Machine, SpaceState
from kagemusha.services.context import Context
from kagemusha.store.records import Space

TEAM = "kagemusha"
"""The one team of every world."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-))+[a-z0-9]", re.ASCII)
_PRIVATE = tuple(IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_DATA_CIDRS = ("10.1.0.0/16", "10.2.0.0/16")
_LONGEST_NAME = 30
_LONGEST_CIDR = len("192.168.255.255/16")


@dataclass(frozen=True, slots=True)
class NewSpace:
    """What a create asks for; None where the default is meant."""

    name: str
    team: str
    region: str | None = None
    shield: bool = False
    cidr: str | None = None
    data_cidr: str | None = None


def team(context: Context, identity: str) -> str:
    """The team's id, by name or id; NotFound for any other than the one."""
    if identity not in {TEAM, context.team_uuid}:
        raise NotFound("team")
    return context.team_uuid


def _check_name(context: Context, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        message = "Name must be 3 to 30 lowercase letters, digits and single dashes, with no dash at either end."
        raise InvalidParams(message)
    if context.store.spaces.find(name):
        raise InvalidParams("Name is already taken")


def find_space(context: Context, identity: str) -> Space:
    """A space by name or id; NotFound otherwise."""
    found = context.store.spaces.find(identity)
    if found is None:
        raise NotFound("space")
    return found


def create_space(context: Context, new: NewSpace) -> Space:
    """Ask for a space; it is `allocating` for 5 to 8 minutes."""
    team(context, new.team)
    _check_name(context, new.name)
    region = catalog.region("virginia" if new.region is None else new.region)
    if not region.private_capable:
        message = (
            f"Region {region.name} is not available for Private Spaces: see GET /regions for private_capable ones."
        )
        raise InvalidParams(message)
    cidr = "10.0.0.0/16" if new.cidr is None else new.cidr
    network = _private(cidr, "cidr", 16, 16)
    data_cidr = new.data_cidr
    if data_cidr is None:
        data_cidr = next(each for each in _DATA_CIDRS if each != str(network))
    _private(data_cidr, "data_cidr", 16, 20)
    number = context.store.allocate()
    names = context.names(number)
    step = context.born(Machine.SPACE, number, names.uuid(), new.name)
    space = Space(
        id=number, uuid=names.uuid(), name=new.name, region=region.name, shield=new.shield, cidr=cidr,
        data_cidr=data_cidr, created_at=context.now, updated_at=context.now,
        state=SpaceState.ALLOCATING, generation=0, due_at=step.due_at, held_by=step.held_by, held_left=step.held_left,
    )  # fmt: skip
    context.store.spaces.insert(space)
    return space


def _private(text: str, name: str, largest: int, smallest: int) -> IPv4Network:
    """The network `text`, which must be private (RFC 1918, as the schema says) and of a size between the two.

    It is shown as it was given, so the size has no leading zeros, which Python would read and the schema doesn't know.
    """
    try:
        network = IPv4Network(text, strict=False) if len(text) <= _LONGEST_CIDR else None
    except ValueError:
        network = None
    if (
        network
        and text.endswith(f"/{network.prefixlen}")
        and largest <= network.prefixlen <= smallest
        and any(network.subnet_of(each) for each in _PRIVATE)
    ):
        return network
    size = f"/{largest}" if largest == smallest else f"/{largest} to /{smallest}"
    message = f"{name} must be a {size} in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
    raise InvalidParams(message)


def rename_space(context: Context, identity: str, name: str) -> Space:
    """Give a space another name. Refused while it is being deleted."""
    space = find_space(context, identity)
    if space.state == SpaceState.DELETING:
        message = f"Space {space.name} is being deleted: make another one named {name[:_LONGEST_NAME]}."
        raise Conflict(message)
    if name != space.name:
        _check_name(context, name)
        context.store.spaces.rename(space.id, name, context.now)
    return find_space(context, space.uuid)


def delete_space(context: Context, identity: str) -> Space:
    """Ask for a space's end: it is `deleting` for a while, then gone. Refused while apps live in it."""
    space = find_space(context, identity)
    if context.store.apps.any_in_space(space.id):
        message = f"Space {space.name} still has apps: destroy or move them first."
        raise InvalidParams(message)
    try:
        context.step(space, Machine.SPACE, On.DELETE, space.uuid, space.name)
    except IllegalStep:
        message = f"Space {space.name} is being deleted already."
        raise Conflict(message) from None
    return find_space(context, space.uuid)
