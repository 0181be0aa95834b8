"""Store: one world, its things, its journal and its counters, over one transaction."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update

from kagemusha.domain.lifecycle import Step
from kagemusha.store import configs, models, server_models, tables
from kagemusha.store.base import Queries, mine, put_many
from kagemusha.store.faults import Faults
from kagemusha.store.happenings import Fault, JournalEntry, Occurrence
from kagemusha.store.link_views import LinkViews
from kagemusha.store.living import Due, Lives
from kagemusha.store.occurrences import Occurrences
from kagemusha.store.records import Endpoint, Living, Sandbox
from kagemusha.store.work import Work

if TYPE_CHECKING:
    from kagemusha.store.dumps import Dumps
    from kagemusha.store.sources import Sources
    from kagemusha.store.waiting import Waitings

JOURNAL_BOUND = 100_000
"""Transitions that a sandbox's journal keeps."""
_PRUNED_EVERY = 1_000

_J = models.journal
_JOURNAL = put_many(_J, JournalEntry._fields)
_JOURNAL_PAGE = (
    select(*(_J.c[name] for name in JournalEntry._fields))
    .where(mine(_J), _J.c.seq > bindparam("after"))
    .order_by(_J.c.seq)
    .limit(bindparam("limit"))
)
_JOURNAL_PRUNE = delete(_J).where(mine(_J), _J.c.seq <= bindparam("upto"))
_S = server_models.sandboxes
_SAVE = (
    update(_S)
    .where(_S.c.id == bindparam("in_sandbox"))
    .values({name: bindparam(f"new_{name}") for name in (
        "clock_offset", "frozen_at", "pace", "latest_at", "counter", "journal_seq", "next_due_at", "wake_at",
        "faults_made", "request_faults", "stage_faults",
    )})
)  # fmt: skip

_RESTORE = (
    update(_S)
    .where(_S.c.id == bindparam("in_sandbox"))
    .values(seed=bindparam("new_seed"), delays=bindparam("new_delays"))
)
_BEGIN = update(_S).where(_S.c.id == bindparam("in_sandbox")).values(began_at=bindparam("new_began_at"))


Made = TypeVar("Made")


class _Part(Generic[Made]):
    """A part of a store, made when it is first asked for: most transactions ask for few."""

    def __init__(self, make: Callable[[Work], Made]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, store: "Store", owner: type) -> Made:
        made = store.__dict__[self._name] = self._make(store.work)
        return made


def _waitings(work: Work) -> "Waitings":
    # Asked for by the control API and the data plane alone, like the next two: no start waits for their statements.
    from kagemusha.store.waiting import Waitings

    return Waitings(work)


def _sources(work: Work) -> "Sources":
    from kagemusha.store.sources import Sources

    return Sources(work)


def _dumps(work: Work) -> "Dumps":
    from kagemusha.store.dumps import Dumps

    return Dumps(work)


