"""The faults of a world."""

from kagemusha.store import models, records
from kagemusha.store.base import Page, Things

MOST = 1_000
"""Faults that a world may have."""


class Faults(Things[records.Fault]):
    """The faults of a world, in the order in which they were made."""

    table = models.faults
    record = records.Fault
    identities = ("operation",)

    def all(self) -> list[records.Fault]:
        """All of them."""
        return self.page(Page("id", limit=MOST))

    def met(self, fault: records.Fault) -> None:
        """Keep how often it was met and how often its probability was asked."""
        self._execute(_MET, by_id=fault.id, new_hits=fault.hits, new_draws=fault.draws)


_MET = Faults.change("hits", "draws")
