"""Apps, their config vars and their releases."""

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, WithJsonSchema

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.heroku_platform import documents
from kagemusha.api.heroku_platform.common import (
    ID_NAME,
    REFUSALS,
    Body,
    Reading,
    Reference,
    Writing,
    ranged,
)
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import catalog
from kagemusha.domain.errors import NotFound
from kagemusha.services import apps, releases, spaces
from kagemusha.services.context import Context
from kagemusha.store.records import App, Release

router = APIRouter(route_class=PlatformRoute, tags=["apps"], responses=REFUSALS)
_VERSION_ID = {"version": "version", "id": "uuid"}
AppName = Annotated[Text, matching(apps.NAME)]
ConfigChanges = Annotated[
    dict[Text, Text | None],
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{releases.NAME.pattern}$"},
            "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        }
    ),
]
"""Config vars by name; null takes one away."""


class AppBody(Body):
    """What POST /apps takes."""

    name: AppName | None = None
    region: Reference | None = None
    stack: Reference | None = None


def _flag(value: object) -> object:
    # heroku3 takes an app out of maintenance with 0.
    return bool(value) if value in (0, 1) and isinstance(value, int) else value


class AppChange(Body):
    """What PATCH /apps/{name} takes."""

    name: AppName | None = None
    build_stack: Reference | None = None
    maintenance: Annotated[bool | None, BeforeValidator(_flag, json_schema_input_type=bool | Literal[0, 1] | None)] = (
        None
    )


class TeamAppBody(AppBody):
    """What POST /teams/apps takes."""

    team: Reference | None = None
    space: Reference | None = None
    locked: bool | None = None
    personal: bool | None = None
    internal_routing: bool | None = None


class TeamAppChange(Body):
    """What PATCH /teams/apps/{name} takes."""

    locked: bool | None = None
    owner: Reference | None = None


def hostname(app: App) -> str:
    """Where an app is on the web."""
    return f"{app.name}-{app.uuid.replace('-', '')[:12]}.herokuapp.com"


def _common(context: Context, view: apps.AppView) -> documents.CommonApp:
    app = view.app
    region = catalog.region(app.region)
    stack: documents.Reference = {"id": catalog.catalog_uuid("stack", app.stack), "name": app.stack}
    return {
        "archived_at": None, "base_image_name": None, "build_stack": stack, "buildpack_provided_description": None,
        "buildpacks": None, "created_at": rfc3339_seconds(app.created_at), "current_build_architecture": [],
        "generation": "cedar", "git_url": f"https://git.heroku.com/{app.name}.git", "id": app.uuid,
        "internal_routing": app.internal_routing, "maintenance": app.maintenance, "name": app.name,
        "owner": {"email": context.account.email, "id": context.account.uuid},
        "region": {"id": region.id, "name": region.name}, "released_at": rfc3339_seconds(app.released_at),
        "repo_size": None, "slug_size": None, "stack": stack, "updated_at": rfc3339_seconds(app.updated_at),
        "web_url": f"https://{hostname(app)}/",
    }  # fmt: skip


def shape(context: Context, view: apps.AppView) -> documents.App:
    """An app."""
    app, space = view.app, view.space
    team: documents.Reference | None = {"id": context.team_uuid, "name": spaces.TEAM} if app.in_team else None
    place: documents.AppSpace | None = {"id": space.uuid, "name": space.name, "shield": space.shield} if space else None
    return {**_common(context, view), "acm": app.acm, "organization": team, "space": place, "team": team}


def team_shape(context: Context, view: apps.AppView) -> documents.TeamApp:
    """An app as the routes under /teams show it."""
    app, space = view.app, view.space
    return {
        **_common(context, view), "joined": True, "locked": app.locked,
        "space": {"id": space.uuid, "name": space.name} if space else None,
        "team": {"name": spaces.TEAM} if app.in_team else None,
    }  # fmt: skip


def release_shape(release: Release, app: App) -> documents.Release:
    """A release."""
    current = release.version == app.release_version
    at = rfc3339_seconds(release.created_at)
    return {
        "addon_plan_names": json.loads(release.addon_plan_names), "artifacts": [],
        "app": {"id": app.uuid, "name": app.name}, "created_at": at, "description": release.description,
        "id": release.uuid, "updated_at": at, "oci_image": None, "slug": None, "status": "succeeded",
        "user": {"id": release.user_uuid, "email": release.user_email}, "version": release.version,
        "current": current, "output_stream_url": None, "eligible_for_rollback": not current,
    }  # fmt: skip


@router.post("/apps", operation_id="app.create", **answers(documents.App, 400, 404, 422, status=201))
async def create(context: Writing, body: AppBody | None = None) -> Response:
    """Make an app of one's own."""
    body = body or AppBody()
    new = apps.NewApp(body.name, body.region, body.stack)
    return reply(shape(context, apps.create_app(context, new)), 201)


@router.post("/teams/apps", operation_id="team_app.create", **answers(documents.TeamApp, 400, 404, 422, status=201))
async def create_team_app(context: Writing, body: TeamAppBody) -> Response:
    """Make an app of a team's, in a space or not; without a team it is the default team's, unless it is personal."""
    team = None if body.personal else spaces.TEAM if body.team is None else body.team
    new = apps.NewApp(
        body.name, body.region, body.stack, team,
        body.space, bool(body.locked), body.internal_routing,
    )  # fmt: skip
    return reply(team_shape(context, apps.create_app(context, new)), 201)


