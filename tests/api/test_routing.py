"""Routes found by an index are those that trying each in turn would find."""

import re
from functools import partial

import pytest
from kagemusha.api.dialect import routes_within
from kagemusha.api.routing import Index, Room, Rooms
from kagemusha.main import ROOMS, create_app
from kagemusha.settings import Settings
from starlette.routing import BaseRoute, Match

APP = create_app(Settings(ephemeral=True))
ROUTES = list(routes_within(APP.routes))
ASKED = [(method, re.sub(r"\{\w+\}", "x", route.path)) for route in ROUTES for method in sorted(route.methods or ())]


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_the_index_leads_where_the_routes_do(method: str, path: str) -> None:
    """For every operation the first route that takes the request is found, and nothing else of it differs."""
    scope = {"type": "http", "method": method, "path": path}
    expected = next(found for route in ROUTES for match, found in [route.matches(scope)] if match is Match.FULL)
    match, found = Index(ROUTES).matches(scope)
    assert match is Match.FULL
    assert (found["route"], found["path_params"]) == (expected["route"], expected["path_params"])


@pytest.mark.parametrize("path", ["/", "", "/nowhere", "//apps", "/apps/x/nowhere"])
def test_what_it_does_not_know_it_leaves_to_the_routes(path: str) -> None:
    """An unknown path, and a method that is not answered, are not the index's to refuse."""
    index = Index(ROUTES)
    assert index.matches({"type": "http", "method": "GET", "path": path})[0] is Match.NONE
    assert index.matches({"type": "http", "method": "TRACE", "path": "/apps"})[0] is Match.NONE
    assert index.matches({"type": "websocket", "path": "/apps"})[0] is Match.NONE


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_found_by_the_segments_of_all_their_routes(room: Room) -> None:
    """The segments of a room are those of its routes' paths, no more and no less."""
    assert {route.path.split("/")[1] for route in routes_within(room.routes)} == set(ROOMS[room])


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_rooms_lead_where_the_routes_do(method: str, path: str) -> None:
    """Every operation is found, and a method that is not answered there leads to a route that says so."""
    rooms = Rooms(ROOMS)
    assert rooms.matches({"type": "http", "method": method, "path": path})[0] is Match.FULL
    assert rooms.matches({"type": "http", "method": "TRACE", "path": path})[0] is Match.PARTIAL
    assert rooms.matches({"type": "http", "method": method, "path": f"/nowhere{path}"})[0] is Match.NONE


def test_a_room_is_loaded_by_its_first_request() -> None:
    """No room is loaded for another's request, nor for a path that none has; and none is twice."""
    loaded: list[str] = []

    def load(name: str) -> list[BaseRoute]:
        loaded.append(name)
        return []

    rooms = Rooms({Room(partial(load, "one")): ("a", "b"), Room(partial(load, "two")): ("c",)})
    for path in ("/nowhere", "/a/1", "/b", "/a"):
        rooms.matches({"type": "http", "method": "GET", "path": path})
    assert loaded == ["one"]
