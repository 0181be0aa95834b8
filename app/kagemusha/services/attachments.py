"""Attachments: under which name an app has an add-on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kagemusha.domain import catalog
from kagemusha.domain.errors import ConfirmationRequired, InvalidParams, NotFound
from kagemusha.services import addon_views, releases
from kagemusha.services.addon_views import AddonView
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, App, Attachment

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,62}", re.ASCII)
NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]{0,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment, its app, its add-on with what that names, and the names of the vars it gives."""

    attachment: Attachment
    app: App
    addon: AddonView
    config_vars: Sequence[str]


def views(context: Context, found: Sequence[Attachment]) -> list[AttachmentView]:
    """Attachments with what their answers name."""
    apps = context.store.apps.by_ids(attachment.app_id for attachment in found)
    rows = context.store.addons.by_ids(attachment.addon_id for attachment in found)
    shown = {view.addon.id: view for view in addon_views.views(context, list(rows.values()))}
    names = context.store.config_vars.names_by_attachment(attachment.id for attachment in found)
    return [AttachmentView(each, apps[each.app_id], shown[each.addon_id], names.get(each.id, [])) for each in found]


def view(context: Context, attachment: Attachment) -> AttachmentView:
    """One attachment with what its answer names."""
    return views(context, [attachment])[0]


def named(context: Context, identity: str, app: App | None) -> list[Attachment]:
    """The attachments that `identity` names, or that give a config var of that name: in `app`, or anywhere."""
    attachments = context.store.attachments

    def there(found: Iterable[Attachment]) -> list[Attachment]:
        return [each for each in found if app is None or each.app_id == app.id]

    found = there(attachments.named(identity)) or there(attachments.giving(identity))
    if not found and identity.endswith("_URL"):
        found = there(attachments.named(identity.removesuffix("_URL")))
    return found


def resolve(context: Context, identity: str, app_name: str | None, service: str | None) -> list[AttachmentView]:
    """The attachments that `identity` may mean: an id, a name or a config var. Raises NotFound."""
    app = context.store.apps.find(app_name) if app_name else None
    if app_name and app is None:
        raise NotFound("app")
    direct = context.store.attachments.find(identity)
    found = views(context, [direct] if direct else named(context, identity, app))
    kept = [each for each in found if service in {None, each.addon.service.name, each.addon.service.id}]
    if not kept:
        raise NotFound("add_on attachment")
    return kept


def find_attachment(context: Context, identity: str) -> Attachment:
    """An attachment by id, or as APP::NAME; NotFound otherwise."""
    found = context.store.attachments.find(identity)
    if found is None and "::" in identity:
        app_name, name = identity.split("::", 1)
        app = context.store.apps.find(app_name)
        found = context.store.attachments.in_app(app.id, name) if app else None
    if found is None:
        raise NotFound("add_on attachment")
    return found


def find_in_app(context: Context, app: App, identity: str) -> Attachment:
    """The app's attachment with this name or id; NotFound otherwise."""
    found = context.store.attachments.in_app(app.id, identity) or context.store.attachments.find(identity)
    if found is None or found.app_id != app.id:
        raise NotFound("add_on attachment")
    return found


def check_name(context: Context, app: App, addon: Addon | None, name: str, confirm: str | None) -> None:
    """Refuse a name that is malformed, or that others have in the app, unless the loss of theirs is confirmed.

    `addon` is None for one that is yet to be made. `confirm` is the app's name (known), or its id (chosen).
    """
    if not NAME.fullmatch(name):
        message = (
            "Attachment name must start with a letter and can only contain uppercase letters, digits and underscores."
        )
        raise InvalidParams(message)
    if name not in _taken(context, app):
        return
    older = context.store.attachments.in_app(app.id, name)
    if confirm not in {app.name, app.uuid}:
        if older is not None and addon is not None and older.addon_id == addon.id:
            message = f"Name is already taken: {addon.name} is attached to {app.name} as {name}."
            raise InvalidParams(message)
        message = f"Adding {name} to app {app.name} would overwrite existing vars {name}_URL."
        raise ConfirmationRequired(message)
    if older is not None and (addon is None or older.addon_id != addon.id):
        _check_loss(context, view(context, older))


def check_namespace(namespace: str | None) -> None:
    """Refuse what is no namespace: ``credential:analyst``."""
    if namespace is not None and not NAMESPACE.fullmatch(namespace):
        message = "namespace must be null, or words such as credential:analyst, of at most 256 characters."
        raise InvalidParams(message)


def attach(
    context: Context, addon: Addon, app: App, name: str | None, *, confirm: str | None = None,
    namespace: str | None = None,
) -> Attachment:  # fmt: skip
    """Attach an add-on to an app, in one release; without a name under Heroku's own choice.

    What else has the name in the app loses it, in the same release, if `confirm` says so.
    """
    service = addon.addon_service
    check_namespace(namespace)
    if name is not None:
        check_name(context, app, addon, name, confirm)
    older = context.store.attachments.in_app(app.id, name) if name is not None else None
    said = [] if older is None else [_take_away(context, view(context, older))]
    number = context.store.allocate()
    attachment = Attachment(
        id=number, uuid=context.names(number).uuid(), name=name or _chosen_name(context, app, service, number),
        addon_id=addon.id, app_id=app.id, created_at=context.now, updated_at=context.now, namespace=namespace,
    )  # fmt: skip
    context.store.attachments.insert(attachment)
    releases.sync(context, addon)
    said.append(f"Attach {attachment.name} (@ref:{addon.name})")
    releases.release(context, app.id, ", ".join(said), context.account)
    return attachment


def _taken(context: Context, app: App) -> set[str]:
    """The names that would collide: those of attachments, and those whose ``_URL`` the user has set."""
    names = {attachment.name for attachment in context.store.attachments.of_app(app.id)}
    own = {var.name for var in context.store.config_vars.of_app(app.id) if var.attachment_id is None}
    return names | {name.removesuffix("_URL") for name in own if name.endswith("_URL")}


def _chosen_name(context: Context, app: App, service: catalog.Service, number: int) -> str:
    taken = _taken(context, app)
    if service.first_attachment not in taken:
        return service.first_attachment
    attempt = 0
    while (name := f"{service.attachment_prefix}_{context.names(number).colour(attempt)}") in taken:
        attempt += 1
    return name


def detach(context: Context, identity: str) -> AttachmentView:
    """Take an attachment away, in one release. The last one on the app that pays for the add-on stays."""
    shown = view(context, find_attachment(context, identity))
    _check_loss(context, shown)
    said = _take_away(context, shown)
    releases.release(context, shown.app.id, said, context.account)
    return shown


def _check_loss(context: Context, lost: AttachmentView) -> None:
    """Refuse to take away the last attachment on the app that pays for the add-on."""
    payer = lost.addon.app
    others = [
        each
        for each in context.store.attachments.of_addon(lost.attachment.addon_id)
        if each.app_id == payer.id and each.id != lost.attachment.id
    ]
    if lost.app.id == payer.id and not others:
        name = lost.addon.addon.name
        message = (
            f"Cannot destroy last attachment to billing app for resource {name}: attach it under another name first, "
            "or destroy the add-on instead."
        )
        raise InvalidParams(message)


def _take_away(context: Context, lost: AttachmentView) -> str:
    """Take an attachment away; returns what a release says of it."""
    attachment = lost.attachment
    context.store.config_vars.delete(attachment.app_id, lost.config_vars)
    context.store.attachments.delete(attachment.id)
    return f"Detach {attachment.name} (@ref:{lost.addon.addon.name})"
