"""What happened, what will happen, and the whole world as one document."""

from collections.abc import Mapping, Sequence
from typing import Any

from kagemusha.clock import rfc3339
from kagemusha.domain.errors import InvalidParams
from kagemusha.domain.lifecycle import timed_target
from kagemusha.services.advance import Fired
from kagemusha.services.clocks import Clock, clock
from kagemusha.services.context import Context
from kagemusha.store.living import Due
from kagemusha.store.records import JournalEntry

SNAPSHOT_VERSION = 1
MOST = 1_000
KINDS = ("transition", "request", "fault")


def check_limit(limit: int) -> None:
    """Refuse a page that is empty or too long."""
    if not 1 <= limit <= MOST:
        message = f"limit must be a whole number from 1 to {MOST}."
        raise InvalidParams(message)


def entries(context: Context, after: int, limit: int, kind: str | None) -> Sequence[JournalEntry]:
    """Up to `limit` entries behind `after`."""
    check_limit(limit)
    if kind is not None and kind not in KINDS:
        message = f"kind must be one of {', '.join(KINDS)}."
        raise InvalidParams(message)
    return context.store.journal_page(after, limit, kind)


def transition(entry: JournalEntry) -> dict[str, Any]:
    """An entry of the history: what is the same however often anybody looked."""
    return {
        "kind": entry.kind,
        "at": rfc3339(entry.at),
        "machine": entry.machine,
        "resource": entry.resource,
        "name": entry.name,
        "from": entry.source,
        "to": entry.target,
    }


def fired(each: Fired) -> dict[str, Any]:
    """A step that was taken, as the history tells it."""
    due, step = each.due, each.step
    return {
        "kind": "transition", "at": rfc3339(each.at), "machine": due.machine.value, "resource": due.resource,
        "name": due.name, "from": step.source, "to": step.target,
    }  # fmt: skip


def pending(context: Context, limit: int) -> list[dict[str, Any]]:
    """What will happen and when, soonest first."""
    check_limit(limit)
    return [_pending(due) for due in context.store.lives.pending(limit)]


def _pending(due: Due) -> dict[str, Any]:
    return {
        "due_at": rfc3339(due.due_at), "machine": due.machine.value, "resource": due.resource, "name": due.name,
        "from": due.state, "to": timed_target(due.machine, due.state), "held": False,
    }  # fmt: skip


def clock_document(shown: Clock) -> dict[str, Any]:
    """A clock in the control API's spelling."""
    due_at = shown.next_due_at
    return {
        "mode": shown.mode,
        "now": rfc3339(shown.now),
        "pace": shown.pace,
        "next_due_at": None if due_at is None else rfc3339(due_at),
    }


def snapshot(context: Context, exported_at: int) -> Mapping[str, Any]:
    """The world as one document. What the AWS emulator keeps is not in it."""
    world = context.store.export()
    return {
        "version": SNAPSHOT_VERSION,
        "exported_at": rfc3339(exported_at),
        "note": "What the AWS emulator keeps (VPCs, subnets, security groups) is not in this document.",
        "clock": clock_document(clock(context)),
        "seed": context.sandbox.seed,
        "counter": context.sandbox.counter,
        "transitions": [_told(row) for row in world.pop("journal") if row["kind"] == "transition"],
        "world": world,
        "faults": [],
        "requests": [],
    }


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"seq": row["seq"], **transition(JournalEntry(**row))}
