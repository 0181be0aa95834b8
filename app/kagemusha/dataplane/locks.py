"""Locks on data, which whoever inherits them keeps: the stores of a killed server may end a moment after it."""

import asyncio
import fcntl

_LOOK_AGAIN = 0.01


async def have(lock: int, patience: float) -> bool:
    """Lock what the file descriptor `lock` is open on; whether that could be done within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            while not _is_had(lock):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        return False
    return True


def _is_had(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