class Store(Queries):
    """Everything of one sandbox. Writes are kept back where that is faster, and sent before anything is read."""

    spaces = _Part(tables.Spaces)
    apps = _Part(tables.Apps)
    addons = _Part(tables.Addons)
    attachments = _Part(tables.Attachments)
    privatelinks = _Part(tables.Privatelinks)
    link_views = _Part(LinkViews)
    allowed_accounts = _Part(tables.AllowedAccounts)
    endpoints = _Part(tables.Endpoints)
    releases = _Part(configs.Releases)
    config_vars = _Part(configs.ConfigVars)
    lives = _Part(Lives)
    waiting = _Part(_waitings)
    faults = _Part(Faults)
    occurrences = _Part(Occurrences)
    sources = _Part(_sources)
    dumps = _Part(_dumps)

    def __init__(self, connection: Connection, sandbox: Sandbox, system: int = 0) -> None:
        """Bind `sandbox`, which must be locked if anything is to be written; `system` is the machine's time."""
        self.work = Work(connection, sandbox.id)
        super().__init__(self.work)
        self.clock_offset = sandbox.clock_offset
        self.frozen_at = sandbox.frozen_at
        self.pace = sandbox.pace
        self.latest_at = sandbox.latest_at
        self.next_due_at = sandbox.next_due_at
        self.faults_made = sandbox.faults_made
        self.request_faults = sandbox.request_faults
        self.stage_faults = sandbox.stage_faults
        self.counter = sandbox.counter
        """How many numbers have been given."""
        self._journal_seq = sandbox.journal_seq
        self._pruned_at = sandbox.journal_seq // _PRUNED_EVERY
        self._system = system
        self._entries: list[JournalEntry] = []
        self._occurred: list[Occurrence] = []

    def allocate(self) -> int:
        """The next number of the world's counter. A transaction that fails gives it back."""
        self.counter += 1
        return self.counter

    def expect(self, due_at: int | None) -> None:
        """Note that something falls due at `due_at`."""
        if due_at is not None and (self.next_due_at is None or due_at < self.next_due_at):
            self.next_due_at = due_at

    def journal(self, at: int, step: Step, resource: str, name: str) -> None:
        """Write down a change of state, at the moment it happened."""
        self._journal_seq += 1
        self.latest_at = max(self.latest_at, at)
        self._keep(JournalEntry(
            self._journal_seq, "transition", at, step.machine, resource, name, step.source, step.target
        ))  # fmt: skip

    def _keep(self, entry: JournalEntry) -> None:
        self._entries.append(entry)
        self._work.keep(self._send)

    def note(self, kind: str, at: int, detail: Mapping[str, Any], noted_at: int | None = None) -> None:
        """Write down what happened at `at` and is no change of state; `noted_at` is system time, now when left out."""
        self._journal_seq += 1
        self._occurred.append(Occurrence(self._journal_seq, kind, at, noted_at or self._system, json.dumps(detail)))

    def count_faults(self, fault: Fault, by: int) -> None:
        """Note that there are `by` more faults of this kind that may be met."""
        if fault.operation is not None:
            self.request_faults += by
        else:
            self.stage_faults += by

    def move(self, thing: Due | Living, step: Step, resource: str, name: str) -> None:
        """Put a thing, which the journal calls `resource` and `name`, into the state that `step` leads to.

        It must still be in the state seen.
        """
        self.lives.move(thing, step, resource, name)
        self.expect(step.due_at)

    def rearm(self, endpoint: Endpoint, step: Step) -> None:
        """Let an endpoint stay in its state, to leave it when `step`, which leads there again, says."""
        self.move(endpoint, step, endpoint.endpoint_id, endpoint.addon_name)

    def _send(self) -> None:
        self._send_many(_JOURNAL, map(_JOURNAL.parameters, self._entries))
        self._entries.clear()

    def flush(self) -> None:
        """Send everything, the sandbox's counters and clock included. The edge calls it before it commits."""
        if self._occurred:
            self.occurrences.insert(self._occurred)
            self._occurred.clear()
        if self._journal_seq // _PRUNED_EVERY != self._pruned_at:
            self._pruned_at = self._journal_seq // _PRUNED_EVERY
            self._execute(_JOURNAL_PRUNE, upto=self._journal_seq - JOURNAL_BOUND)
            self.occurrences.prune(self._system)
        wakes = self.frozen_at is None and self.next_due_at is not None
        self._execute(
            _SAVE,
            new_clock_offset=self.clock_offset,
            new_frozen_at=self.frozen_at,
            new_pace=self.pace,
            new_latest_at=self.latest_at,
            new_counter=self.counter,
            new_journal_seq=self._journal_seq,
            new_next_due_at=self.next_due_at,
            new_faults_made=self.faults_made,
            new_request_faults=self.request_faults,
            new_stage_faults=self.stage_faults,
            new_wake_at=self.next_due_at - self.clock_offset if wakes and self.next_due_at is not None else None,
        )

    def journal_page(self, after: int, limit: int) -> list[JournalEntry]:
        """Up to `limit` transitions behind the sequence number `after`."""
        return [JournalEntry(*row) for row in self._execute(_JOURNAL_PAGE, after=after, limit=limit)]

    def whole_journal(self) -> list[JournalEntry]:
        """All transitions that are kept."""
        return self.journal_page(0, JOURNAL_BOUND + _PRUNED_EVERY)

    def take_over(self, transitions: Iterable[JournalEntry], occurrences: Iterable[Occurrence]) -> None:
        """Continue the journal with what another world's tells, under sequence numbers of its own."""
        for entry in transitions:
            self._journal_seq += 1
            self._keep(entry._replace(seq=self._journal_seq))
        for occurrence in occurrences:
            self._journal_seq += 1
            self._occurred.append(occurrence._replace(seq=self._journal_seq, noted_at=self._system))

    def become(self, *, seed: int, delays: str, counter: int, faults_made: int, now: int) -> None:
        """Become another world, in which it is `now`: its seed, its delays, its counters."""
        self._execute(_RESTORE, new_seed=seed, new_delays=delays)
        self.counter, self.faults_made = counter, faults_made
        self.request_faults = self.stage_faults = 0
        self.latest_at, self.next_due_at = now, None

    def restart(self, *, began_at: int, counter: int) -> None:
        """Set the counters as in a world that begins at `began_at`, with its first `counter` things."""
        self._execute(_BEGIN, new_began_at=began_at)
        self._occurred.clear()
        self.counter = counter
        self.next_due_at = None
        self.latest_at = began_at
        self.faults_made = self.request_faults = self.stage_faults = 0
