"""What addresses of this machine were given in a VPC."""

from sqlalchemy import delete, select

from kagemusha.store import models, records
from kagemusha.store.base import Queries, by, mine, put_many

_S = models.sources
_ALL = select(*(_S.c[name] for name in records.Source._fields)).where(mine(_S))
_FIND = _ALL.where(by(_S, "address"))
_PUT = put_many(_S, records.Source._fields, replacing=True)
_DELETE = delete(_S).where(mine(_S), by(_S, "address"))


class Sources(Queries):
    """The sources of a world."""

    def all(self) -> list[records.Source]:
        """All of them, in whatever order."""
        return list(map(records.Source._make, self._rows(_ALL)))

    def find(self, address: str) -> records.Source | None:
        """The one with this address."""
        found = self._rows(_FIND, by_address=address)
        return records.Source._make(found[0]) if found else None

    def put(self, source: records.Source) -> None:
        """Add a source, or put it in the place of the one with its address."""
        self._execute_many(_PUT, [_PUT.parameters(source)])

    def delete(self, address: str) -> None:
        """Take the one with this address away."""
        self._execute(_DELETE, by_address=address)
