"""Routes found by the first segment of their path, since trying each in turn costs more than what most of them do."""

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class Index(BaseRoute):
    """Stands before the routes that it knows, and leads to the one that a request is for, as they would.

    What it doesn't find it leaves to them: an unknown path, or a method that is not answered there. But a path without
    parameters is what it is: with another method it is not taken for one with a parameter, `/teams/apps` for no team.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        """`routes` in the order in which they are tried."""
        self._by_segment: dict[str, list[APIRoute]] = {}
        self._by_path: dict[str, list[APIRoute]] = {}
        for route in routes:
            self._by_segment.setdefault(_segment(route.path), []).append(route)
            if "{" not in route.path:
                self._by_path.setdefault(route.path, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the request wholly; it is the new scope's `route`."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        fixed = self._by_path.get(path)
        for route in fixed or self._by_segment.get(_segment(path), []):
            if scope["method"] in (route.methods or ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, found
        # It says itself that it does not answer to this method.
        return (Match.FULL, fixed[0].matches(scope)[1]) if fixed else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        route: APIRoute = scope["route"]
        await route.handle(scope, receive, send)


def _segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
