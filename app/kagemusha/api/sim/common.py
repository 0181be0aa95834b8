"""What the routes of the control API share: who may call, and the world that the path names."""

import re
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import SecretStr

from kagemusha.api import deps
from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.documents import refusals
from kagemusha.domain.errors import Forbidden, Unauthorized
from kagemusha.services import sandboxes
from kagemusha.services.context import Context
from kagemusha.services.transactions import Transactions

_HERE = re.compile(r"(?:https?://)?(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?", re.ASCII)
"""A host, or an origin, that is this machine."""
_SHOWN = 100
"""Characters of a refused host that its error repeats."""


async def guard(request: Request) -> None:
    """Refuse who may not call: on loopback other machines' names and web pages, elsewhere who has no token."""
    if request.app.state.guarded:
        _check_token(request)
    else:
        _check_here(request)


def _check_here(request: Request) -> None:
    # A web page of another's may send requests to this machine, under a name of its own or with its origin.
    for header in ("host", "origin"):
        for said in request.headers.getlist(header):
            if not _HERE.fullmatch(said):
                message = (
                    f"The control API does not answer to the {header.title()} {said[:_SHOWN]}: call it as localhost or "
                    "127.0.0.1, or start the server with another --host and KAGEMUSHA_ADMIN_TOKEN."
                )
                raise Forbidden(message)


def _check_token(request: Request) -> None:
    secret: SecretStr | None = request.app.state.admin_token
    wanted = secret.get_secret_value() if secret else ""
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
        responses=refusals(401, 403),
    )


Reading = Annotated[Context, Depends(_opener(False), scope="function")]
Writing = Annotated[Context, Depends(_opener(True), scope="function")]
Worlds = Annotated[Transactions, Depends(deps.transactions)]
