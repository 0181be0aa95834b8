"""What falls due and in which order, the guarded change of a state, and the journal."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store import store as stores
from kagemusha.store.living import LostRace
from kagemusha.store.models import LIVING as LIVING_TABLES
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from samples import LIVING, ROWS, row, world
from sqlalchemy import Connection, select

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
        assert [(each.due_at, each.id, each.machine) for each in store.waiting.due(limit)] == coming[:limit]
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
    store.move(made, Step(machine, made.state, NEXT[machine], 9, ()), "r", "n")
    found = getattr(store, LIVING[machine]).get(1)
    assert found == row(LIVING[machine], 1, state=NEXT[machine], generation=1, due_at=9)
    assert getattr(store, LIVING[machine]).get(2).due_at == 6
    assert store.next_due_at == 9


@pytest.mark.parametrize("machine", Machine)
@pytest.mark.parametrize("seen", [{"state": NEXT}, {"generation": 1}, {"id": 7}])
@pytest.mark.parametrize("ends", [False, True])
def test_a_lost_race_is_never_silent(
    connection: Connection, machine: Machine, seen: dict[str, Any], *, ends: bool
) -> None:
    """A move, or an end, of what is not as it was seen raises, though the moves beside it are good."""
    store = world(connection)
    good, made = (put(store, machine, number, due_at=5) for number in (1, 2))
    bad = made._replace(**{name: value[machine] if isinstance(value, dict) else value for name, value in seen.items()})
    store.move(good, Step(machine, good.state, NEXT[machine], None, ()), "r", "n")
    store.move(bad, Step(machine, bad.state, None if ends else NEXT[machine], None, ()), "r", "n")
    with pytest.raises(LostRace), connection.begin_nested():
        store.flush()
    assert [(each.state, each.generation) for each in rows(connection, machine)] == [(good.state, 0)] * 2


@pytest.mark.parametrize("machine", Machine)
def test_moves_that_are_kept_back_follow_each_other(connection: Connection, machine: Machine) -> None:
    """A second move is from where the first one, not yet sent, has led; from anywhere else it raises."""
    store = world(connection)
    made = put(store, machine, 1, due_at=5)
    again = Step(machine, made.state, made.state, 8, ())
    store.move(made, again, "r", "n")
    moved = made._replace(generation=1)
    with pytest.raises(LostRace):
        store.move(made, again, "r", "n")
    store.move(moved, Step(machine, made.state, NEXT[machine], 9, ()), "r", "n")
    assert rows(connection, machine) == [made._replace(generation=0)]
    assert getattr(store, LIVING[machine]).get(1) == made._replace(state=NEXT[machine], generation=2, due_at=9)


def rows(connection: Connection, machine: Machine) -> list[Any]:
    """What the database itself holds of the machine's things."""
    table = LIVING_TABLES[machine]
    record = ROWS[LIVING[machine]]
    columns = [table.c[name] for name in record._fields]
    return [record(*each) for each in connection.execute(select(*columns).order_by(table.c.id))]


def test_a_thing_that_ends_is_taken_away_after_its_earlier_moves(connection: Connection) -> None:
    """The end of a thing sees the state that a move kept back has put it into, and the guard is from before both."""
    store = world(connection)
    made, other = put(store, Machine.SPACE, 1), put(store, Machine.SPACE, 2)
    leaving, ended = (
        Step(Machine.SPACE, "allocating", "deleting", 4, ()),
        Step(Machine.SPACE, "deleting", None, None, ()),
    )
    store.move(made, leaving, "r", "n")
    store.move(made._replace(state="deleting", generation=1), ended, "r", "n")
    assert store.spaces.get(1) is None
    assert store.spaces.get(2) == other
    store.move(other, ended, "r", "n")
    with pytest.raises(LostRace):
        store.move(other, leaving, "r", "n")


def test_the_journal_is_read_in_order_from_any_place(connection: Connection) -> None:
    """Pages follow the sequence."""
    store = world(connection)
    for at in range(1, 8):
        store.journal(at, Step(Machine.SPACE, None, "allocating", None, ()), f"r{at}", "n")
    store.flush()
    assert [each.seq for each in store.journal_page(0, 3)] == [1, 2, 3]
    assert [each.resource for each in store.journal_page(3, 100)] == ["r4", "r5", "r6", "r7"]
    assert store.journal_page(7, 5) == []


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
    assert [each.seq for each in store.journal_page(0, 100)] == [16, 17, 18, 19, 20]
    assert [each.seq for each in other.journal_page(0, 100)] == [1, 2, 3]
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
