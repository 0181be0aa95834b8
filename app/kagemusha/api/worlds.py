"""The world that a handler is given: its parameter says which one and what for, and its route opens it.

Opened around the handler and not by FastAPI's dependencies, which would cost as much as what most handlers do
(docs/decisions/0013-the-route-opens-the-world.md). So a world is committed before its answer is sent, and whatever is
raised inside undoes it before anything renders the error.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from kagemusha.api import troubles
from kagemusha.domain.errors import DomainError, Unauthorized
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_OPENED = "kagemusha.world"
"""Where a request's scope holds the world that its route opened."""


def _unauthorized(_: Request) -> DomainError:
    return Unauthorized()


class World:
    """A dependency: the world that a request is for."""

    def __init__(
        self,
        find: Callable[[Request], Key],
        *,
        writes: bool = False,
        check: Callable[[Request, Context], Awaitable[None]] | None = None,
        missing: Callable[[Request], DomainError] = _unauthorized,
        steers: bool = False,
    ) -> None:
        """`find` says which one and may raise, as may `check`, which sees it; `missing` is raised when it is not there.

        With `writes` it is locked, and what changes in it is committed. What `steers` the world is no part of it: such
        requests meet no fault, and the journal does not tell of them.
        """
        self._find = find
        self._writes = writes
        self._check = check
        self._missing = missing
        self._steers = steers

    async def __call__(self, request: Request) -> Context:
        """What FastAPI hands to the handler: the world that is open."""
        opened: Context = request.scope[_OPENED]
        return opened

    async def around(self, request: Request, handle: Callable[[Request, Context], Awaitable[Response]]) -> Response:
        """The answer that `handle` gives in the world. What it raises is raised when all has been undone."""
        worlds: Transactions = request.app.state.transactions
        open_world = worlds.writing if self._writes else worlds.reading
        key = self._find(request)
        async with open_world(key) as context:
            if context is None:
                raise self._missing(request)
            state = request.scope["state"]
            state["sandbox_id"] = context.sandbox.id
            if not self._steers:
                state["now"], state["operation"] = context.now, request.scope["route"].operation_id
            if self._check is not None:
                await self._check(request, context)
            if self._steers or not context.sandbox.request_faults:
                return await handle(request, context)

        async def proceed() -> Response:
            async with open_world(key) as context:
                if context is None:
                    raise self._missing(request)
                return await handle(request, context)

        # A fault is counted in a transaction of its own, which the handler's does not undo.
        return await troubles.met(request, proceed)


def opening(route: APIRoute, handle: Handler) -> Handler:
    """`handle`, which is FastAPI's for this route, inside the world that the route's endpoint takes, if it does."""
    found = next((each for each in route.dependant.dependencies if isinstance(each.call, World)), None)
    if found is None:
        return handle
    world = found.call
    assert isinstance(world, World)
    inside = _directly(route, str(found.name)) if _is_plain(route) else _by_fastapi(handle)
    takes_body = route.body_field is not None

    async def handling(request: Request) -> Response:
        if takes_body:
            # Whatever a client takes to send it: nobody waits inside a transaction.
            await request.body()
        return await world.around(request, inside)

    return handling


def _by_fastapi(handle: Handler) -> Callable[[Request, Context], Awaitable[Response]]:
    async def handling(request: Request, context: Context) -> Response:
        request.scope[_OPENED] = context
        return await handle(request)

    return handling


def _is_plain(route: APIRoute) -> bool:
    """Whether FastAPI has nothing to read or to check: the handler takes its world, the path, and maybe the request."""
    takes = route.dependant
    others = (takes.query_params, takes.header_params, takes.cookie_params, takes.body_params)
    texts = all(each.field_info.annotation is str and not each.field_info.metadata for each in takes.path_params)
    return texts and len(takes.dependencies) == 1 and not any(others)


def _directly(route: APIRoute, place: str) -> Callable[[Request, Context], Awaitable[Response]]:
    endpoint = route.endpoint
    names = [each.name for each in route.dependant.path_params]
    asks = route.dependant.request_param_name

    async def handling(request: Request, context: Context) -> Response:
        path = request.scope["path_params"]
        given = {name: path[name] for name in names}
        given[place] = context
        if asks is not None:
            given[asks] = request
        answer: Response = await endpoint(**given)
        return answer

    return handling
