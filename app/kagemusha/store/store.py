"""Store: one world, its things, its journal and its counters, over one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from kagemusha.domain.lifecycle import Step
from kagemusha.domain.states import Machine
from kagemusha.store import configs, models, tables
from kagemusha.store.base import Queries, by, mine
from kagemusha.store.living import Due, Lives
from kagemusha.store.many import put_many
from kagemusha.store.records import Endpoint, JournalEntry, Living, Sandbox
from kagemusha.store.work import Work

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
_JOURNAL_PAGE_OF_KIND = _JOURNAL_PAGE.where(by(_J, "kind"))
_JOURNAL_PRUNE = delete(_J).where(mine(_J), _J.c.kind == "transition", _J.c.seq <= bindparam("upto"))
_S = models.sandboxes
_SAVE = (
    update(_S)
    .where(_S.c.id == bindparam("in_sandbox"))
    .values({name: bindparam(f"new_{name}") for name in (
        "clock_offset", "frozen_at", "pace", "latest_at", "counter", "journal_seq", "next_due_at", "wake_at",
    )})
)  # fmt: skip

_BEGIN = update(_S).where(_S.c.id == bindparam("in_sandbox")).values(began_at=bindparam("new_began_at"))


class Store(Queries):
    """Everything of one sandbox. Writes are kept back where that is faster, and sent before anything is read."""

    def __init__(self, connection: Connection, sandbox: Sandbox) -> None:
        """Bind `sandbox`, which must be locked if anything is to be written."""
        work = Work(connection, sandbox.id)
        super().__init__(work)
        self.spaces = tables.Spaces(work)
        self.apps = tables.Apps(work)
        self.addons = tables.Addons(work)
        self.attachments = tables.Attachments(work)
        self.privatelinks = tables.Privatelinks(work)
        self.allowed_accounts = tables.AllowedAccounts(work)
        self.endpoints = tables.Endpoints(work)
        self.releases = configs.Releases(work)
        self.config_vars = configs.ConfigVars(work)
        self.app_settings = configs.AppSettings(work)
        self.lives = Lives(work)
        self.clock_offset = sandbox.clock_offset
        self.frozen_at = sandbox.frozen_at
        self.pace = sandbox.pace
        self.latest_at = sandbox.latest_at
        self.next_due_at = sandbox.next_due_at
        self.counter = sandbox.counter
        """How many numbers have been given."""
        self._journal_seq = sandbox.journal_seq
        self._pruned_at = sandbox.journal_seq // _PRUNED_EVERY
        self._entries: list[dict[str, Any]] = []
        work.sends(self._send)

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
        self._entries.append({
            "new_seq": self._journal_seq, "new_kind": "transition", "new_at": at, "new_machine": step.machine,
            "new_resource": resource, "new_name": name, "new_source": step.source, "new_target": step.target,
        })  # fmt: skip
        self._work.kept = True

    def move(self, thing: Due | Living, step: Step, resource: str, name: str) -> None:
        """Put a thing, which the journal calls `resource` and `name`, into the state that `step` leads to.

        It must still be in the state seen.
        """
        self.lives.move(thing, step, resource, name)
        self.expect(step.due_at)

    def rearm(self, endpoint: Endpoint, due_at: int | None) -> None:
        """Let an endpoint stay in its state, to leave it at `due_at` instead, or not by itself."""
        step = Step(Machine.ENDPOINT, endpoint.state, endpoint.state, due_at, ())
        self.move(endpoint, step, endpoint.endpoint_id, endpoint.addon_name)

    def _send(self) -> None:
        self._send_many(_JOURNAL, self._entries)
        self._entries.clear()

    def flush(self) -> None:
        """Send everything, the sandbox's counters and clock included. The edge calls it before it commits."""
        if self._journal_seq // _PRUNED_EVERY != self._pruned_at:
            self._pruned_at = self._journal_seq // _PRUNED_EVERY
            self._execute(_JOURNAL_PRUNE, upto=self._journal_seq - JOURNAL_BOUND)
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
            new_wake_at=self.next_due_at - self.clock_offset if wakes and self.next_due_at is not None else None,
        )

    def journal_page(self, after: int, limit: int, kind: str | None) -> list[JournalEntry]:
        """Up to `limit` entries behind the sequence number `after`."""
        if kind is None:
            rows = self._execute(_JOURNAL_PAGE, after=after, limit=limit)
        else:
            rows = self._execute(_JOURNAL_PAGE_OF_KIND, after=after, limit=limit, by_kind=kind)
        return [JournalEntry(*row) for row in rows]

    def export(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the world, by table, in the order of its key, without the sandbox's id."""
        return {table.name: self._dump(table) for table in models.WORLD}

    def _dump(self, table: Any) -> list[dict[str, Any]]:
        columns: Sequence[Any] = [column for column in table.c if column.name != "sandbox_id"]
        statement = select(*columns).where(mine(table)).order_by(*table.primary_key.columns)
        return [dict(row) for row in self._execute(statement).mappings()]

    def clear(self) -> None:
        """Take everything of the world away; the counters are the caller's to set."""
        for table in models.WORLD:
            self._execute(delete(table).where(mine(table)))

    def restart(self, *, began_at: int, counter: int) -> None:
        """Set the counters as in a world that begins at `began_at`, with its first `counter` things."""
        self._execute(_BEGIN, new_began_at=began_at)
        self.counter = counter
        self._journal_seq = self._pruned_at = 0
        self.next_due_at = None
        self.latest_at = began_at
