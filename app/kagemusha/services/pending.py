"""What will happen: asked for, held, released, and made to happen now, one by one."""

from collections.abc import Sequence

from kagemusha.domain.delays import resumed
from kagemusha.domain.errors import NotFound
from kagemusha.services.advance import Fired, advance
from kagemusha.services.context import Context
from kagemusha.services.faults import BY_HAND
from kagemusha.services.journals import check_limit
from kagemusha.store.waiting import Waiting


def pending(context: Context, limit: int) -> Sequence[Waiting]:
    """Up to `limit` things that will happen, soonest first; what is held comes last."""
    check_limit(limit)
    waiting = context.store.waiting
    due = waiting.due(limit)
    return [*due, *waiting.held(limit - len(due))] if len(due) < limit else due


def find(context: Context, resource: str) -> Waiting:
    """The thing with this id (as the journal has it) for which something is pending; NotFound otherwise."""
    found = context.store.waiting.named(resource)
    if found is None or (found.due_at is None and found.held_by is None):
        message = f"Nothing is pending for {resource}: GET …/pending lists what is."
        raise NotFound("pending", message)
    return found


def hold(context: Context, resource: str) -> Waiting:
    """Keep a thing in its state until it is released; it stays with the fault that holds it already."""
    thing = find(context, resource)
    if thing.due_at is not None:
        context.store.waiting.hold(thing, BY_HAND, thing.due_at - context.now)
    return find(context, resource)


def release(context: Context, resource: str) -> Waiting:
    """Let a thing go on that is held, by hand or by a fault: it falls due after what was left of its delay."""
    thing = find(context, resource)
    if thing.due_at is None:
        _let_go(context, thing, resumed(context.now, thing.held_left or 0))
    return find(context, resource)


def step(context: Context, resource: str) -> list[Fired]:
    """Let what is pending for one thing happen now, held or not, and nothing else."""
    thing = find(context, resource)
    _let_go(context, thing, context.now)
    return advance(context, context.now)


def finish(context: Context, resource: str) -> None:
    """Let everything that is pending for one thing happen now, one after the other."""
    while (thing := context.store.waiting.named(resource)) is not None and thing.due_at is not None:
        step(context, resource)


def _let_go(context: Context, thing: Waiting, due_at: int) -> None:
    context.store.waiting.let_go(thing, due_at)
    context.store.expect(due_at)
