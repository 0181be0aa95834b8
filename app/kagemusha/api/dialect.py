"""Errors on the wire, rendered in one place: the route says in which dialect."""

import inspect
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.exceptions import HTTPException

from kagemusha.api import troubles, worlds
from kagemusha.domain import errors
from kagemusha.domain.errors import AwsError, BadRequest, DomainError, InvalidParams, NotFound
from kagemusha.domain.faults import BODILESS

# FastAPI silences this where it makes what checks a body. Ours are made when the first body comes (`defer_build`).
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)

MOST_BODY = 1024 * 1024
"""Bytes that a request body may have."""
MOST_SNAPSHOT = 64 * 1024 * 1024
"""Bytes that a snapshot may have."""
MOST_MESSAGE = 1_000
"""Characters that a message may have: some repeat what was sent."""
_SHOWN = 200
"""Characters of an unknown path that its error repeats."""

STATUSES: dict[type[DomainError], int] = {
    errors.BadRequest: 400,
    errors.AwsError: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.IllegalStep: 409,
    errors.PreconditionFailed: 412,
    errors.RangeNotSatisfiable: 416,
    errors.InvalidParams: 422,
    errors.ConfirmationRequired: 423,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
}
AWS_STATUSES = {"InvalidVpcEndpointId.NotFound": 404, "InvalidState": 409}
"""Those of AWS's errors that are a 400 in AWS's own dialect alone: what they say has another status here."""

