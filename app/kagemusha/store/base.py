"""What every query has in common: the sandbox, bound once so that none can forget it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from kagemusha.store.prepared import Rows, rows


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list: up to `limit` rows from `start` to `end` by `field`, either of them None for open."""

    field: str
    limit: int
    descending: bool = False
    start: str | int | None = None
    exclusive: bool = False
    end: str | int | None = None


class Queries:
    """Statements of one world, over one connection. Statements name `:in_sandbox`; it is always bound here."""

    def __init__(self, connection: Connection, sandbox_id: int) -> None:
        """Bind the world."""
        self._connection = connection
        self._sandbox_id = sandbox_id

    def _execute(self, statement: Executable, **parameters: Any) -> Any:
        return self._connection.execute(statement, {"in_sandbox": self._sandbox_id, **parameters})

    def _rows(self, statement: Select[Any], **parameters: Any) -> Rows:
        return rows(self._connection, statement, {"in_sandbox": self._sandbox_id, **parameters})

    def _execute_many(self, statement: Executable, many: Sequence[dict[str, Any]]) -> int:
        bound = [{"in_sandbox": self._sandbox_id, **row} for row in many]
        count: int = self._connection.execute(statement, bound).rowcount
        return count

    def _insert_many(self, statement: Insert, many: Sequence[dict[str, Any]]) -> None:
        self._connection.execute(statement, [{"sandbox_id": self._sandbox_id, **row} for row in many])


def mine(table: Table) -> ColumnElement[bool]:
    """The condition that a row is of the bound world."""
    return table.c.sandbox_id == bindparam("in_sandbox")


def by(table: Table, name: str) -> ColumnElement[bool]:
    """The condition that the column `name` is the parameter ``by_<name>``."""
    return table.c[name] == bindparam(f"by_{name}")


Row = TypeVar("Row")


class Things(Queries, Generic[Row]):
    """The rows of one table, as records."""

    table: ClassVar[Table]
    record: Callable[..., Row]
    identities: ClassVar[tuple[str, ...]] = ("uuid", "name")
    key: ClassVar[tuple[str, ...]] = ("id",)

    _get: ClassVar[Select[Any]]
    _find: ClassVar[Select[Any]]
    _insert: ClassVar[Insert]
    _delete: ClassVar[Delete]
    _pages: ClassVar[dict[tuple[object, ...], Select[Any]]]

    def __init_subclass__(cls) -> None:
        """Build the statements once: building costs three times what running does."""
        cls._get = cls.selection(*(by(cls.table, part) for part in cls.key))
        identity: BindParameter[str] = bindparam("identity")
        cls._find = cls.selection(or_(*(cls.table.c[name] == identity for name in cls.identities)))
        cls._insert = insert(cls.table)
        cls._delete = delete(cls.table).where(mine(cls.table), *(by(cls.table, part) for part in cls.key))
        cls._pages = {}

    @classmethod
    def columns(cls) -> list[Column[Any]]:
        """The columns of a record, in its order."""
        return [cls.table.c[field.name] for field in fields(cls.record)]  # type: ignore[arg-type]

    @classmethod
    def selection(cls, *conditions: ColumnElement[bool]) -> Select[Any]:
        """A select of whole records of the bound world."""
        return select(*cls.columns()).where(mine(cls.table), *conditions)

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
        return type(self).record(*found[0]) if found else None

    def _all(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        make = type(self).record
        return [make(*row) for row in self._rows(statement, **parameters)]

    def _oldest_first(self, statement: Select[Any], **parameters: Any) -> list[Row]:
        # Sorted here: told to sort by the key, SQLite walks the world along it instead of using the index that finds
        # the few rows that are meant.
        return sorted(self._all(statement, **parameters), key=attrgetter(*self.key))

    def get(self, *key: int) -> Row | None:
        """The row with this key."""
        return self._one(self._get, **{f"by_{part}": value for part, value in zip(self.key, key, strict=True)})

    def find(self, identity: str) -> Row | None:
        """The row that is named, or has the id, `identity`; the oldest of several."""
        # A name may be spelled like another's id, which can't be foreseen.
        return next(iter(self._oldest_first(self._find, identity=identity)), None)

    def insert(self, row: Row) -> None:
        """Add a row."""
        self._insert_many(self._insert, [asdict(row)])  # type: ignore[call-overload]

    def delete(self, *key: int) -> None:
        """Take the row with this key away."""
        self._execute(self._delete, **{f"by_{part}": value for part, value in zip(self.key, key, strict=True)})

    def page(self, page: Page, **equal: Any) -> list[Row]:
        """A stretch of the rows whose columns equal `equal`, walked along an index whatever the world's size."""
        shape = (page.field, page.descending, page.start is None, page.exclusive, page.end is None, *sorted(equal))
        statement = self._pages.get(shape)
        if statement is None:
            statement = self._pages[shape] = self._paged(page, equal)
        bounds = {"start": page.start, "end": page.end}
        given = {name: value for name, value in bounds.items() if value is not None}
        filters = {f"by_{name}": value for name, value in equal.items()}
        return self._all(statement, limit=page.limit, **given, **filters)

    @classmethod
    def _paged(cls, page: Page, equal: Iterable[str]) -> Select[Any]:
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
