"""What every answer carries, whatever made it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kagemusha.api.dialect import HEROKU
from kagemusha.domain.errors import NotFound

RATE_LIMIT = "4500"
"""Requests an hour in the real API (known); here the number never falls."""


class Headers:
    """ASGI middleware: Request-Id and RateLimit-Remaining on every answer, warnings where there are any."""

    def __init__(self, app: ASGIApp) -> None:
        """Around `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers when the answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        request_ids = scope["app"].state.request_ids if "app" in scope else None

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if request_ids is not None:
                    headers["Request-Id"] = request_ids.make(state.get("sandbox_id", 0))
                headers["RateLimit-Remaining"] = RATE_LIMIT
                if "warning" in state:
                    headers["X-Heroku-Warning"] = state["warning"]
            await send(message)

        if "\0" in scope["path"]:
            await HEROKU.render(NotFound(None, "No name or id holds a NUL character."))(scope, receive, sending)
            return
        await self.app(scope, receive, sending)
