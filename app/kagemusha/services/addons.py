"""Add-ons: created for an app, found by many names, gone at once when destroyed."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kagemusha.domain import catalog
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.stages import On
from kagemusha.domain.states import AddonState, Machine
from kagemusha.services import attachments, privatelinks, releases
from kagemusha.services.addon_views import AddonView, view, views
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, App

NAME = re.compile(r"[a-zA-Z][A-Za-z0-9_-]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewAddon:
    """What a create asks for; None where the default is meant."""

    plan: str
    name: str | None = None
    attachment: str | None = None
    config: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    confirm: str | None = None


def find_addon(context: Context, identity: str, app: App | None = None) -> Addon:
    """An add-on by name or id, of `app` if one is given; NotFound otherwise."""
    found = context.store.addons.find(identity)
    if found is not None and app is not None and found.app_id != app.id:
        attached = {attachment.app_id for attachment in context.store.attachments.of_addon(found.id)}
        found = found if app.id in attached else None
    if found is None:
        raise NotFound("add_on")
    return found


def create_addon(context: Context, app: App, new: NewAddon) -> Addon:
    """Ask for an add-on: it provisions for 3 to 6 minutes, and its config vars come then."""
    plan = catalog.plan_to_install(new.plan, in_space=app.space_id is not None)
    service = catalog.service(plan.service)
    check_plan(context, app, plan)
    if new.name is not None:
        check_name(context, new.name)
    if new.attachment is not None:
        attachments.check_name(context, app, None, new.attachment, new.confirm)
    number = context.store.allocate()
    names = context.names(number)
    name = new.name or _generated_name(context, number, service)
    step = context.born(Machine.ADDON, number, names.uuid(), name)
    addon = Addon(
        id=number, uuid=names.uuid(), name=name, app_id=app.id, plan=plan.full_name,
        config=json.dumps(dict(new.config)), credential_version=0, created_at=context.now, updated_at=context.now,
        settings="{}", state=AddonState.PROVISIONING, generation=0, due_at=step.due_at, held_by=step.held_by,
        held_left=step.held_left,
    )  # fmt: skip
    context.store.addons.insert(addon)
    attachments.attach(context, addon, app, new.attachment, confirm=new.confirm)
    return addon


def check_plan(context: Context, app: App, plan: catalog.Plan) -> None:
    """Refuse a plan that can't be installed where the app is."""
    space = context.store.spaces.get(app.space_id) if app.space_id else None
    if space is None and plan.in_private_spaces:
        message = f"The {plan.full_name} plan can only be installed in a Private Space: app {app.name} is not in one."
        raise InvalidParams(message)
    if space is not None and not plan.in_private_spaces:
        raise InvalidParams(
            f"The {plan.full_name} plan is not available in Private Spaces: choose a private or shield plan of "
            f"{plan.service}.",
        )
    if space is not None and plan.tier == "shield" and not space.shield:
        message = f"The {plan.full_name} plan needs a Shield Space: space {space.name} is not one."
        raise InvalidParams(message)


def check_name(context: Context, name: str) -> None:
    """Refuse a name that is malformed, or taken."""
    if not NAME.fullmatch(name):
        message = "Name must start with a letter and can only contain letters, digits, dashes and underscores."
        raise InvalidParams(message)
    if context.store.addons.find(name):
        raise InvalidParams("Name is already taken")


def _generated_name(context: Context, number: int, service: catalog.Service) -> str:
    attempt = 0
    while context.store.addons.find(name := context.names(number).addon_name(service.name_prefix, attempt)):
        attempt += 1
    return name


def delete_addon(context: Context, app: App, addon: Addon, leaving: int | None = None) -> AddonView:
    """Destroy an add-on of `app`, which pays for it; NotFound for one that is only attached there (chosen).

    It is off the Platform API at once, its vars in the same release, its link with it.

    `leaving` is an app that is being deleted itself and so gets no release.
    """
    if addon.app_id != app.id:
        raise NotFound("add_on")
    shown = view(context, addon)
    store = context.store
    privatelinks.remove_link(context, addon)
    context.step(addon, Machine.ADDON, On.DELETE, addon.uuid, addon.name)
    left: dict[int, list[str]] = {}
    for attachment in store.attachments.of_addon(addon.id):
        left.setdefault(attachment.app_id, []).append(attachment.name)
        given = [var.name for var in store.config_vars.of_app(attachment.app_id) if var.attachment_id == attachment.id]
        store.config_vars.delete(attachment.app_id, given)
        store.attachments.delete(attachment.id)
    store.addons.delete(addon.id)
    for app_id, names in sorted(left.items()):
        if app_id != leaving:
            said = f"Detach {', '.join(names)} (@ref:{addon.name})"
            releases.release(context, app_id, said, context.account)
    return shown


def resolve(context: Context, identity: str, app_name: str | None, service: str | None) -> list[AddonView]:
    """The add-ons that `identity` may mean: a name, an id, the name of an attachment or of a config var.

    Within `app_name` if given, though a name or id finds an add-on of any app. Raises NotFound.
    """
    app = context.store.apps.find(app_name) if app_name else None
    if app_name and app is None:
        raise NotFound("app")
    direct = context.store.addons.find(identity)
    if direct is not None:
        found = [direct]
    else:
        ids = [attachment.addon_id for attachment in attachments.named(context, identity, app)]
        found = list(context.store.addons.by_ids(ids).values())
    return _of_service(views(context, found), service)


def _of_service(found: Iterable[AddonView], service: str | None) -> list[AddonView]:
    kept = [each for each in found if service in {None, each.service.name, each.service.id}]
    if not kept:
        raise NotFound("add_on")
    return kept
