"""Routes found by an index are those that trying each in turn would find."""

import re

import pytest
from kagemusha.api.dialect import routes_within
from kagemusha.api.routing import Index
from kagemusha.main import create_app
from kagemusha.settings import Settings
from starlette.routing import Match

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


def test_the_index_stands_before_the_routes() -> None:
    """The application asks it first."""
    assert isinstance(APP.router.routes[0], Index)
