"""The rules that every script must keep, as functions that raise AssertionError when one does not.

They are functions, so that a mutation test can break the rule in the code and see the very same function fail.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import pytest
from driver import World
from fastapi.testclient import TestClient
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from kagemusha.services import transactions
from kagemusha.services.advance import advance
from scripts import (
    LONG_ENOUGH,
    PRELUDE,
    SCRIPTS,
    SUSPENDED,
    Actor,
    Jump,
    Lived,
    Running,
    Slices,
    Step,
    anything,
    check_same,
    live,
    told,
)

FURTHER = 1_000
"""Steps that a world goes on for after it was restored."""
Rule = Callable[[TestClient, Sequence[Step], Random], None]


def slicing_changes_nothing(client: TestClient, script: Sequence[Step], random: Random) -> None:
    """A jump, slices with looks, and a running clock with the scheduler leave the same world, to the byte."""
    jumped = live(client, script, Jump())
    check_same(live(client, script, Slices(random=random)), jumped)
    check_same(live(client, script, Running(random=random)), jumped)


def batches_change_nothing(client: TestClient, script: Sequence[Step], random: Random) -> None:
    """Steps that are taken one by one, or a few at a time, each in a transaction of its own, leave the same world."""
    together = live(client, script, Jump())
    for limit in (1, random.randint(2, 5)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transactions, "advance", partial(advance, limit=limit))
            check_same(live(client, script, Jump()), together)


def the_seed_decides(client: TestClient, script: Sequence[Step], random: Random) -> None:
    """The same seed and calls give the same ids in any sandbox; another seed gives none of them."""
    seed = random.randrange(2**63)
    first = live(client, script, Jump(), seed)
    check_same(live(client, script, Jump(), seed), first)
    other = live(client, script, Jump(), (seed + 1) % 2**63)
    assert not _ids(first) & _ids(other)


def _ids(lived: Lived) -> set[str]:
    """Every id of the world that a script came to."""
    return set(re.findall(r'(?:"uuid": |"endpoint_id": |"service_name": )"([^"]+)"', "\n".join(lived)))


def worlds_are_apart(client: TestClient, script: Sequence[Step], random: Random) -> None:
    """Two worlds whose calls are interleaved, and one in which nothing is done, come out as if each had been alone."""
    alone, empty = live(client, script, Jump()), live(client, [], Jump())
    worlds = [World.make(client, None) for _ in range(3)]
    actors = [Actor(world) for world in worlds]
    waiting = [list(script), list(script), []]
    while any(waiting):
        turn = random.choice([number for number, steps in enumerate(waiting) if steps])
        step = waiting[turn].pop(0)
        worlds[turn].advance(step.gap / 1000)
        actors[turn].act(step.action)
    for world, actor, expected in zip(worlds, actors, [alone, alone, empty], strict=True):
        world.advance(LONG_ENOUGH / 1000)
        check_same(told(world, actor.answers), expected)
        world.sim("DELETE", "")


def restoring_changes_nothing(
    client: TestClient, script: Sequence[Step], random: Random, further: int = FURTHER
) -> None:
    """A world that goes on from a snapshot, in another sandbox, comes out as one that was never taken apart."""
    went_on, taken = World.make(client, None, seed=7), World.make(client, None, seed=random.randrange(2**63))
    actor = Actor(went_on)
    for step in script:
        went_on.advance(step.gap / 1000)
        actor.act(step.action)
    taken.sim("PUT", "/snapshot", went_on.sim("GET", "/snapshot"))
    twin = actor.in_another(taken)
    for _ in range(further):
        step = anything(random)
        for each in (actor, twin):
            each.world.advance(step.gap / 1000)
            each.act(step.action)
    check_same(told(taken, twin.answers), told(went_on, actor.answers))
    for world in (went_on, taken):
        world.sim("DELETE", "")


def hold(rule: Rule, client: TestClient, examples: int, *, shrink: bool = True) -> None:
    """Run `rule` over this many random scripts, the same ones every time."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=phases)
    @given(st.sampled_from([PRELUDE, SUSPENDED]), SCRIPTS, st.integers(0, 2**32))
    def every(prelude: list[Step], script: list[Step], chance: int) -> None:
        rule(client, [*prelude, *script], Random(chance))

    every()
