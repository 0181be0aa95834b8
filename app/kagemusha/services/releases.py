"""Releases and config vars: every change of an app's configuration makes a release."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from kagemusha.domain import catalog, config_vars
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.names import Names
from kagemusha.domain.states import AddonState, EndpointState
from kagemusha.services.context import Context, User, provider
from kagemusha.store.records import Addon, App, Attachment, ConfigVar, Endpoint, Release

MAX_CONFIG_BYTES = 64 * 1024
"""What an app's config vars may hold in all (known: Heroku's limit)."""
NAME = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
"""A config var's."""
_SHOWN = 100
"""Characters of a refused name that its error repeats."""


def release(context: Context, app_id: int, description: str, user: User) -> Release:
    """Write the app's next release, made at `context.now`."""
    app = context.store.apps.get(app_id)
    if app is None:
        raise NotFound("app")
    made = Release(
        app_id=app_id,
        version=app.release_version + 1,
        uuid=context.names(context.store.allocate()).uuid(),
        description=description,
        user_email=user.email,
        user_uuid=user.uuid,
        addon_plan_names=_listed(tuple(context.store.addons.plans_attached_to(app_id))),
        created_at=context.now,
        config_changes=json.dumps(context.store.config_vars.changes(app_id)),
    )
    context.store.releases.insert(made)
    context.store.apps.released(app_id, made.version, context.now)
    return made


@lru_cache
def _listed(names: tuple[str, ...]) -> str:
    """A JSON list of names: few differ among the many releases of a batch."""
    return json.dumps(names)


def config_at(context: Context, made: Release) -> dict[str, str]:
    """The app's config vars as the release left them, by name."""
    config: dict[str, str | None] = {}
    for each in context.store.releases.upto(made.app_id, made.version):
        config |= json.loads(each.config_changes)
    return {name: context.spelled(value, live=False) for name, value in sorted(config.items()) if value is not None}


def config_of(context: Context, app: App) -> dict[str, str]:
    """The app's config vars, by name."""
    return {var.name: shown(context, var) for var in context.store.config_vars.of_app(app.id)}


def shown(context: Context, var: ConfigVar) -> str:
    """The value of a config var, as clients have it."""
    return var.value if var.attachment_id is None else context.spelled(var.value)


def find_release(context: Context, app: App, identity: str) -> Release:
    """A release of the app by id, by version or as ``current``; NotFound otherwise."""
    found: Release | None = None
    if identity == "current":
        found = context.store.releases.get(app.id, app.release_version)
    elif re.fullmatch(r"v?[0-9]{1,9}", identity, re.ASCII):
        found = context.store.releases.get(app.id, int(identity.removeprefix("v")))
    else:
        found = context.store.releases.find(identity)
    if found is None or found.app_id != app.id:
        raise NotFound("release")
    return found


def set_config_vars(context: Context, app: App, changes: Mapping[str, str | None]) -> None:
    """Set the variables of `changes`, or remove those whose value is None, in one release. No change, no release."""
    kept = {var.name: var for var in context.store.config_vars.of_app(app.id)}
    # What a client was told of a value that an attachment gives is that value.
    unchanged = {name for name, var in kept.items() if changes.get(name) in {var.value, shown(context, var)}}
    changes = {name: value for name, value in changes.items() if name not in unchanged}
    for name in changes:
        if not NAME.fullmatch(name):
            repeated = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
            message = f"Config var name {repeated!r} is invalid: use letters, digits and underscores."
            raise InvalidParams(message)
    owned = sorted(name for name in changes if name in kept and kept[name].attachment_id is not None)
    if owned:
        message = f"Cannot overwrite attachment values {', '.join(owned)}."
        raise InvalidParams(message)
    put = sorted(name for name, value in changes.items() if value is not None)
    gone = sorted(name for name, value in changes.items() if value is None and name in kept)
    if not put and not gone:
        return
    final = {name: var.value for name, var in kept.items()} | {n: v for n, v in changes.items() if v is not None}
    if sum(len(name.encode()) + len(value.encode()) for name, value in final.items()) > MAX_CONFIG_BYTES:
        raise InvalidParams("Config vars may hold 64 KB in all: remove some, or shorten their values.")
    context.store.config_vars.put(ConfigVar(app.id, name, changes[name] or "", None) for name in put)
    context.store.config_vars.delete(app.id, gone)
    said = [f"{verb} {', '.join(names)} config vars" for verb, names in (("Set", put), ("Remove", gone)) if names]
    release(context, app.id, ", ".join(said), context.account)


