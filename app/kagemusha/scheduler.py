"""APScheduler's wiring: one job, which settles the worlds that nobody asks about. No logic of its own."""

import asyncio
import logging
from typing import TYPE_CHECKING

from kagemusha.domain.errors import Unavailable
from kagemusha.services.transactions import Transactions

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

INTERVAL = 0.25
"""Seconds between two looks. No answer depends on it."""

log = logging.getLogger(__name__)


class Ticking:
    """Looks on the running loop, for the first time after INTERVAL. Until then APScheduler is not even imported."""

    def __init__(self, transactions: Transactions) -> None:
        """Begin."""
        self._transactions = transactions
        self._looks = True
        self._scheduler: AsyncIOScheduler | None = None
        self._beginning = asyncio.get_running_loop().call_later(INTERVAL, self._begin)

    async def _look(self) -> None:
        """Settle every sandbox in which something is due. An outage of the database is told when it begins and ends."""
        try:
            await self._transactions.settle_waking()
        except Unavailable as error:
            if self._looks:
                log.warning("The scheduler could not look, and goes on trying: %s", error.message)
            self._looks = False
        else:
            if not self._looks:
                log.warning("The scheduler looks again.")
            self._looks = True

    def _begin(self) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler()
        self._scheduler.add_job(
            self._look, IntervalTrigger(seconds=INTERVAL), max_instances=1, coalesce=True, misfire_grace_time=None,
        )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """Look no more: when this returns, no look is under way and none will begin."""
        self._beginning.cancel()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            # It is the loop that does so, in its next turn.
            await asyncio.sleep(0)

    @property
    def is_running(self) -> bool:
        """Whether it looks, or will."""
        begun = self._scheduler is not None and self._scheduler.running
        return begun or not (self._beginning.cancelled() or self._scheduler is not None)
