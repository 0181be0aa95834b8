"""What falls due and in which order, the guarded change of a state, and the journal."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store import store as stores
from kagemusha.store.living import LostRace
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from samples import LIVING, row, world
from sqlalchemy import Connection

MODERATE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
THINGS = st.lists(st.tuples(st.sampled_from(list(Machine)), st.none() | st.integers(0, 5)), max_size=12)
NEXT = {
    Machine.SPACE: "allocated",
    Machine.ADDON: "provisioned",
    Machine.PRIVATELINK: "Operational",
    Machine.ALLOWED_ACCOUNT: "Active",
    Machine.ENDPOINT: "pending",
}


def put(store: Store, machine: Machine, number: int, **more: Any) -> Any:
    """A row of the machine's table, put in."""
    made = row(LIVING[machine], number, **more)
    getattr(store, LIVING[machine]).insert(made)
    return made


@MODERATE
@given(things=THINGS, until=st.integers(-1, 6), limit=st.integers(1, 13), order=st.randoms(use_true_random=False))
def test_what_is_due_comes_in_the_order_of_moment_and_id(
    connection: Connection, things: list[tuple[Machine, int | None]], until: int, limit: int, order: Any
) -> None:
    """Over all machines at once: due at the moment or before, soonest first, the older first of what is due at once."""
    with connection.begin_nested() as transaction:
        store = world(connection)
        numbered = list(enumerate(things, 1))
        order.shuffle(numbered)
        for number, (machine, due_at) in numbered:
            put(store, machine, number, due_at=due_at)
        coming = sorted((due, number, machine) for number, (machine, due) in numbered if due is not None)
        due = [each for each in coming if each[0] <= until]
        assert [(each.due_at, each.id, each.machine) for each in store.lives.due(until, limit)] == due[:limit]
        assert [(each.due_at, each.id, each.machine) for each in store.lives.pending(limit)] == coming[:limit]
        assert store.lives.next_due_at() == (coming[0][0] if coming else None)
        transaction.rollback()


def test_what_is_due_bears_the_names_that_the_journal_gives_it(connection: Connection) -> None:
    """A link and an endpoint bear their add-on's name, an account its ARN; a link without an add-on none."""
    store = world(connection)
    store.addons.insert(row("addons", 1, name="redis-one"))
    put(store, Machine.SPACE, 2, due_at=1)
    put(store, Machine.PRIVATELINK, 3, due_at=1, addon_id=1)
    put(store, Machine.PRIVATELINK, 4, due_at=1, addon_id=99)
    put(store, Machine.ALLOWED_ACCOUNT, 5, due_at=1)
    put(store, Machine.ENDPOINT, 6, due_at=1, addon_name="redis-one")
    assert [(each.resource, each.name) for each in store.lives.due(1, 9)] == [
        ("uuid-2", "name-2"),
        ("uuid-3", "redis-one"),
        ("uuid-4", ""),
        ("uuid-5", "arn-5"),
        ("endpoint_id-6", "redis-one"),
    ]


@pytest.mark.parametrize("machine", Machine)
def test_a_move_changes_state_generation_and_moment(connection: Connection, machine: Machine) -> None:
    """A guarded change of state counts the generation up and sets the next moment, and nothing else."""
    store = world(connection)
    made = put(store, machine, 1, due_at=5)
    put(store, machine, 2, due_at=6)
    store.move(made, Step(machine, made.state, NEXT[machine], 9, ()))
    store.send()
    found = getattr(store, LIVING[machine]).get(1)
    assert found == row(LIVING[machine], 1, state=NEXT[machine], generation=1, due_at=9)
    assert getattr(store, LIVING[machine]).get(2).due_at == 6
    assert store.next_due_at == 9


