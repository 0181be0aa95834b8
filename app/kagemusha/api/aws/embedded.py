"""The emulator in this process: moto, loaded at the first call, in a thread of its own."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from kagemusha.api.aws.emulator import unavailable
from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.domain.errors import AwsError

log = logging.getLogger(__name__)


class Embedded:
    """One request at a time: moto's world belongs to the process, and to one thread of it."""

    def __init__(self, *, outlived: bool) -> None:
        """Load nothing yet. `outlived` by the rest of the world, which is then said once."""
        self._outlived = outlived
        self._thread = ThreadPoolExecutor(1, "moto")
        self._is_used = False

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """See Emulator."""
        if self._outlived and not self._is_used:
            log.warning("AWS beside PrivateLink is moto's, in memory: what is made there does not survive a restart.")
        self._is_used = True
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._send, account_id, seed, request)

    def _send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        try:
            from kagemusha.api.aws import with_moto
        except ImportError:
            why = "moto is not installed. pip install 'kagemusha[aws]', or give --aws-upstream URL."
            raise unavailable(why) from None
        try:
            return with_moto.send(account_id, seed, request)
        except AwsError:
            raise
        except Exception as error:
            log.warning("moto failed at %s %s: %r", request.method, request.path.partition("?")[0], error)
            message = "The AWS emulator behind kagemusha failed at this action: its log says more."
            raise AwsError("UnsupportedOperation", message) from None

    async def forget(self, account_id: str) -> None:
        """See Emulator. Whatever was asked before, moto does before."""
        if self._is_used:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._forget, account_id)

    def _forget(self, account_id: str) -> None:
        try:
            from kagemusha.api.aws import with_moto
        except ImportError:
            return
        with_moto.forget(account_id)

    async def close(self) -> None:
        """See Emulator."""
        self._thread.shutdown(wait=False, cancel_futures=True)
