"""What the routes of the Platform API share."""

import re
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.domain.errors import NotAcceptable
from kagemusha.services.context import Context

_ACCEPTED = re.compile(r"application/vnd\.heroku\+json\s*;\s*version\s*=\s*\"?3(\.[\w.-]+)?\"?", re.ASCII)
ID_NAME = {"id": "uuid", "name": "name"}


def check_accept(request: Request) -> None:
    """Raise NotAcceptable unless a media range asks for version 3, or a variant of it."""
    ranges = request.headers.get("accept", "").split(",")
    if not any(_ACCEPTED.match(each.strip()) for each in ranges):
        raise NotAcceptable("Set `Accept: application/vnd.heroku+json; version=3` and try again.")


Reading = Annotated[Context, Depends(deps.opener(False, deps.caller, check_accept), scope="function")]
Writing = Annotated[Context, Depends(deps.opener(True, deps.caller, check_accept), scope="function")]


def asked(request: Request, header: str) -> frozenset[str]:
    """What an Accept-Expansion or Accept-Inclusion header names."""
    return frozenset(each.strip() for each in request.headers.get(header, "").split(",") if each.strip())


class Named(BaseModel):
    """A reference as an object."""

    name: Text | None = None
    id: Text | None = None


Reference = Text | Named
"""A thing by name or id, alone or in an object, as clients differ."""


def identity(reference: Reference | None) -> str | None:
    """The name or id that a reference holds."""
    return (reference.id or reference.name) if isinstance(reference, Named) else reference
