"""A sandbox's clock: read, frozen, let run, and moved."""

from dataclasses import dataclass, field

from kagemusha.clock import rfc3339
from kagemusha.domain.delays import LATEST_NOW, TEN_YEARS
from kagemusha.domain.errors import Conflict, InvalidParams
from kagemusha.services import sandboxes
from kagemusha.services.advance import BATCH, Fired, advance
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions

MOST_STEPS = 100_000
"""Steps after which an advance until idle gives up."""
SHOWN = 100
"""Transitions that an advance shows."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock shows. Moments in milliseconds."""

    mode: str
    now: int
    pace: float
    next_due_at: int | None


@dataclass(slots=True)
class Advanced:
    """What an advance came to: where the clock stands, how much happened, and the first of it."""

    now: int
    fired: int = 0
    transitions: list[Fired] = field(default_factory=list)

    def note(self, fired: list[Fired]) -> None:
        """Count what fired."""
        self.fired += len(fired)
        self.transitions.extend(fired[: SHOWN - len(self.transitions)])


def clock(context: Context) -> Clock:
    """The world's clock now."""
    mode = "manual" if context.store.frozen_at is not None else "auto"
    return Clock(mode, context.now, context.timing.pace, context.store.lives.next_due_at())


def set_clock(context: Context, system: int, mode: str | None, pace: float | None) -> None:
    """Freeze the clock or let it run on from where it stands; a pace counts for delays drawn from then on."""
    sandboxes.check_pace(pace)
    store = context.store
    if mode == "manual" and store.frozen_at is None:
        store.frozen_at = context.now
    elif mode == "auto" and store.frozen_at is not None:
        store.frozen_at = None
        store.clock_offset = context.now - system
    if pace is not None:
        store.pace = pace


async def advance_to(transactions: Transactions, key: Key, *, by: int | None = None, to: int | None = None) -> Advanced:
    """Move the clock by `by` ms, or to the moment `to`, and let everything happen that falls due on the way."""
    async with transactions.writing(key) as context:
        if context is None:
            raise sandboxes.missing(str(key[1]))
        target = to if to is not None else context.now + (by or 0)
        if target < context.now:
            raise InvalidParams("The clock can't go back: give a moment that is not before the sandbox's now.")
        if target > LATEST_NOW:
            message = (
                f"The clock can't be put beyond {rfc3339(LATEST_NOW)}: time ends ten years later, with the year 9999, "
                "and then nothing would ever happen in this world again."
            )
            raise InvalidParams(message)
        _set(context, target)
    result = Advanced(target)
    result.fired = await transactions.settle(key, target, seen=result.transitions, begun=True)
    del result.transitions[SHOWN:]
    return result


async def advance_until(transactions: Transactions, key: Key, *, idle: bool) -> Advanced:
    """Move the clock to the next thing due, or on until nothing is.

    Conflict when that would be too near to the end of time, and, until idle, after 100,000 steps or ten years: what
    has happened by then stays.
    """
    start: int | None = None
    result = Advanced(0)
    while True:
        async with transactions.writing(key, begun=result.fired > 0) as context:
            if context is None:
                raise sandboxes.missing(str(key[1]))
            start = context.now if start is None else start
            result.now = context.now
            due_at = context.store.lives.next_due_at()
            if due_at is None:
                return result
            last = min(start + TEN_YEARS, LATEST_NOW) if idle else LATEST_NOW
            if due_at > last or result.fired >= MOST_STEPS:
                break
            until = last if idle else due_at
            fired = advance(context, until, min(BATCH, MOST_STEPS - result.fired) if idle else MOST_STEPS)
            result.note(fired)
            result.now = max(context.now, fired[-1].at)
            _set(context, result.now)
            if not idle:
                return result
    message = (
        f"Not idle after {result.fired} transitions: the next falls due at {rfc3339(due_at)}. What happened stays: "
        "see GET …/pending for what is to come."
    )
    raise Conflict(message)


def _set(context: Context, moment: int) -> None:
    """Put the clock at `moment`, frozen or running."""
    store = context.store
    if store.frozen_at is not None:
        store.frozen_at = moment
    else:
        store.clock_offset += moment - context.now
