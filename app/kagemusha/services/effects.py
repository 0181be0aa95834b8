"""What a step brings with it, whether it fell due or was asked for."""

from collections import defaultdict
from collections.abc import Iterable

from kagemusha.domain import lifecycle, principals
from kagemusha.domain.lifecycle import Step
from kagemusha.domain.stages import Effect, On
from kagemusha.domain.states import AllowedAccountState, EndpointState, Machine
from kagemusha.services import releases
from kagemusha.services.context import Context
from kagemusha.store.living import Due
from kagemusha.store.records import AllowedAccount, Endpoint, Privatelink


def foresee(context: Context, coming: Iterable[Due]) -> None:
    """Read at once what `apply` needs to know when these things fall due, and what follows them by itself."""
    ids: defaultdict[tuple[Effect, Machine], list[int]] = defaultdict(list)
    for due in coming:
        for effect in lifecycle.effects_ahead(due.machine, due.state):
            ids[effect, due.machine].append(due.id)
    store = context.store
    store.allowed_accounts.load("privatelink_id", ids[Effect.VANISH, Machine.PRIVATELINK])
    accounts = store.allowed_accounts.load("id", ids[Effect.RESUME_ACCEPTANCE, Machine.ALLOWED_ACCOUNT])
    if context.faults:
        links = store.privatelinks.load("id", (account.privatelink_id for account in accounts))
        store.addons.load("id", (link.addon_id for link in links))
    neighbours = store.endpoints.load("privatelink_id", (account.privatelink_id for account in accounts))
    connecting = store.endpoints.load("id", ids[Effect.SYNC_CONFIG_VARS, Machine.ENDPOINT])
    connecting += (each for each in neighbours if each.state == EndpointState.PENDING_ACCEPTANCE)
    provisioning = ids[Effect.SYNC_CONFIG_VARS, Machine.ADDON]
    store.privatelinks.load("addon_id", provisioning)
    releases.load(context, [*provisioning, *(endpoint.addon_id for endpoint in connecting)])


def apply(context: Context, due: Due, step: Step) -> None:
    """Bring about the effects of a step that fell due, at the moment it did."""
    for effect in step.effects:
        match effect:
            case Effect.SYNC_CONFIG_VARS:
                _sync_config_vars(context, due)
            case Effect.RESUME_ACCEPTANCE:
                account = context.store.allowed_accounts.get(due.id)
                if account is not None:
                    _resume_acceptance(context, account)
            case Effect.VANISH:
                if due.machine is Machine.PRIVATELINK:
                    forget_accounts(context, due.id)


def _sync_config_vars(context: Context, due: Due) -> None:
    if due.machine is Machine.ADDON:
        addon = context.store.addons.get(due.id)
        if addon is not None:
            context.store.addons.touch(addon.id, context.now)
            releases.announce_provisioned(context, addon)
        return
    endpoint = context.store.endpoints.get(due.id)
    addon = context.store.addons.get(endpoint.addon_id) if endpoint else None
    if addon is not None:
        releases.sync_by_provider(context, addon, endpoint)


def allowed_arns(context: Context, privatelink_id: int) -> list[str]:
    """The principals that may connect now: those whose account is Active."""
    accounts = context.store.allowed_accounts.of_link(privatelink_id)
    return [account.arn for account in accounts if account.state == AllowedAccountState.ACTIVE]


def _waiting(context: Context, account: AllowedAccount) -> list[Endpoint]:
    """The endpoints that wait for this account to be allowed (again)."""
    return [
        endpoint
        for endpoint in context.store.endpoints.of_link(account.privatelink_id)
        if endpoint.state == EndpointState.PENDING_ACCEPTANCE
        and endpoint.due_at is None
        and endpoint.held_by is None
        and principals.is_allowed(endpoint.principal_arn, [account.arn])
    ]


def _resume_acceptance(context: Context, account: AllowedAccount) -> None:
    """Let endpoints that waited for this account go on: their wait starts anew."""
    for endpoint in _waiting(context, account):
        context.wait_again(endpoint)


def suspend_acceptance(context: Context, link: Privatelink) -> None:
    """Let endpoints that wait, and whose principal is no longer allowed, wait for good."""
    allowed = allowed_arns(context, link.id)
    for endpoint in context.store.endpoints.live_of_link(link.id):
        waits = endpoint.due_at is not None or endpoint.held_by is not None
        is_allowed = principals.is_allowed(endpoint.principal_arn, allowed)
        if endpoint.state == EndpointState.PENDING_ACCEPTANCE and waits and not is_allowed:
            context.store.rearm(endpoint, Step(Machine.ENDPOINT, endpoint.state, endpoint.state, None, ()))


def forget_accounts(context: Context, privatelink_id: int) -> None:
    """Take the allowed accounts of a link away, with it."""
    for account in context.store.allowed_accounts.of_link(privatelink_id):
        forget_account(context, account)


def forget_account(context: Context, account: AllowedAccount) -> None:
    """Take one allowed account away."""
    context.step(account, Machine.ALLOWED_ACCOUNT, On.REMOVE, account.uuid, account.arn)
