"""Selects that are built once and run for nearly every request.

SQLAlchemy builds and compiles them and says of what types their columns are. On SQLite they then run on the driver's
cursor that `Connection.connection` hands out: what `Connection.execute` does around a run takes several times what
SQLite takes (docs/decisions/0014-reads-on-the-drivers-cursor.md).
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Dialect, Select

Reading = Select[Any] | CompoundSelect[Any]
Rows = Sequence[Sequence[Any]]


def rows(connection: Connection, statement: Reading, parameters: Mapping[str, Any]) -> Rows:
    """All rows of a statement, which is kept for the next time: it must be one of those that are built once."""
    if connection.dialect.name != "sqlite" or not connection.in_transaction():
        return connection.execute(statement, parameters).all()
    prepared = _PREPARED.get(statement)
    if prepared is None:
        prepared = _PREPARED[statement] = Prepared(statement, connection.dialect)
    text, values = prepared.bound(parameters)
    try:
        found = connection.connection.cursor().execute(text, values).fetchall()
    except sqlite3.Error:
        # Asked again by way of SQLAlchemy, which says what went wrong as it always does.
        return connection.execute(statement, parameters).all()
    return prepared.converted(found)


class Prepared:
    """A select as SQLite takes it, with named parameters."""

    __slots__ = ("_compiled", "_conversions", "_expands", "_given", "_processors", "_text")

    def __init__(self, statement: Reading, dialect: Dialect) -> None:
        """Compile it."""
        self._compiled = compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._given = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._expands = any(bind.expanding for bind in compiled.binds.values())
        processors = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        self._processors = [(name, processor) for name, processor in processors.items() if processor is not None]
        self._conversions = _conversions(statement, dialect)

    def bound(self, parameters: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The text, with as many places as there are values in lists, and its values."""
        if self._expands:
            expanded = self._compiled.construct_expanded_state(parameters)
            return expanded.statement, expanded.parameters
        if not self._given and not self._processors:
            return self._text, parameters
        values = {**self._given, **parameters}
        for name, process in self._processors:
            values[name] = process(values[name])
        return self._text, values

    def converted(self, found: list[tuple[Any, ...]]) -> Rows:
        """The same rows, with what SQLite has no type for as the columns' types want it."""
        if not self._conversions:
            return found
        changed = [list(row) for row in found]
        for row in changed:
            for place, convert in self._conversions:
                row[place] = convert(row[place])
        return changed


_PREPARED: dict[Reading, Prepared] = {}


def _conversions(statement: Reading, dialect: Dialect) -> list[tuple[int, Callable[[Any], Any]]]:
    processors = (
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns
    )
    return [(place, processor) for place, processor in enumerate(processors) if processor is not None]
