"""How a thing goes from one state to the next: the only reader of the stage tables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from kagemusha.domain import delays
from kagemusha.domain.delays import Delay
from kagemusha.domain.errors import IllegalStep
from kagemusha.domain.stages import STAGES, Effect, On, Stage
from kagemusha.domain.states import Machine

_BY_TRIGGER: dict[tuple[Machine, str | None, On], Stage] = {
    (stage.machine, stage.source, stage.on): stage for stage in STAGES
}

NEVER = None
"""The override of a stage that is not to end by itself."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What decides how long a stage lasts in one sandbox.

    `overrides` maps stage ids (``privatelink.provisioning``) to another delay, or to NEVER.
    """

    seed: int
    pace: float
    overrides: Mapping[str, Delay | None] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Step:
    """What a change of state comes to: the new state, when that ends by itself, and what it brings."""

    machine: Machine
    source: str | None
    target: str | None
    due_at: int | None
    effects: tuple[Effect, ...]


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


def due_after(machine: Machine, state: str, *, at: int, resource: int, visit: int, timing: Timing) -> int | None:
    """When `state`, entered at `at`, ends by itself (milliseconds), or None if it does not, or after LATEST."""
    stage = _BY_TRIGGER.get((machine, state, On.DUE))
    if stage is None or stage.delay is None:
        return None
    name = stage_id(machine, state)
    delay = timing.overrides.get(name, stage.delay)
    if delay is None:
        return None
    drawn = delays.draw(delay, seed=timing.seed, resource=resource, stage=name, visit=visit)
    due_at = at + delays.scaled(drawn, timing.pace)
    return due_at if due_at <= delays.LATEST else None


def take(machine: Machine, source: str | None, on: On, *, at: int, resource: int, visit: int, timing: Timing) -> Step:
    """Take the step out of `source` that `on` asks for, at the moment `at`.

    `visit` counts the changes of state the resource will have seen. Raises IllegalStep when the tables
    have no such step.
    """
    stage = _BY_TRIGGER.get((machine, source, on))
    if stage is None:
        raise IllegalStep(machine, source, on)
    due_at = (
        due_after(machine, stage.target, at=at, resource=resource, visit=visit, timing=timing)
        if stage.target is not None
        else None
    )
    return Step(machine, source, stage.target, due_at, stage.effects)
