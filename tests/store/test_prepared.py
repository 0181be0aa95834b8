"""Selects on the driver's cursor answer what SQLAlchemy would."""

from collections.abc import Iterator
from typing import Any

import pytest
from kagemusha.store import base, models, prepared, sandboxes
from kagemusha.store.engine import MEMORY, connect
from kagemusha.store.migrate import ensure_schema
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.tables import Apps
from samples import asked, row, world
from sqlalchemy import Connection, Integer, Select, bindparam, column, select
from sqlalchemy.exc import OperationalError
from test_isolation import ANOTHER, CASES, ONE, TRIED, fill, target
from test_isolation import world as isolated


@pytest.fixture
def small() -> Iterator[Connection]:
    """A transaction over a database in memory."""
    engine = connect(MEMORY)
    ensure_schema(engine)
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def typed(rows: Any) -> list[list[tuple[type, Any]]]:
    """The values of rows with their types: 1 is not True here."""
    return [[(type(value), value) for value in each] for each in rows]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every select is run both ways, and must answer the same; the selects that were."""
    done: list[str] = []

    def rows(connection: Connection, statement: Select[Any], parameters: Any) -> Any:
        found = prepared.rows(connection, statement, parameters)
        assert typed(found) == typed(connection.execute(statement, parameters))
        done.append(str(statement))
        return found

    monkeypatch.setattr(base, "rows", rows)
    monkeypatch.setattr(sandboxes, "rows", rows)
    return done


@pytest.mark.parametrize(("attribute", "name"), [case for case in CASES if case[0]])
def test_every_query_answers_as_by_sqlalchemy(
    small: Connection, compared: list[str], attribute: str, name: str
) -> None:
    """Values, types and order of all rows are the same, whatever the query."""
    store = fill(isolated(small), (ONE, ANOTHER), mark="mine", due_at=20)
    TRIED[attribute][name](target(store, attribute))
    store.flush()
    assert compared or name not in {"get", "find"}


def test_a_sandbox_is_found_as_by_sqlalchemy(small: Connection, compared: list[str]) -> None:
    """A world with a pace of its own, and one that is not there."""
    world(small, "one", pace=60.0, frozen_at=None)
    assert Sandboxes(small).find("name", "one") is not None
    assert Sandboxes(small).find("name", "two") is None
    assert len(compared) == 2


def test_lists_and_what_sqlite_has_no_type_for(connection: Connection) -> None:
    """Lists of any length, an empty one too, and true, false and null, on both databases."""
    store = world(connection)
    for number in (1, 2, 3):
        store.apps.insert(row("apps", number, internal_routing=None if number == 1 else number == 2))
    statement = Apps.selection(models.apps.c.id.in_(bindparam("ids", expanding=True))).order_by(models.apps.c.id)
    for ids in ([1], [1, 2, 3], [2, 5], []):
        parameters = {"in_sandbox": store._work.sandbox_id, "ids": ids}
        found = prepared.rows(connection, statement, parameters)
        assert typed(found) == typed(connection.execute(statement, parameters))
        assert [each[7] for each in found] == [{1: None, 2: True, 3: False}[n] for n in ids if n < 5]


def test_a_failure_of_the_driver_is_sqlalchemys(small: Connection) -> None:
    """What the driver raises is asked again by way of SQLAlchemy, and is an error by which an outage is known."""
    world(small)
    statement = select(column("nowhere", Integer)).select_from(models.apps)
    with pytest.raises(OperationalError, match="nowhere"):
        prepared.rows(small, statement, {})


def test_without_a_transaction_sqlalchemy_begins_one() -> None:
    """A select outside of a transaction is SQLAlchemy's, which begins one for what follows to be seen with it."""
    engine = connect(MEMORY)
    ensure_schema(engine)
    with engine.connect() as connection:
        with asked(connection) as statements:
            assert Sandboxes(connection).find("name", "one") is None
        assert connection.in_transaction()
    assert statements[0].startswith("BEGIN")
    engine.dispose()
