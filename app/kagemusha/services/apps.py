"""Apps."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kagemusha.domain import catalog
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.states import SpaceState
from kagemusha.services import addons, releases, spaces
from kagemusha.services.context import Context
from kagemusha.store.base import Page
from kagemusha.store.records import App, Space

NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", re.ASCII)
_SHORTEST_NAME, _LONGEST_NAME = 3, 30
MOST_BUILDPACKS, LONGEST_BUILDPACK = 100, 2_000
STACKS = ("heroku-22", "heroku-24", "heroku-26", "container")


@dataclass(frozen=True, slots=True)
class NewApp:
    """What a create asks for; None where the default is meant. `team` and `space` are names or ids."""

    name: str | None = None
    region: str | None = None
    stack: str | None = None
    team: str | None = None
    space: str | None = None
    locked: bool = False
    internal_routing: bool | None = None


@dataclass(frozen=True, slots=True)
class AppChange:
    """What an update asks for; None leaves a thing as it is.

    `owner` is a team, or the account (``~``); `acm` whether certificates are managed; `buildpacks`, in order, are
    names of the registry, URNs or URLs.
    """

    name: str | None = None
    stack: str | None = None
    maintenance: bool | None = None
    locked: bool | None = None
    owner: str | None = None
    acm: bool | None = None
    buildpacks: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class AppView:
    """An app and the space it lives in."""

    app: App
    space: Space | None


def find_app(context: Context, identity: str) -> App:
    """An app by name or id; NotFound otherwise."""
    found = context.store.apps.find(identity)
    if found is None:
        raise NotFound("app")
    return found


def view(context: Context, app: App) -> AppView:
    """The app with its space."""
    return views(context, [app])[0]


def views(context: Context, apps: Sequence[App]) -> list[AppView]:
    """Apps with what their answers name."""
    there = context.store.spaces.by_ids(app.space_id for app in apps if app.space_id is not None)
    return [AppView(app, None if app.space_id is None else there[app.space_id]) for app in apps]


def list_apps(context: Context, page: Page, **equal: bool) -> list[AppView]:
    """A stretch of the apps, or of those whose columns equal `equal`."""
    return views(context, context.store.apps.page(page, **equal))


def create_app(context: Context, new: NewApp) -> AppView:
    """Make an app, with Heroku's first two releases."""
    name = _free_name(context, new.name)
    space = spaces.find_space(context, new.space) if new.space is not None else None
    if new.team is not None:
        spaces.team(context, new.team)
    if space and space.state != SpaceState.ALLOCATED:
        message = f"Space {space.name} is {space.state}: apps can be created in it when it is allocated."
        raise InvalidParams(message)
    region = catalog.region(new.region if new.region is not None else space.region if space else "us")
    if space and region.name != space.region:
        message = f"Space {space.name} is in region {space.region}: leave the region out, or give that one."
        raise InvalidParams(message)
    if not space and region.private_capable:
        message = f"Region {region.name} is for Private Spaces only: give a space, or region us or eu."
        raise InvalidParams(message)
    stack = find_stack(new.stack if new.stack is not None else catalog.STACK)
    number = context.store.allocate()
    app = App(
        id=number, uuid=context.names(number).uuid(), name=name or _generated_name(context, number),
        region=region.name, space_id=space.id if space else None, in_team=bool(space or new.team),
        locked=new.locked, internal_routing=(new.internal_routing or False) if space else None,
        stack=stack, created_at=context.now, updated_at=context.now, released_at=context.now, release_version=0,
        maintenance=False, acm=False, buildpacks="[]",
    )  # fmt: skip
    context.store.apps.insert(app)
    releases.release(context, app.id, "Initial release", context.account)
    releases.release(context, app.id, "Enable Logplex", context.account)
    return view(context, find_app(context, app.uuid))


def find_stack(identity: str) -> str:
    """A stack's name, by name or id; NotFound for one that there isn't. ``cedar`` is the default: heroku3 asks so."""
    if identity == "cedar":
        return catalog.STACK
    for known in STACKS:
        if identity in {known, catalog.catalog_uuid("stack", known)}:
            return known
    raise NotFound("stack")


def update_app(context: Context, app: App, change: AppChange) -> AppView:
    """Change what of an app is asked for. No release is made (chosen)."""
    name = _free_name(context, change.name) if change.name not in {None, app.name} else None
    stack = find_stack(change.stack) if change.stack is not None else app.stack
    in_team = app.in_team if change.owner is None else _is_team(context, app, change.owner)
    changed = app._replace(
        name=name or app.name,
        stack=stack,
        in_team=in_team,
        locked=app.locked if change.locked is None else change.locked,
        maintenance=app.maintenance if change.maintenance is None else change.maintenance,
        acm=app.acm if change.acm is None else change.acm,
        buildpacks=app.buildpacks if change.buildpacks is None else _buildpacks(change.buildpacks),
    )
    if changed != app:
        context.store.apps.change_to(changed, context.now)
    return view(context, find_app(context, app.uuid))


def _buildpacks(chosen: Sequence[str]) -> str:
    if len(chosen) > MOST_BUILDPACKS or any(not 0 < len(each) <= LONGEST_BUILDPACK for each in chosen):
        message = f"updates: give up to {MOST_BUILDPACKS} buildpacks by name or URL, none of them empty."
        raise InvalidParams(message)
    return json.dumps(list(chosen))


def _is_team(context: Context, app: App, owner: str) -> bool:
    """Whether `owner` is the team; False for the account. Raises NotFound, and InvalidParams in a space."""
    if owner not in {"~", context.account.email, context.account.uuid}:
        spaces.team(context, owner)
        return True
    if app.space_id is not None:
        message = f"App {app.name} is in a Private Space: only a team can own it."
        raise InvalidParams(message)
    return False


def _free_name(context: Context, name: str | None) -> str | None:
    if name is None:
        return None
    if len(name) < _SHORTEST_NAME:
        raise InvalidParams("Name is too short (minimum is 3 characters)")
    if len(name) > _LONGEST_NAME:
        raise InvalidParams("Name is too long (maximum is 30 characters)")
    if not NAME.fullmatch(name):
        raise InvalidParams(
            "Name must start with a letter, end with a letter or digit and can only contain "
            "lowercase letters, digits, and dashes.",
        )
    if context.store.apps.find(name):
        message = f"Name {name} is already taken"
        raise InvalidParams(message)
    return name


def _generated_name(context: Context, number: int) -> str:
    attempt = 0
    while context.store.apps.find(name := context.names(number).app_name(attempt)):
        attempt += 1
    return name


def delete_app(context: Context, identity: str) -> AppView:
    """Destroy an app: its add-ons, its attachments to others' add-ons, its config and its releases go with it."""
    shown = view(context, find_app(context, identity))
    app = shown.app
    for addon in context.store.addons.of_app(app.id):
        addons.delete_addon(context, app, addon, leaving=app.id)
    for attachment in context.store.attachments.of_app(app.id):
        context.store.attachments.delete(attachment.id)
    context.store.config_vars.delete_of_app(app.id)
    context.store.releases.delete_of_app(app.id)
    context.store.apps.delete(app.id)
    return shown
