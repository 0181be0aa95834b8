"""What happened, and what was ordered to go wrong, as services see it: immutable, with moments in milliseconds."""

from typing import NamedTuple


class JournalEntry(NamedTuple):
    """Something that happened, at the moment it fell due."""

    seq: int
    kind: str
    at: int
    machine: str
    resource: str
    name: str
    source: str | None
    target: str | None


class Occurrence(NamedTuple):
    """Something that happened and is no change of state: a request, a connection, or a fault that was met.

    `at` is the world's time, `noted_at` the system's. `detail` is a JSON object.
    """

    seq: int
    kind: str
    at: int
    noted_at: int
    detail: str


class Fault(NamedTuple):
    """Trouble that was ordered: for an operation or for a stage. `match` and `effect` are JSON objects.

    `times` is how often it may be met, None for ever; `draws` how often its `probability` was asked.
    """

    id: int
    operation: str | None
    stage: str | None
    match: str
    effect: str
    times: int | None
    probability: float | None
    hits: int
    draws: int

    @property
    def remaining(self) -> int | None:
        """How often it may still be met; None for ever."""
        return None if self.times is None else self.times - self.hits
