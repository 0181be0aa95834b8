"""APScheduler's wiring: one job, which settles the worlds that nobody asks about. No logic of its own."""

import asyncio
import logging

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from kagemusha.domain.errors import Unavailable
from kagemusha.services.transactions import Transactions

INTERVAL = 0.25
"""Seconds between two looks. No answer depends on it."""

log = logging.getLogger(__name__)


async def tick(transactions: Transactions) -> int:
    """Settle every sandbox in which something is due; a database that is away is asked again next time."""
    try:
        return await transactions.settle_waking()
    except Unavailable as error:
        log.warning("The scheduler could not look: %s", error.message)
        return 0


def start(transactions: Transactions) -> AsyncIOScheduler:
    """Start looking, on the running loop."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler()
    scheduler.add_job(
        tick, IntervalTrigger(seconds=INTERVAL), args=[transactions], max_instances=1, coalesce=True,
        misfire_grace_time=None,
    )  # fmt: skip
    scheduler.start()
    return scheduler


async def stop(scheduler: AsyncIOScheduler) -> None:
    """Look no more: when this returns, no look is under way and none will begin."""
    scheduler.shutdown(wait=False)
    # It is the loop that does so, in its next turn.
    await asyncio.sleep(0)