@pytest.mark.parametrize("machine", Machine)
@pytest.mark.parametrize("seen", [{"by_state": NEXT}, {"by_generation": 1}, {"by_id": 7}])
def test_a_lost_race_is_never_silent(connection: Connection, machine: Machine, seen: dict[str, Any]) -> None:
    """A move from another state, another generation or of another row raises, though the moves beside it are good."""
    store = world(connection)
    states = [put(store, machine, number, due_at=5).state for number in (1, 2)]
    good = {"by_id": 1, "by_state": states[0], "by_generation": 0, "new_state": NEXT[machine], "new_due_at": None}
    bad = good | {"by_id": 2} | {k: v[machine] if isinstance(v, dict) else v for k, v in seen.items()}
    with pytest.raises(LostRace), connection.begin_nested():
        store.lives.move(machine, [good, bad])
    with pytest.raises(LostRace), connection.begin_nested():
        store.lives.vanish(machine, bad["by_id"], bad["by_state"], bad["by_generation"])
    rows = getattr(store, LIVING[machine])
    assert [(rows.get(number).state, rows.get(number).generation) for number in (1, 2)] == [(states[0], 0)] * 2


def test_a_thing_that_ends_is_taken_away_after_its_earlier_moves(connection: Connection) -> None:
    """The end of a thing sees the state that a move kept back has put it into."""
    store = world(connection)
    made = put(store, Machine.SPACE, 1)
    store.move(made, Step(Machine.SPACE, "allocating", "deleting", 4, ()))
    ended = row("spaces", 1, state="deleting", generation=1)
    store.move(ended, Step(Machine.SPACE, "deleting", None, None, ()))
    assert store.spaces.get(1) is None


def test_the_journal_is_read_in_order_from_any_place(connection: Connection) -> None:
    """Pages follow the sequence; a kind that has no entries gives none."""
    store = world(connection)
    for at in range(1, 8):
        store.journal(at, Step(Machine.SPACE, None, "allocating", None, ()), f"r{at}", "n")
    store.flush()
    assert [each.seq for each in store.journal_page(0, 3, None)] == [1, 2, 3]
    assert [each.resource for each in store.journal_page(3, 100, "transition")] == ["r4", "r5", "r6", "r7"]
    assert store.journal_page(7, 5, None) == []
    assert store.journal_page(0, 5, "request") == []


def test_the_journal_keeps_its_newest_transitions(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the bound is pruned, oldest first, in one world alone; the sequence runs on."""
    monkeypatch.setattr(stores, "JOURNAL_BOUND", 5)
    monkeypatch.setattr(stores, "_PRUNED_EVERY", 4)
    store, other = world(connection, "one"), world(connection, "two")
    for each in (store, other):
        for at in range(1, 4):
            each.journal(at, Step(Machine.SPACE, None, "allocating", None, ()), "r", "n")
        each.flush()
    for at in range(4, 21):
        store.journal(at, Step(Machine.SPACE, None, "allocating", None, ()), "r", "n")
        store.flush()
    assert [each.seq for each in store.journal_page(0, 100, None)] == [16, 17, 18, 19, 20]
    assert [each.seq for each in other.journal_page(0, 100, None)] == [1, 2, 3]
    sandbox = Sandboxes(connection).find("name", "one")
    assert sandbox is not None
    assert (sandbox.journal_seq, sandbox.latest_at) == (20, 20)


@pytest.mark.parametrize(
    ("frozen_at", "next_due_at", "wake_at"), [(None, 500, 400), (None, None, None), (450, 500, None), (450, None, None)]
)
def test_a_world_wakes_when_its_clock_runs_and_something_is_due(
    connection: Connection, frozen_at: int | None, next_due_at: int | None, wake_at: int | None
) -> None:
    """wake_at is the next moment in system time, and is there only for clocks that run."""
    store = world(connection, clock_offset=100)
    store.frozen_at = frozen_at
    store.expect(next_due_at)
    store.flush()
    sandbox = Sandboxes(connection).find("name", "one")
    assert sandbox is not None
    assert (sandbox.next_due_at, sandbox.wake_at) == (next_due_at, wake_at)
