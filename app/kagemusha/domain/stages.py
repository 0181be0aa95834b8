"""The stage tables: every step that a thing of the world can take. Data, read by `lifecycle` alone.

docs/state-machines.md is generated from this file.
"""

from enum import StrEnum
from typing import NamedTuple

from kagemusha.domain import delays
from kagemusha.domain.delays import Delay
from kagemusha.domain.states import (
    AddonState,
    AllowedAccountState,
    EndpointState,
    Machine,
    PrivatelinkState,
    SpaceState,
)


class On(StrEnum):
    """What makes a step happen: its moment coming, or somebody asking."""

    DUE = "due"
    CREATE = "create"
    DELETE = "delete"
    REMOVE = "remove"
    ACCEPT = "accept"
    REJECT = "reject"
    FINISH = "finish"
    FAIL = "fail"


class Effect(StrEnum):
    """What a step brings with it."""

    SYNC_CONFIG_VARS = "sync_config_vars"
    """The apps' config vars are made to agree with the add-on and its connections, in one release each."""
    RESUME_ACCEPTANCE = "resume_acceptance"
    """Endpoints that waited for this account to be allowed again go on to be accepted."""
    VANISH = "vanish"
    """The thing is gone: asking for it finds nothing."""


class Stage(NamedTuple):
    """One step: `machine` goes from `source` to `target` when `on` happens.

    `source` None is birth, `target` None is the end. `delay` belongs to steps that are due by themselves.
    """

    machine: Machine
    source: str | None
    target: str | None
    on: On = On.DUE
    delay: Delay | None = None
    effects: tuple[Effect, ...] = ()


_SPACE = (
    Stage(Machine.SPACE, None, SpaceState.ALLOCATING, On.CREATE),
    Stage(Machine.SPACE, SpaceState.ALLOCATING, SpaceState.ALLOCATED, delay=delays.SPACE_ALLOCATION),
    Stage(Machine.SPACE, SpaceState.ALLOCATING, SpaceState.DELETING, On.DELETE),
    Stage(Machine.SPACE, SpaceState.ALLOCATED, SpaceState.DELETING, On.DELETE),
    Stage(Machine.SPACE, SpaceState.DELETING, None, delay=delays.SPACE_DELETION, effects=(Effect.VANISH,)),
)

_ADDON = (
    Stage(Machine.ADDON, None, AddonState.PROVISIONING, On.CREATE),
    Stage(
        Machine.ADDON,
        AddonState.PROVISIONING,
        AddonState.PROVISIONED,
        delay=delays.ADDON_PROVISIONING,
        effects=(Effect.SYNC_CONFIG_VARS,),
    ),
    Stage(
        Machine.ADDON,
        AddonState.PROVISIONING,
        AddonState.PROVISIONED,
        On.FINISH,
        effects=(Effect.SYNC_CONFIG_VARS,),
    ),
    Stage(Machine.ADDON, AddonState.PROVISIONING, AddonState.DEPROVISIONED, On.DELETE, effects=(Effect.VANISH,)),
    Stage(Machine.ADDON, AddonState.PROVISIONED, AddonState.DEPROVISIONED, On.DELETE, effects=(Effect.VANISH,)),
    Stage(Machine.ADDON, AddonState.DEPROVISIONED, None, On.DELETE, effects=(Effect.VANISH,)),
)

_PRIVATELINK = (
    Stage(Machine.PRIVATELINK, None, PrivatelinkState.PROVISIONING, On.CREATE),
    Stage(
        Machine.PRIVATELINK,
        PrivatelinkState.PROVISIONING,
        PrivatelinkState.OPERATIONAL,
        delay=delays.PRIVATELINK_PROVISIONING,
    ),
    Stage(Machine.PRIVATELINK, PrivatelinkState.PROVISIONING, PrivatelinkState.DEPROVISIONING, On.DELETE),
    Stage(Machine.PRIVATELINK, PrivatelinkState.OPERATIONAL, PrivatelinkState.DEPROVISIONING, On.DELETE),
    # Nothing was provisioned, so there is nothing to take back.
    Stage(Machine.PRIVATELINK, PrivatelinkState.FAILED, PrivatelinkState.DEPROVISIONED, On.DELETE),
    Stage(
        Machine.PRIVATELINK,
        PrivatelinkState.DEPROVISIONING,
        PrivatelinkState.DEPROVISIONED,
        delay=delays.PRIVATELINK_DEPROVISIONING,
    ),
    Stage(
        Machine.PRIVATELINK,
        PrivatelinkState.DEPROVISIONED,
        None,
        delay=delays.PRIVATELINK_SHOWN_DEPROVISIONED,
        effects=(Effect.VANISH,),
    ),
    *(
        Stage(Machine.PRIVATELINK, state, None, On.REMOVE, effects=(Effect.VANISH,))
        for state in (
            PrivatelinkState.PROVISIONING,
            PrivatelinkState.OPERATIONAL,
            PrivatelinkState.DEPROVISIONING,
            PrivatelinkState.DEPROVISIONED,
            PrivatelinkState.FAILED,
        )
    ),
)

