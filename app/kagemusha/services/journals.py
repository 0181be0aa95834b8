"""What happened, in order."""

import heapq
from collections.abc import Sequence
from itertools import islice
from operator import attrgetter

from kagemusha.domain.errors import InvalidParams
from kagemusha.services.context import Context
from kagemusha.store.happenings import JournalEntry, Occurrence

MOST = 1_000
KINDS = ("transition", "request", "fault", "connection")
SEQUENCE_NUMBERS = 2**53
"""Sequence numbers are smaller: every JSON reader knows them exactly."""


def check_limit(limit: int) -> None:
    """Refuse a limit that is out of bounds."""
    if not 1 <= limit <= MOST:
        message = f"limit must be a whole number from 1 to {MOST}."
        raise InvalidParams(message)


def entries(context: Context, after: int, limit: int, kind: str | None) -> Sequence[JournalEntry | Occurrence]:
    """Up to `limit` entries behind the sequence number `after`, of one `kind` or of all."""
    check_limit(limit)
    if not 0 <= after < SEQUENCE_NUMBERS:
        raise InvalidParams("after must be a sequence number, as next_after gives it.")
    if kind is not None and kind not in KINDS:
        message = f"kind must be one of {', '.join(KINDS)}."
        raise InvalidParams(message)
    transitions = context.store.journal_page(after, limit) if kind in {None, "transition"} else []
    others = context.store.occurrences.page(after, limit, kind) if kind != "transition" else []
    return list(islice(heapq.merge(transitions, others, key=attrgetter("seq")), limit))
