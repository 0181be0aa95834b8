"""Scenarios: worlds that are described, and played until they are there.

What has no moment of its own is there, and done with, from the beginning; what has one is asked for then, and takes its
time. Everything goes through the use-cases that clients' requests go through (chosen).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kagemusha.domain.errors import AwsError, DomainError, InvalidParams
from kagemusha.services import clocks, pending, sandboxes
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be made: where the scenario says so, `at` how many ms after the beginning, and by what.

    `make` returns the ids of what it made, as the journal has them; with `ready` their stages end at once.
    """

    place: str
    at: int
    ready: bool
    make: Callable[[Context], Sequence[str]]


async def play(transactions: Transactions, key: Key, events: Sequence[Event], until: int | None) -> None:
    """Let a new world become what its scenario says; its clock ends `until` ms after the beginning (None: idle).

    Raises InvalidParams, which names the place of what can't be made.
    """
    async with transactions.writing(key) as context:
        if context is None:
            raise sandboxes.missing(str(key[1]))
        began, runs = context.now, not context.sandbox.is_manual
        clocks.set_clock(context, transactions.clock(), "manual", None)
    for event in sorted(events, key=lambda event: event.at):
        if event.at:
            await clocks.advance_to(transactions, key, to=began + event.at)
        async with transactions.writing(key) as context:
            if context is not None:
                _make(context, event)
    if until is None:
        await clocks.advance_until(transactions, key, idle=True)
    else:
        await clocks.advance_to(transactions, key, to=began + until)
    if runs:
        async with transactions.writing(key) as context:
            if context is not None:
                clocks.set_clock(context, transactions.clock(), "auto", None)


def _make(context: Context, event: Event) -> None:
    try:
        made = event.make(context)
    except DomainError as error:
        said = f"{error.code}: {error.message}" if isinstance(error, AwsError) else error.message
        message = f"{event.place}: {said}"
        raise InvalidParams(message) from None
    for resource in made if event.ready else ():
        pending.finish(context, resource)
