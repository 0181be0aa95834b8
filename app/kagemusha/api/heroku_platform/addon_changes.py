"""What becomes of an add-on that is there: updates, its config, and what its provider says of it."""

from typing import Annotated, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_platform import addon_documents as documents
from kagemusha.api.heroku_platform.addons import AddonName, expanded, shape
from kagemusha.api.heroku_platform.common import EXPANSION, REFUSALS, Body, Reading, Reference, Writing, whole
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.domain.states import AddonState
from kagemusha.services import addon_changes, addon_views, addons, apps

router = APIRouter(route_class=PlatformRoute, tags=["add-ons"], responses=REFUSALS)


class AddonChange(Body):
    """What PATCH /apps/{app}/addons/{name} takes."""

    plan: Reference | None = None
    name: AddonName | None = None


class ConfigVariable(Body):
    """A variable of an add-on's config."""

    name: Text
    value: Text | None = None


class AddonConfigChange(Body):
    """What PATCH /addons/{name}/config takes."""

    config: Annotated[list[ConfigVariable], Field(default_factory=list)]


@router.patch(
    "/apps/{app}/addons/{name}",
    operation_id="addon.update",
    **answers(documents.Addon, 400, 404, 422, header=EXPANSION),
)
async def update(request: Request, context: Writing, app: str, name: str, body: AddonChange) -> Response:
    """Give an add-on another plan of its service, or another name."""
    owner = apps.find_app(context, app)
    found = addons.find_addon(context, name, owner)
    changed = addon_changes.update_addon(context, owner, found, body.plan, body.name)
    return reply(shape(addon_views.view(context, changed), expanded(request)))


@router.get("/addons/{name}/config", operation_id="addon_config.list", **whole(documents.AddonConfig, 404))
async def config(context: Reading, name: str) -> Response:
    """The variables that an add-on gives to the app that pays for it."""
    given = addon_changes.config(context, addons.find_addon(context, name))
    return reply([{"name": each, "value": value} for each, value in given.items()])


@router.patch(
    "/addons/{name}/config",
    operation_id="addon_config.update",
    **whole(documents.AddonConfig, 400, 403, 404, 422),
)
async def set_config(context: Writing, name: str, body: AddonConfigChange) -> NoReturn:
    """What only the add-on's provider can do: it is refused."""
    addon_changes.refuse_config(addons.find_addon(context, name))


@router.post("/addons/{name}/actions/provision", operation_id="addon.provision", **answers(documents.Addon, 404, 422))
async def provision(context: Writing, name: str) -> Response:
    """Say, as its provider can, that an add-on is provisioned."""
    done = addon_changes.provision(context, addons.find_addon(context, name))
    return reply(shape(addon_views.view(context, done)))


@router.post(
    "/addons/{name}/actions/deprovision", operation_id="addon.deprovision", **answers(documents.Addon, 404, 422)
)
async def deprovision(context: Writing, name: str) -> Response:
    """Say, as its provider can, that an add-on can't be provisioned: it is gone."""
    gone = addon_changes.deprovision(context, addons.find_addon(context, name))
    return reply(shape(gone, state=AddonState.DEPROVISIONED))
