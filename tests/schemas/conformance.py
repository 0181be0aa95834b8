"""Answers held to what Heroku publishes: errors to the one shape, successes to the schema of their route."""

import re
from functools import cache, partial
from typing import Any

import httpx
from fastapi.routing import APIRoute
from jsonschema_rs import Draft4Validator
from kagemusha.api import heroku_platform, sim
from kagemusha.api.dialect import routes_within
from kagemusha.api.heroku_data import room as heroku_data
from published import Published, Route, Schema, route

UNPUBLISHED: dict[Route, str] = {
    ("GET", "/client/v11/databases/{}/bastion"): "what `pg:psql` asks of private plans: the file has no bastions",
    ("DELETE", "/oauth/sessions/{}"): "the CLI's logout: it is not in the schema, and 204 has no body",
    ("GET", "/data/kafka/v0/clusters/{}/wait_status"): "what the CLI polls: the file has Postgres's and Redis's alone",
    ("GET", "/data/maintenances/v1/apps/{}"): "what the CLI asks: the file has no maintenances",
    ("GET", "/data/maintenances/v1/{}"): "the same",
}
"""Routes of ours that Heroku publishes no schema of, and why they are here all the same."""

ERROR: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^\\S+$"},
        "message": {"type": "string", "pattern": "\\S"},
        "url": {"type": "string", "format": "uri"},
        "resource": {"type": "string"},
        "app": {
            "type": "object",
            "properties": {"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}},
            "required": ["id", "name"],
            "additionalProperties": False,
        },
    },
    "required": ["id", "message"],
    "additionalProperties": False,
}
"""*Platform API Reference*, Errors, with the two that clients read beside: `resource` and `app`."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRESIGNED = {"X-Amz-Credential", "AWSAccessKeyId"}
_SHOWN = ("Accept-Expansion", "Accept-Inclusion")
_HEROKU = [*routes_within(heroku_data.router.routes), *routes_within(heroku_platform.router.routes)]
_ROUTES = [*routes_within(sim.router.routes), *_HEROKU]

_validator = partial(
    Draft4Validator,
    validate_formats=True,
    ignore_unknown_formats=False,
    formats={"uuid": lambda value: _UUID.fullmatch(value) is not None},
)


def heroku_routes() -> set[Route]:
    """Our routes that Heroku has."""
    return {route(method, each.path) for each in _HEROKU for method in each.methods}


class Conformance:
    """Says what is wrong with answers."""

    def __init__(self, published: Published | None) -> None:
        """Without `published` only errors, and bodies that must be empty, are looked at."""
        self._published = published
        self._routes = published.routes() if published else set()
        self._error = _validator(ERROR)
        self._of_route = cache(self._compiled)

    def faults(self, answer: httpx.Response) -> list[str]:
        """What is wrong with an answer that has been read, a line each. AWS's are for AWS's clients to judge."""
        if _is_aws(answer.request):
            return []
        method, path, status = answer.request.method, answer.request.url.path, answer.status_code
        found = route_of(method, path)
        where = f"{method} {path[:200] if found is None else found.path} {status}"
        asked = None if found is None else route(method, found.path)
        if method == "HEAD" or status == 304 or (status == 204 and not self._is_published(asked)):
            return [f"{where} has a body"] if answer.content else []
        if found is None and answer.is_success:
            return []
        if answer.headers.get("content-type") != "application/json":
            return [f"{where} is {answer.headers.get('content-type')}"]
        validators = [self._error] if answer.is_error else []
        if asked is not None:
            known = self._of_route(asked, status, *(_named(answer, found, header) for header in _SHOWN))
            validators += [] if known is None else [known]
        if not validators and self._is_published(asked):
            return [f"{where} is a status that its schema does not have"]
        body = answer.json()
        return [f"{where} at /{'/'.join(map(str, error.instance_path))}: {error.message}"
                for validator in validators for error in validator.iter_errors(body)]  # fmt: skip

    def _is_published(self, asked: Route | None) -> bool:
        return asked in self._routes

    def _compiled(self, *asked: Any) -> Draft4Validator | None:
        schema = self._published.schema(*asked) if self._published else None
        return None if schema is None else _validator(schema)


def route_of(method: str, path: str) -> APIRoute | None:
    """The route that answers: the first that fits, as in the service."""
    return next((each for each in _ROUTES if method in each.methods and each.path_regex.match(path)), None)


def _named(answer: httpx.Response, found: APIRoute, header: str) -> frozenset[str]:
    """What a header names, if the route reads it."""
    if not any(each["name"] == header for each in (found.openapi_extra or {}).get("parameters", ())):
        return frozenset()
    return frozenset(each.strip() for each in answer.request.headers.get(header, "").split(","))


def _is_aws(request: httpx.Request) -> bool:
    """Whether it is signed in its headers or in its query, or is a form posted to the root."""
    if request.headers.get("authorization", "").startswith("AWS4-"):
        return True
    return not _PRESIGNED.isdisjoint(request.url.params) or (request.method, request.url.path) == ("POST", "/")
