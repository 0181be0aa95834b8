"""The only path by which time changes anything: due things, in the order in which they fall due.

A step is stamped with the moment it fell due, not the moment somebody noticed.
"""

import heapq
from dataclasses import dataclass, field

from kagemusha.domain.lifecycle import Step
from kagemusha.domain.stages import Effect, On
from kagemusha.services import effects
from kagemusha.services.context import Context
from kagemusha.store.living import Due

BATCH = 1_000
"""Steps at most in one transaction."""

_STIRRING = frozenset({Effect.RESUME_ACCEPTANCE, Effect.VANISH})
"""Effects that may change when, or whether, something else falls due."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A step that fell due and was taken."""

    at: int
    due: Due
    step: Step


@dataclass(slots=True)
class Batch:
    """What one call of `advance` came to; `done` says that nothing more is due."""

    fired: list[Fired] = field(default_factory=list)
    done: bool = False


def advance(context: Context, until: int, limit: int = BATCH) -> Batch:
    """Fire what is due at `until` or before, in order of (due_at, id), up to `limit` steps."""
    batch = Batch()
    while len(batch.fired) < limit:
        room = limit - len(batch.fired)
        due = context.store.lives.due(until, room)
        if not due:
            batch.done = True
            break
        # What follows a step may fall due among these; what falls due with, or behind, the unread ones waits.
        horizon = until if len(due) < room else due[-1].due_at - 1
        _fire_until_stirred(context, due, horizon, room, batch)
        context.store.send()
    context.store.next_due_at = context.store.lives.next_due_at()
    return batch


def _fire_until_stirred(context: Context, due: list[Due], horizon: int, room: int, batch: Batch) -> None:
    queue = [(item.due_at, item.id, item) for item in due]
    heapq.heapify(queue)
    for _ in range(room):
        if not queue:
            return
        item = heapq.heappop(queue)[2]
        step = _fire(context.at(item.due_at), item)
        batch.fired.append(Fired(item.due_at, item, step))
        if not _STIRRING.isdisjoint(step.effects):
            return
        if step.target is not None and step.due_at is not None and step.due_at <= horizon:
            follower = Due(
                step.due_at, item.id, item.machine, step.target, item.generation + 1, item.resource, item.name
            )
            heapq.heappush(queue, (follower.due_at, follower.id, follower))


def _fire(context: Context, due: Due) -> Step:
    step = context.step(due, due.machine, On.DUE, due.resource, due.name)
    effects.apply(context, due, step)
    return step
