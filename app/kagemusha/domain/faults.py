"""Faults: trouble that a test orders, as data. What one is, whom it meets, and what it does.

A fault waits for requests (by operation id) or for stages (by stage id), is met by those that match it, and is used up
when it has been met as often as it says. The shapes are those of the control API (chosen).
"""

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Literal, NamedTuple

EVERY = "*"
"""The operation id that stands for all of Heroku's and AWS's: not for connections."""
CONNECTION_MATCHES = ("addon", "endpoint", "host", "source")
"""What the `match` of a fault of connections may name; `source` is the address in 127.0.0.0/8 or the one in the VPC."""
BODILESS = frozenset({204, 205, 304})
"""Statuses of answers without a body."""
_CHANCES = 2**64


class RequestEffect(NamedTuple):
    """What happens to a request.

    It waits `latency` seconds of real time; then it is answered with `status` (with `body`, JSON or text, and
    `headers`), or as one too many (`rate_limit`), or its connection ends without an answer: before anything is done
    (`disconnect` True), after everything is ("after"), or in the middle of the answer's body (`truncate`).

    A connection to a store waits likewise; then it is refused (`refuse`), or cut when `cut_after` bytes of the store's
    answers have been sent.
    """

    status: int | None = None
    body: object = None
    headers: Mapping[str, str] | None = None
    latency: float = 0
    disconnect: Literal[True, "after"] | None = None
    truncate: bool = False
    rate_limit: bool = False
    refuse: bool = False
    cut_after: int | None = None


class StageEffect(NamedTuple):
    """What happens to a stage: it is held, lasts `slow` times as long, or fails (True: in the usual way)."""

    hold: bool = False
    slow: float | None = None
    fail: Literal[True] | str | None = None


def matches(match: Mapping[str, str], labels: Mapping[str, Collection[str]]) -> bool:
    """Whether each thing that `match` names has that value among its `labels`."""
    return all(value in labels.get(name, ()) for name, value in match.items())


def happens(probability: float | None, *, seed: int, fault: int, draw: int) -> bool:
    """Whether the `draw`-th request or stage that a fault could meet does: a hash, so the same in every run."""
    if probability is None:
        return True
    digest = blake2b(f"{seed}/fault/{fault}/{draw}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < probability * _CHANCES
