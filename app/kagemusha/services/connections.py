"""Connections to doors: what the journal and the metrics tell of them, and what faults may name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kagemusha.domain.connections import OPERATIONS, Outcome, Reason
from kagemusha.domain.doors import Door, Kind
from kagemusha.services.fault_hits import Labels
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of a connection. `received` and `sent` are bytes of the client's and of the store's, `duration` in s.

    `source` is the address in 127.0.0.0/8, `vpc_address` the one in the VPC if it has one; `fault` is the number of the
    fault that was met.
    """

    kind: Kind
    host: str
    addon: str
    source: str
    outcome: Outcome
    endpoint: str | None = None
    vpc_address: str | None = None
    reason: Reason | None = None
    received: int | None = None
    sent: int | None = None
    duration: float | None = None
    fault: int | None = None

    @property
    def detail(self) -> dict[str, Any]:
        """What the journal tells."""
        told = {
            "operation": OPERATIONS[self.kind], "host": self.host, "endpoint": self.endpoint, "addon": self.addon,
            "source": self.source, "vpc_address": self.vpc_address, "outcome": self.outcome, "reason": self.reason,
            "bytes_received": self.received, "bytes_sent": self.sent,
            "duration": None if self.duration is None else round(self.duration, 6), "fault": self.fault,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}


class Connection(NamedTuple):
    """What became of a connection, and when: `at` is the world's time in ms, `noted_at` the system's."""

    at: int
    noted_at: int
    entry: Entry

    @property
    def kind(self) -> str:
        """What the journal calls it."""
        return "connection"

    @property
    def detail(self) -> dict[str, Any]:
        """What the journal tells."""
        return self.entry.detail


def note(transactions: Transactions, sandbox_id: int, now: int, entry: Entry) -> None:
    """Let the journal tell of a connection at the world's `now`, in ms: kept back as requests are."""
    transactions.requests.note(sandbox_id, Connection(now, transactions.clock(), entry))


def labels(door: Door, source: Source) -> Labels:
    """What a fault's `match` may name of a connection from `source` to `door`: all names of both are theirs."""
    return {
        "addon": (door.store.addon,),
        "endpoint": () if door.endpoint_id is None else (door.endpoint_id,),
        "host": (door.host, *door.aliases),
        "source": (source.address, source.vpc_address),
    }


@dataclass(slots=True)
class Count:
    """The connections of one world: how many were let in, are open now, and were not let in, by why; bytes as Entry."""

    connected: int = 0
    open: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    received: int = 0
    sent: int = 0

    def add(self, entry: Entry) -> None:
        """Count what became of a connection."""
        match entry.outcome:
            case Outcome.CONNECTED:
                self.connected += 1
                self.open += 1
            case Outcome.CLOSED:
                self.open -= 1
                self.received += entry.received or 0
                self.sent += entry.sent or 0
            case Outcome.REFUSED | Outcome.HANGING:
                self.refused[entry.reason or Reason.NOT_AVAILABLE] += 1

    def shown(self) -> Mapping[str, Any]:
        """As a document."""
        return {
            "connected": self.connected, "open": self.open, "refused": dict(sorted(self.refused.items())),
            "bytes_received": self.received, "bytes_sent": self.sent,
        }  # fmt: skip


class Counts:
    """The connections of each world, by its sandbox's id."""

    def __init__(self) -> None:
        """Nobody has come yet."""
        self._counts: dict[int, Count] = {}

    def add(self, sandbox_id: int, entry: Entry) -> None:
        """Count what became of a connection."""
        self._counts.setdefault(sandbox_id, Count()).add(entry)

    def of(self, sandbox_id: int) -> Count:
        """Those of one world."""
        return self._counts.get(sandbox_id, Count())

    def forget(self, sandbox_id: int) -> None:
        """Drop those of a world that is gone."""
        self._counts.pop(sandbox_id, None)
