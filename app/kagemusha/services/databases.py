"""Data stores behind add-ons, as the Data API speaks of them: found by service, described, and set up."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from kagemusha.domain import catalog, config_vars, redis, windows
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.names import Names
from kagemusha.domain.redis import RedisSettings
from kagemusha.domain.states import AddonState
from kagemusha.services import releases
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, App

REDIS, POSTGRES, KAFKA = "heroku-redis", "heroku-postgresql", "heroku-kafka"
_WINDOW = "maintenance_window"
_SHOWN = 40
"""Characters of a refused value that its error repeats."""


class Database(NamedTuple):
    """An add-on as a data store. `attachments` are those of the app that pays for it, oldest first.

    `spelled` writes its URL as clients are to have it.
    """

    addon: Addon
    app: App
    plan: catalog.Plan
    service: catalog.Service
    region: catalog.Region
    names: Names
    attachments: Sequence[str]
    spelled: Callable[[str], str]

    @property
    def is_ready(self) -> bool:
        """Whether it is there: nothing can be connected to, or asked of it, while it is provisioned."""
        return self.addon.state == AddonState.PROVISIONED

    @property
    def url(self) -> str | None:
        """What ``<ATTACHMENT>_URL`` holds; None while it is provisioned."""
        if not self.is_ready:
            return None
        version, aws_region = self.addon.credential_version, self.region.aws_region
        return self.spelled(config_vars.own_url(self.service, self.names, version, aws_region))

    @property
    def place(self) -> tuple[str, int]:
        """The host and the port that its URL has, or will have."""
        version, aws_region = self.addon.credential_version, self.region.aws_region
        found = urlsplit(self.url or config_vars.own_url(self.service, self.names, version, aws_region))
        return found.hostname or "", found.port or 0

    @property
    def window(self) -> str | None:
        """Its maintenance window, None until one is set."""
        found: str | None = _settings(self.addon).get(_WINDOW)
        return found

    @property
    def redis(self) -> RedisSettings:
        """What it is set to, if it is a Redis."""
        return redis_settings(self.addon)


def find(context: Context, identity: str, service: str | None = None) -> Database:
    """The data store of the add-on with this name or id, of `service` if one is given; NotFound otherwise."""
    addon = context.store.addons.find(identity)
    if addon is None:
        raise NotFound(None, "Couldn't find that add-on.")
    app = context.store.apps.get(addon.app_id)
    if app is None:
        raise NotFound("app")
    [found] = _views(context, app, [addon])
    if service not in {None, found.service.name}:
        raise NotFound(None, f"Add-on {addon.name} is of {found.service.name}, not of {service}.")
    return found


def of_app(context: Context, app: App) -> list[Database]:
    """The data stores that an app pays for, oldest first."""
    return _views(context, app, context.store.addons.of_app(app.id))


def find_ready(context: Context, identity: str, service: str) -> Database:
    """`find`, for what needs the store to be there: raises InvalidParams while it is provisioned."""
    found = find(context, identity, service)
    if not found.is_ready:
        raise InvalidParams(f"Add-on {found.addon.name} is still being provisioned: wait until it is, then try again.")
    return found


def configure_redis(context: Context, identity: str, changes: dict[str, Any]) -> Database:
    """Set some of a Redis add-on's settings, by the names of RedisSettings; the others stay."""
    found = find_ready(context, identity, REDIS)
    redis.check_settings(changes)
    return _set(context, found, changes)


def upgrade_redis(context: Context, identity: str, version: str | None) -> Database:
    """Upgrade a Redis add-on, at once, to `version` or to the newest that there is."""
    found = find_ready(context, identity, REDIS)
    return _set(context, found, {"version": redis.upgraded(found.redis.version, version)})


def set_window(context: Context, identity: str, service: str, description: str) -> Database:
    """Set the maintenance window: it begins as `description` says, ``Tuesday 14:30``."""
    found = find_ready(context, identity, service)
    return _set(context, found, {_WINDOW: windows.window(description)})


def rotate_credentials(context: Context, identity: str, service: str) -> Database:
    """Give a store another password, at once: every URL that holds it changes, in one release for each app."""
    found = find_ready(context, identity, service)
    context.store.addons.rotate(found.addon.id, found.addon.credential_version + 1)
    changed = find(context, found.addon.uuid)
    releases.sync_by_provider(context, changed.addon)
    return changed


def _views(context: Context, app: App, found: Sequence[Addon]) -> list[Database]:
    """Add-ons that `app` pays for, as data stores."""
    region = catalog.region(app.region)
    named: dict[int, list[str]] = {}
    for attachment in context.store.attachments.of_app(app.id):
        named.setdefault(attachment.addon_id, []).append(attachment.name)
    return [
        Database(
            addon,
            app,
            catalog.plan(addon.plan),
            addon.addon_service,
            region,
            context.names(addon.id),
            named.get(addon.id, []),
            context.spelled,
        )
        for addon in found
    ]


def redis_settings(addon: Addon) -> RedisSettings:
    """What an add-on is set to, if it is a Redis."""
    return RedisSettings(**{name: value for name, value in _settings(addon).items() if name != _WINDOW})


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise InvalidParams unless a store can be set to `settings`, all of them as they are kept."""
    known = redis.DEFAULTS._asdict() | {_WINDOW: ""}
    for name, value in settings.items():
        if name not in known:
            raise InvalidParams(f"{name[:_SHOWN]} is no setting: use {', '.join(known)}.")
        if type(value) is not type(known[name]):
            raise InvalidParams(f"{name} must be {'a whole number' if name == 'timeout' else 'text'}.")
    redis.check_settings(settings)
    version = settings.get("version", redis.DEFAULTS.version)
    if version not in redis.VERSIONS:
        raise InvalidParams(f"version can't be {version[:_SHOWN]!r}: use one of {', '.join(redis.VERSIONS)}.")


def _settings(addon: Addon) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(addon.settings)
    return found


def _set(context: Context, database: Database, changes: dict[str, Any]) -> Database:
    kept = _settings(database.addon)
    changed = kept | changes
    if changed != kept:
        context.store.addons.configure(database.addon.id, json.dumps(changed))
    return find(context, database.addon.uuid)
