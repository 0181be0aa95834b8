"""What becomes of an add-on that is there: another plan, another name, and what its provider says of it."""

from typing import NoReturn

from kagemusha.domain import catalog
from kagemusha.domain.errors import Forbidden, IllegalStep, InvalidParams, NotFound
from kagemusha.domain.stages import On
from kagemusha.domain.states import AddonState, Machine
from kagemusha.services import addons, releases
from kagemusha.services.addon_views import AddonView, view
from kagemusha.services.context import Context
from kagemusha.store.records import Addon, App


def update_addon(context: Context, app: App, addon: Addon, plan: str | None, name: str | None) -> Addon:
    """Give an add-on of `app`, which pays for it, another plan of its service, or another name; None leaves either.

    No config var changes, and so no release is made. NotFound for an add-on that is only attached there (chosen).
    """
    if addon.app_id != app.id:
        raise NotFound("add_on")
    full_name = addon.plan if plan is None else _plan_to_change_to(context, app, addon, plan).full_name
    if name is not None and name != addon.name:
        addons.check_name(context, name)
    if (name or addon.name, full_name) != (addon.name, addon.plan):
        context.store.addons.change_to(addon.id, name or addon.name, full_name, context.now)
    return addons.find_addon(context, addon.uuid)


def _plan_to_change_to(context: Context, app: App, addon: Addon, identity: str) -> catalog.Plan:
    plan = catalog.plan_to_install(identity, in_space=app.space_id is not None)
    now = catalog.plan(addon.plan)
    if plan.service != now.service:
        message = f"Add-on {addon.name} is of {now.service}: choose one of its plans, not {plan.full_name}."
        raise InvalidParams(message)
    if plan == now:
        return plan
    if addon.state != AddonState.PROVISIONED:
        message = f"Add-on {addon.name} is {addon.state}: its plan can be changed when it is provisioned."
        raise InvalidParams(message)
    addons.check_plan(context, app, plan)
    if not plan.supports_privatelink and context.store.privatelinks.of_addon(addon.id):
        message = f"The {plan.full_name} plan does not support PrivateLink: destroy that of {addon.name} first."
        raise InvalidParams(message)
    return plan


def config(context: Context, addon: Addon) -> dict[str, str]:
    """The variables that the add-on gives to the app that pays for it, by name; none while it provisions."""
    given = context.store.config_vars.of_addon(addon.id)
    return {var.name: context.spelled(var.value) for var in given if var.app_id == addon.app_id}


def refuse_config(addon: Addon) -> NoReturn:
    """Raise Forbidden: an add-on's config is its provider's (known), and follows from its connections here."""
    message = f"Only the provider of {addon.name} can change its config: use the config vars of an app instead."
    raise Forbidden(message)


def provision(context: Context, addon: Addon) -> Addon:
    """Say, as its provider can, that an add-on is provisioned: its config vars are set, as when its time has come."""
    try:
        context.step(addon, Machine.ADDON, On.FINISH, addon.uuid, addon.name)
    except IllegalStep:
        message = f"Add-on {addon.name} is {addon.state} already."
        raise InvalidParams(message) from None
    context.store.addons.touch(addon.id, context.now)
    done = addons.find_addon(context, addon.uuid)
    releases.announce_provisioned(context, done)
    return done


def deprovision(context: Context, addon: Addon) -> AddonView:
    """Say, as its provider can, that an add-on can't be provisioned: it is gone at once."""
    if addon.state != AddonState.PROVISIONING:
        message = f"Add-on {addon.name} is {addon.state}: destroy it instead."
        raise InvalidParams(message)
    return addons.delete_addon(context, view(context, addon).app, addon)
