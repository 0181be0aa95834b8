"""What the routes of the control API share: who may call, and the world that the path names."""

import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import SecretStr

from kagemusha.api import deps
from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.documents import ANYWHERE, refusals
from kagemusha.api.worlds import World
from kagemusha.domain.errors import Forbidden, NotFound, Unauthorized
from kagemusha.services import journals, sandboxes
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions

_HERE = re.compile(r"(?:https?://)?(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?", re.ASCII)
"""A host, or an origin, that is this machine."""
_SHOWN = 100
"""Characters of a refused host that its error repeats."""


async def guard(request: Request) -> None:
    """Refuse who may not call."""
    check(request)


def check(request: Request) -> None:
    """Refuse who may not call: on loopback other machines' names and web pages, elsewhere who has no token.

    Raises Forbidden or Unauthorized.
    """
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


def _named(request: Request) -> Key:
    """The world that the path names, for who may call."""
    check(request)
    return ("name", request.path_params["name"])


def _missing(request: Request) -> NotFound:
    return sandboxes.missing(request.path_params["name"])


async def _worlds(request: Request) -> Transactions:
    """All worlds. Does nothing that takes a while: as a plain function FastAPI would run it in a thread."""
    return deps.transactions(request)


def room(prefix: str, tag: str) -> APIRouter:
    """A router of this API for what begins with `prefix`."""
    return APIRouter(
        prefix=f"/_sim{prefix}",
        route_class=HerokuRoute,
        dependencies=[Depends(guard)],
        tags=[tag],
        responses=refusals(401, 403, *ANYWHERE),
    )


Reading = Annotated[Context, Depends(World(_named, missing=_missing, steers=True))]
Writing = Annotated[Context, Depends(World(_named, writes=True, missing=_missing, steers=True))]
Worlds = Annotated[Transactions, Depends(_worlds)]
Limit = Annotated[int, Query(json_schema_extra={"minimum": 1, "maximum": journals.MOST})]
"""How much of a list is shown."""
