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

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
SHORTEST_NAME, LONGEST_NAME = 3, 30
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_ADDRESS = rf"(?:10\.{_OCTET}|172\.(?:1[6-9]|2[0-9]|3[01])|192\.168)\.{_OCTET}\.{_OCTET}"
CIDR = re.compile(rf"{_ADDRESS}/16", re.ASCII)
DATA_CIDR = re.compile(rf"{_ADDRESS}/(?:1[6-9]|20)", re.ASCII)
"""Private networks (RFC 1918), as the schema says, of the sizes that a space may have."""
_DATA_CIDRS = ("10.1.0.0/16", "10.2.0.0/16")


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
    if not (SHORTEST_NAME <= len(name) <= LONGEST_NAME and NAME.fullmatch(name)):
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
    if not CIDR.fullmatch(cidr):
        raise _not_private("cidr", "/16")
    data_cidr = new.data_cidr
    if data_cidr is None:
        data_cidr = next(each for each in _DATA_CIDRS if each != str(IPv4Network(cidr, strict=False)))
    if not DATA_CIDR.fullmatch(data_cidr):
        raise _not_private("data_cidr", "/16 to /20")
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


def _not_private(name: str, size: str) -> InvalidParams:
    return InvalidParams(f"{name} must be a {size} in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")


def rename_space(context: Context, identity: str, name: str) -> Space:
    """Give a space another name. Refused while it is being deleted."""
    space = find_space(context, identity)
    if space.state == SpaceState.DELETING:
        message = f"Space {space.name} is being deleted: make another one named {name[:LONGEST_NAME]}."
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
