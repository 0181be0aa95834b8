"""Apps."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kagemusha.domain import catalog
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.states import SpaceState
from kagemusha.services import addons, releases, spaces
from kagemusha.services.context import Context
from kagemusha.store.base import Page
from kagemusha.store.records import App, Space

_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]", re.ASCII)
_SHORTEST_NAME, _LONGEST_NAME = 3, 30
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
    return AppView(app, context.store.spaces.get(app.space_id) if app.space_id else None)


def views(context: Context, apps: Iterable[App]) -> list[AppView]:
    """Apps with their spaces."""
    return [view(context, app) for app in apps]


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
    stack = new.stack if new.stack is not None else catalog.STACK
    if stack not in {*STACKS, *(catalog.catalog_uuid("stack", known) for known in STACKS)}:
        raise NotFound("stack")
    number = context.store.allocate()
    app = App(
        id=number, uuid=context.names(number).uuid(), name=name or _generated_name(context, number),
        region=region.name, space_id=space.id if space else None, in_team=bool(space or new.team),
        locked=new.locked, internal_routing=(new.internal_routing or False) if space else None,
        stack=next(known for known in STACKS if stack in {known, catalog.catalog_uuid("stack", known)}),
        created_at=context.now, updated_at=context.now, released_at=context.now, release_version=0,
    )  # fmt: skip
    context.store.apps.insert(app)
    releases.release(context, app.id, "Initial release", context.account)
    releases.release(context, app.id, "Enable Logplex", context.account)
    return view(context, find_app(context, app.uuid))


def _free_name(context: Context, name: str | None) -> str | None:
    if name is None:
        return None
    if len(name) < _SHORTEST_NAME:
        raise InvalidParams("Name is too short (minimum is 3 characters)")
    if len(name) > _LONGEST_NAME:
        raise InvalidParams("Name is too long (maximum is 30 characters)")
    if not _NAME.fullmatch(name):
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
