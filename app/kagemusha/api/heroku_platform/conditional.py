"""Conditional requests: an ETag on whatever a GET answers, 304 for who has that, 412 for who has something else."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import blake2b
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from kagemusha.api.dialect import HerokuRoute
from kagemusha.api.documents import Responses, refusals, request_header
from kagemusha.domain.errors import PreconditionFailed
from kagemusha.services.context import Context

_EXAMPLE = '"0123456789abcdef"'
_NONE_MATCH = request_header("If-None-Match", "Answer 304 if it still has this ETag", _EXAMPLE)
_MATCH = request_header("If-Match", "Change it only if GET, sent with the same headers, has this ETag", _EXAMPLE)
_UNCHANGED: Responses = {304: {"description": "It still has the ETag of If-None-Match"}}
_CHANGED = refusals(412)

_readers: dict[str, Callable[..., Awaitable[Response]]] = {}
"""What answers GET, by path; defined before what changes the same thing."""


class PlatformRoute(HerokuRoute):
    """A route of the Platform API: its GETs are tagged, and their ETags are conditions of what changes them."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        """As HerokuRoute."""
        reads = "GET" in (more.get("methods") or ())
        if reads:
            _readers[path] = endpoint
        if reads or (path in _readers and "POST" not in (more.get("methods") or ())):
            header, answer = (_NONE_MATCH, _UNCHANGED) if reads else (_MATCH, _CHANGED)
            more["responses"] = (more.get("responses") or {}) | answer
            extra = more.get("openapi_extra") or {}
            more["openapi_extra"] = extra | {"parameters": [*extra.get("parameters", ()), header]}
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        handle = super().get_route_handler()
        if "GET" not in (self.methods or ()):
            return handle

        async def tagging(request: Request) -> Response:
            return _tagged(await handle(request), request.headers.get("if-none-match"))

        return tagging


def _tagged(answer: Response, known: str | None) -> Response:
    tag = _tag(answer)
    if known is not None and _names(known, tag):
        return Response(status_code=304, headers={"ETag": tag})
    # Set without a look for an older one: there is none.
    answer.raw_headers.append((b"etag", tag.encode()))
    return answer


def _tag(answer: Response) -> str:
    return f'"{blake2b(answer.body, digest_size=8).hexdigest()}"'


def _names(header: str, tag: str) -> bool:
    """Whether an If-Match or If-None-Match header names the tag: weak or strong, in a list, or by ``*``."""
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in header.split(","))


async def check(request: Request, context: Context) -> None:
    """Raise PreconditionFailed if the request has an If-Match that its path's GET would not answer to now."""
    wanted = request.headers.get("if-match")
    reader = _readers.get(request.scope["route"].path)
    if wanted is None or reader is None or request.method == "POST":
        return
    given = {"context": context, "request": request} | request.path_params
    answer = await reader(**{name: given[name] for name in inspect.signature(reader).parameters})
    if not _names(wanted, tag := _tag(answer)):
        message = f"It has changed: its ETag is {tag} now. GET it again, and send that as If-Match."
        raise PreconditionFailed(message)
