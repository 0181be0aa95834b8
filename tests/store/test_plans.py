"""No query walks a world to find a few rows: what SQLite says of every statement that a query sends."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from kagemusha.store.base import Page, Things
from kagemusha.store.engine import MEMORY, connect
from kagemusha.store.migrate import ensure_schema
from samples import asked
from sqlalchemy import Connection
from test_isolation import ANOTHER, CASES, ONE, TRIED, fill, target, world

WHOLE = {
    ("dumps", "export"), ("dumps", "clear"), ("dumps", "load"), ("", "whole_journal"), ("faults", "all"),
    ("sources", "all"),
}  # fmt: skip
"""What is meant to read all of a world."""
BOUNDED = {("occurrences", "prune")}
"""What walks as many rows as a world keeps, which is the bound that it keeps to."""
UNUSED = {("allowed_accounts", "find"), ("faults", "find")}
"""Nobody looks for an account by its id, or for a fault by its operation: neither has an index."""
FILTERS = {"addons": ["app_id"], "attachments": ["app_id", "addon_id"], "releases": ["app_id"]}
"""The columns that a page of these is narrowed by."""
FIELDS = {"addons": ["uuid", "name"], "attachments": ["uuid"], "releases": ["uuid", "version"]}
PAGES = [(table, name, field) for table, names in FILTERS.items() for name in names for field in FIELDS[table]]
_FOUND = re.compile(
    r"INDEX \w+ \(sandbox_id=\? AND |INDEX ix_\w+_held \(sandbox_id=|INTEGER PRIMARY KEY|sandboxes|MULTI-INDEX|"
    r"^INDEX \d"
)


@pytest.fixture
def small() -> Iterator[Connection]:
    """A database in memory."""
    engine = connect(MEMORY)
    ensure_schema(engine)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def walks(connection: Connection, call: Any) -> list[str]:
    """The steps of the statements that `call` sends which read more of a table than an index leads to."""
    with asked(connection) as statements:
        call()
    assert statements
    steps = [
        step[3] for statement in statements for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
    ]
    reads = [step for step in steps if re.match(r"(SEARCH|SCAN) (?!anon_|CONSTANT|json_each)", step)]
    return [step for step in reads if not _FOUND.search(step)]


@pytest.mark.parametrize(
    ("attribute", "name"),
    [case for case in CASES if case not in WHOLE | BOUNDED | UNUSED and case[1] not in {"page", "insert"}],
)
def test_a_query_is_led_by_an_index_to_what_it_means(small: Connection, attribute: str, name: str) -> None:
    """However large a world is, a query reads the rows that it is about."""
    store = fill(world(small), (ONE, ANOTHER), mark="mine", due_at=20)

    def call() -> None:
        TRIED[attribute][name](target(store, attribute))
        store.flush()

    assert walks(small, call) == []


@pytest.mark.parametrize(("table", "narrowed", "field"), PAGES)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("start", [None, "x"])
def test_a_narrowed_page_reads_no_others(
    small: Connection, table: str, narrowed: str, field: str, start: str | None, *, descending: bool
) -> None:
    """A page of one app's things is found by the app, wherever it begins and whatever it is sorted by."""
    things: Things[Any] = getattr(world(small), table)
    page = Page(field, 100, descending, start)
    assert walks(small, lambda: things.page(page, **{narrowed: ONE})) == []
