"""What every answer carries, and what no request may: the outermost layer, whatever makes the answer."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kagemusha.api.dialect import HEROKU, MOST_BODY, too_large
from kagemusha.domain.errors import NotFound


class Edge:
    """ASGI middleware.

    Every answer has Request-Id and RateLimit-Remaining, and warnings where there are any. A body is not read beyond
    MOST_BODY bytes. HEAD is GET without the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Around `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        server = scope["app"].state if "app" in scope else None
        bare = scope["method"] == "HEAD"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                # None of them is there yet: only this layer sends them.
                headers = list(message.get("headers", ()))
                sandbox_id = state.get("sandbox_id", 0)
                if server is not None and server.request_ids is not None:
                    headers.append((b"request-id", server.request_ids.make(sandbox_id).encode()))
                    remaining = server.rate_limits.remaining(sandbox_id)
                    headers.append((b"ratelimit-remaining", str(remaining).encode()))
                if "warning" in state:
                    headers.append((b"x-heroku-warning", state["warning"].encode("latin-1")))
                message["headers"] = headers
            elif bare and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        if _announced(scope) > MOST_BODY:
            await too_large()(scope, receive, sending)
        elif "\0" in scope["path"]:
            await HEROKU.render(NotFound(None, "No name or id holds a NUL character."))(scope, receive, sending)
        else:
            await self.app({**scope, "method": "GET"} if bare else scope, _bounded(receive), sending)


def _announced(scope: Scope) -> int:
    """The length in bytes that the request says its body has."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _bounded(receive: Receive) -> Receive:
    """`receive`, until the body is too long: then the 413 that the application makes of this."""
    left = MOST_BODY

    async def receiving() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return receiving
