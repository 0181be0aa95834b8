"""What belongs to an app beside its config: buildpacks and certificates, and what nobody has here."""

import json
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field, WithJsonSchema

from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_platform import documents, part_documents
from kagemusha.api.heroku_platform.apps import shape
from kagemusha.api.heroku_platform.common import REFUSALS, Body, Reading, Writing, whole
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import catalog
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.services import apps
from kagemusha.services.apps import AppChange
from kagemusha.services.context import Context
from kagemusha.store.records import App

router = APIRouter(route_class=PlatformRoute, tags=["apps"], responses=REFUSALS)
PERMISSIONS: list[part_documents.Permission] = [
    {"name": "deploy", "description": "Deploy and roll back code"},
    {"name": "manage", "description": "Change an app's name, domains, add-ons and collaborators"},
    {"name": "operate", "description": "Scale, restart and configure an app"},
    {"name": "view", "description": "See an app"},
]


class BuildpackUpdate(Body):
    """A buildpack of a PUT of buildpack-installations."""

    buildpack: Annotated[Text, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": apps.LONGEST_BUILDPACK})]


class BuildpackUpdates(Body):
    """What PUT /apps/{name}/buildpack-installations takes."""

    updates: Annotated[
        list[BuildpackUpdate],
        Field(json_schema_extra={"maxItems": apps.MOST_BUILDPACKS}),
    ]


def _installations(app: App) -> list[part_documents.BuildpackInstallation]:
    return [
        {"ordinal": number, "buildpack": {"url": _url(each), "name": each.removeprefix("urn:buildpack:")}}
        for number, each in enumerate(json.loads(app.buildpacks))
    ]


def _url(buildpack: str) -> str:
    return buildpack if ":" in buildpack else f"urn:buildpack:{buildpack}"


@router.get(
    "/apps/{name}/buildpack-installations",
    operation_id="buildpack_installation.list",
    **whole(part_documents.BuildpackInstallation, 404),
)
async def buildpacks(context: Reading, name: str) -> Response:
    """The buildpacks that an app is to be built with."""
    return reply(_installations(apps.find_app(context, name)))


@router.put(
    "/apps/{name}/buildpack-installations",
    operation_id="buildpack_installation.update",
    **whole(part_documents.BuildpackInstallation, 400, 404, 422),
)
async def set_buildpacks(context: Writing, name: str, body: BuildpackUpdates) -> Response:
    """Say which buildpacks an app is to be built with, in order."""
    change = AppChange(buildpacks=[each.buildpack for each in body.updates])
    return reply(_installations(apps.update_app(context, apps.find_app(context, name), change).app))


def _manage_certificates(context: Context, name: str, managed: bool) -> Response:
    changed = apps.update_app(context, apps.find_app(context, name), AppChange(acm=managed))
    return reply(shape(context, changed))


@router.post("/apps/{name}/acm", operation_id="acm.enable", **answers(documents.App, 404))
async def enable_acm(context: Writing, name: str) -> Response:
    """Let an app's certificates be managed; a body is taken."""
    return _manage_certificates(context, name, managed=True)


@router.delete("/apps/{name}/acm", operation_id="acm.disable", **answers(documents.App, 404))
async def disable_acm(context: Writing, name: str) -> Response:
    """Let an app's certificates be one's own concern."""
    return _manage_certificates(context, name, managed=False)


@router.patch("/apps/{name}/acm", operation_id="acm.refresh", **answers(documents.App, 404, 422))
async def refresh_acm(context: Reading, name: str) -> Response:
    """Look after an app's certificates anew, if they are managed: there are none."""
    view = apps.view(context, apps.find_app(context, name))
    if not view.app.acm:
        message = f"The certificates of app {name} are not managed: POST /apps/{name}/acm lets them be."
        raise InvalidParams(message)
    return reply(shape(context, view))


def _collaborator(context: Context, app: App) -> part_documents.Collaborator:
    """The account: everybody that there is."""
    at = rfc3339_seconds(app.created_at)
    return {
        "app": {"id": app.uuid, "name": app.name}, "created_at": at,
        "id": catalog.catalog_uuid("collaborator", app.uuid), "permissions": PERMISSIONS,
        "role": "admin" if app.in_team else "owner", "updated_at": at,
        "user": {"email": context.account.email, "federated": False, "id": context.account.uuid},
    }  # fmt: skip


@router.get("/apps/{name}/collaborators", operation_id="collaborator.list", **whole(part_documents.Collaborator, 404))
async def collaborators(context: Reading, name: str) -> Response:
    """Who has access to an app."""
    return reply([_collaborator(context, apps.find_app(context, name))])


@router.get("/apps/{name}/dynos", operation_id="dyno.list", **whole(part_documents.Dyno, 404))
async def dynos(context: Reading, name: str) -> Response:
    """The dynos of an app: none runs."""
    apps.find_app(context, name)
    return reply([])


@router.get("/apps/{name}/formation", operation_id="formation.list", **whole(part_documents.Formation, 404))
async def formation(context: Reading, name: str) -> Response:
    """The processes of an app: nothing is deployed."""
    apps.find_app(context, name)
    return reply([])


@router.get(
    "/apps/{name}/pipeline-couplings",
    operation_id="pipeline_coupling.info_by_app",
    **answers(part_documents.PipelineCoupling, 404),
)
async def pipeline_coupling(context: Reading, name: str) -> Response:
    """An app's place in a pipeline: there are no pipelines."""
    apps.find_app(context, name)
    raise NotFound("pipeline_coupling")
