"""Spaces."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.heroku_platform import catalog as shapes
from kagemusha.api.heroku_platform import documents
from kagemusha.api.heroku_platform.apps import hostname
from kagemusha.api.heroku_platform.common import (
    EXPANSION,
    ID_NAME,
    REFUSALS,
    Body,
    Reading,
    Reference,
    Writing,
    asked,
    ranged,
)
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import catalog
from kagemusha.domain.states import SpaceState
from kagemusha.services import spaces
from kagemusha.services.context import Context
from kagemusha.store.records import Space

router = APIRouter(route_class=PlatformRoute, tags=["spaces"], responses=REFUSALS)
SpaceName = Annotated[Text, matching(spaces.NAME, minLength=spaces.SHORTEST_NAME, maxLength=spaces.LONGEST_NAME)]


class SpaceBody(Body):
    """What POST /spaces takes; what is not simulated is accepted and has no effect."""

    name: SpaceName
    team: Text
    region: Reference | None = None
    shield: bool | None = None
    cidr: Annotated[Text, matching(spaces.CIDR)] | None = None
    data_cidr: Annotated[Text, matching(spaces.DATA_CIDR)] | None = None


class SpaceChange(Body):
    """What PATCH /spaces/{name} takes."""

    name: SpaceName | None = None


def shape(context: Context, space: Space, expand: frozenset[str] = frozenset()) -> documents.Space:
    """A space."""
    region = catalog.region(space.region)
    return {
        "created_at": rfc3339_seconds(space.created_at), "id": space.uuid, "name": space.name,
        "organization": {"name": spaces.TEAM}, "team": {"id": context.team_uuid, "name": spaces.TEAM},
        "region": shapes.region(region) if "region" in expand else {"id": region.id, "name": region.name},
        "shield": space.shield, "state": SpaceState(space.state), "updated_at": rfc3339_seconds(space.updated_at),
        "cidr": space.cidr, "data_cidr": space.data_cidr, "generation": "cedar",
    }  # fmt: skip


@router.post("/spaces", operation_id="space.create", **answers(documents.Space, 400, 404, 422, status=201))
async def create(context: Writing, body: SpaceBody) -> Response:
    """Ask for a space."""
    new = spaces.NewSpace(body.name, body.team, body.region, bool(body.shield), body.cidr, body.data_cidr)
    return reply(shape(context, spaces.create_space(context, new)), 201)


@router.get("/spaces", operation_id="space.list", **ranged(documents.Space))
async def list_(request: Request, context: Reading) -> Response:
    """All spaces."""
    page = deps.page(request, ID_NAME)
    rows = context.store.spaces.page(deps.one_more(page))
    return deps.listed(page, ID_NAME, rows, lambda row: getattr(row, page.field), lambda row: shape(context, row))


@router.get("/spaces/{name}", operation_id="space.info", **answers(documents.Space, 404, header=EXPANSION))
async def info(request: Request, context: Reading, name: str) -> Response:
    """One space."""
    return reply(shape(context, spaces.find_space(context, name), asked(request, "accept-expansion")))


@router.patch("/spaces/{name}", operation_id="space.update", **answers(documents.Space, 400, 404, 409, 422))
async def update(context: Writing, name: str, body: SpaceChange) -> Response:
    """Give a space another name."""
    return reply(shape(context, spaces.rename_space(context, name, name if body.name is None else body.name)))


@router.delete("/spaces/{name}", operation_id="space.delete", **answers(documents.Space, 404, 409, 422))
async def delete(context: Writing, name: str) -> Response:
    """Ask for a space's end."""
    return reply(shape(context, spaces.delete_space(context, name)))


@router.get("/spaces/{name}/nat", operation_id="space_nat.info", **answers(documents.SpaceNat, 404))
async def nat(context: Reading, name: str) -> Response:
    """The outbound addresses of a space."""
    space = spaces.find_space(context, name)
    enabled = space.state == SpaceState.ALLOCATED
    shown: documents.SpaceNat = {
        "created_at": rfc3339_seconds(space.created_at),
        "sources": context.names(space.id).public_ips(4) if enabled else [],
        "state": "enabled" if enabled else "updating",
        "updated_at": rfc3339_seconds(space.updated_at),
    }
    return reply(shown)


@router.get("/spaces/{name}/topology", operation_id="space_topology.info", **answers(documents.SpaceTopology, 404))
async def topology(context: Reading, name: str) -> Response:
    """The apps of a space; nothing runs in them."""
    found = context.store.apps.of_space(spaces.find_space(context, name).id)
    shown: documents.SpaceTopology = {
        "version": 1,
        "apps": [{"id": app.uuid, "domains": [hostname(app)], "formation": []} for app in found],
    }
    return reply(shown)
