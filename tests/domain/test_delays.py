"""How long things take: what is drawn, and at which pace it passes."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kagemusha.domain.delays import ETERNITY, LATEST, MINUTE, Delay, draw, scaled
from kagemusha.domain.lifecycle import Timing, due_after, stage_id
from kagemusha.domain.stages import STAGES
from kagemusha.domain.states import Machine

MODERATE = settings(max_examples=100, deadline=None)
DELAYS = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)).map(lambda two: Delay(min(two), max(two), "a test"))
SEEDS = st.integers(0, 2**63 - 1)
PACES = st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@MODERATE
@given(DELAYS, SEEDS, st.integers(1, 10**9), st.integers(0, 99))
def test_a_draw_is_within_its_bounds_and_always_the_same(delay: Delay, seed: int, resource: int, visit: int) -> None:
    """A draw is a whole number of milliseconds, both bounds included, and depends on nothing but what it is given."""
    drawn = [draw(delay, seed=seed, resource=resource, stage="space.allocating", visit=visit) for _ in range(2)]
    assert type(drawn[0]) is int
    assert delay.low <= drawn[0] == drawn[1] <= delay.high


def test_every_value_of_a_range_can_be_drawn() -> None:
    """Both ends are drawn, and each part of what a draw depends on changes it."""
    delay = Delay(10, 13, "a test")
    told = {"seed": 1, "resource": 1, "stage": "a.b", "visit": 1}
    for part, values in {
        "seed": range(99),
        "resource": range(99),
        "visit": range(99),
        "stage": map(str, range(99)),
    }.items():
        assert {draw(delay, **(told | {part: value})) for value in values} == {10, 11, 12, 13}, part  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "high"), [(2, 1), (-1, 1), (-2, -1)])
def test_a_range_that_holds_nothing_is_refused(low: int, high: int) -> None:
    """A delay runs forward, from its low end to its high end."""
    with pytest.raises(ValueError, match="from low to high"):
        Delay(low, high, "a test")


@MODERATE
@given(st.integers(0, 10**12), st.integers(0, 10**12), PACES)
@example(0, MINUTE, 60.0)
@example(0, 10**12, 5e-324)
@example(0, 10**12, 1.7e308)
def test_a_pace_keeps_the_order_of_durations(one: int, other: int, pace: float) -> None:
    """Whatever the pace, a longer duration is not shorter, and each is from a millisecond to an eternity."""
    shorter, longer = sorted((one, other))
    assert 1 <= scaled(shorter, pace) <= scaled(longer, pace) <= ETERNITY
    assert type(scaled(longer, pace)) is int


@MODERATE
@given(st.integers(0, 10**12), PACES, PACES)
def test_a_faster_pace_is_never_slower(duration: int, one: float, other: float) -> None:
    """The same duration passes in no more time at a faster pace."""
    assert scaled(duration, max(one, other)) <= scaled(duration, min(one, other))


@pytest.mark.parametrize(("pace", "passes"), [(1, 60_000), (60, 1_000), (0.5, 120_000), (1e9, 1)])
def test_minutes_pass_at_the_pace(pace: float, passes: int) -> None:
    """1 is real life, 60 makes a minute a second."""
    assert scaled(MINUTE, pace) == passes


def test_nothing_falls_due_after_the_last_moment() -> None:
    """What would fall due beyond the year 9999 does not fall due by itself."""
    told = {"resource": 1, "visit": 0, "timing": Timing(1, 5e-324)}
    assert due_after(Machine.SPACE, "allocating", at=0, **told) is None  # type: ignore[arg-type]
    told["timing"] = Timing(1, 1, {"space.allocating": Delay(5, 5, "a test")})
    assert due_after(Machine.SPACE, "allocating", at=LATEST - 5, **told) == LATEST  # type: ignore[arg-type]
    assert due_after(Machine.SPACE, "allocating", at=LATEST - 4, **told) is None  # type: ignore[arg-type]


def test_each_stage_lasts_as_long_as_is_known_or_chosen() -> None:
    """The delays of all stages that end by themselves, in minutes, and whether they are known."""
    found = {
        stage_id(stage.machine, stage.source): (stage.delay.low / MINUTE, stage.delay.high / MINUTE, stage.delay.source)
        for stage in STAGES
        if stage.source and stage.delay
    }
    assert {name: (low, high, source.split(":")[0]) for name, (low, high, source) in found.items()} == {
        "space.allocating": (5, 8, "chosen"),
        "space.deleting": (1, 2, "chosen"),
        "addon.provisioning": (3, 6, "chosen"),
        "privatelink.provisioning": (5, 10, "known"),
        "privatelink.deprovisioning": (1, 5, "chosen"),
        "privatelink.deprovisioned": (1, 1, "chosen"),
        "allowed_account.provisioning": (1, 3, "chosen"),
        "endpoint.pending_acceptance": (4, 8, "chosen"),
        "endpoint.pending": (1, 2, "chosen"),
        "endpoint.deleting": (1, 3, "chosen"),
        "endpoint.deleted": (10, 10, "chosen"),
    }
