"""What every answer carries, and what no request may: the outermost layer, whatever makes the answer."""

import logging
import re

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kagemusha.api.dialect import HEROKU, MOST_BODY, MOST_SNAPSHOT, bug, too_large
from kagemusha.api.troubles import NO_ANSWER, Cutting
from kagemusha.clock import elapsed
from kagemusha.domain.errors import NotFound
from kagemusha.services.requests import Answered

log = logging.getLogger(__name__)
_SNAPSHOT = re.compile(r"/_sim/sandboxes/[^/]+/snapshot")


class Edge:
    """ASGI middleware.

    Every answer has Request-Id and RateLimit-Remaining, and warnings where there are any. A body is not read beyond
    MOST_BODY bytes (MOST_SNAPSHOT of a snapshot). HEAD is GET without the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Around `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        bare = scope["method"] == "HEAD"
        began = elapsed()
        cutting: Cutting | None = None
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun, cutting
            if message["type"] == "http.response.start":
                begun = True
                _finish(scope, message, began)
            elif bare and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            if "cut" in scope["state"]:
                cutting = cutting or Cutting(scope, receive, send)
                await cutting.send(message)
            else:
                await send(message)

        most = _most(scope)
        answering = _refusal(scope, most) or self.app
        try:
            await answering({**scope, "method": "GET"} if bare else scope, _bounded(receive, most), sending)
        except ClientDisconnect:
            # Whoever leaves in the middle of a body is not there to be answered.
            return
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if not begun:
                scope["state"]["error"] = "internal_server_error"
                await bug()(scope, receive, sending)
            raise


def _refusal(scope: Scope, most: int) -> Response | None:
    """The answer to a request that goes no further."""
    if _announced(scope) > most:
        return too_large(most)
    if "\0" in scope["path"]:
        return HEROKU.render(NotFound(None, "No name or id holds a NUL character."))
    return None


def _announced(scope: Scope) -> int:
    """The length in bytes that the request says its body has."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _finish(scope: Scope, start: Message, began: float) -> None:
    """Put the headers on an answer that every answer has, and let the journal tell of the request."""
    state, server = scope["state"], scope["app"].state if "app" in scope else None
    # None of them is there yet: only this layer sends them.
    headers = list(start.get("headers", ()))
    sandbox_id = state.get("sandbox_id", 0)
    if server is not None and server.request_ids is not None:
        remaining = state["remaining"] if "remaining" in state else server.rate_limits.remaining(sandbox_id)
        headers.append((b"request-id", server.request_ids.make(sandbox_id).encode()))
        headers.append((b"ratelimit-remaining", str(remaining).encode()))
    if "warning" in state:
        headers.append((b"x-heroku-warning", state["warning"].encode("latin-1")))
    start["headers"] = headers
    if server is not None and "operation" in state:
        answered = Answered(
            state["now"], server.transactions.clock(), state["operation"], scope["method"], scope["path"],
            None if state.get("cut") == NO_ANSWER else start["status"], elapsed() - began, state.get("error"),
            state.get("fault"),
        )  # fmt: skip
        server.transactions.requests.note(sandbox_id, answered)


def _most(scope: Scope) -> int:
    """Bytes that the body may have."""
    return MOST_SNAPSHOT if _SNAPSHOT.fullmatch(scope["path"]) and scope["method"] == "PUT" else MOST_BODY


def _bounded(receive: Receive, most: int) -> Receive:
    """`receive`, until the body is too long: then the 413 that the application makes of this."""
    left = most

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return receiving
