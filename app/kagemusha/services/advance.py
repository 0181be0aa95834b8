"""The only path by which time changes anything: due things, in the order in which they fall due.

A step is stamped with the moment it fell due, not the moment somebody noticed.
"""

from typing import NamedTuple

from kagemusha.domain.lifecycle import Step
from kagemusha.domain.stages import On
from kagemusha.services import effects
from kagemusha.services.context import Context
from kagemusha.store.living import Due

BATCH = 1_000
"""Steps at most in one transaction, and releases about as many."""


class Fired(NamedTuple):
    """A step that fell due and was taken."""

    at: int
    due: Due
    step: Step


def advance(context: Context, until: int, limit: int = BATCH) -> list[Fired]:
    """Fire what is due at `until` or before, in order of (due_at, id): up to `limit` steps.

    Fewer, but at least one if anything is due, once their effects have made as many things.
    """
    fired: list[Fired] = []
    lives = context.store.lives
    last = context.store.counter + limit
    while len(fired) < limit and context.store.counter < last:
        agenda = lives.agenda(until, limit - len(fired))
        coming = agenda.coming()
        if not coming:
            break
        effects.foresee(context, coming)
        while len(fired) < limit and context.store.counter < last and (due := agenda.take()):
            fired.append(_fire(context.at(due.due_at), due))
    context.store.next_due_at = lives.next_due_at()
    return fired


def _fire(context: Context, due: Due) -> Fired:
    step = context.step(due, due.machine, On.DUE, due.resource, due.name)
    effects.apply(context, due, step)
    return Fired(due.due_at, due, step)
