"""Spaces."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.heroku_platform import catalog as shapes
from kagemusha.api.heroku_platform.common import ID_NAME, Reading, Reference, Writing, asked, identity
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import catalog
from kagemusha.services import spaces
from kagemusha.services.context import Context
from kagemusha.store.records import Space

router = APIRouter(route_class=HerokuRoute, tags=["spaces"])


class SpaceBody(BaseModel):
    """What POST /spaces takes; what is not simulated is accepted and has no effect."""

    name: Text
    team: Text
    region: Reference | None = None
    shield: bool | None = None
    cidr: Text | None = None
    data_cidr: Text | None = None


def shape(context: Context, space: Space, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A space."""
    region = catalog.region(space.region)
    return {
        "created_at": rfc3339_seconds(space.created_at), "id": space.uuid, "name": space.name,
        "organization": {"name": spaces.TEAM}, "team": {"id": context.team_uuid, "name": spaces.TEAM},
        "region": shapes.region(region) if "region" in expand else {"id": region.id, "name": region.name},
        "shield": space.shield, "state": space.state, "updated_at": rfc3339_seconds(space.updated_at),
        "cidr": space.cidr, "data_cidr": space.data_cidr, "generation": "cedar",
    }  # fmt: skip


@router.post("/spaces", operation_id="space.create")
async def create(context: Writing, body: SpaceBody) -> Response:
    """Ask for a space."""
    new = spaces.NewSpace(body.name, body.team, identity(body.region), bool(body.shield), body.cidr, body.data_cidr)
    return reply(shape(context, spaces.create_space(context, new)), 201)


@router.get("/spaces", operation_id="space.list")
async def list_(request: Request, context: Reading) -> Response:
    """All spaces."""
    page = deps.page(request, ID_NAME)
    rows = context.store.spaces.page(deps.one_more(page))
    return deps.listed(page, ID_NAME, rows, lambda row: getattr(row, page.field), lambda row: shape(context, row))


@router.get("/spaces/{name}", operation_id="space.info")
async def info(request: Request, context: Reading, name: str) -> Response:
    """One space."""
    return reply(shape(context, spaces.find_space(context, name), asked(request, "accept-expansion")))


@router.delete("/spaces/{name}", operation_id="space.delete")
async def delete(context: Writing, name: str) -> Response:
    """Ask for a space's end."""
    return reply(shape(context, spaces.delete_space(context, name)))


@router.get("/spaces/{name}/nat", operation_id="space_nat.info")
async def nat(context: Reading, name: str) -> Response:
    """The outbound addresses of a space."""
    space = spaces.find_space(context, name)
    enabled = space.state == "allocated"
    return reply({
        "created_at": rfc3339_seconds(space.created_at),
        "sources": context.names(space.id).public_ips(4) if enabled else [],
        "state": "enabled" if enabled else "updating",
        "updated_at": rfc3339_seconds(space.updated_at),
    })  # fmt: skip
