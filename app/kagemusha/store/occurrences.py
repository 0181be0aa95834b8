"""What happened and is no change of state: requests, connections, faults that were met. Kept for a while only."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from kagemusha.store import models
from kagemusha.store.base import Queries, by, mine, put_many
from kagemusha.store.happenings import Occurrence

BOUND = 10_000
"""Occurrences that a sandbox keeps."""
LONGEST = 3_600_000
"""Milliseconds of system time for which they are kept: an hour."""

_O = models.occurrences
_PAGE = (
    select(*(_O.c[name] for name in Occurrence._fields))
    .where(mine(_O), _O.c.seq > bindparam("after"))
    .order_by(_O.c.seq)
    .limit(bindparam("limit"))
)
_PAGE_OF_KIND = _PAGE.where(by(_O, "kind"))
_INSERT = put_many(_O, Occurrence._fields)
_AT_BOUND = select(_O.c.seq).where(mine(_O)).order_by(_O.c.seq.desc()).offset(BOUND).limit(1)
_PRUNE = delete(_O).where(mine(_O), _O.c.seq <= bindparam("upto"))
_FORGET = delete(_O).where(mine(_O), _O.c.noted_at < bindparam("before"))


class Occurrences(Queries):
    """The occurrences of a world."""

    def page(self, after: int, limit: int, kind: str | None) -> list[Occurrence]:
        """Up to `limit` of them behind the sequence number `after`, of one `kind` or of all."""
        if kind is None:
            rows = self._execute(_PAGE, after=after, limit=limit)
        else:
            rows = self._execute(_PAGE_OF_KIND, after=after, limit=limit, by_kind=kind)
        return [Occurrence(*row) for row in rows]

    def all(self) -> list[Occurrence]:
        """All that are kept."""
        return self.page(0, 2 * BOUND, None)

    def insert(self, occurrences: Iterable[Occurrence]) -> None:
        """Add occurrences."""
        self._execute_many(_INSERT, [_INSERT.parameters(each) for each in occurrences])

    def prune(self, now: int) -> None:
        """Forget what is too much, and what is too old at the system's `now`."""
        upto = self._execute(_AT_BOUND).scalar()
        if upto is not None:
            self._execute(_PRUNE, upto=upto)
        self._execute(_FORGET, before=now - LONGEST)
