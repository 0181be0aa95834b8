"""What every query has in common: the sandbox, bound once so that none can forget it."""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Executable,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    literal_column,
    or_,
    select,
    true,
    update,
)

from kagemusha.store.many import Given, Insert, Many, among
from kagemusha.store.prepared import Reading, Rows, rows
from kagemusha.store.work import Known, Work


class Page(NamedTuple):
    """A stretch of a list: up to `limit` rows from `start` to `end` by `field`, either of them None for open."""

    field: str
    limit: int
    descending: bool = False
    start: str | int | None = None
    exclusive: bool = False
    end: str | int | None = None


class Queries:
    """Statements of one world, over one connection. Statements name `:in_sandbox`; it is always bound here."""

    def __init__(self, work: Work) -> None:
        """Take part in a transaction's work in one world."""
        self._work = work

    def _execute(self, statement: Executable, **parameters: Any) -> Any:
        self._work.send()
        found = self._work.connection.execute(statement, {"in_sandbox": self._work.sandbox_id, **parameters})
        if statement.is_dml:
            self._work.forget()
        return found

    def _rows(self, statement: Reading, **parameters: Any) -> Rows:
        """The rows of a select that is built once."""
        self._work.send()
        return rows(self._work.connection, statement, {"in_sandbox": self._work.sandbox_id, **parameters})

    def _execute_many(self, statement: Many, rows: Sequence[dict[str, Any]]) -> None:
        self._work.send()
        self._send_many(statement, rows)
        self._work.forget()

    def _send_many(self, statement: Many, rows: Iterable[dict[str, Any]]) -> int:
        """Send what was kept back, in whatever order; returns how many rows it met."""
        listed = list(rows)
        return statement.run(self._work.connection, self._work.sandbox_id, listed) if listed else 0


def mine(table: Table) -> ColumnElement[bool]:
    """The condition that a row is of the bound world."""
    return table.c.sandbox_id == bindparam("in_sandbox")


def by(table: Table, name: str) -> ColumnElement[bool]:
    """The condition that the column `name` is the parameter ``by_<name>``."""
    return table.c[name] == bindparam(f"by_{name}")


def _given(names: Iterable[str], prefix: str) -> list[str]:
    return [f"{prefix}_{name}" for name in names]


def change_many(table: Table, keys: Sequence[str], names: Sequence[str]) -> Many:
    """Set the columns `names` (parameters ``new_<name>``) of the rows whose `keys` are the parameters ``by_<key>``."""

    def make(given: Given, _insert: Insert) -> Update:
        found = (table.c[key] == given(f"by_{key}") for key in keys)
        return update(table).where(mine(table), *found).values({name: given(f"new_{name}") for name in names})

    return Many(table, [*_given(keys, "by"), *_given(names, "new")], make)


def delete_many(table: Table, keys: Sequence[str]) -> Many:
    """Take the rows away whose `keys` are the parameters ``by_<key>``."""

    def make(given: Given, _insert: Insert) -> Delete:
        return delete(table).where(mine(table), *(table.c[key] == given(f"by_{key}") for key in keys))

    return Many(table, _given(keys, "by"), make)


def put_many(table: Table, names: Sequence[str], *, replacing: bool = False) -> Many:
    """Insert rows with the columns `names` (parameters ``new_<name>``), `replacing` or not what has their keys."""

    def make(given: Given, insert: Insert) -> Any:
        here = bindparam("in_sandbox", type_=table.c.sandbox_id.type)
        # SQLite would take ON CONFLICT for a part of a query without a condition.
        rows = select(here, *(given(f"new_{name}") for name in names)).where(true())
        made = insert(table).from_select(["sandbox_id", *names], rows)
        keys = [key.name for key in table.primary_key]
        new = {name: made.excluded[name] for name in names if name not in keys}
        return made.on_conflict_do_update(index_elements=keys, set_=new) if replacing else made

    return Many(table, _given(names, "new"), make)


Row = TypeVar("Row", bound=NamedTuple)


