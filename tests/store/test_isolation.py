"""No query bound to one sandbox sees or changes another's rows: every one of them is tried.

A world answers each query, beside a twin that holds the same ids and names and more, as it does when it is alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store.base import Page, Queries
from kagemusha.store.engine import MEMORY, connect
from kagemusha.store.happenings import JournalEntry, Occurrence
from kagemusha.store.migrate import ensure_schema
from kagemusha.store.models import WORLD
from kagemusha.store.records import ConfigVar, Source
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from samples import LIVING, ROWS, row, world
from sqlalchemy import Column, Connection, Table, select

ONE, ANOTHER = 1, 2
"""The ids that rows have in both worlds; the twin has more."""
BIRTH = Step(Machine.SPACE, None, "allocating", None, ())
ALLOCATED = Step(Machine.SPACE, "allocating", "allocated", 4, ())
AGAIN = Step(Machine.ENDPOINT, "pendingAcceptance", "pendingAcceptance", 3, ())
ENTRY = JournalEntry(0, "transition", 5, "space", "r", "n", None, "allocating")
OCCURRENCE = Occurrence(0, "request", 5, 5, "{}")

THINGS: dict[str, Callable[[Any], Any]] = {
    "load": lambda rows: [rows.load(column, [ONE, ANOTHER, 9]) for column in (rows.key[0], *rows.groups)],
    "get": lambda rows: rows.get(*[ONE] * len(rows.key)),
    "find": lambda rows: rows.find(f"{rows.identities[-1]}-{ONE}"),
    "insert": lambda rows: rows.insert(row(rows.table.name, 50)),
    "delete": lambda rows: rows.delete(*[ONE] * len(rows.key)),
    "page": lambda rows: rows.page(Page("id" if "id" in rows.key else "version", 100)),
}
"""How each query that all things have is tried."""
MORE: dict[str, dict[str, Callable[[Any], Any]]] = {
    "spaces": {
        "rename": lambda spaces: spaces.rename(ONE, "other", 34),
        "by_ids": lambda spaces: spaces.by_ids([ONE, 9]),
    },
    "apps": {
        "by_ids": lambda apps: apps.by_ids([ONE, ANOTHER, 9]),
        "any_in_space": lambda apps: apps.any_in_space(9),
        "of_space": lambda apps: apps.of_space(9),
        "change_to": lambda apps: apps.change_to(row("apps", ONE, name="other"), 34),
        "released": lambda apps: apps.released(ONE, 12, 34),
    },
    "addons": {
        "of_app": lambda addons: addons.of_app(ONE),
        "by_ids": lambda addons: addons.by_ids([ONE, 9]),
        "plans_attached_to": lambda addons: addons.plans_attached_to(ONE),
        "load_plans": lambda addons: (addons.load_plans([ONE, 9]), addons.plans_attached_to(ONE)),
        "change_to": lambda addons: addons.change_to(ONE, "other", "heroku-redis:private-9", 34),
        "touch": lambda addons: addons.touch(ONE, 34),
        "configure": lambda addons: addons.configure(ONE, "{}"),
        "rotate": lambda addons: addons.rotate(ONE, 5),
    },
    "attachments": {
        "of_addon": lambda attachments: attachments.of_addon(ONE),
        "of_app": lambda attachments: attachments.of_app(ONE),
        "named": lambda attachments: attachments.named("name-1"),
        "giving": lambda attachments: attachments.giving("REDIS_URL"),
        "in_app": lambda attachments: attachments.in_app(9, "name-9"),
    },
    "privatelinks": {
        "of_addon": lambda links: links.of_addon(9),
        "open_to": lambda links: (links.open_to([f"arn-{ANOTHER}", f"arn-{ONE}"]), links.open_to(["arn-9"])),
    },
    "link_views": {"around": lambda views: (views.around("name-1"), views.around("uuid-9"))},
    "allowed_accounts": {"of_link": lambda accounts: accounts.of_link(ONE)},
    "endpoints": {
        "of_link": lambda endpoints: endpoints.of_link(ONE),
        "live_of_link": lambda endpoints: endpoints.live_of_link(ONE),
        "in_vpc": lambda endpoints: endpoints.in_vpc("vpc_id-1"),
        "made_with": lambda endpoints: endpoints.made_with("owner_account_id-1", "client_token-1"),
        "describe": lambda endpoints: endpoints.describe(row("endpoints", ONE, tags="{}")),
    },
    "releases": {
        "upto": lambda releases: releases.upto(ONE, 12),
        "delete_of_app": lambda releases: releases.delete_of_app(ONE),
    },
    "config_vars": {
        "of_app": lambda variables: variables.of_app(ONE),
        "of_addon": lambda variables: variables.of_addon(ONE),
        "of_attachments": lambda variables: variables.of_attachments([ONE, 9]),
        "load": lambda variables: (variables.load([ONE, 9]), variables.of_attachments([ONE, 9])),
        "given": lambda variables: variables.given(row("attachments", ONE), "REDIS_URL"),
        "names_by_attachment": lambda variables: variables.names_by_attachment([ONE, 9]),
        "names_by_addon": lambda variables: variables.names_by_addon([ONE, 9]),
        "put": lambda variables: variables.put([ConfigVar(ONE, "REDIS_URL", "new", None)]),
        "delete": lambda variables: variables.delete(ONE, ["REDIS_URL"]),
        "changes": lambda variables: variables.changes(ONE),
        "delete_of_app": lambda variables: variables.delete_of_app(ONE),
    },
    "lives": {
        # Ids are unique in a world that services make; here, rows of several tables share one and have no order.
        "due": lambda lives: sorted(lives.due(100, 100), key=repr),
        "next_due_at": lambda lives: lives.next_due_at(),
        # By then, things are due in the twin alone.
        "agenda": lambda lives: lives.agenda(20, 100).coming(),
        "move": lambda lives: lives.move(row("spaces", ONE), ALLOCATED, "r", "n"),
    },
    "waiting": {
        "due": lambda waiting: sorted(waiting.due(100), key=repr),
        "held": lambda waiting: sorted(waiting.held(100), key=repr),
        "held_by": lambda waiting: waiting.held_by(ONE),
        "in_state": lambda waiting: waiting.in_state(Machine.SPACE, "allocating"),
        "named": lambda waiting: waiting.named(f"uuid-{ONE}"),
        "hold": lambda waiting: waiting.hold(waiting.named(f"uuid-{ONE}"), ONE, 7),
        "let_go": lambda waiting: waiting.let_go(waiting.named(f"uuid-{ONE}"), 7),
    },
    "faults": {
        "all": lambda faults: faults.all(),
        "met": lambda faults: faults.met(row("faults", ONE, hits=8)),
    },
    "sources": {
        "all": lambda sources: sorted(sources.all()),
        "find": lambda sources: (sources.find("127.0.0.1"), sources.find("127.0.0.9")),
        "put": lambda sources: sources.put(Source("127.0.0.1", "10.0.0.1", "[]")),
        "delete": lambda sources: sources.delete("127.0.0.1"),
    },
    "occurrences": {
        "page": lambda occurrences: (occurrences.page(0, 100, None), occurrences.page(0, 100, "request")),
        "all": lambda occurrences: occurrences.all(),
        "insert": lambda occurrences: occurrences.insert([OCCURRENCE]),
        "prune": lambda occurrences: occurrences.prune(10_000_000),
    },
    "dumps": {
        "export": lambda dumps: dumps.export(),
        "clear": lambda dumps: dumps.clear(),
        "load": lambda dumps: (world := dumps.export(), dumps.clear(), dumps.load(world)),
    },
    "": {
        "allocate": lambda store: store.allocate(),
        "expect": lambda store: store.expect(3),
        "journal": lambda store: store.journal(6, BIRTH, "r", "n"),
        "move": lambda store: store.move(row("spaces", ONE), ALLOCATED, "r", "n"),
        "rearm": lambda store: store.rearm(row("endpoints", ONE), AGAIN),
        "note": lambda store: store.note("request", 6, {"path": "/"}),
        "count_faults": lambda store: store.count_faults(row("faults", ONE), 1),
        "flush": lambda store: store.flush(),
        "journal_page": lambda store: store.journal_page(0, 100),
        "whole_journal": lambda store: store.whole_journal(),
        "take_over": lambda store: store.take_over([ENTRY], [OCCURRENCE]),
        "become": lambda store: store.become(seed=9, delays="{}", counter=50, faults_made=3, now=40),
        "restart": lambda store: store.restart(began_at=8, counter=2),
    },
}
"""How each other query is tried, by the store's attribute ("" for the store itself)."""
TRIED = {
    attribute: (THINGS if attribute in ROWS else {}) | own for attribute, own in MORE.items()
}  # fmt: skip
CASES = [(attribute, name) for attribute, calls in TRIED.items() for name in calls]


