"""What a step brings with it, whether it fell due or was asked for."""

from kagemusha.domain import principals
from kagemusha.domain.lifecycle import Step, due_after
from kagemusha.domain.stages import Effect, On
from kagemusha.domain.states import AllowedAccountState, EndpointState, Machine
from kagemusha.services import releases
from kagemusha.services.context import Context
from kagemusha.store.living import Due
from kagemusha.store.records import AllowedAccount, Privatelink


def apply(context: Context, due: Due, step: Step) -> None:
    """Bring about the effects of a step that fell due, at the moment it did."""
    for effect in step.effects:
        match effect:
            case Effect.SYNC_CONFIG_VARS:
                _sync_config_vars(context, due)
            case Effect.RESUME_ACCEPTANCE:
                account = context.store.allowed_accounts.get(due.id)
                if account is not None:
                    resume_acceptance(context, account.privatelink_id)
            case Effect.VANISH:
                if due.machine is Machine.PRIVATELINK:
                    forget_accounts(context, due.id)


def _sync_config_vars(context: Context, due: Due) -> None:
    context.store.send()
    if due.machine is Machine.ADDON:
        addon = context.store.addons.get(due.id)
        if addon is not None:
            context.store.addons.touch(addon.id, context.now)
            releases.announce_provisioned(context, addon)
        return
    endpoint = context.store.endpoints.get(due.id)
    addon = context.store.addons.get(endpoint.addon_id) if endpoint else None
    if addon is not None:
        releases.sync_by_provider(context, addon)


def allowed_arns(context: Context, privatelink_id: int) -> list[str]:
    """The principals that may connect now: those whose account is Active."""
    context.store.send()
    accounts = context.store.allowed_accounts.of_link(privatelink_id)
    return [account.arn for account in accounts if account.state == AllowedAccountState.ACTIVE]


def resume_acceptance(context: Context, privatelink_id: int) -> None:
    """Let endpoints that wait, and whose principal is allowed (again), go on: their wait starts anew."""
    allowed = allowed_arns(context, privatelink_id)
    for endpoint in context.store.endpoints.live_of_link(privatelink_id):
        waits = endpoint.state == EndpointState.PENDING_ACCEPTANCE and endpoint.due_at is None
        if waits and principals.is_allowed(endpoint.principal_arn, allowed):
            due_at = due_after(
                Machine.ENDPOINT,
                endpoint.state,
                at=context.now,
                resource=endpoint.id,
                visit=endpoint.generation + 1,
                timing=context.timing,
            )
            context.store.rearm(Machine.ENDPOINT, endpoint, due_at)
    context.store.send()


def suspend_acceptance(context: Context, link: Privatelink) -> None:
    """Let endpoints that wait, and whose principal is no longer allowed, wait for good."""
    allowed = allowed_arns(context, link.id)
    for endpoint in context.store.endpoints.live_of_link(link.id):
        waits = endpoint.state == EndpointState.PENDING_ACCEPTANCE and endpoint.due_at is not None
        if waits and not principals.is_allowed(endpoint.principal_arn, allowed):
            context.store.rearm(Machine.ENDPOINT, endpoint, None)
    context.store.send()


def forget_accounts(context: Context, privatelink_id: int) -> None:
    """Take the allowed accounts of a link away, with it."""
    context.store.send()
    for account in context.store.allowed_accounts.of_link(privatelink_id):
        forget_account(context, account)


def forget_account(context: Context, account: AllowedAccount) -> None:
    """Take one allowed account away."""
    context.step(account, Machine.ALLOWED_ACCOUNT, On.REMOVE, account.uuid, account.arn)
