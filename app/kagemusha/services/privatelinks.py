"""Privatelinks and who is allowed to connect through them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kagemusha.domain import catalog, principals
from kagemusha.domain.errors import Conflict, InvalidParams, NotFound
from kagemusha.domain.names import service_name
from kagemusha.domain.principals import Principal
from kagemusha.domain.stages import On
from kagemusha.domain.states import (
    LEAVING_LINK_STATES,
    AddonState,
    AllowedAccountState,
    Machine,
    PrivatelinkState,
)
from kagemusha.services import effects, endpoints
from kagemusha.services.context import Context
from kagemusha.store.link_views import ShownAccount, ShownEndpoint, ShownLink
from kagemusha.store.records import Addon, AllowedAccount, Privatelink

_STEPS_OF_THE_OPERATIONAL = {
    PrivatelinkState.OPERATIONAL: 1,
    PrivatelinkState.DEPROVISIONING: 2,
    PrivatelinkState.DEPROVISIONED: 3,
}
"""The changes of state that lead through `Operational`; one that is deleted before has had one less."""
_NO_ADDON = "Couldn't find that add-on."


class LinkView(NamedTuple):
    """All that the Data API shows of a privatelink."""

    link: ShownLink
    addon_uuid: str
    addon_name: str
    app_name: str
    accounts: Sequence[ShownAccount]
    endpoints: Sequence[ShownEndpoint]

    @property
    def was_operational(self) -> bool:
        """Whether the link is, or has been, `Operational`: only then is its service known."""
        steps = _STEPS_OF_THE_OPERATIONAL.get(PrivatelinkState(self.link.state))
        return steps is not None and self.link.generation >= steps


def _addon(context: Context, identity: str) -> Addon:
    found = context.store.addons.find(identity)
    if found is None:
        raise NotFound(None, _NO_ADDON)
    return found


def _no_link(addon_name: str) -> NotFound:
    return NotFound(None, f"Add-on {addon_name} has no privatelink: create one first.")


def view(context: Context, identity: str) -> LinkView:
    """The privatelink of the add-on with this name or id; NotFound otherwise."""
    found = context.store.link_views.around(identity)
    if found is None:
        raise NotFound(None, _NO_ADDON)
    if found.link is None:
        raise _no_link(found.addon_name)
    if found.app_name is None:
        raise NotFound("app")
    return LinkView(found.link, found.addon_uuid, found.addon_name, found.app_name, found.accounts, found.endpoints)


def create_privatelink(context: Context, identity: str, allowed_accounts: Sequence[str]) -> LinkView:
    """Ask for a privatelink: `Provisioning` for 5 to 10 minutes, its service name known only then."""
    addon = _addon(context, identity)
    wanted = _parsed(allowed_accounts)
    if not wanted:
        raise InvalidParams("allowed_accounts must name at least one AWS account.")
    app = context.store.apps.get(addon.app_id)
    plan = catalog.plan(addon.plan)
    if not plan.supports_privatelink or app is None or app.space_id is None:
        raise InvalidParams(
            f"The {plan.full_name} plan does not support PrivateLink: use a private or shield plan in a Private Space "
            "(Postgres Advanced plans do not support it).",
        )
    if context.store.privatelinks.of_addon(addon.id):
        message = f"Add-on {addon.name} already has a privatelink."
        raise Conflict(message)
    if addon.state != AddonState.PROVISIONED:
        message = f"Add-on {addon.name} is still being provisioned: wait until it is, then create the privatelink."
        raise InvalidParams(message)
    number = context.store.allocate()
    names = context.names(number)
    step = context.born(Machine.PRIVATELINK, number, names.uuid(), addon.name)
    link = Privatelink(
        id=number, uuid=names.uuid(), addon_id=addon.id,
        service_name=service_name(catalog.region(app.region).aws_region, names.service_id()),
        created_at=context.now, state=PrivatelinkState.PROVISIONING, generation=0,
        due_at=step.due_at, held_by=step.held_by, held_left=step.held_left,
    )  # fmt: skip
    context.store.privatelinks.insert(link)
    _allow(context, addon, link, wanted)
    return view(context, addon.uuid)


def add_allowed_accounts(context: Context, identity: str, allowed_accounts: Sequence[str]) -> LinkView:
    """Allow more principals; those that are allowed already stay as they are."""
    addon, link = _changeable(context, identity)
    _allow(context, addon, link, _parsed(allowed_accounts))
    return view(context, addon.uuid)


def remove_allowed_accounts(context: Context, identity: str, allowed_accounts: Sequence[str]) -> LinkView:
    """Allow these principals no longer: accepted connections stay, those that wait go on waiting."""
    addon, link = _changeable(context, identity)
    gone = {principal.arn for principal in _parsed(allowed_accounts).values()}
    for account in context.store.allowed_accounts.of_link(link.id):
        if account.arn in gone:
            effects.forget_account(context, account)
    effects.suspend_acceptance(context, link)
    return view(context, addon.uuid)


def delete_privatelink(context: Context, identity: str) -> LinkView:
    """Ask for a link's end: its live endpoints are rejected now, and it lingers before it is gone."""
    addon, link = _changeable(context, identity)
    context.step(link, Machine.PRIVATELINK, On.DELETE, link.uuid, addon.name)
    endpoints.reject_all(context, addon, context.store.endpoints.live_of_link(link.id))
    return view(context, addon.uuid)


def remove_link(context: Context, addon: Addon) -> None:
    """Take the link of an add-on that is being destroyed away, at once and without a trace but its endpoints'."""
    link = context.store.privatelinks.of_addon(addon.id)
    if link is None:
        return
    for endpoint in context.store.endpoints.live_of_link(link.id):
        endpoints.reject_quietly(context, endpoint)
    effects.forget_accounts(context, link.id)
    context.step(link, Machine.PRIVATELINK, On.REMOVE, link.uuid, addon.name)


def _changeable(context: Context, identity: str) -> tuple[Addon, Privatelink]:
    addon = _addon(context, identity)
    link = context.store.privatelinks.of_addon(addon.id)
    if link is None:
        raise _no_link(addon.name)
    if link.state in LEAVING_LINK_STATES:
        message = f"The privatelink of {addon.name} is {link.state}: wait until it is gone."
        raise Conflict(message)
    return addon, link


def _parsed(submitted: Iterable[str]) -> dict[str, Principal]:
    """The principals by what the client wrote, each ARN once."""
    seen: set[str] = set()
    kept: dict[str, Principal] = {}
    for text in submitted:
        principal = principals.parse(text)
        if principal.arn not in seen:
            seen.add(principal.arn)
            kept[text] = principal
    return kept


def _allow(context: Context, addon: Addon, link: Privatelink, wanted: dict[str, Principal]) -> None:
    there = {account.arn for account in context.store.allowed_accounts.of_link(link.id)}
    for text, principal in wanted.items():
        if principal.arn in there:
            continue
        number = context.store.allocate()
        uuid = context.names(number).uuid()
        step = context.born(Machine.ALLOWED_ACCOUNT, number, uuid, principal.arn, addon.name)
        context.store.allowed_accounts.insert(
            AllowedAccount(
                id=number,
                uuid=uuid,
                privatelink_id=link.id,
                account_id=text,
                arn=principal.arn,
                created_at=context.now,
                state=AllowedAccountState.PROVISIONING,
                generation=0,
                due_at=step.due_at,
                held_by=step.held_by,
                held_left=step.held_left,
            )
        )
