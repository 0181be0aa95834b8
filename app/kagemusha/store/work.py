"""One transaction's work in one world: what it knows and need not read again, what it has written and not yet sent."""

from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

Row = TypeVar("Row", bound=NamedTuple)


class Known(Generic[Row]):
    """Rows of one table: by key, and whole groups of them, all those with one value of a column."""

    def __init__(self, *key: str) -> None:
        """`key` are the columns that tell the rows apart."""
        self._key = key
        self._place: Callable[[Row], Hashable] = attrgetter(*key)
        self._rows: dict[Hashable, Row] = {}
        self._asked: set[Hashable] = set()
        self._groups: dict[str, dict[Hashable, dict[Hashable, None]]] = {}

    def clear(self) -> None:
        """Know nothing any more."""
        self._rows.clear()
        self._asked.clear()
        self._groups.clear()

    def has(self, column: str, value: Hashable) -> bool:
        """Whether all rows whose `column` is `value` are known."""
        return value in (self._asked if (column,) == self._key else self._groups.get(column, ()))

    def learn(self, column: str, values: Iterable[Hashable], rows: Iterable[Row]) -> None:
        """Know `rows`, which are all those whose `column` is among `values`."""
        if (column,) == self._key:
            self._asked.update(values)
            self._rows.update((self._place(row), row) for row in rows)
            return
        groups = self._groups.setdefault(column, {})
        groups.update((value, {}) for value in values)
        for row in rows:
            place = self._place(row)
            self._rows[place] = row
            groups[getattr(row, column)][place] = None

    def get(self, place: Hashable) -> Row | None:
        """The row with this key (a tuple if there are several columns), if it is known."""
        return self._rows.get(place)

    def among(self, column: str, value: Hashable) -> list[Row]:
        """The rows whose `column` is `value`, all of which are known."""
        if (column,) == self._key:
            return [self._rows[value]] if value in self._rows else []
        return [self._rows[place] for place in self._groups[column][value]]

    def put(self, row: Row) -> None:
        """Take `row` for what the world holds now under its key; where nothing is known that is of no interest."""
        if not self._asked and not self._groups:
            return
        place = self._place(row)
        old = self._rows.get(place)
        self._rows[place] = row
        for column, groups in self._groups.items():
            value = getattr(row, column)
            if old is not None and getattr(old, column) != value:
                groups.get(getattr(old, column), {}).pop(place, None)
            if value in groups:
                groups[value][place] = None

    def drop(self, place: Hashable) -> None:
        """Take the row with this key for gone."""
        old = self._rows.pop(place, None)
        if old is not None:
            for column, groups in self._groups.items():
                groups.get(getattr(old, column), {}).pop(place, None)


class Memory(Protocol):
    """What is known of the world, in whatever shape."""

    def clear(self) -> None:
        """Know nothing any more."""


Remembered = TypeVar("Remembered", bound=Memory)


class Work:
    """What all queries of one world share in a transaction.

    Writes may be kept back, to be sent together; whoever keeps one back changes what is known accordingly. Before any
    other statement they are sent, and after one that writes nothing is known any more.
    """

    def __init__(self, connection: Connection, sandbox_id: int) -> None:
        """Over one connection, in one world."""
        self.connection = connection
        self.sandbox_id = sandbox_id
        self.known: dict[str, Known[Any]] = {}
        self._memories: list[Memory] = []
        self._senders: dict[Callable[[], None], None] = {}

    def remember(self, memory: Remembered) -> Remembered:
        """Let `memory` be cleared when it may no longer be true."""
        self._memories.append(memory)
        return memory

    def keep(self, sender: Callable[[], None]) -> None:
        """Let `sender`, which has kept something back, be called when that is to be sent."""
        self._senders[sender] = None

    def send(self) -> None:
        """Send what was kept back."""
        if self._senders:
            for sender in self._senders:
                sender()
            self._senders.clear()

    def forget(self) -> None:
        """Know nothing any more."""
        for memory in self._memories:
            memory.clear()