STATES = {
    "endpoints": ("pendingAcceptance", "available"),
    "allowed_accounts": ("Provisioning", "Active"),
    "privatelinks": ("Operational", "Operational"),
}
"""The states of the first row of these, and of any other."""


def fill(store: Store, numbers: tuple[int, ...], **more: Any) -> Store:
    """Put a row of each number into every table."""
    for number in numbers:
        for table in ROWS:
            living = {"due_at": more["due_at"] + number} if table in LIVING.values() else {}
            plan = {"plan": f"{more['mark']}-plan"} if table == "addons" else {}
            state = {"state": STATES[table][number != ONE]} if table in STATES else {}
            same = {"privatelink_id": ONE} if table in {"allowed_accounts", "endpoints"} else {}
            made = {"created_at": more["due_at"]}
            fields = ROWS[table].__annotations__
            # The add-on of one link is there in the twin alone.
            other = {"addon_id": {ONE: ONE, ANOTHER: 9, 9: ANOTHER}[number]} if table == "privatelinks" else {}
            values = living | plan | state | same | other | (made if "created_at" in fields else {})
            getattr(store, table).insert(row(table, number, **values))
        store.config_vars.put([
            ConfigVar(number, "REDIS_URL", more["mark"], number), ConfigVar(number, f"{more['mark']}_URL", "x", number)
        ])  # fmt: skip
        store.sources.put(Source(f"127.0.0.{number}", more["mark"], '["sg-1"]'))
        store.journal(more["due_at"], BIRTH, more["mark"], "n")
        store.note("request", more["due_at"], {"path": more["mark"]})
    store.expect(more["due_at"] + min(numbers))
    store.flush()
    return store


