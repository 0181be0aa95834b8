"""Routes found by the first segment of their path are those that trying each in turn would find."""

import re
from collections.abc import Iterable

import pytest
from kagemusha.api.dialect import HerokuRoute, routes_within
from kagemusha.api.routing import Load, Rooms
from kagemusha.main import ROOMS, create_app
from kagemusha.settings import Settings
from starlette.routing import BaseRoute, Match

APP = create_app(Settings(ephemeral=True))
ROUTES = list(routes_within(APP.routes))
ASKED = [(method, re.sub(r"\{\w+\}", "x", route.path)) for route in ROUTES for method in sorted(route.methods or ())]


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_a_request_is_led_where_the_routes_would_lead_it(method: str, path: str) -> None:
    """For every operation the first route that takes the request is found, and nothing else of it differs."""
    scope = {"type": "http", "method": method, "path": path}
    expected = next(found for route in ROUTES for match, found in [route.matches(scope)] if match is Match.FULL)
    match, found = Rooms(ROOMS).matches(scope)
    assert match is Match.FULL
    assert (found["route"], found["path_params"]) == (expected["route"], expected["path_params"])


@pytest.mark.parametrize("path", sorted({path for _, path in ASKED}))
def test_another_method_leads_to_a_route_that_refuses_it(path: str) -> None:
    """A method that is not answered at a path is left to the first route that knows the path."""
    scope = {"type": "http", "method": "TRACE", "path": path}
    expected = next(found for route in ROUTES for match, found in [route.matches(scope)] if match is Match.PARTIAL)
    match, found = Rooms(ROOMS).matches(scope)
    assert (match, found["route"]) == (Match.PARTIAL, expected["route"])


@pytest.mark.parametrize("path", ["/", "", "/nowhere", "//apps", "/apps/x/nowhere", "/nowhere/apps"])
def test_an_unknown_path_leads_nowhere(path: str) -> None:
    """What no route knows is found by none, and so is what is no HTTP."""
    assert Rooms(ROOMS).matches({"type": "http", "method": "GET", "path": path})[0] is Match.NONE
    assert Rooms(ROOMS).matches({"type": "websocket", "path": "/apps"})[0] is Match.NONE


@pytest.mark.parametrize("load", ROOMS)
def test_a_room_is_found_by_the_segments_of_all_its_routes(load: Load) -> None:
    """The segments of a room are those of its routes' paths, no more and no less."""
    assert {route.path.split("/")[1] for route in routes_within(load())} == set(ROOMS[load])


def test_every_route_is_among_the_routes_once() -> None:
    """What OpenAPI describes and faults name are all routes of all rooms."""
    found = {id(route) for route in ROUTES}
    assert len(ROUTES) == len(found)
    assert found == {id(route) for load in ROOMS for route in routes_within(load())}


def test_a_room_is_loaded_by_its_first_request() -> None:
    """No room is loaded for another's request, nor for a path that none has; and none is loaded twice."""
    loaded: list[str] = []

    def route(path: str) -> HerokuRoute:
        async def handler() -> None:
            """Never called."""

        return HerokuRoute(path, handler, methods=["GET"])

    def one() -> Iterable[BaseRoute]:
        loaded.append("one")
        return [route("/a/{x}"), route("/b"), route("/a")]

    def two() -> Iterable[BaseRoute]:
        loaded.append("two")
        return [route("/c")]

    rooms = Rooms({one: ("a", "b"), two: ("c",)})
    found = [rooms.matches({"type": "http", "method": "GET", "path": path})[0] for path in ("/nowhere", "/a/1", "/b")]
    assert (found, loaded) == ([Match.NONE, Match.FULL, Match.FULL], ["one"])
