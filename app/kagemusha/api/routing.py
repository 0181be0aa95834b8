"""Routes found by the first segment of their path, since trying each in turn costs more than what most of them do."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class Index(BaseRoute):
    """Stands before the routes that it knows, and leads to the one that a request is for, as they would.

    What it doesn't find it leaves to them: an unknown path, or a method that is not answered there.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        """`routes` in the order in which they are tried."""
        self._by_segment: dict[str, list[APIRoute]] = {}
        for route in routes:
            self._by_segment.setdefault(_segment(route.path), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that takes the request wholly; it is the new scope's `route`."""
        if scope["type"] == "http":
            for route in self._by_segment.get(_segment(scope["path"]), ()):
                if scope["method"] in (route.methods or ()):
                    match, found = route.matches(scope)
                    if match is Match.FULL:
                        return match, found
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        route: APIRoute = scope["route"]
        await route.handle(scope, receive, send)


class Room:
    """Routes that are made when one of them is asked for: to make all takes as long as the rest of the start."""

    def __init__(self, load: Callable[[], Iterable[BaseRoute]]) -> None:
        """`load` imports what makes them."""
        self._load = load

    @cached_property
    def routes(self) -> list[BaseRoute]:
        """The routes, in the order in which they are tried, behind an index of them."""
        found = list(self._load())
        return [Index(route for route in found if isinstance(route, APIRoute)), *found]


class Rooms(BaseRoute):
    """Leads to the routes of all rooms."""

    def __init__(self, rooms: Mapping[Room, Iterable[str]]) -> None:
        """Each of `rooms` with the first segments of its routes' paths."""
        self._rooms = list(rooms)
        self._by_segment = {segment: room for room, segments in rooms.items() for segment in segments}

    @property
    def routes(self) -> list[BaseRoute]:
        """All that there are."""
        return [route for room in self._rooms for route in room.routes]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As a router would: the first route that takes the request wholly, else the first that knows the path."""
        room = self._by_segment.get(_segment(scope.get("path", "")))
        other: tuple[Match, Scope] = (Match.NONE, {})
        for route in room.routes if room else ():
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, found
            if match is Match.PARTIAL and other[0] is Match.NONE:
                other = (match, found)
        return other

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route answer."""
        route: APIRoute = scope["route"]
        await route.handle(scope, receive, send)


def _segment(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
