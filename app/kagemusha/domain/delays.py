"""How long things take, and how a delay is drawn.

All delays are of real life (pace 1), in milliseconds, both ends included. "known" and "chosen" refer
to the evidence recorded in docs/FIDELITY.md.
"""

from dataclasses import dataclass
from hashlib import blake2b

SECOND = 1_000
MINUTE = 60 * SECOND
ETERNITY = 10_000 * 366 * 24 * 60 * MINUTE
"""Longer than any world lasts: no delay is longer, however slow the pace."""
LATEST = 253_402_300_799_000
"""The last moment that can be written down: the end of the year 9999."""
TEN_YEARS = 10 * 365 * 24 * 60 * MINUTE
"""The longest delay that a sandbox may ask for, and as long as an advance goes on until idle."""
LATEST_NOW = LATEST - TEN_YEARS
"""The last moment at which a clock can be put: a world needs time for what is to happen in it."""


@dataclass(frozen=True, slots=True)
class Delay:
    """A range of durations in milliseconds, both ends included."""

    low: int
    high: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a range that holds nothing."""
        if not 0 <= self.low <= self.high:
            message = f"a delay runs from low to high, not {self.low} to {self.high}"
            raise ValueError(message)


SPACE_ALLOCATION = Delay(5 * MINUTE, 8 * MINUTE, "chosen")
SPACE_DELETION = Delay(1 * MINUTE, 2 * MINUTE, "chosen")
ADDON_PROVISIONING = Delay(3 * MINUTE, 6 * MINUTE, "chosen")
PRIVATELINK_PROVISIONING = Delay(5 * MINUTE, 10 * MINUTE, "known: the article, 5 to 10 minutes")
PRIVATELINK_DEPROVISIONING = Delay(1 * MINUTE, 5 * MINUTE, "chosen")
PRIVATELINK_SHOWN_DEPROVISIONED = Delay(1 * MINUTE, 1 * MINUTE, "chosen")
ACCOUNT_PROVISIONING = Delay(1 * MINUTE, 3 * MINUTE, "chosen")
ENDPOINT_ACCEPTANCE = Delay(4 * MINUTE, 8 * MINUTE, "chosen: of the 5 to 10 minutes known in all")
ENDPOINT_CONNECTING = Delay(1 * MINUTE, 2 * MINUTE, "chosen: of the 5 to 10 minutes known in all")
ENDPOINT_DELETION = Delay(1 * MINUTE, 3 * MINUTE, "chosen")
ENDPOINT_SHOWN_DELETED = Delay(10 * MINUTE, 10 * MINUTE, "chosen")


def resumed(now: int, left: int) -> int:
    """When what has `left` ms to go falls due if it goes on at `now` (milliseconds): LATEST at the latest."""
    return min(now + left, LATEST)


def draw(delay: Delay, *, seed: int, resource: int, stage: str, visit: int) -> int:
    """Draw a duration in whole milliseconds from `delay`.

    The draw is a hash of the world's seed, the resource's number, the stage's id and how many changes
    of state the resource has seen, so it does not depend on what else happens, or when. Chosen.
    """
    digest = blake2b(f"{seed}/{resource}/{stage}/{visit}".encode(), digest_size=8).digest()
    return delay.low + int.from_bytes(digest, "big") % (delay.high - delay.low + 1)


def scaled(milliseconds: float, pace: float) -> int:
    """`milliseconds` of real life at `pace` (60 makes a minute a second), at least one, at most ETERNITY. Chosen."""
    return max(1, round(min(milliseconds / pace, ETERNITY)))