_IDS = {status: error.id for error, status in reversed(STATUSES.items())} | {
    402: "delinquent",
    500: "internal_server_error",
}
"""What Heroku's APIs call each status."""
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def reply(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    body = _JSON.encode(content).encode(errors="replace")
    return Response(body, status, headers, media_type="application/json")


def _shortened(message: str) -> str:
    """A message of a length that people read: what is in its middle goes."""
    half = MOST_MESSAGE // 2
    return message if len(message) <= MOST_MESSAGE else f"{message[: half - 1]}…{message[-half:]}"


class Dialect(Protocol):
    """How a room spells errors."""

    def render(self, error: DomainError) -> Response:
        """The answer to a request that ends in `error`."""


class HerokuDialect:
    """``{"id", "message", "resource"?}``, as the Platform API, the Data API and the control API answer."""

    def render(self, error: DomainError) -> Response:
        """See Dialect."""
        status = STATUSES.get(type(error), 500)
        body: dict[str, Any] = {"id": error.id, "message": _shortened(error.message)}
        if isinstance(error, AwsError):
            status, body["id"] = AWS_STATUSES.get(error.code, status), error.code
        if isinstance(error, NotFound) and error.resource is not None:
            body["resource"] = error.resource
        return reply(body, status)


HEROKU = HerokuDialect()


class HerokuRoute(APIRoute):
    """A route with errors in Heroku's shape and its handler's world open; its summary is its docstring's first line."""

    dialect: ClassVar[Dialect] = HEROKU

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        """As APIRoute."""
        first, _, rest = inspect.cleandoc(endpoint.__doc__ or "").partition("\n")
        self._told = more | {"summary": first.removesuffix("."), "description": rest.strip()}
        # Answers are made by handlers, whole. To be ready to check them takes longer than all else at the start.
        super().__init__(path, endpoint, **self._told | {"response_model": None, "responses": None})
        if worlds.is_plain(self.dependant):
            self.app = worlds.straight(self.get_route_handler())

    def described(self) -> APIRoute:
        """The same route with all that OpenAPI says of its answers."""
        return APIRoute(self.path, self.endpoint, **self._told)

    def get_route_handler(self) -> worlds.Handler:
        """What answers a request, inside the world that the endpoint takes."""
        return worlds.opening(self, super().get_route_handler())


def _dialect(request: Request) -> Dialect:
    dialect: Dialect = getattr(request.scope.get("route"), "dialect", HEROKU)
    return dialect


def install(app: FastAPI) -> None:
    """Render every error that a handler, a dependency or the routing raises."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(troubles.Answered, _fault)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _bug)


def too_large(most: int = MOST_BODY) -> Response:
    """The answer to a body that is longer than `most` bytes."""
    return reply({"id": "content_too_large", "message": f"The request body is larger than {most} bytes."}, 413)


def _refuse(request: Request, error: DomainError) -> Response:
    request.scope["state"]["error"] = error.code if isinstance(error, AwsError) else error.id
    return _dialect(request).render(error)


async def _domain_error(request: Request, error: Exception) -> Response:
    return _refuse(request, error if isinstance(error, DomainError) else DomainError("Something went wrong."))


async def _fault(request: Request, error: Exception) -> Response:
    if not isinstance(error, troubles.Answered):
        raise error
    headers = {
        name: value for name, value in (error.effect.headers or {}).items() if name.lower() not in troubles.FRAMING
    }
    body, status = error.effect.body, error.status
    if status in BODILESS:
        return Response(None, status, headers)
    if isinstance(body, str):
        return Response(body, status, headers)
    if body is None:
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
        body = {"id": _IDS.get(status, phrase.lower().replace(" ", "_")), "message": f"{phrase}."}
    return reply(body, status, headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) and error.errors() else {}
    place = ".".join(str(part) for part in first.get("loc", ()) if part not in {"body", "query", "path"})
    said = str(first.get("msg", "The request can't be read")).removeprefix("Value error, ")
    if first.get("type") == "json_invalid":
        cause = first.get("ctx", {}).get("error", said)
        return _refuse(request, BadRequest(f"Unable to parse the request body as JSON: {cause}."))
    if not place and first.get("type") == "missing":
        said = "The request has no body: send a JSON object" + _fields(request)
    elif not place and first.get("type") in {"model_attributes_type", "dict_type", "model_type"}:
        said = "The request body must be a JSON object, sent with Content-Type: application/json"
    return _refuse(request, InvalidParams(f"{place}: {said}." if place else f"{said}."))


def _fields(request: Request) -> str:
    """What the body of this route may hold, as the end of a sentence; nothing where that is anything."""
    body = getattr(request.scope.get("route"), "body_field", None)
    names = getattr(body and body.field_info.annotation, "model_fields", {})
    return f" of {', '.join(names)}" if names else ""


async def _http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = f"{request.method} {request.scope['path'][:_SHOWN]}"
    match status:
        case 404:
            message = (
                f"The requested API endpoint was not found: kagemusha does not simulate {what}. "
                "What it simulates is listed in its README."
            )
            return _refuse(request, NotFound(None, message))
        case 405:
            methods = _allowed(request)
            allowed = {"Allow": ", ".join(methods)}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=allowed)
            body = {"id": "method_not_allowed", "message": f"{what} is not supported: use {' or '.join(methods)}."}
            return reply(body, 405, allowed)
        case 413:
            return too_large()
        case _:
            return _refuse(
                request, BadRequest("The request body can't be read: send a JSON object in UTF-8, not nested deeply.")
            )


def routes_within(routes: Iterable[object]) -> Iterator[HerokuRoute]:
    """The routes among what an application tries, those of rooms included."""
    for route in routes:
        if isinstance(route, HerokuRoute):
            yield route
        yield from routes_within(getattr(route, "routes", ()))


def operations(routes: Iterable[object]) -> dict[str, frozenset[str]]:
    """The operations of routes, each with the parameters of its path."""
    return {
        route.operation_id: frozenset(route.param_convertors) for route in routes_within(routes) if route.operation_id
    }


def _allowed(request: Request) -> list[str]:
    """The methods that are answered at this path."""
    path = request.scope["path"]
    routes = [route for route in routes_within(request.app.routes) if route.path_regex.match(path)]
    exact = [route for route in routes if route.path == path]
    found = {method for route in exact or routes for method in route.methods or ()}
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


def bug() -> Response:
    """The answer to a request that failed for a reason of our own."""
    body = {"id": "internal_server_error", "message": "kagemusha has a bug: its log says more. Please report it."}
    return reply(body, 500)


async def _bug(_request: Request, _error: Exception) -> Response:
    return bug()