def _list(request: Request, context: Context) -> Response:
    page = deps.page(request, ID_NAME)
    rows = apps.list_apps(context, deps.one_more(page))
    return deps.listed(page, ID_NAME, rows, lambda row: getattr(row.app, page.field), lambda row: shape(context, row))


@router.get("/apps", operation_id="app.list", **ranged(documents.App))
async def list_(request: Request, context: Reading) -> Response:
    """All apps."""
    return _list(request, context)


@router.get("/teams/apps/{name}", operation_id="team_app.info", **answers(documents.TeamApp, 404))
async def team_app(context: Reading, name: str) -> Response:
    """One app of a team's."""
    found = apps.find_app(context, name)
    if not found.in_team:
        raise NotFound("app")
    return reply(team_shape(context, apps.view(context, found)))


@router.patch("/teams/apps/{name}", operation_id="team_app.update", **answers(documents.TeamApp, 400, 404, 422))
async def update_team_app(context: Writing, name: str, body: TeamAppChange) -> Response:
    """Lock or unlock a team's app, or give it to the team or to the account."""
    found = apps.find_app(context, name)
    if not found.in_team and body.owner is None:
        raise NotFound("app")
    change = apps.AppChange(locked=body.locked, owner=body.owner)
    return reply(team_shape(context, apps.update_app(context, found, change)))


@router.get("/teams/{team}/apps", operation_id="team_app.list", **ranged(documents.TeamApp, 404))
async def list_of_team(request: Request, context: Reading, team: str) -> Response:
    """The apps of a team."""
    spaces.team(context, team)
    page = deps.page(request, ID_NAME)
    rows = apps.list_apps(context, deps.one_more(page), in_team=True)
    return deps.listed(
        page, ID_NAME, rows, lambda row: getattr(row.app, page.field), lambda row: team_shape(context, row)
    )


@router.get("/users/{user}/apps", operation_id="app.list_owned", **ranged(documents.App, 404))
async def list_owned(request: Request, context: Reading, user: str) -> Response:
    """The apps of the caller."""
    if user not in {"~", context.account.email, context.account.uuid}:
        raise NotFound("user")
    return _list(request, context)


@router.get("/apps/{name}", operation_id="app.info", **answers(documents.App, 404))
async def info(context: Reading, name: str) -> Response:
    """One app."""
    return reply(shape(context, apps.view(context, apps.find_app(context, name))))


@router.patch("/apps/{name}", operation_id="app.update", **answers(documents.App, 400, 404, 422))
async def update(context: Writing, name: str, body: AppChange) -> Response:
    """Give an app another name or stack, or put it into maintenance."""
    change = apps.AppChange(body.name, body.build_stack, body.maintenance)
    return reply(shape(context, apps.update_app(context, apps.find_app(context, name), change)))


@router.delete("/apps/{name}", operation_id="app.delete", **answers(documents.App, 404))
async def delete(context: Writing, name: str) -> Response:
    """Destroy an app."""
    return reply(shape(context, apps.delete_app(context, name)))


def _config(context: Context, app: App) -> Response:
    return reply(releases.config_of(context, app))


@router.get("/apps/{name}/config-vars", operation_id="config_var.info", **answers(documents.ConfigVars, 404))
async def config_vars(context: Reading, name: str) -> Response:
    """An app's config vars."""
    return _config(context, apps.find_app(context, name))


@router.patch(
    "/apps/{name}/config-vars", operation_id="config_var.update", **answers(documents.ConfigVars, 400, 404, 422)
)
async def set_config_vars(context: Writing, name: str, body: ConfigChanges) -> Response:
    """Set config vars, or remove those that are null."""
    app = apps.find_app(context, name)
    releases.set_config_vars(context, app, body)
    return _config(context, app)


@router.get("/apps/{name}/releases", operation_id="release.list", **ranged(documents.Release, 404))
async def list_releases(request: Request, context: Reading, name: str) -> Response:
    """An app's releases."""
    app = apps.find_app(context, name)
    page = deps.page(request, _VERSION_ID)
    rows = context.store.releases.page(deps.one_more(page), app_id=app.id)
    return deps.listed(
        page, _VERSION_ID, rows, lambda row: getattr(row, page.field), lambda row: release_shape(row, app)
    )


@router.get("/apps/{name}/releases/{identity_}", operation_id="release.info", **answers(documents.Release, 404))
async def one_release(context: Reading, name: str, identity_: str) -> Response:
    """One release, by version or id."""
    app = apps.find_app(context, name)
    return reply(release_shape(releases.find_release(context, app, identity_), app))


@router.get(
    "/apps/{name}/releases/{identity_}/config-vars",
    operation_id="config_var.info_by_release",
    **answers(documents.ConfigVars, 404),
)
async def config_of_release(context: Reading, name: str, identity_: str) -> Response:
    """The config vars that an app had with a release."""
    found = releases.find_release(context, apps.find_app(context, name), identity_)
    return reply(releases.config_at(context, found))
