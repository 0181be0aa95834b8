"""How a thing goes from one state to the next: the only reader of the stage tables."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from kagemusha.domain import delays
from kagemusha.domain.delays import Delay
from kagemusha.domain.errors import IllegalStep
from kagemusha.domain.stages import FAILURES, STAGES, Effect, On, Stage
from kagemusha.domain.states import Machine

_BY_TRIGGER: dict[tuple[Machine, str | None, On], Stage] = {
    (stage.machine, stage.source, stage.on): stage for stage in STAGES
}

NEVER = None
"""The override of a stage that is not to end by itself."""


class Timing(NamedTuple):
    """What decides how long a stage lasts in one sandbox.

    `overrides` maps stage ids (``privatelink.provisioning``) to another delay, or to NEVER.
    """

    seed: int
    pace: float
    overrides: Mapping[str, Delay | None] = MappingProxyType({})


class Wait(NamedTuple):
    """How a stage is waited for: `slow` times as long as usual, and held by the fault `held_by` (0: by hand)."""

    slow: float = 1
    held_by: int | None = None


AS_USUAL = Wait()
"""No fault."""


class Step(NamedTuple):
    """What a change of state comes to: the new state, when that ends by itself, and what it brings.

    A held state does not end before it is released: `held_by` is the fault (0: by hand), `held_left` what is left of
    its delay in milliseconds.
    """

    machine: Machine
    source: str | None
    target: str | None
    due_at: int | None
    effects: tuple[Effect, ...]
    held_by: int | None = None
    held_left: int | None = None


@cache
def stage_id(machine: Machine, state: str) -> str:
    """The stage's id on the control API: ``endpoint.pending_acceptance``."""
    return f"{machine}.{re.sub(r'(?<!^)(?=[A-Z])', '_', state).lower()}"


STAGE_IDS = frozenset(
    stage_id(stage.machine, stage.source) for stage in STAGES if stage.on is On.DUE and stage.source is not None
)
"""The ids of the stages that end by themselves: the keys of a sandbox's `delays`."""


def timed_target(machine: Machine, state: str) -> str | None:
    """The state that follows `state` by itself; None when nothing follows, or the end does."""
    stage = _BY_TRIGGER.get((machine, state, On.DUE))
    return stage.target if stage else None


@cache
def effects_ahead(machine: Machine, state: str) -> frozenset[Effect]:
    """What the steps bring that follow `state`, and each other, by themselves."""
    stage = _BY_TRIGGER.get((machine, state, On.DUE))
    if stage is None:
        return frozenset()
    return frozenset(stage.effects) | (effects_ahead(machine, stage.target) if stage.target else frozenset())


def failures(machine: Machine, state: str | None, on: On = On.DUE) -> tuple[str, ...]:
    """The states that `state` may end in when it fails, the usual one first; none when it can't, or `on` asks for it.

    What somebody asks for does not fail: only what falls due does.
    """
    if on is not On.DUE:
        return ()
    return tuple(
        stage.target for stage in FAILURES if (stage.machine, stage.source) == (machine, state) and stage.target
    )


def due_after(
    machine: Machine, state: str, *, at: int, resource: int, visit: int, timing: Timing, slow: float = 1
) -> int | None:
    """When `state`, entered at `at`, ends by itself (milliseconds), or None if it does not, or after LATEST.

    `slow` times as late as its delay says.
    """
    stage = _BY_TRIGGER.get((machine, state, On.DUE))
    if stage is None or stage.delay is None:
        return None
    name = stage_id(machine, state)
    delay = timing.overrides.get(name, stage.delay)
    if delay is None:
        return None
    drawn = delays.draw(delay, seed=timing.seed, resource=resource, stage=name, visit=visit)
    due_at = at + delays.scaled(drawn * slow, timing.pace)
    return due_at if due_at <= delays.LATEST else None


def stage(machine: Machine, source: str | None, on: On, failing: str | None = None) -> Stage:
    """The step out of `source` that `on` asks for; with `failing` the one that fails to that state.

    Raises IllegalStep when the tables have no such step.
    """
    if failing is not None:
        return Stage(machine, source, failing, On.FAIL)
    found = _BY_TRIGGER.get((machine, source, on))
    if found is None:
        raise IllegalStep(machine, source, on)
    return found


def enter(taken: Stage, *, at: int, resource: int, visit: int, timing: Timing, wait: Wait = AS_USUAL) -> Step:
    """The step that `taken` comes to at the moment `at`.

    `visit` counts the changes of state the resource will have seen.
    """
    due_at = None
    if taken.target is not None:
        due_at = due_after(
            taken.machine, taken.target, at=at, resource=resource, visit=visit, timing=timing, slow=wait.slow
        )
    if wait.held_by is not None and due_at is not None:
        return Step(taken.machine, taken.source, taken.target, None, taken.effects, wait.held_by, due_at - at)
    return Step(taken.machine, taken.source, taken.target, due_at, taken.effects)
