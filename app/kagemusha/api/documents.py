"""What the documents of all rooms are made of, and the one that says what went wrong."""

import re
from typing import Annotated, Any, NotRequired, get_args, get_origin

from pydantic import ConfigDict, WithJsonSchema, with_config
from typing_extensions import TypedDict

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC."""
Uuid = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Email = Annotated[str, WithJsonSchema({"type": "string", "format": "email"})]
Uri = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]

Responses = dict[int | str, dict[str, Any]]
"""Answers beside a success, as FastAPI takes them."""


document = with_config(ConfigDict(defer_build=True, extra="forbid"))
"""Marks a document. What checks or describes it is built when it is asked for: the server never does."""


@document
class Error(TypedDict):
    """What every refusal answers: `id` is for programs, `message` for people and says what to do next."""

    id: str
    message: str
    resource: NotRequired[str]


_REFUSALS = {
    400: "The request can't be read, or AWS would refuse it",
    401: "No credentials, or none that are known",
    403: "The caller may not do this",
    404: "It is not there",
    406: "Accept asks for another API, or for none",
    409: "It collides with what is there",
    412: "It is no longer what If-Match says",
    413: "The body is longer than a megabyte",
    416: "The list can't be walked by what Range says",
    422: "What is asked for can't be",
    423: "It is to be confirmed: something would be lost",
    429: "Too many requests",
    503: "The database does not answer",
}
ANYWHERE = (413, 503)
"""The refusals that every operation has."""


def refusals(*statuses: int) -> Responses:
    """The errors that an operation answers, all with the same document.

    With `default`, which is left out of what is written, FastAPI describes no 422 that there isn't.
    """
    said: Responses = {status: {"model": Error, "description": _REFUSALS[status]} for status in statuses}
    return said | {"default": {"model": Error}}


def matching(pattern: re.Pattern[str], **more: Any) -> WithJsonSchema:
    """How a text is spelled, for OpenAPI alone: a service checks it, and says in words of its own what is wrong."""
    whole = re.sub(r"\?P<\w+>", "?:", pattern.pattern)
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{whole})$" if "|" in whole else f"^{whole}$", **more})


def answers(shown: Any, *refused: int, status: int = 200, header: dict[str, Any] | None = None) -> dict[str, Any]:
    """What OpenAPI says of an operation: its success, what it refuses, and a header that changes the answer.

    `shown` is a document, or a list of one that another operation shows alone. Handlers return responses that are
    made already, so FastAPI describes it and checks nothing.
    """
    said: dict[str, Any] = {"status_code": status, "responses": refusals(*refused)}
    if get_origin(shown) is list:
        said["responses"][status] = listing(get_args(shown)[0])
    else:
        said["response_model"] = shown
    return said if header is None else said | {"openapi_extra": {"parameters": [header]}}


def listing(shown: Any) -> dict[str, Any]:
    """An answer with a list of documents."""
    schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{shown.__name__}"}}
    return {"content": {"application/json": {"schema": schema}}}


def request_header(name: str, said: str, example: str) -> dict[str, Any]:
    """A request header, as OpenAPI describes it."""
    return {"name": name, "in": "header", "description": said, "schema": {"type": "string"}, "example": example}
