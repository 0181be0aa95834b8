"""The faults of a world."""

from kagemusha.store import happenings, models
from kagemusha.store.base import Page, Things

MOST = 1_000
"""Faults that a world may have."""


class Faults(Things[happenings.Fault]):
    """The faults of a world, in the order in which they were made."""

    table = models.faults
    record = happenings.Fault
    identities = ("operation",)

    def all(self) -> list[happenings.Fault]:
        """All of them."""
        return self.page(Page("id", limit=MOST))

    def met(self, fault: happenings.Fault) -> None:
        """Keep how often it was met and how often its probability was asked."""
        self._execute(_MET, by_id=fault.id, new_hits=fault.hits, new_draws=fault.draws)


_MET = Faults.change("hits", "draws")