def _wanted(
    context: Context, addon: Addon, attachments: Iterable[Attachment], endpoint: Endpoint | None
) -> Iterator[ConfigVar]:
    """What the attachments should give now; nothing while the add-on provisions.

    That is its own URL and one for each available endpoint; or that of `endpoint` alone.
    """
    if addon.state != AddonState.PROVISIONED:
        return
    service = addon.addon_service
    names = context.names(addon.id)
    own = _own_url(context, addon, service, names) if endpoint is None else None
    through = [
        (each.endpoint_id, config_vars.endpoint_url(service, names, addon.credential_version, connection(each)))
        for each in (_endpoints(context, addon) if endpoint is None else [endpoint])
        if each.state == EndpointState.AVAILABLE
    ]
    for attachment in attachments:
        for name, value in config_vars.of_attachment(attachment.name, own, through):
            yield ConfigVar(attachment.app_id, name, value, attachment.id)


def _own_url(context: Context, addon: Addon, service: catalog.Service, names: Names) -> str:
    app = context.store.apps.get(addon.app_id)
    region = catalog.region(app.region if app else "us")
    return config_vars.own_url(service, names, addon.credential_version, region.aws_region)


def _endpoints(context: Context, addon: Addon) -> list[Endpoint]:
    link = context.store.privatelinks.of_addon(addon.id)
    return context.store.endpoints.live_of_link(link.id) if link else []


def connection(endpoint: Endpoint) -> config_vars.Connection:
    """The endpoint as its URL names it."""
    zones = _zone_names(endpoint.service_name.split(".")[3], endpoint.availability_zone_ids)
    return config_vars.Connection(endpoint.endpoint_id, endpoint.dns_suffix, endpoint.service_name, zones)


@lru_cache
def _zone_names(aws_region: str, zone_ids: str) -> tuple[str, ...]:
    known = catalog.ZONES.get(aws_region, {})
    return tuple(known[zone] for zone in json.loads(zone_ids) if zone in known)


def load(context: Context, addon_ids: Iterable[int]) -> None:
    """Read at once what `sync`, and the releases after it, need to know of these add-ons."""
    store = context.store
    addons = store.addons.load("id", addon_ids)
    attachments = store.attachments.load("addon_id", (addon.id for addon in addons))
    store.config_vars.load(attachment.id for attachment in attachments)
    app_ids = {attachment.app_id for attachment in attachments}
    store.apps.load("id", app_ids)
    store.addons.load_plans(app_ids)


def sync(context: Context, addon: Addon, endpoint: Endpoint | None = None) -> dict[int, list[str]]:
    """Make the apps' variables agree with what the add-on should give: all, or those through `endpoint`.

    Returns, for each app whose variables changed, the names of the attachments concerned. Makes no release.
    """
    store = context.store
    attachments = store.attachments.of_addon(addon.id)
    by_id = {attachment.id: attachment for attachment in attachments}
    wanted = {(var.app_id, var.name): var for var in _wanted(context, addon, attachments, endpoint)}
    kept = {(var.app_id, var.name): var for var in _given(context, attachments, endpoint)}
    put = [var for key, var in wanted.items() if kept.get(key) != var]
    gone = [var for key, var in kept.items() if key not in wanted]
    store.config_vars.put(put)
    for var in gone:
        store.config_vars.delete(var.app_id, [var.name])
    changed: dict[int, set[str]] = {}
    for var in (*put, *gone):
        attachment = by_id.get(var.attachment_id or 0)
        changed.setdefault(var.app_id, set()).add(attachment.name if attachment else var.name)
    return {app_id: sorted(names) for app_id, names in sorted(changed.items())}


def _given(context: Context, attachments: Sequence[Attachment], endpoint: Endpoint | None) -> Sequence[ConfigVar]:
    """What the attachments give now: all, or through `endpoint`."""
    variables = context.store.config_vars
    ids = [attachment.id for attachment in attachments]
    if endpoint is None:
        return variables.of_attachments(ids)
    variables.load(ids)
    named = ((each, config_vars.endpoint_variable(each.name, endpoint.endpoint_id)) for each in attachments)
    return [var for each, name in named if (var := variables.given(each, name))]


def sync_by_provider(context: Context, addon: Addon, endpoint: Endpoint | None = None) -> None:
    """`sync`, with one release by the provider for each app that changed: ``Update REDIS by heroku-redis``."""
    service = addon.addon_service
    for app_id, names in sync(context, addon, endpoint).items():
        release(context, app_id, f"Update {', '.join(names)} by {service.name}", provider(service))


def announce_provisioned(context: Context, addon: Addon) -> None:
    """`sync`, with the release that says that provisioning is complete."""
    service = addon.addon_service
    for app_id, names in sync(context, addon).items():
        variables = ", ".join(f"{name}_URL" for name in names)
        said = f"@ref:{addon.name} completed provisioning, setting {variables}."
        release(context, app_id, said, provider(service))
