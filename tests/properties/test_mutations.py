"""Each rule fails when what keeps it is taken out of the code: the rules can be broken, and are watched."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
import rules
from fastapi.testclient import TestClient
from hypothesis.errors import FlakyFailure
from kagemusha.domain import delays
from kagemusha.domain.names import Names
from kagemusha.main import create_app
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions
from kagemusha.settings import Settings
from kagemusha.store.base import Things
from kagemusha.store.living import Agenda, Due
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.work import Work
from rules import hold
from scripts import MachineClock
from sqlalchemy.exc import IntegrityError

Patch = pytest.MonkeyPatch


@pytest.fixture
def mutant() -> TestClient:
    """A client, not yet started, of a fresh server in memory."""
    clock = MachineClock()
    client = TestClient(create_app(Settings(ephemeral=True, ticks=False), clock), base_url="http://127.0.0.1:8765")
    client.machine_clock = clock  # type: ignore[attr-defined]
    return client


def steps_are_stamped_when_noticed(patch: Patch) -> None:
    """A step takes the moment of the look that found it."""
    patch.setattr(Context, "at", lambda self, _moment: self)


def followers_wait_their_turn(patch: Patch) -> None:
    """What follows a step comes behind all that was due with it."""
    fill = Agenda.fill
    patch.setattr(Agenda, "fill", lambda self, due, _end: fill(self, due, (0, 0)))


def delays_depend_on_the_past(patch: Patch) -> None:
    """Every draw is another one."""
    drawn = count()
    patch.setattr(delays, "draw", lambda delay, **_: min(delay.low + 1_000 * next(drawn), delay.high))


def writers_do_not_settle(patch: Patch) -> None:
    """A write meets a world in which something is due."""

    @asynccontextmanager
    async def writing(self: Transactions, key: Key) -> AsyncIterator[Context | None]:
        async with self._lock:
            with self._begin(writes=True) as connection:
                sandbox = Sandboxes(connection).find(*key, lock=True)
                context = self._context(connection, sandbox, sandbox.now(self.clock())) if sandbox else None
                yield context
                if context is not None:
                    context.store.flush()

    patch.setattr(Transactions, "writing", writing)


def stirred_things_keep_their_turn(patch: Patch) -> None:
    """What a step stirs, beside the thing that took it, comes when it would have come without, if at all."""
    take, move = Agenda.take, Agenda.move
    taken: list[object] = []

    def taking(self: Agenda) -> Due | None:
        due = take(self)
        taken[:] = [due and due.id]
        return due

    def moving(self: Agenda, number: int, *rest: Any) -> None:
        if number in taken:
            move(self, number, *rest)

    patch.setattr(Agenda, "take", taking)
    patch.setattr(Agenda, "move", moving)


def names_are_random(patch: Patch) -> None:
    """Ids come from the machine."""
    patch.setattr(Names, "_bytes", lambda _self, _purpose, size: os.urandom(size))


def names_ignore_the_seed(patch: Patch) -> None:
    """Ids come from the counter alone."""
    made = Names.__init__
    patch.setattr(Names, "__init__", lambda self, _seed, number: made(self, 0, number))


def any_key_opens_the_first_world(patch: Patch) -> None:
    """A key is not looked at."""
    find = Sandboxes.find

    def careless(self: Sandboxes, column: str, value: str | int, *, lock: bool = False) -> object:
        if column == "heroku_api_key":
            return next((each for each in self.list() if each.name != "default"), None)
        return find(self, column, value, lock=lock)

    patch.setattr(Sandboxes, "find", careless)


def names_are_found_in_every_world(patch: Patch) -> None:
    """A look-up by name forgets the sandbox."""
    find = Things.find

    def careless(self: Things[Any], identity: str) -> object:
        here = self._work.sandbox_id
        others = [row.id for row in Sandboxes(self._work.connection).list()]
        found = [find(type(self)(Work(self._work.connection, number)), identity) for number in (here, *others)]
        return next((row for row in found if row is not None), None)

    patch.setattr(Things, "find", careless)


def queries_forget_the_sandbox(patch: Patch) -> None:
    """Every world is the first."""
    bind = Work.__init__
    patch.setattr(Work, "__init__", lambda self, connection, _sandbox_id: bind(self, connection, 1))


MUTATIONS: list[tuple[rules.Rule, Callable[[Patch], None]]] = [
    (rules.slicing_changes_nothing, steps_are_stamped_when_noticed),
    (rules.slicing_changes_nothing, followers_wait_their_turn),
    (rules.slicing_changes_nothing, delays_depend_on_the_past),
    (rules.slicing_changes_nothing, writers_do_not_settle),
    (rules.slicing_changes_nothing, stirred_things_keep_their_turn),
    (rules.batches_change_nothing, followers_wait_their_turn),
    (rules.batches_change_nothing, stirred_things_keep_their_turn),
    (rules.the_seed_decides, names_are_random),
    (rules.the_seed_decides, names_ignore_the_seed),
    (rules.worlds_are_apart, any_key_opens_the_first_world),
    (rules.worlds_are_apart, names_are_found_in_every_world),
    (rules.worlds_are_apart, queries_forget_the_sandbox),
]


@pytest.mark.parametrize(("rule", "mutate"), MUTATIONS, ids=lambda part: part.__name__)
def test_a_broken_rule_is_noticed(
    mutant: TestClient, monkeypatch: Patch, rule: rules.Rule, mutate: Callable[[Patch], None]
) -> None:
    """The rule that holds for the code fails for the mutant, or the database refuses what it writes."""
    mutate(monkeypatch)
    with pytest.raises((AssertionError, FlakyFailure, IntegrityError)), mutant:
        hold(rule, mutant, 100, shrink=False)
