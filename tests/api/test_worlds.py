"""Worlds are open around handlers, and only there."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from driver import ACCEPT
from fastapi import APIRouter, FastAPI, Path, Response
from fastapi.testclient import TestClient
from kagemusha.api.dialect import HerokuRoute, routes_within
from kagemusha.api.heroku_data.common import Reading
from kagemusha.api.worlds import is_plain
from kagemusha.main import create_app
from kagemusha.settings import Settings
from starlette.types import Message

PATIENCE = 30
"""Seconds after which something hangs."""


async def ask(app: FastAPI, receive: Callable[[], Awaitable[Message]]) -> int:
    """Make an app with the body that `receive` brings; the answer's status."""
    seen: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    headers = {"authorization": "Bearer any", "content-type": "application/json", "accept": ACCEPT, "host": "127.0.0.1"}
    scope = {
        "type": "http", "method": "POST", "path": "/apps", "raw_path": b"/apps", "query_string": b"", "root_path": "",
        "scheme": "http", "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    return seen[0]


def body(name: str) -> Message:
    """A whole body."""
    return {"type": "http.request", "body": json.dumps({"name": name}).encode(), "more_body": False}


def test_a_client_that_is_slow_with_its_body_holds_nobody_up() -> None:
    """While one body is on its way, another request that writes into the same world is answered."""

    async def scenario() -> list[int]:
        app = create_app(Settings(ephemeral=True, ticks=False))
        asked, sent = asyncio.Event(), asyncio.Event()

        async def slowly() -> Message:
            asked.set()
            await sent.wait()
            return body("slow")

        async def at_once() -> Message:
            return body("quick")

        async with app.router.lifespan_context(app):
            slow = asyncio.create_task(ask(app, slowly))
            await asyncio.wait_for(asked.wait(), PATIENCE)
            quick = await asyncio.wait_for(ask(app, at_once), PATIENCE)
            sent.set()
            return [quick, await asyncio.wait_for(slow, PATIENCE)]

    assert asyncio.run(scenario()) == [201, 201]


@pytest.mark.parametrize(
    ("operation", "plain"),
    [
        ("privatelink.info", True),
        ("config_var.info", True),
        ("addon.info", True),
        ("app.delete", True),
        ("privatelink.create", False),  # a body
        ("sandbox.journal", False),  # parameters of the query
        ("sandbox.info", False),  # a guard besides
        ("sandbox.list", False),  # no world
    ],
)
def test_only_handlers_without_anything_to_check_are_called_directly(operation: str, plain: bool) -> None:
    """FastAPI reads and checks what there is to read and to check."""
    routes = routes_within(create_app(Settings(ephemeral=True)).routes)
    assert is_plain(next(route for route in routes if route.operation_id == operation).dependant) is plain


async def takes_nothing_else(context: Reading, name: str) -> None:
    """Its world and a text."""


async def takes_a_number(context: Reading, name: int) -> None:
    """Its world and what is no text."""


async def takes_a_short_text(context: Reading, name: Annotated[str, Path(max_length=3)]) -> None:
    """Its world and what has a bound."""


async def takes_the_answer(context: Reading, name: str, response: Response) -> None:
    """Its world and the answer's headers."""


@pytest.mark.parametrize(
    ("endpoint", "plain"),
    [
        (takes_nothing_else, True),
        (takes_a_number, False),
        (takes_a_short_text, False),
        (takes_the_answer, False),
    ],
)
def test_what_fastapi_would_make_of_a_parameter_is_left_to_it(endpoint: Callable[..., Any], plain: bool) -> None:
    """Paths that are no text, or not any, and what FastAPI hands in besides, are FastAPI's."""
    assert is_plain(HerokuRoute("/{name}", endpoint, methods=["GET"]).dependant) is plain


def test_credentials_come_before_the_body(client: TestClient) -> None:
    """Who may not call is told so, whatever the body; with credentials the body is judged."""
    headers: dict[str, Any] = {"Accept": ACCEPT, "Content-Type": "application/json"}
    assert client.post("/apps", content=b"{", headers=headers).status_code == 401
    headers["Authorization"] = "Bearer any"
    assert client.post("/apps", content=b"{", headers=headers).status_code == 400
    assert client.post("/apps", content=b"{", headers=headers | {"Accept": "text/html"}).status_code == 406


def test_a_world_that_nobody_opened_is_no_world() -> None:
    """A handler behind a route of another kind fails at once, instead of seeing a world that is not open."""
    router, app = APIRouter(), FastAPI()

    @router.get("/")
    async def handler(context: Reading) -> None:
        """Never called."""

    app.include_router(router)
    with pytest.raises(KeyError, match="world"):
        TestClient(app).get("/")
