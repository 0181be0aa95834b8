"""The world that a handler is given: its parameter says which one and what for, and its route opens it.

The route and not one of FastAPI's dependencies, whose ends cost as much as what most handlers do. A world is committed
before its answer is sent, and whatever is raised inside undoes it before anything renders the error
(docs/decisions/0013-the-route-opens-the-world.md).
"""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from kagemusha.api import troubles
from kagemusha.domain.errors import DomainError, Unauthorized
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Inside = Callable[[Request, Context], Awaitable[Response]]
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
        condition: Callable[[Request, Context], Awaitable[None]] | None = None,
        missing: Callable[[Request], DomainError] = _unauthorized,
        steers: bool = False,
    ) -> None:
        """`find` says which one and may raise, as may `check`, which sees it; `missing` is raised when it is not there.

        `condition`, likewise, is looked at again by a request that a fault let wait: the world may be another by then.

        With `writes` it is locked, and what changes in it is committed. What `steers` the world is no part of it: such
        requests meet no fault, and the journal does not tell of them.
        """
        self._find = find
        self._writes = writes
        self._check = check
        self._condition = condition
        self._missing = missing
        self._steers = steers

    async def __call__(self, request: Request) -> Context:
        """What FastAPI hands to the handler: the world that is open."""
        opened: Context = request.scope[_OPENED]
        return opened

    async def answer(self, inside: Inside, reads_body: bool, request: Request) -> Response:
        """The answer that `inside` gives in the world. What it raises is raised when all has been undone."""
        if reads_body:
            # Whatever a client takes to send it: nobody waits inside a transaction.
            await request.body()
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
            if self._condition is not None:
                await self._condition(request, context)
            if self._steers or not context.sandbox.request_faults:
                return await inside(request, context)

        async def proceed() -> Response:
            async with open_world(key) as context:
                if context is None:
                    raise self._missing(request)
                if self._condition is not None:
                    await self._condition(request, context)
                return await inside(request, context)

        # A fault is counted in a transaction of its own, which the handler's does not undo.
        return await troubles.met(request, proceed)


def opening(route: APIRoute, handle: Handler) -> Handler:
    """`handle`, which is FastAPI's, inside the world that the route's endpoint takes; by itself if it takes none."""
    for parameter in route.dependant.dependencies:
        if isinstance(parameter.call, World):
            inside = _direct(route, str(parameter.name)) if is_plain(route.dependant) else _through(handle)
            return partial(parameter.call.answer, inside, route.body_field is not None)
    return handle


def _through(handle: Handler) -> Inside:
    """FastAPI reads and checks the parameters."""

    async def handling(request: Request, context: Context) -> Response:
        request.scope[_OPENED] = context
        return await handle(request)

    return handling


def is_plain(takes: Dependant) -> bool:
    """Whether FastAPI has nothing to read or to check: a handler takes its world, the path, and maybe the request."""
    others = (
        takes.query_params, takes.header_params, takes.cookie_params, takes.body_params, takes.response_param_name,
        takes.background_tasks_param_name, takes.security_scopes_param_name, takes.http_connection_param_name,
    )  # fmt: skip
    texts = all(each.field_info.annotation is str and not each.field_info.metadata for each in takes.path_params)
    return texts and not any(others) and [type(each.call) for each in takes.dependencies] == [World]


def _direct(route: APIRoute, world: str) -> Inside:
    """The endpoint is called with what it takes, `world` among it."""
    endpoint = route.endpoint
    names = [each.name for each in route.dependant.path_params]
    asks = route.dependant.request_param_name

    async def handling(request: Request, context: Context) -> Response:
        path = request.scope["path_params"]
        given = {name: path[name] for name in names}
        given[world] = context
        if asks is not None:
            given[asks] = request
        answer: Response = await endpoint(**given)
        return answer

    return handling


def straight(handle: Handler) -> ASGIApp:
    """What FastAPI makes of `handle`, without the ends that it keeps for dependencies: a plain handler has none.

    Errors are rendered where the application has its handlers, as all are.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer = await handle(Request(scope, receive, send))
        await answer(scope, receive, send)

    return app
