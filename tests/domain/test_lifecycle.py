"""The machines: what can happen to a thing, and what can't."""

from itertools import product

import pytest
from kagemusha.domain import lifecycle
from kagemusha.domain.delays import Delay
from kagemusha.domain.errors import IllegalStep
from kagemusha.domain.lifecycle import NEVER, STAGE_IDS, Step, Timing, Wait, due_after, enter, stage_id, timed_target
from kagemusha.domain.stages import FAILURES, STAGES, Effect, On, Stage
from kagemusha.domain.states import STATES, Machine

TIMING = Timing(seed=7, pace=1.0)
KNOWN = {(stage.machine, stage.source, stage.on): stage for stage in STAGES}
PAIRS = [(machine, source, on) for machine in Machine for source, on in product((None, *STATES[machine]), On)]


def reached() -> set[tuple[Machine, str]]:
    """The states that a thing can come to from its birth."""
    found: set[tuple[Machine, str]] = set()
    while True:
        more = {
            (stage.machine, stage.target)
            for stage in (*STAGES, *FAILURES)
            if stage.target is not None and (stage.source is None or (stage.machine, stage.source) in found)
        }
        if more <= found:
            return found
        found |= more


def test_every_state_is_reached() -> None:
    """From birth a thing can come to every state of its machine, to some by failing only."""
    assert reached() == {(machine, state) for machine in Machine for state in STATES[machine]}


def test_every_stage_can_be_taken() -> None:
    """Each stage begins at birth or in a state that is reached."""
    assert {(stage.machine, stage.source) for stage in STAGES if stage.source is not None} <= reached()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda stage: f"{stage.machine}-{stage.source}-{stage.target}")
def test_what_fails_would_have_ended_by_itself(failure: Stage) -> None:
    """A failure takes the place of an end that comes by itself, brings nothing, and is one that a fault can name."""
    assert stage_id(failure.machine, failure.source or "") in STAGE_IDS
    assert failure.on is On.FAIL
    assert failure.target in lifecycle.failures(failure.machine, failure.source or "")
    assert lifecycle.stage(failure.machine, failure.source, On.DUE, failure.target) == failure


def test_a_held_stage_keeps_what_is_left() -> None:
    """A stage that is entered held has no moment, and as much left as it would have lasted; slow multiplies."""
    taken = lifecycle.stage(Machine.SPACE, None, On.CREATE)
    told = {"at": 1_000, "resource": 3, "visit": 0, "timing": TIMING}
    usual, held, slow = (enter(taken, **told, wait=wait) for wait in (Wait(), Wait(held_by=5), Wait(slow=3)))  # type: ignore[arg-type]
    assert usual.due_at is not None
    assert held == Step(Machine.SPACE, None, "allocating", None, (), 5, usual.due_at - 1_000)
    assert slow.due_at == 1_000 + 3 * (usual.due_at - 1_000)


def test_no_two_stages_answer_the_same_call() -> None:
    """A state and what happens to it decide what comes."""
    assert len(KNOWN) == len(STAGES)


@pytest.mark.parametrize("machine", Machine)
def test_each_machine_has_one_birth_and_states_of_its_own(machine: Machine) -> None:
    """A machine is born in one way, and its table names no state of another."""
    own = [stage for stage in STAGES if stage.machine is machine]
    assert [stage.on for stage in own if stage.source is None] == [On.CREATE]
    assert {state for stage in own for state in (stage.source, stage.target)} - {None} <= set(STATES[machine])


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: f"{stage.machine}-{stage.source}-{stage.on}")
def test_a_delay_belongs_to_what_happens_by_itself(stage: Stage) -> None:
    """Steps that are due have a delay, steps that are asked for have none, and what ends vanishes."""
    assert (stage.delay is not None) == (stage.on is On.DUE)
    if stage.target is None:
        assert Effect.VANISH in stage.effects


@pytest.mark.parametrize(("machine", "source", "on"), PAIRS)
def test_a_step_is_legal_exactly_if_the_tables_have_it(machine: Machine, source: str | None, on: On) -> None:
    """What the tables have is taken as they say; anything else is an IllegalStep that names what was asked."""
    told = {"at": 1_000, "resource": 3, "visit": 2, "timing": TIMING}
    stage = KNOWN.get((machine, source, on))
    if stage is None:
        with pytest.raises(IllegalStep, match=f"Can't {on} a {machine.replace('_', ' ')} that is {source or 'not'}"):
            enter(lifecycle.stage(machine, source, on), **told)  # type: ignore[arg-type]
        return
    step = enter(lifecycle.stage(machine, source, on), **told)  # type: ignore[arg-type]
    assert (step.machine, step.source, step.target, step.effects) == (machine, source, stage.target, stage.effects)
    follower = KNOWN.get((machine, stage.target, On.DUE)) if stage.target else None
    if follower is None or follower.delay is None:
        assert step.due_at is None
    else:
        assert step.due_at is not None
        assert follower.delay.low <= step.due_at - 1_000 <= follower.delay.high


@pytest.mark.parametrize(
    ("machine", "state", "spelled"),
    [
        (Machine.SPACE, "allocating", "space.allocating"),
        (Machine.ADDON, "provisioning", "addon.provisioning"),
        (Machine.PRIVATELINK, "Provisioning", "privatelink.provisioning"),
        (Machine.PRIVATELINK, "Deprovisioning", "privatelink.deprovisioning"),
        (Machine.ALLOWED_ACCOUNT, "Provisioning", "allowed_account.provisioning"),
        (Machine.ENDPOINT, "pendingAcceptance", "endpoint.pending_acceptance"),
        (Machine.ENDPOINT, "pending", "endpoint.pending"),
    ],
)
def test_a_stages_id_is_its_machine_and_state_in_snake_case(machine: Machine, state: str, spelled: str) -> None:
    """The ids are those of the control API, whatever the spelling of the state upstream."""
    assert stage_id(machine, state) == spelled
    assert spelled in STAGE_IDS


def test_the_stages_that_end_by_themselves_are_all_there() -> None:
    """The keys of `delays` are exactly the stages with a delay, each of its own."""
    assert len(STAGE_IDS) == sum(stage.delay is not None for stage in STAGES)


def test_a_sandbox_can_change_how_long_a_stage_lasts() -> None:
    """An override replaces one stage's delay, at the pace; NEVER lets it last."""
    told = {"at": 0, "resource": 3, "visit": 2}
    own = Timing(7, 2.0, {"space.allocating": Delay(10_000, 10_000, "a test"), "space.deleting": NEVER})
    assert due_after(Machine.SPACE, "allocating", **told, timing=own) == 5_000  # type: ignore[arg-type]
    assert due_after(Machine.SPACE, "deleting", **told, timing=own) is None  # type: ignore[arg-type]
    assert due_after(Machine.SPACE, "allocated", **told, timing=own) is None  # type: ignore[arg-type]
    assert due_after(Machine.ADDON, "provisioning", **told, timing=own) is not None  # type: ignore[arg-type]


def test_what_follows_by_itself_is_known_beforehand() -> None:
    """The state that comes next without anybody asking; None at the end, or when nothing comes."""
    assert timed_target(Machine.ENDPOINT, "pendingAcceptance") == "pending"
    assert timed_target(Machine.ENDPOINT, "deleted") is None
    assert timed_target(Machine.SPACE, "allocated") is None
