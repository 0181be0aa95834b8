"""What a fault does to a request: it waits, is answered with an error, or loses its connection.

A connection is closed by way of the scope's extension CLOSE, which the server puts there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from kagemusha.connections import CLOSE
from kagemusha.domain.errors import RateLimited
from kagemusha.domain.faults import RequestEffect
from kagemusha.services import faults
from kagemusha.services.fault_hits import Labels
from kagemusha.services.transactions import Transactions

FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
"""Headers that say where an answer ends: a fault does not set them."""
NO_ANSWER, HALF = "no answer", "half"
"""How a connection is cut: before anything of the answer is sent, or in the middle of its body."""


class Answered(Exception):
    """A fault answers the request, with `status` and what else its effect says."""

    def __init__(self, status: int, effect: RequestEffect) -> None:
        """Rendered where errors are."""
        super().__init__(status)
        self.status = status
        self.effect = effect


async def met(request: Request, proceed: Callable[[], Awaitable[Response]]) -> Response:
    """The answer to a request that may meet a fault; without one it is that of `proceed`."""
    transactions: Transactions = request.app.state.transactions
    state = request.scope["state"]
    effect = await meet(transactions, state["sandbox_id"], state["operation"], _labels(request), state)
    if effect is None:
        return await proceed()
    if effect.rate_limit:
        state["remaining"] = 0
        raise RateLimited
    if effect.status is not None:
        raise Answered(effect.status, effect)
    if effect.disconnect is True:
        return Response()
    return await proceed()


async def meet(
    transactions: Transactions, sandbox_id: int, operation: str, labels: Labels, state: dict[str, Any]
) -> RequestEffect | None:
    """The effect of the fault that a request meets, which has waited then; `state` is told how it is to be cut."""
    found = await faults.meet_request(transactions, ("id", sandbox_id), operation, labels)
    if found is None:
        return None
    state["fault"], effect = found
    if effect.disconnect is not None:
        state["cut"] = NO_ANSWER
    elif effect.truncate:
        state["cut"] = HALF
    if effect.latency:
        await asyncio.sleep(effect.latency)
    return effect


def _labels(request: Request) -> Labels:
    named = {name: (str(value),) for name, value in request.path_params.items()}
    return {**named, "path": (request.url.path,)}


class Cutting:
    """Sends an answer up to where its connection is cut."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`receive` and `send` are the server's own."""
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_cut = False

    async def send(self, message: Message) -> None:
        """Send as much of a message as goes out, by the `cut` of the scope's state."""
        if self._is_cut:
            return
        how = self._scope["state"]["cut"]
        if how == HALF and message["type"] == "http.response.start":
            await self._send(message)
            return
        self._is_cut = True
        if how == HALF:
            body = message.get("body", b"")
            await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await self._close()

    async def _close(self) -> None:
        close = self._scope.get("extensions", {}).get(CLOSE)
        if close is None:
            message = "a fault cuts this connection"
            raise ConnectionAbortedError(message)
        close()
        while (await self._receive())["type"] != "http.disconnect":
            pass
