"""The system's clock, and how a sandbox's own is made of it. The only caller of the machine's clock.

Moments are integers: milliseconds since 1970-01-01T00:00:00Z.
"""

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def system_now() -> int:
    """The machine's clock in milliseconds."""
    return time.time_ns() // 1_000_000


def elapsed() -> float:
    """Seconds since some moment of the past: the difference of two is how long something took."""
    return time.perf_counter()


def sandbox_now(system: int, offset: int, frozen_at: int | None) -> int:
    """The moment it is in a sandbox: where it is frozen, or the system's moment moved by `offset`."""
    return frozen_at if frozen_at is not None else system + offset


def to_datetime(moment: int) -> datetime:
    """`moment` as an aware datetime."""
    return EPOCH + moment * MILLISECOND


def from_datetime(moment: datetime) -> int:
    """An aware datetime in milliseconds, cut to whole ones."""
    return (moment - EPOCH) // MILLISECOND


def rfc3339(moment: int) -> str:
    """``2012-01-01T12:00:00.123Z``: the control API's spelling, which loses nothing."""
    return to_datetime(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_seconds(moment: int) -> str:
    """``2012-01-01T12:00:00Z``: the Platform API's spelling, without a fraction."""
    return to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
