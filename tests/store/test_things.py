"""Each table's rows: put in, found, walked and taken away, alike on both databases."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kagemusha.store.base import Page, Things
from kagemusha.store.engine import MEMORY, connect
from kagemusha.store.models import metadata
from kagemusha.store.records import ConfigVar
from kagemusha.store.store import Store
from samples import ROWS, asked, row, world
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

MODERATE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LARGE = 2**62
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


def things(store: Store, table: str) -> Things[Any]:
    """The store's table of this name."""
    found: Things[Any] = getattr(store, table)
    return found


def key(store: Store, table: str, each: Any) -> tuple[int, ...]:
    """The key of a row."""
    return tuple(getattr(each, part) for part in things(store, table).key)


@pytest.mark.parametrize("table", ROWS)
def test_a_row_comes_back_as_it_was_put_in(connection: Connection, table: str) -> None:
    """Every column of every table keeps its value and type, large numbers included."""
    store = world(connection)
    rows = [row(table, number) for number in (1, 2, LARGE)]
    for each in rows:
        things(store, table).insert(each)
    assert [things(store, table).get(*key(store, table, each)) for each in rows] == rows
    for each in rows:
        for identity in things(store, table).identities:
            assert things(store, table).find(getattr(each, identity)) == each


@pytest.mark.parametrize("table", ROWS)
def test_what_may_be_null_stays_null(connection: Connection, table: str) -> None:
    """None goes in and comes out wherever the table lets it."""
    store = world(connection)
    columns = things(store, table).table.c
    empty = {name: None for name in ROWS[table].__annotations__ if columns[name].nullable}
    each = row(table, 5, **empty)
    things(store, table).insert(each)
    assert things(store, table).get(*key(store, table, each)) == each


@pytest.mark.parametrize("table", ROWS)
def test_a_deleted_row_is_gone_and_the_others_stay(connection: Connection, table: str) -> None:
    """A delete takes the row with the key and no other; what is not there is None, not an error."""
    store = world(connection)
    kept, gone = row(table, 1), row(table, 2)
    for each in (kept, gone):
        things(store, table).insert(each)
    things(store, table).delete(*key(store, table, gone))
    assert things(store, table).get(*key(store, table, gone)) is None
    assert things(store, table).find(getattr(gone, things(store, table).identities[0])) is None
    assert things(store, table).get(*key(store, table, kept)) == kept


def test_a_name_that_is_anothers_id_finds_the_older(connection: Connection) -> None:
    """An add-on named with the id of an older one does not hide it, on either database."""
    store = world(connection)
    older = row("addons", 3)
    store.addons.insert(row("addons", 4, name=older.uuid))
    store.addons.insert(older)
    assert store.addons.find(older.uuid) == older


@pytest.mark.parametrize("table", sorted(set(ROWS) - {"allowed_accounts", "faults"}))
def test_what_is_looked_up_is_looked_up_in_an_index(table: str) -> None:
    """Neither a look-up by name or id nor a page reads a whole world, however large it is."""
    engine = connect(MEMORY)
    with engine.connect() as connection:
        metadata.create_all(connection)
        store = world(connection)
        with asked(connection) as statements:
            things(store, table).find("x")
            if "name" in things(store, table).identities:
                things(store, table).page(Page("name", 10, start="x"))
        for statement in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
            assert all(re.search(r"INDEX \w+ \(sandbox_id=\? AND |MULTI-INDEX OR|INDEX \d", each[3]) for each in plan)
    engine.dispose()


def test_a_state_that_no_machine_has_is_refused(connection: Connection) -> None:
    """The database itself knows the states."""
    store = world(connection)
    with pytest.raises(IntegrityError), connection.begin_nested():
        store.spaces.insert(row("spaces", 1, state="Allocated"))


@pytest.mark.parametrize(
    ("table", "same"),
    [("apps", "name"), ("apps", "uuid"), ("attachments", "name"), ("privatelinks", "addon_id"), ("endpoints", "id")],
)
def test_what_is_unique_is_unique_in_its_world_alone(connection: Connection, table: str, same: str) -> None:
    """A second row with the same name or key is refused in one world and taken in another."""
    one, two = world(connection, "one"), world(connection, "two")
    first = row(table, 1, **({"app_id": 9} if table == "attachments" else {}))
    second = row(table, 2)._replace(**{same: getattr(first, same)})
    second = second._replace(app_id=9) if table == "attachments" else second
    things(one, table).insert(first)
    things(two, table).insert(second)
    with pytest.raises(IntegrityError), connection.begin_nested():
        things(one, table).insert(second)