class Things(Queries, Generic[Row]):
    """The rows of one table, as records."""

    table: ClassVar[Table]
    record: ClassVar[type[Row]]
    identities: ClassVar[tuple[str, ...]] = ("uuid", "name")
    key: ClassVar[tuple[str, ...]] = ("id",)
    groups: ClassVar[tuple[str, ...]] = ()
    """The columns by which several rows are asked for, and loaded, at once."""

    def __init__(self, work: Work) -> None:
        """Nothing is known yet."""
        super().__init__(work)
        self._known: Known[Row] = work.remember(Known(*self.key))
        work.known[self.table.name] = self._known

    @classmethod
    def columns(cls) -> list[Column[Any]]:
        """The columns of a record, in its order."""
        return [cls.table.c[name] for name in cls.record._fields]

    @classmethod
    def selection(cls, *conditions: ColumnElement[bool]) -> Select[Any]:
        """A select of whole records of the bound world."""
        return select(*cls.columns()).where(mine(cls.table), *conditions)

    # Each statement is built once, when it is first needed: building costs three times what running does.

    @classmethod
    @cache
    def _by_key(cls) -> Select[Any]:
        return cls.selection(*(by(cls.table, part) for part in cls.key))

    @classmethod
    @cache
    def _by_identity(cls) -> Select[Any]:
        identity: BindParameter[str] = bindparam("identity")
        return cls.selection(or_(*(cls.table.c[name] == identity for name in cls.identities)))

    @classmethod
    @cache
    def _having(cls, name: str) -> Select[Any]:
        return cls.selection(by(cls.table, name))

    @classmethod
    @cache
    def _among(cls, name: str) -> Select[Any]:
        return cls.selection(among(cls.table.c[name]))

    @classmethod
    @cache
    def _insert(cls) -> Many:
        return put_many(cls.table, cls.record._fields)

    @classmethod
    @cache
    def _delete(cls) -> Delete:
        return delete(cls.table).where(mine(cls.table), *(by(cls.table, part) for part in cls.key))

    @classmethod
    def change(cls, *names: str) -> Update:
        """An update of the columns `names` (parameters ``new_<name>``) of the row with the key."""
        return (
            update(cls.table)
            .where(mine(cls.table), *(by(cls.table, part) for part in cls.key))
            .values({name: bindparam(f"new_{name}") for name in names})
        )

    def _one(self, statement: Select[Any], **parameters: Any) -> Row | None:
        found = self._rows(statement, **parameters)
        return self.record._make(found[0]) if found else None

    def _all(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        return list(map(self.record._make, self._rows(statement, **parameters)))

    def _oldest_first(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        # Sorted here: told to sort by the key, SQLite walks the world along it instead of using the index that finds
        # the few rows that are meant.
        return sorted(self._all(statement, **parameters), key=attrgetter(*self.key))

    def load(self, column: str, values: Iterable[int]) -> list[Row]:
        """All rows whose `column`, the key or one of `groups`, is among `values`, read at once.

        Until something is written that changes more than what is known, they are not read again.
        """
        asked = sorted(set(values))
        unknown = [value for value in asked if not self._known.has(column, value)]
        if unknown:
            self._known.learn(column, unknown, self._all(self._among(column), ids=unknown))
        return [row for value in asked for row in self._known.among(column, value)]

    def _with(self, column: str, value: int) -> list[Row]:
        """The rows whose `column`, one of `groups`, is `value`, oldest first."""
        if self._known.has(column, value):
            return sorted(self._known.among(column, value), key=attrgetter(*self.key))
        return self._oldest_first(self._having(column), **{f"by_{column}": value})

    def get(self, *key: int) -> Row | None:
        """The row with this key."""
        found = self._known.get(key if len(key) > 1 else key[0])
        if found is not None or self._known.has(self.key[0], key[0]):
            return found
        return self._one(self._by_key(), **{f"by_{part}": value for part, value in zip(self.key, key, strict=True)})

    def find(self, identity: str) -> Row | None:
        """The row that is named, or has the id, `identity`; the oldest of several."""
        # A name may be spelled like another's id, which can't be foreseen.
        return next(iter(self._oldest_first(self._by_identity(), identity=identity)), None)

    def insert(self, row: Row) -> None:
        """Add a row."""
        self._execute_many(self._insert(), [self._insert().parameters(row)])

    def delete(self, *key: int) -> None:
        """Take the row with this key away."""
        self._execute(self._delete(), **{f"by_{part}": value for part, value in zip(self.key, key, strict=True)})

    def page(self, page: Page, **equal: Any) -> list[Row]:
        """A stretch of the rows whose columns equal `equal`, walked along an index whatever the world's size."""
        shape = page._replace(
            limit=0,
            start=None if page.start is None else "",
            end=None if page.end is None else "",
        )
        statement = self._paged(shape, *sorted(equal))
        bounds = {"start": page.start, "end": page.end}
        given = {name: value for name, value in bounds.items() if value is not None}
        filters = {f"by_{name}": value for name, value in equal.items()}
        return self._all(statement, limit=page.limit, **given, **filters)

    @classmethod
    @cache
    def _paged(cls, page: Page, *equal: str) -> Select[Any]:
        """The statement of pages like this one, whose limit and bounds are parameters."""
        column: ColumnElement[Any] = cls.table.c[page.field]
        if equal and page.field not in cls.key:
            # No column of an index: the few rows that are meant are found by `equal`, not by walking the whole world.
            column = column.concat(literal_column("''"))
        statement = cls.selection(*(by(cls.table, name) for name in equal))
        first, last = ("start", "end") if not page.descending else ("end", "start")
        low = page.start if first == "start" else page.end
        high = page.end if last == "end" else page.start
        if low is not None:
            strict = page.exclusive and first == "start"
            statement = statement.where(column > bindparam(first) if strict else column >= bindparam(first))
        if high is not None:
            strict = page.exclusive and last == "start"
            statement = statement.where(column < bindparam(last) if strict else column <= bindparam(last))
        ordered = statement.order_by(column.desc() if page.descending else column)
        return ordered.limit(bindparam("limit"))
