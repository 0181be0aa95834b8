"""What the documents of all rooms are made of, and the one that says what went wrong."""

from http import HTTPStatus
from typing import Annotated, Any, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC."""
Uuid = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Email = Annotated[str, WithJsonSchema({"type": "string", "format": "email"})]
Uri = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]

Responses = dict[int | str, dict[str, Any]]
"""Answers beside a success, as FastAPI takes them."""


class Error(TypedDict):
    """What every refusal answers: `id` is for programs, `message` for people and says what to do next."""

    id: str
    message: str
    resource: NotRequired[str]


def refusals(*statuses: int) -> Responses:
    """The errors that an operation answers, all with the same document; `default` stands for the rare ones."""
    said: Responses = {status: {"model": Error, "description": HTTPStatus(status).phrase} for status in statuses}
    return said | {"default": {"model": Error, "description": "Any other error"}}


def answers(document: Any, *refused: int, status: int = 200, header: dict[str, Any] | None = None) -> dict[str, Any]:
    """What OpenAPI says of an operation: its success, what it refuses, and a header that changes the answer.

    Handlers return a response that is made already: FastAPI describes `document` and checks nothing when it serves.
    """
    said = {"response_model": document, "status_code": status, "responses": refusals(*refused)}
    return said if header is None else said | {"openapi_extra": {"parameters": [header]}}


def request_header(name: str, said: str, example: str) -> dict[str, Any]:
    """A request header, as OpenAPI describes it."""
    return {"name": name, "in": "header", "description": said, "schema": {"type": "string"}, "example": example}
