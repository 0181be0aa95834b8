"""The faults of a world."""

from kagemusha.store import happenings, models
from kagemusha.store.base import Page, Things, change_many
from kagemusha.store.work import Work

MOST = 1_000
"""Faults that a world may have."""


class Faults(Things[happenings.Fault]):
    """The faults of a world, in the order in which they were made."""

    table = models.faults
    record = happenings.Fault
    identities = ("operation",)

    def __init__(self, work: Work) -> None:
        """Nothing is kept back yet."""
        super().__init__(work)
        self._met: dict[int, dict[str, int]] = {}

    def all(self) -> list[happenings.Fault]:
        """All of them."""
        return self.page(Page("id", limit=MOST))

    def met(self, fault: happenings.Fault) -> None:
        """Keep how often it was met and how often its probability was asked."""
        self._met[fault.id] = {"by_id": fault.id, "new_hits": fault.hits, "new_draws": fault.draws}
        self._work.keep(self._send)
        self._known.put(fault)

    def _send(self) -> None:
        self._send_many(_MET, self._met.values())
        self._met.clear()


_MET = change_many(models.faults, ["id"], ["hits", "draws"])
