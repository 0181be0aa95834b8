"""Statements about many rows at once. Together with `engine`, every difference between the two databases is here."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Connection,
    Table,
    UpdateBase,
    any_,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

Given = Callable[[str], Any]
"""What gives the value of a parameter, by its name."""
Insert = Callable[[Table], Any]
"""A dialect's `insert`."""


class among(FunctionElement[bool]):  # noqa: N801  it is written like a function
    """The condition that a column is one of the parameter `ids`, a list of any length.

    The list is one parameter, an array or a JSON document: its numbers one by one would make another statement of each
    length, to be put together, and read, anew.
    """

    name = "among"
    inherit_cache = True


@compiles(among)
def _among_document(condition: Any, compiler: Any, **more: Any) -> str:
    (found,) = condition.clauses
    values = func.json_each(bindparam("ids", type_=JSON)).table_valued("value")
    made: str = compiler.process(found.in_(select(values.c.value)), **more)
    return made


@compiles(among, "postgresql")
def _among_array(condition: Any, compiler: Any, **more: Any) -> str:
    (found,) = condition.clauses
    made: str = compiler.process(found == any_(bindparam("ids", type_=ARRAY(found.type))), **more)
    return made


class Many:
    """A statement for many rows, each a dict of its parameters but for the sandbox's.

    SQLite, which is in this process, takes them one by one. PostgreSQL takes all of them in one JSON document, in a
    third of the time that it takes for one after the other (docs/decisions/0012).
    """

    def __init__(self, table: Table, names: Iterable[str], make: Callable[[Given, Insert], UpdateBase]) -> None:
        """`names` are the parameters: ``by_`` or ``new_`` and a column of `table`. `make` makes the statement."""
        self._names = tuple(names)
        self._table = table
        self._make = make

    @cached_property
    def _at_once(self) -> UpdateBase:
        from sqlalchemy.dialects import postgresql

        columns = (column(name, self._table.c[name.partition("_")[2]].type) for name in self._names)
        called = func.json_to_recordset(bindparam("rows", type_=JSON)).table_valued(*columns)
        document = called.render_derived(name="given", with_types=True)
        return self._make(document.c.__getitem__, postgresql.insert)

    @cached_property
    def _one_by_one(self) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
        # No value needs a conversion here; to let SQLAlchemy look for one takes as long as SQLite does for the row.
        compiled: Any = self._make(bindparam, sqlite.insert).compile(dialect=sqlite.dialect())
        return compiled.string, itemgetter(*compiled.positiontup)

    def parameters(self, values: Iterable[Any]) -> dict[str, Any]:
        """The parameters of one row whose values are in the order of the names."""
        return dict(zip(self._names, values, strict=True))

    def run(self, connection: Connection, sandbox_id: int, rows: Sequence[dict[str, Any]]) -> int:
        """Run it; returns how many rows of the table it met. `rows` are given up; no two of them may mean the same."""
        if connection.dialect.name == "postgresql":
            return connection.execute(self._at_once, {"in_sandbox": sandbox_id, "rows": rows}).rowcount
        text, values = self._one_by_one
        for row in rows:
            row["in_sandbox"] = sandbox_id
        return connection.exec_driver_sql(text, list(map(values, rows))).rowcount
