"""How many requests a world's clients may send: a pool for each world that fills again as time goes by (known).

Counted in system time, by each process for itself, and outside the worlds.
"""

from collections.abc import Callable

from kagemusha.domain.errors import RateLimited

USUAL = 4_500
"""Requests an hour in the real API (known)."""
_HOUR = 3_600_000
_POOLS = 10_000
"""Pools that are kept before full ones are dropped."""


class RateLimits:
    """The pools, by sandbox."""

    def __init__(self, most: int | None, clock: Callable[[], int]) -> None:
        """`most` requests an hour, None for no limit; `clock` gives system time in milliseconds."""
        self._most = most
        self._clock = clock
        self._pools: dict[int, tuple[float, int]] = {}

    def remaining(self, sandbox_id: int) -> int:
        """The requests that the world has left; without a limit always as many as are usual."""
        return USUAL if self._most is None else int(self._left(sandbox_id, self._most, self._clock()))

    def take(self, sandbox_id: int) -> None:
        """Count a request. Raises RateLimited when none is left."""
        if self._most is None:
            return
        now = self._clock()
        left = self._left(sandbox_id, self._most, now)
        if left < 1:
            raise RateLimited
        if len(self._pools) >= _POOLS:
            self._pools = {each: pool for each, pool in self._pools.items() if self._left(each, self._most, now) <
                           self._most}  # fmt: skip
        self._pools[sandbox_id] = left - 1, now

    def _left(self, sandbox_id: int, most: int, now: int) -> float:
        left, at = self._pools.get(sandbox_id, (most, now))
        return min(most, left + max(0, now - at) * most / _HOUR)
