"""Routes found by the first segment of their path, since trying each in turn costs more than what most of them do.

The routes of a room are made when one of them is asked for: to make all takes as long as the rest of the start.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

Load = Callable[[], Iterable[BaseRoute]]
"""Imports a room, and returns its routes in the order in which they are tried."""


class Rooms(BaseRoute):
    """Leads to the routes of all rooms."""

    def __init__(self, rooms: Mapping[Load, Iterable[str]]) -> None:
        """Each of `rooms` with the first segments of all its routes' paths, which are no other room's."""
        self._loads = {segment: load for load, segments in rooms.items() for segment in segments}
        self._routes: dict[str, list[APIRoute]] = {}
        self._fixed: dict[str, APIRoute] = {}

    @property
    def routes(self) -> Iterator[APIRoute]:
        """All that there are."""
        for segment in self._loads:
            yield from self._of(segment)

    def _of(self, segment: str) -> list[APIRoute]:
        found = self._routes.get(segment)
        if found is None and segment in self._loads:
            for route in self._loads[segment]():
                if isinstance(route, APIRoute):
                    self._routes.setdefault(_segment(route.path), []).append(route)
                    if "{" not in route.path:
                        self._fixed.setdefault(route.path, route)
            return self._routes[segment]
        return found or []

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a router would: the first route that takes the request wholly, else the first that knows the path.

        But a path without parameters is what it is: with another method it is not taken for one with a parameter,
        `/teams/apps` for no team.
        """
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        routes = self._of(_segment(path))
        for route in routes:
            if scope["method"] in (route.methods or ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    fixed = self._fixed.get(path) if "{" in route.path else None
                    # It says itself that it does not answer to this method.
                    return match, found if fixed is None else fixed.matches(scope)[1]
        known = (each for each in (route.matches(scope) for route in routes) if each[0] is Match.PARTIAL)
        return next(known, (Match.NONE, {}))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        route: APIRoute = scope["route"]
        if scope["method"] in (route.methods or ()):
            await route.app(scope, receive, send)
        else:
            # It says that it does not answer to this method.
            await route.handle(scope, receive, send)


def _segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
