"""Faults: ordered, listed, taken back, and met by requests. Stages meet theirs in `stage_faults`."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from kagemusha.domain import faults, lifecycle
from kagemusha.domain.connections import OPERATIONS
from kagemusha.domain.delays import resumed
from kagemusha.domain.errors import InvalidParams, NotFound
from kagemusha.domain.faults import RequestEffect
from kagemusha.domain.lifecycle import STAGE_IDS, stage_id
from kagemusha.domain.states import STATES
from kagemusha.services.context import Context
from kagemusha.services.fault_hits import Labels, meet
from kagemusha.services.stage_faults import StageFaults, effect_of
from kagemusha.services.transactions import Key, Transactions
from kagemusha.store.faults import MOST
from kagemusha.store.happenings import Fault

if TYPE_CHECKING:
    from kagemusha.domain.doors import Kind

STAGE_MATCHES = ("resource", "name", "addon")
"""What the `match` of a fault of a stage may name: the journal's id and name of a thing, and its add-on's name."""
BY_HAND = 0
"""What stands for a fault's number where somebody holds a thing by hand."""
_STAGES = {stage_id(machine, state): (machine, str(state)) for machine, states in STATES.items() for state in states}


class NewFault(NamedTuple):
    """A fault that is ordered: of an `operation`, which is known to be one, or of a `stage`.

    `effect` has the fields of RequestEffect or StageEffect that are not as usual.
    """

    operation: str | None
    stage: str | None
    effect: Mapping[str, Any]
    match: Mapping[str, str]
    times: int | None = None
    probability: float | None = None


def create_fault(context: Context, new: NewFault) -> Fault:
    """Order a fault. A hold catches what is in the stage already.

    Raises InvalidParams for what `check_stage` refuses, and for one fault too many.
    """
    store = context.store
    if len(store.faults.all()) >= MOST:
        message = f"A sandbox has {MOST} faults at most: take some back first."
        raise InvalidParams(message)
    check_stage(new)
    store.faults_made += 1
    fault = Fault(
        id=store.faults_made, operation=new.operation, stage=new.stage, match=json.dumps(dict(new.match)),
        effect=json.dumps(dict(new.effect)), times=new.times, probability=new.probability, hits=0, draws=0,
    )  # fmt: skip
    store.faults.insert(fault)
    store.count_faults(fault, 1)
    if fault.stage is not None and effect_of(fault).hold:
        _catch(context, fault)
    return store.faults.get(fault.id) or fault


def check_stage(new: NewFault) -> None:
    """Refuse a fault of a stage that there is not, or that can't go as the fault says; those of operations pass."""
    stage = new.stage
    if stage is None:
        return
    if stage not in STAGE_IDS:
        message = f"There is no stage {stage}. The stages are {', '.join(sorted(STAGE_IDS))}."
        raise InvalidParams(message)
    unknown = sorted(set(new.match) - set(STAGE_MATCHES))
    if unknown:
        message = f"match can't name {', '.join(unknown)}: a stage's things have {', '.join(STAGE_MATCHES)}."
        raise InvalidParams(message)
    said = new.effect.get("fail")
    ends = lifecycle.failures(*_STAGES[stage])
    if said and not ends:
        message = f"{stage} can't fail: hold it instead, and it never ends."
        raise InvalidParams(message)
    if isinstance(said, str) and said not in ends:
        message = f"{stage} can't end as {said}: it fails as {' or '.join(ends)}."
        raise InvalidParams(message)


def check_operation(operation: str, known: frozenset[str]) -> None:
    """Refuse an operation id that no request and no connection has; InvalidParams says which are like it."""
    known = known.union(OPERATIONS.values())
    if operation == faults.EVERY or operation in known:
        return
    like = get_close_matches(operation, sorted(known), n=3)
    hint = f" Did you mean {' or '.join(like)}?" if like else " openapi/ and the journal have them."
    message = f"There is no operation {operation}.{hint}"
    raise InvalidParams(message)


def list_faults(context: Context) -> list[Fault]:
    """All faults, in the order in which they were made."""
    return context.store.faults.all()


def find_fault(context: Context, number: int) -> Fault:
    """One fault; NotFound otherwise."""
    found = context.store.faults.get(number)
    if found is None:
        message = f"There is no fault {number}: it was taken back, or never made."
        raise NotFound("fault", message)
    return found


def delete_fault(context: Context, number: int) -> None:
    """Take a fault back; what it holds goes on, and falls due after what was left of its delay."""
    _forget(context, find_fault(context, number))


def delete_faults(context: Context) -> None:
    """Take all faults back."""
    for fault in context.store.faults.all():
        _forget(context, fault)


def _forget(context: Context, fault: Fault) -> None:
    for thing in context.store.waiting.held_by(fault.id):
        due_at = resumed(context.now, thing.held_left or 0)
        context.store.waiting.let_go(thing, due_at)
        context.store.expect(due_at)
    if fault.remaining != 0:
        context.store.count_faults(fault, -1)
    context.store.faults.delete(fault.id)


def _catch(context: Context, fault: Fault) -> None:
    """Hold what is in the stage already."""
    machine, state = _STAGES[fault.stage or ""]
    asked = StageFaults(context.store, context.sandbox)
    for thing in context.store.waiting.in_state(machine, state):
        labels = asked.labels(machine, thing.id, thing.resource, thing.name)
        if thing.due_at is not None and asked.caught(fault.id, labels, context.now):
            context.store.waiting.hold(thing, fault.id, thing.due_at - context.now)


async def meet_request(
    transactions: Transactions, key: Key, operation: str, labels: Labels
) -> tuple[int, RequestEffect] | None:
    """The number of the oldest fault that the request meets, and what it does to it; None if it meets none.

    It is counted, and used up, in a transaction of its own: a request that fails does not give it back.
    """
    return await _meet(transactions, key, operation, {operation, faults.EVERY}, labels)


async def meet_connection(
    transactions: Transactions, sandbox_id: int, kind: "Kind", labels: Labels
) -> tuple[int, RequestEffect] | None:
    """The same for a connection to a store of `kind`; `labels` are what CONNECTION_MATCHES names.

    Where no fault waits for anything but stages, nothing is written.
    """
    key: Key = ("id", sandbox_id)
    async with transactions.reading(key) as context:
        if context is None or not context.sandbox.request_faults:
            return None
    operation = OPERATIONS[kind]
    return await _meet(transactions, key, operation, {operation}, labels)


async def _meet(
    transactions: Transactions, key: Key, operation: str, named: set[str], labels: Labels
) -> tuple[int, RequestEffect] | None:
    async with transactions.writing(key) as context:
        if context is None:
            return None
        seed, labels = context.sandbox.seed, {**labels, "operation": (operation,)}
        for fault in context.store.faults.all():
            if fault.operation in named and meet(context.store, seed, fault, labels, context.now)[1]:
                return fault.id, RequestEffect(**json.loads(fault.effect))
    return None