_ALLOWED_ACCOUNT = (
    Stage(Machine.ALLOWED_ACCOUNT, None, AllowedAccountState.PROVISIONING, On.CREATE),
    Stage(
        Machine.ALLOWED_ACCOUNT,
        AllowedAccountState.PROVISIONING,
        AllowedAccountState.ACTIVE,
        delay=delays.ACCOUNT_PROVISIONING,
        effects=(Effect.RESUME_ACCEPTANCE,),
    ),
    *(
        Stage(Machine.ALLOWED_ACCOUNT, state, None, On.REMOVE, effects=(Effect.VANISH,))
        for state in AllowedAccountState
    ),
)

_ENDPOINT = (
    Stage(Machine.ENDPOINT, None, EndpointState.PENDING_ACCEPTANCE, On.CREATE),
    Stage(
        Machine.ENDPOINT,
        EndpointState.PENDING_ACCEPTANCE,
        EndpointState.PENDING,
        delay=delays.ENDPOINT_ACCEPTANCE,
    ),
    Stage(Machine.ENDPOINT, EndpointState.PENDING_ACCEPTANCE, EndpointState.PENDING, On.ACCEPT),
    Stage(
        Machine.ENDPOINT,
        EndpointState.PENDING,
        EndpointState.AVAILABLE,
        delay=delays.ENDPOINT_CONNECTING,
        effects=(Effect.SYNC_CONFIG_VARS,),
    ),
    Stage(Machine.ENDPOINT, EndpointState.PENDING_ACCEPTANCE, EndpointState.REJECTED, On.REJECT),
    Stage(Machine.ENDPOINT, EndpointState.PENDING, EndpointState.REJECTED, On.REJECT),
    Stage(
        Machine.ENDPOINT,
        EndpointState.AVAILABLE,
        EndpointState.REJECTED,
        On.REJECT,
        effects=(Effect.SYNC_CONFIG_VARS,),
    ),
    *(
        Stage(Machine.ENDPOINT, state, EndpointState.DELETING, On.DELETE)
        for state in (
            EndpointState.PENDING_ACCEPTANCE,
            EndpointState.PENDING,
            EndpointState.REJECTED,
            EndpointState.FAILED,
            EndpointState.EXPIRED,
        )
    ),
    Stage(
        Machine.ENDPOINT,
        EndpointState.AVAILABLE,
        EndpointState.DELETING,
        On.DELETE,
        effects=(Effect.SYNC_CONFIG_VARS,),
    ),
    Stage(Machine.ENDPOINT, EndpointState.DELETING, EndpointState.DELETED, delay=delays.ENDPOINT_DELETION),
    Stage(
        Machine.ENDPOINT,
        EndpointState.DELETED,
        None,
        delay=delays.ENDPOINT_SHOWN_DELETED,
        effects=(Effect.VANISH,),
    ),
)

STAGES: tuple[Stage, ...] = (*_SPACE, *_ADDON, *_PRIVATELINK, *_ALLOWED_ACCOUNT, *_ENDPOINT)
"""Every step of every machine, in the order in which it is documented."""


def _failure(machine: Machine, source: str, target: str) -> Stage:
    return Stage(machine, source, target, On.FAIL)


FAILURES: tuple[Stage, ...] = (
    _failure(Machine.ADDON, AddonState.PROVISIONING, AddonState.DEPROVISIONED),
    _failure(Machine.PRIVATELINK, PrivatelinkState.PROVISIONING, PrivatelinkState.FAILED),
    _failure(Machine.ENDPOINT, EndpointState.PENDING_ACCEPTANCE, EndpointState.EXPIRED),
    _failure(Machine.ENDPOINT, EndpointState.PENDING_ACCEPTANCE, EndpointState.REJECTED),
    _failure(Machine.ENDPOINT, EndpointState.PENDING_ACCEPTANCE, EndpointState.FAILED),
    _failure(Machine.ENDPOINT, EndpointState.PENDING, EndpointState.FAILED),
    _failure(Machine.ENDPOINT, EndpointState.PENDING, EndpointState.REJECTED),
)
"""Where a stage ends instead, at the same moment, when a fault makes it fail; the first of several unless it says."""
