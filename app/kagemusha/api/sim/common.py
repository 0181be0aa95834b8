"""What the routes of the control API share: who may call, and the world that the path names."""

import secrets
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from kagemusha.api import deps
from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.documents import refusals
from kagemusha.domain.errors import Unauthorized
from kagemusha.services import sandboxes
from kagemusha.services.context import Context
from kagemusha.services.transactions import Transactions


async def guard(request: Request) -> None:
    """On any bind but loopback every call needs the server's token."""
    if request.app.state.guarded:
        secret = request.app.state.admin_token
        wanted = secret.get_secret_value() if hasattr(secret, "get_secret_value") else str(secret or "")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not wanted or scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), wanted.encode()):
            raise Unauthorized("The control API needs `Authorization: Bearer <KAGEMUSHA_ADMIN_TOKEN>` on this server.")


def _opener(writes: bool) -> Callable[[Request], AsyncIterator[Context]]:
    async def opened(request: Request) -> AsyncIterator[Context]:
        worlds, name = deps.transactions(request), request.path_params["name"]
        async with (worlds.writing if writes else worlds.reading)(("name", name)) as context:
            if context is None:
                raise sandboxes.missing(name)
            yield context

    return opened


def room(prefix: str, tag: str) -> APIRouter:
    """A router of this API for what begins with `prefix`."""
    return APIRouter(
        prefix=f"/_sim{prefix}",
        route_class=HerokuRoute,
        dependencies=[Depends(guard)],
        tags=[tag],
        responses=refusals(401),
    )


Reading = Annotated[Context, Depends(_opener(False), scope="function")]
Writing = Annotated[Context, Depends(_opener(True), scope="function")]
Worlds = Annotated[Transactions, Depends(deps.transactions)]
