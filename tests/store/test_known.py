"""What a transaction knows, and need not read again, is what the database holds, whatever was written meanwhile."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kagemusha.store.base import Things
from kagemusha.store.records import ConfigVar
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from samples import ROWS, row, world
from sqlalchemy import Connection
from test_isolation import AGAIN, ALLOCATED, ANOTHER, CASES, ONE, TRIED, fill, target

MODERATE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = (ONE, ANOTHER, 9, 50)
"""Ids of rows that are there, are not, and may be put in."""
ENDED = {("", "become"), ("", "restart")}
"""What makes another world of it, whose store is another one."""

KEPT_BACK = {
    "released": lambda store: store.apps.released(ONE, store.apps.get(ONE).release_version + 1, 7),
    "touched": lambda store: store.addons.touch(ONE, store.addons.get(ONE).updated_at + 1),
    "put": lambda store: store.config_vars.put([ConfigVar(ONE, "REDIS_URL", "other", ANOTHER)]),
    "put by a user": lambda store: store.config_vars.put([ConfigVar(ONE, "REDIS_URL", "own", None)]),
    "put anew": lambda store: store.config_vars.put([ConfigVar(ANOTHER, "NEW_URL", "new", ONE)]),
    "deleted": lambda store: store.config_vars.delete(ONE, ["REDIS_URL", "NONE"]),
    "made": lambda store: store.releases.insert(row("releases", store.allocate(), app_id=ONE, version=store.counter)),
    "met": lambda store: store.faults.met(row("faults", ONE, hits=store.allocate(), draws=2)),
    "moved": lambda store: store.move(store.spaces.get(ONE), ALLOCATED, "r", "n"),
    "again": lambda store: store.rearm(store.endpoints.get(ONE), AGAIN),
}


def learn(store: Store) -> None:
    """Let everything be known."""
    for name in ROWS:
        things: Things[Any] = getattr(store, name)
        for column in (things.key[0], *things.groups):
            things.load(column, NUMBERS)
    store.config_vars.load(NUMBERS)
    store.addons.load_plans(NUMBERS)


def read(store: Store) -> dict[str, Any]:
    """What the queries say that may be answered from what is known."""
    told: dict[str, Any] = {}
    for name in ROWS:
        things: Things[Any] = getattr(store, name)
        told[name] = [things.get(*[number] * len(things.key)) for number in NUMBERS]
        for column in (things.key[0], *things.groups):
            told[f"{name} by {column}"] = sorted(things.load(column, NUMBERS))
        told[f"{name} of"] = [things._with(column, number) for column in things.groups for number in NUMBERS]
    told["config_vars"] = store.config_vars.of_attachments(NUMBERS)
    told["given"] = [
        store.config_vars.given(row("attachments", number, app_id=app), name)
        for number in NUMBERS for app in NUMBERS for name in ("REDIS_URL", "NEW_URL")
    ]  # fmt: skip
    told["plans"] = [store.addons.plans_attached_to(number) for number in NUMBERS]
    return told


def check(store: Store) -> None:
    """Raise AssertionError if what the store says is not what another says that knows nothing yet."""
    said = read(store)
    store.flush()
    sandbox = Sandboxes(store._work.connection).find("id", store._work.sandbox_id)
    assert sandbox is not None
    assert said == read(Store(store._work.connection, sandbox))


@pytest.mark.parametrize(("attribute", "name"), [case for case in CASES if case not in ENDED])
def test_what_is_known_is_true_after_each_query(connection: Connection, attribute: str, name: str) -> None:
    """Whatever one query writes, what had been read before is read as it is now."""
    store = fill(world(connection), (ONE, ANOTHER), mark="mine", due_at=20)
    learn(store)
    TRIED[attribute][name](target(store, attribute))
    check(store)


@MODERATE
@given(steps=st.lists(st.sampled_from([*KEPT_BACK, "read", "learn", "send"]), max_size=10))
def test_what_is_kept_back_is_seen(connection: Connection, steps: list[str]) -> None:
    """However writes that are kept back follow each other, and reads that may or may not ask the database."""
    with connection.begin_nested() as transaction:
        store = fill(world(connection), (ONE, ANOTHER), mark="mine", due_at=20)
        for step in steps:
            match step:
                case "read":
                    read(store)
                case "learn":
                    learn(store)
                case "send":
                    store.lives.next_due_at()
                case _:
                    KEPT_BACK[step](store)
        check(store)
        transaction.rollback()


def test_what_is_known_is_not_read_again(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once everything was loaded, and while only what can be kept back is written, nothing is asked of the database."""
    store = fill(world(connection), (ONE, ANOTHER), mark="mine", due_at=20)
    learn(store)
    for name in KEPT_BACK.values():
        name(store)
    monkeypatch.setattr(store._work, "send", lambda: pytest.fail("the database was asked"))
    read(store)
