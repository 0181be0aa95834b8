"""The AWS emulator behind us: moto in this process, or any other by URL.

It answers everything of AWS that is not ours, and is asked about VPCs, subnets, zones and security groups, which are
never kept twice. Each sandbox is an account of its own there.
"""

import re
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.domain.errors import AwsError

TIMEOUT = 20.0
"""Seconds that an emulator by URL may take to answer."""
_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "date", "expect", "host", "keep-alive", "server", "transfer-encoding"}
)
"""Headers that belong to one connection, not to a request or an answer."""
_KEY = re.compile(r"(Credential=)[^/]*/")


class Emulator(Protocol):
    """What answers for the rest of AWS."""

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """Answer `request` of the account; AwsError Unavailable when it can't. `seed` is of the account's world."""

    async def forget(self, account_id: str) -> None:
        """Take everything of the account away, where that can be done."""

    async def close(self) -> None:
        """Give back what is held."""


def unavailable(why: str) -> AwsError:
    """The error of a call that only the emulator can answer, when it does not."""
    return AwsError("Unavailable", f"The AWS emulator behind kagemusha does not answer: {why}")


def not_simulated() -> AwsError:
    """The error of an action that the emulator does not know."""
    return AwsError("UnsupportedOperation", "The AWS emulator behind kagemusha does not simulate this action.")


def answer(request: AwsRequest, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> AwsResponse:
    """The emulator's answer, as it may be passed on. That to HEAD keeps the length that only its header tells."""
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in _HOP_BY_HOP or (request.method == "HEAD" and name.lower() == "content-length")
    ]
    return AwsResponse(status, kept, body)


class Absent:
    """No emulator at all, and why."""

    def __init__(self, why: str) -> None:
        """`why` says what to do."""
        self._why = why

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """See Emulator."""
        raise unavailable(self._why)

    async def forget(self, account_id: str) -> None:
        """See Emulator."""

    async def close(self) -> None:
        """See Emulator."""


class Upstream:
    """An emulator by URL: a moto server, LocalStack."""

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        """`url` is its endpoint, without a path; `timeout` the seconds that it may take to answer."""
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """See Emulator. The account is told in both ways that emulators know: a header, and the access key id."""
        headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
        if "authorization" in headers:
            headers["authorization"] = _KEY.sub(rf"\g<1>{account_id}/", headers["authorization"])
        try:
            async with self._client.stream(
                request.method,
                self._url,
                headers=headers | {"host": urlsplit(self._url).netloc, "x-moto-account-id": account_id},
                content=request.body,
                # As it was sent: httpx would make another path of some that S3's keys may have.
                extensions={"target": request.path.encode()},
            ) as got:
                # Raw, since an object's Content-Encoding is the object's.
                body = b"".join([chunk async for chunk in got.aiter_raw()])
        except httpx.TimeoutException:
            why = f"no answer from {self._url} in {self._timeout:g} s. Look what it does, or choose another"
            raise unavailable(f"{why} --aws-upstream.") from None
        except (httpx.ConnectError, httpx.InvalidURL):
            why = f"nothing listens at {self._url}. Start it, or choose another --aws-upstream."
            raise unavailable(why) from None
        except httpx.HTTPError:
            why = f"what {self._url} says is no HTTP, or ends too soon. Look what it is, or choose another"
            raise unavailable(f"{why} --aws-upstream.") from None
        return answer(request, got.status_code, got.headers.multi_items(), body)

    async def forget(self, account_id: str) -> None:
        """See Emulator: what others keep is theirs."""

    async def close(self) -> None:
        """See Emulator."""
        await self._client.aclose()
