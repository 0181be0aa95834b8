"""What happened, and what will happen."""

from collections.abc import Sequence

from kagemusha.domain.errors import InvalidParams
from kagemusha.services.context import Context
from kagemusha.store.living import Due
from kagemusha.store.records import JournalEntry

MOST = 1_000
KINDS = ("transition", "request", "fault")
SEQUENCE_NUMBERS = 2**53
"""Sequence numbers are smaller: every JSON reader knows them exactly."""


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST:
        message = f"limit must be a whole number from 1 to {MOST}."
        raise InvalidParams(message)


def entries(context: Context, after: int, limit: int, kind: str | None) -> Sequence[JournalEntry]:
    """Up to `limit` entries behind the sequence number `after`, of one `kind` or of all."""
    _check_limit(limit)
    if not 0 <= after < SEQUENCE_NUMBERS:
        raise InvalidParams("after must be a sequence number, as next_after gives it.")
    if kind is not None and kind not in KINDS:
        message = f"kind must be one of {', '.join(KINDS)}."
        raise InvalidParams(message)
    return context.store.journal_page(after, limit, kind)


def pending(context: Context, limit: int) -> Sequence[Due]:
    """Up to `limit` things that will fall due, soonest first."""
    _check_limit(limit)
    return context.store.lives.pending(limit)