def target(store: Store, attribute: str) -> Any:
    """The store, or the part of it with this name."""
    return getattr(store, attribute) if attribute else store


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "sandbox_id"]


def seen(connection: Connection, name: str) -> tuple[Any, ...]:
    """A whole world, and its sandbox's row but for its id and keys."""
    sandbox = Sandboxes(connection).find("name", name)
    assert sandbox is not None
    rows = {table.name: connection.execute(select(*_columns(table)).where(table.c.sandbox_id == sandbox.id)
                                           .order_by(*table.primary_key.columns)).all() for table in WORLD}  # fmt: skip
    kept = ("counter", "journal_seq", "latest_at", "next_due_at", "wake_at", "clock_offset", "frozen_at", "pace",
            "faults_made", "request_faults", "stage_faults", "seed", "delays")  # fmt: skip
    return rows, [getattr(sandbox, each) for each in kept]


@pytest.fixture
def alone() -> Iterator[Connection]:
    """A database that holds one world only."""
    engine = connect(MEMORY)
    ensure_schema(engine)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def public_queries(kind: type) -> set[str]:
    """The public methods of a class of queries, but for those that build statements."""
    found = {
        name: member for base in kind.__mro__ if base not in {Queries, object} for name, member in vars(base).items()
    }
    return {name for name, member in found.items()
            if not name.startswith("_") and callable(member) and name not in {"record", "columns"}}  # fmt: skip


def every_kind(kind: type[Queries] = Queries) -> Iterator[type[Queries]]:
    """Every class of queries that is defined outside the tests."""
    for each in kind.__subclasses__():
        yield each
        yield from every_kind(each)


def test_every_query_is_tried(connection: Connection) -> None:
    """A new query, or a new class of queries, has to be added to the tables above."""
    store = world(connection)
    tried = {type(target(store, attribute)): set(calls) for attribute, calls in TRIED.items()}
    for kind in every_kind():
        if kind.__name__ != "Things":
            assert tried[kind] == public_queries(kind), kind


@pytest.mark.parametrize(("attribute", "name"), CASES)
def test_a_query_answers_and_changes_as_if_its_world_were_alone(
    connection: Connection, alone: Connection, attribute: str, name: str
) -> None:
    """Beside a twin with the same ids and names the answer and the changes are the same, and the twin is untouched."""
    fill(world(connection, "twin"), (ONE, ANOTHER, 9), mark="twin", due_at=10)
    mine = fill(world(connection, "mine"), (ONE, ANOTHER), mark="mine", due_at=20)
    control = fill(world(alone, "mine"), (ONE, ANOTHER), mark="mine", due_at=20)
    before = seen(connection, "twin")
    call = TRIED[attribute][name]
    assert call(target(mine, attribute)) == call(target(control, attribute))
    mine.flush()
    control.flush()
    assert seen(connection, "mine") == seen(alone, "mine")
    assert seen(connection, "twin") == before


def test_a_deleted_sandbox_takes_its_rows_and_no_others(connection: Connection) -> None:
    """The rows of a sandbox go with it; its number is never given again."""
    gone = fill(world(connection, "gone"), (ONE, ANOTHER), mark="gone", due_at=10)
    fill(world(connection, "kept"), (ONE, ANOTHER), mark="kept", due_at=20)
    last = fill(world(connection, "last"), (ONE,), mark="last", due_at=20)
    before = seen(connection, "kept")
    for each in (gone, last):
        Sandboxes(connection).delete(each._work.sandbox_id)
        assert not any(each.dumps.export().values())
    assert seen(connection, "kept") == before
    assert world(connection, "new")._work.sandbox_id > last._work.sandbox_id
