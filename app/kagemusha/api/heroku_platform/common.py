"""What the routes of the Platform API share."""

import re
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.documents import ANYWHERE, answers, listing, refusals, request_header
from kagemusha.api.heroku_platform import conditional
from kagemusha.api.worlds import World
from kagemusha.domain.errors import NotAcceptable
from kagemusha.services.context import Context

_VERSION = re.compile(r'version\s*=\s*(?P<quote>"?)3(?:\.[\w.-]+)?(?P=quote)', re.ASCII)
ID_NAME = {"id": "uuid", "name": "name"}


def check_accept(request: Request) -> None:
    """Raise NotAcceptable unless a media range asks for version 3, or a variant of it."""
    for header in request.headers.getlist("accept"):
        for each in header.split(","):
            media, *parameters = (part.strip() for part in each.split(";"))
            if media.lower() == "application/vnd.heroku+json" and any(map(_VERSION.fullmatch, parameters)):
                return
    raise NotAcceptable("Set `Accept: application/vnd.heroku+json; version=3` and try again.")


async def _accept(request: Request, context: Context) -> None:
    """Raise NotAcceptable for a request that asks for another version."""
    check_accept(request)


async def _admit(request: Request, context: Context) -> None:
    """Raise NotAcceptable or RateLimited for a request that is not to be answered."""
    check_accept(request)
    request.app.state.rate_limits.take(context.sandbox.id)


Reading = Annotated[Context, Depends(World(deps.caller, check=_admit))]
Free = Annotated[Context, Depends(World(deps.caller, check=_accept))]
"""As Reading, for a request that does not count."""
Writing = Annotated[Context, Depends(World(deps.caller, writes=True, check=_admit, condition=conditional.check))]


def asked(request: Request, header: str) -> frozenset[str]:
    """What an Accept-Expansion or Accept-Inclusion header names."""
    named = ",".join(request.headers.getlist(header)).split(",")
    return frozenset(each.strip() for each in named if each.strip())


class Body(BaseModel):
    """A request body: types are as they are in JSON, and what is not simulated is taken and has no effect."""

    model_config = ConfigDict(strict=True, defer_build=True)


class ById(Body):
    """A reference as an object that holds an id."""

    id: Text


class ByName(Body):
    """A reference as an object that holds a name."""

    name: Text


def _reference(value: object) -> object:
    for found in (value.get("id"), value.get("name")) if isinstance(value, dict) else (value,):
        if isinstance(found, str):
            return found
    message = "give a name or an id, or an object that holds one of them"
    raise ValueError(message)


Reference = Annotated[Text, BeforeValidator(_reference, json_schema_input_type=str | ById | ByName)]
"""A thing by name or id, alone or in an object, as clients differ."""


REFUSALS = refusals(401, 406, 429, *ANYWHERE)
"""What every operation of this API may answer."""


def whole(document: Any, *refused: int) -> dict[str, Any]:
    """`answers` for a list that is not cut short, of what no operation shows alone."""
    return answers(document, *refused) | {"response_model": list[document]}


_RANGE = request_header("Range", "The part of the list: 200 things by default, 1000 at most", "id ..; max=10")
EXPANSION = request_header("Accept-Expansion", "What is shown whole instead of by name", "addon_service,plan")
INCLUSION = request_header("Accept-Inclusion", "What is shown beside the rest", "addon:plan,config_vars")
_CUT = {
    name: {"description": said, "schema": {"type": "string"}}
    for name, said in (("Content-Range", "What is shown"), ("Next-Range", "The Range that shows what follows"))
}


def ranged(document: Any, *refused: int, header: dict[str, Any] | None = None) -> dict[str, Any]:
    """`answers` for a list that the Range header walks."""
    said = answers(list[document], *refused, 416)
    said["responses"][206] = listing(document) | {"description": "A part of the list", "headers": _CUT}
    said["openapi_extra"] = {"parameters": [_RANGE] if header is None else [_RANGE, header]}
    return said