@st.composite
def pages(draw: st.DrawFn, bounds: st.SearchStrategy[Any]) -> Page:
    """A page of some field, yet to be named, with bounds that may and may not be rows."""
    return Page(
        "", draw(st.integers(1, 6)), draw(st.booleans()), draw(st.none() | bounds), draw(st.booleans()),
        draw(st.none() | bounds),
    )  # fmt: skip


def expected(rows: list[Any], page: Page) -> list[Any]:
    """What `page` is of `rows`, by a plain reading of the Range header: bytes decide the order of text."""

    def place(value: Any) -> Any:
        return value.encode() if isinstance(value, str) else value

    def within(each: Any) -> bool:
        at, sign = place(getattr(each, page.field)), -1 if page.descending else 1
        behind = page.start is None or at == place(page.start) or (at > place(page.start)) == (sign == 1)
        before = page.end is None or at == place(page.end) or (at < place(page.end)) == (sign == 1)
        return behind and before and not (page.exclusive and page.start is not None and at == place(page.start))

    ordered = sorted(rows, key=lambda each: place(getattr(each, page.field)), reverse=page.descending)
    return [each for each in ordered if within(each)][: page.limit]


@pytest.mark.parametrize("table", ["spaces", "apps", "addons", "attachments"])
@MODERATE
@given(data=st.data())
def test_pages_of_text_are_in_the_order_of_bytes(connection: Connection, table: str, data: st.DataObject) -> None:
    """A page of names, in either direction and with any bounds, is what a sorted list gives."""
    names = data.draw(st.lists(NAMES, max_size=8, unique=True))
    page = data.draw(pages(st.sampled_from(names) | NAMES if names else NAMES))._replace(field="name")
    with connection.begin_nested() as transaction:
        store = world(connection)
        rows = [row(table, number, name=name) for number, name in enumerate(names, 1)]
        for each in rows:
            things(store, table).insert(each)
        assert things(store, table).page(page) == expected(rows, page)
        transaction.rollback()


@MODERATE
@given(data=st.data())
def test_pages_of_versions_are_in_the_order_of_numbers(connection: Connection, data: st.DataObject) -> None:
    """A page of one app's releases by version is what a sorted list gives, without another app's."""
    versions = data.draw(st.lists(st.integers(1, 12), max_size=8, unique=True))
    page = data.draw(pages(st.integers(0, 13)))._replace(field="version")
    with connection.begin_nested() as transaction:
        store = world(connection)
        rows = [row("releases", number, app_id=1, version=number) for number in versions]
        for each in [*rows, row("releases", 99, app_id=2, version=4)]:
            store.releases.insert(each)
        assert store.releases.page(page, app_id=1) == expected(rows, page)
        transaction.rollback()


@MODERATE
@given(names=st.lists(NAMES, max_size=9, unique=True), limit=st.integers(1, 4), descending=st.booleans())
def test_a_walk_from_page_to_page_sees_each_row_once(
    connection: Connection, names: list[str], limit: int, descending: bool
) -> None:
    """Pages that each begin behind the last row of the one before give the whole list in order."""
    with connection.begin_nested() as transaction:
        store = world(connection)
        for number, name in enumerate(names, 1):
            store.apps.insert(row("apps", number, name=name))
        seen: list[str] = []
        for _ in range(len(names) + 1):
            start = seen[-1] if seen else None
            seen += [each.name for each in store.apps.page(Page("name", limit, descending, start, exclusive=True))]
        assert seen == sorted(names, key=str.encode, reverse=descending)
        transaction.rollback()


def test_a_config_var_is_put_over_what_had_its_name(connection: Connection) -> None:
    """Putting replaces by name, deleting takes names away, and the list is in the order of bytes."""
    store = world(connection)
    store.config_vars.put([ConfigVar(1, "b", "1", None), ConfigVar(1, "A", "2", 7), ConfigVar(2, "b", "3", None)])
    store.config_vars.put([ConfigVar(1, "b", "4", None), ConfigVar(1, "é", "5", None)])
    assert [(var.name, var.value) for var in store.config_vars.of_app(1)] == [("A", "2"), ("b", "4"), ("é", "5")]
    store.config_vars.delete(1, ["A", "none"])
    assert [var.name for var in store.config_vars.of_app(1)] == ["b", "é"]
    store.config_vars.delete_of_app(1)
    assert store.config_vars.of_app(1) == []
    assert [var.value for var in store.config_vars.of_app(2)] == ["3"]
