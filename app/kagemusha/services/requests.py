"""What was answered, or came through a door, and is not in the journal yet: the next transaction writes it.

A request costs the journal no transaction of its own. What a process that is killed kept back is lost: a quarter of a
second at most (chosen).
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

MOST = 10_000
"""What of a world is kept back while the database does not answer; what comes after it is dropped."""


class Noted(Protocol):
    """What is kept back: an entry of the journal. `at` is the world's time in ms, `noted_at` the system's."""

    @property
    def at(self) -> int:
        """When it happened in the world."""

    @property
    def noted_at(self) -> int:
        """When it happened."""

    @property
    def kind(self) -> str:
        """What the journal calls it."""

    @property
    def detail(self) -> dict[str, Any]:
        """What the journal tells."""


class Answered(NamedTuple):
    """A request and its answer. `at` is the world's time in ms, `noted_at` the system's, `duration` in seconds.

    `error` is the id of a refusal; `fault` the number of the fault that was met.
    """

    at: int
    noted_at: int
    operation: str
    method: str
    path: str
    status: int | None
    duration: float
    error: str | None = None
    fault: int | None = None

    @property
    def kind(self) -> str:
        """What the journal calls it."""
        return "request"

    @property
    def detail(self) -> dict[str, Any]:
        """What the journal tells. A status of None is a connection that ended without an answer."""
        told: dict[str, Any] = {
            "operation": self.operation, "method": self.method, "path": self.path, "status": self.status,
            "duration": round(self.duration, 6),
        }  # fmt: skip
        more = {"error": self.error, "fault": self.fault}
        return told | {name: value for name, value in more.items() if value is not None}


class Attempt(NamedTuple):
    """A transaction that was to write the first `length` of what is kept back, from the journal's number `seq` on."""

    seq: int
    length: int
    first: Noted

    def is_kept(self, seq: int, noted_at: int, detail: Mapping[str, Any]) -> bool:
        """Whether this entry of the journal is the first of them, and so all of them are there."""
        return (seq, noted_at, dict(detail)) == (self.seq, self.first.noted_at, self.first.detail)


class Requests:
    """What is kept back, by sandbox. `woken` is called when there is something to write where there was nothing."""

    def __init__(self, woken: Callable[[], None]) -> None:
        """Nothing is kept back yet."""
        self._kept: dict[int, deque[Noted]] = {}
        self._tried: dict[int, Attempt] = {}
        self._woken = woken

    def note(self, sandbox_id: int, noted: Noted) -> None:
        """Keep an entry back."""
        if not self._kept:
            self._woken()
        kept = self._kept.setdefault(sandbox_id, deque())
        if len(kept) < MOST:
            kept.append(noted)

    def of(self, sandbox_id: int) -> Sequence[Noted]:
        """What is kept back of a sandbox, in order."""
        return tuple(self._kept.get(sandbox_id, ()))

    def trying(self, sandbox_id: int, seq: int) -> Sequence[Noted]:
        """What is kept back of a sandbox, in order: it is being written from the number `seq` of the journal on."""
        kept = self.of(sandbox_id)
        if kept:
            self._tried[sandbox_id] = Attempt(seq, len(kept), kept[0])
        return kept

    def tried(self, sandbox_id: int) -> Attempt | None:
        """The last attempt to write, if it failed, or seemed to: the answer to a commit may be lost."""
        return self._tried.get(sandbox_id)

    def written(self, sandbox_id: int, count: int) -> None:
        """Note that the first `count` are in the journal."""
        self._tried.pop(sandbox_id, None)
        kept = self._kept.get(sandbox_id)
        if kept is None:
            return
        for _ in range(min(count, len(kept))):
            kept.popleft()
        if not kept:
            del self._kept[sandbox_id]

    def forget(self, sandbox_id: int) -> None:
        """Drop what is kept back of a sandbox that is gone."""
        self._kept.pop(sandbox_id, None)
        self._tried.pop(sandbox_id, None)

    @property
    def sandboxes(self) -> list[int]:
        """The sandboxes of which something is kept back."""
        return list(self._kept)
