"""Store: one world, its things, its journal and its counters, over one transaction."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store import configs, models, tables
from kagemusha.store.base import Queries, mine
from kagemusha.store.dumps import Dumps
from kagemusha.store.faults import Faults
from kagemusha.store.living import Due, Lives
from kagemusha.store.occurrences import Occurrences
from kagemusha.store.records import Fault, JournalEntry, Living, Occurrence, Sandbox
from kagemusha.store.waiting import Waitings

JOURNAL_BOUND = 100_000
"""Transitions that a sandbox's journal keeps."""
_PRUNED_EVERY = 1_000

_J = models.journal
_JOURNAL_PAGE = (
    select(*(_J.c[field.name] for field in fields(JournalEntry)))
    .where(mine(_J), _J.c.seq > bindparam("after"))
    .order_by(_J.c.seq)
    .limit(bindparam("limit"))
)
_JOURNAL_PRUNE = delete(_J).where(mine(_J), _J.c.seq <= bindparam("upto"))
_S = models.sandboxes
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


class Store(Queries):
    """Everything of one sandbox. Writes are kept back where that is faster, and `flush` sends them."""

    def __init__(self, connection: Connection, sandbox: Sandbox, system: int = 0) -> None:
        """Bind `sandbox`, which must be locked if anything is to be written; `system` is the machine's time."""
        super().__init__(connection, sandbox.id)
        self.spaces = tables.Spaces(connection, sandbox.id)
        self.apps = tables.Apps(connection, sandbox.id)
        self.addons = tables.Addons(connection, sandbox.id)
        self.attachments = tables.Attachments(connection, sandbox.id)
        self.privatelinks = tables.Privatelinks(connection, sandbox.id)
        self.allowed_accounts = tables.AllowedAccounts(connection, sandbox.id)
        self.endpoints = tables.Endpoints(connection, sandbox.id)
        self.releases = tables.Releases(connection, sandbox.id)
        self.config_vars = configs.ConfigVars(connection, sandbox.id)
        self.lives = Lives(connection, sandbox.id)
        self.waiting = Waitings(connection, sandbox.id)
        self.faults = Faults(connection, sandbox.id)
        self.dumps = Dumps(connection, sandbox.id)
        self.occurrences = Occurrences(connection, sandbox.id)
        self.clock_offset = sandbox.clock_offset
        self.frozen_at = sandbox.frozen_at
        self.pace = sandbox.pace
        self.latest_at = sandbox.latest_at
        self.next_due_at = sandbox.next_due_at
        self.faults_made = sandbox.faults_made
        self.request_faults = sandbox.request_faults
        self.stage_faults = sandbox.stage_faults
        self._counter = sandbox.counter
        self._journal_seq = sandbox.journal_seq
        self._pruned_at = sandbox.journal_seq // _PRUNED_EVERY
        self._system = system
        self._entries: list[dict[str, Any]] = []
        self._occurred: list[dict[str, Any]] = []
        self._moves: dict[Machine, list[dict[str, Any]]] = {}

    def allocate(self) -> int:
        """The next number of the world's counter. A transaction that fails gives it back."""
        self._counter += 1
        return self._counter

    def expect(self, due_at: int | None) -> None:
        """Note that something falls due at `due_at`."""
        if due_at is not None and (self.next_due_at is None or due_at < self.next_due_at):
            self.next_due_at = due_at

    def journal(self, at: int, step: Step, resource: str, name: str) -> None:
        """Write down a change of state, at the moment it happened."""
        self._journal_seq += 1
        self.latest_at = max(self.latest_at, at)
        entry = JournalEntry(
            self._journal_seq, "transition", at, step.machine, resource, name, step.source, step.target
        )
        self._entries.append(asdict(entry))

    def note(self, kind: str, at: int, detail: Mapping[str, Any], noted_at: int | None = None) -> None:
        """Write down what happened at `at` and is no change of state; `noted_at` is system time, now when left out."""
        self._journal_seq += 1
        noted = Occurrence(self._journal_seq, kind, at, noted_at or self._system, json.dumps(detail))
        self._occurred.append(asdict(noted))

    def count_faults(self, fault: Fault, by: int) -> None:
        """Note that there are `by` more faults of this kind that may be met."""
        if fault.operation is not None:
            self.request_faults += by
        else:
            self.stage_faults += by

    def move(self, thing: Due | Living, step: Step) -> None:
        """Put a thing into the state that `step` leads to; it must still be in the state seen."""
        if step.target is None:
            self.send()
            self.lives.vanish(step.machine, thing.id, thing.state, thing.generation)
            return
        move = {
            "by_id": thing.id,
            "by_state": thing.state,
            "by_generation": thing.generation,
            "new_state": step.target,
            "new_due_at": step.due_at,
            "new_held_by": step.held_by,
            "new_held_left": step.held_left,
        }
        self._moves.setdefault(step.machine, []).append(move)
        self.expect(step.due_at)

    def rearm(self, machine: Machine, thing: Living, due_at: int | None) -> None:
        """Let a thing stay in its state, to leave it at `due_at` instead, or not by itself."""
        self.move(thing, Step(machine, thing.state, thing.state, due_at, ()))

    def send(self) -> None:
        """Send the changes of state and journal entries that were kept back."""
        for machine, moves in self._moves.items():
            self.lives.move(machine, moves)
        self._moves.clear()
        if self._entries:
            self._insert_many(insert(_J), self._entries)
            self._entries.clear()

    def flush(self) -> None:
        """Send everything, the sandbox's counters and clock included. The edge calls it before it commits."""
        self.send()
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
            new_counter=self._counter,
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
            self._entries.append(asdict(replace(entry, seq=self._journal_seq)))
        for occurrence in occurrences:
            self._journal_seq += 1
            noted = replace(occurrence, seq=self._journal_seq, noted_at=self._system)
            self._occurred.append(asdict(noted))

    def become(self, *, seed: int, delays: str, counter: int, faults_made: int, now: int) -> None:
        """Become another world, in which it is `now`: its seed, its delays, its counters."""
        self._execute(_RESTORE, new_seed=seed, new_delays=delays)
        self._counter, self.faults_made = counter, faults_made
        self.request_faults = self.stage_faults = 0
        self.latest_at, self.next_due_at = now, None

    def restart(self, *, began_at: int, counter: int) -> None:
        """Set the counters as in a world that begins at `began_at`, with its first `counter` things."""
        self._execute(_BEGIN, new_began_at=began_at)
        self._counter = counter
        self._journal_seq = self._pruned_at = 0
        self.next_due_at = None
        self.latest_at = began_at
        self.faults_made = self.request_faults = self.stage_faults = 0
