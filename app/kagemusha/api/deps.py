"""What a request asks for: whose world, by its credentials, and which page of a list."""

import base64
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Request
from fastapi.responses import Response
from pydantic import AfterValidator

from kagemusha.api.dialect import reply
from kagemusha.domain.errors import RangeNotSatisfiable, Unauthorized
from kagemusha.services.sandboxes import DEFAULT, KEY_PREFIX
from kagemusha.services.transactions import Key, Transactions
from kagemusha.store.base import Page

DEFAULT_PAGE, LONGEST_PAGE = 200, 1_000
_LONGEST_RANGE = 1_000
"""Characters of a Range header that are read: its expression takes quadratic time."""
_NO_CREDENTIALS = (
    "There were no credentials in your `Authorization` header. Try `Authorization: Bearer <OAuth access token>` or "
    '`Authorization: Basic <base64-encoded email + ":" + password>`.'
)
_RANGE = re.compile(
    r"\s*(?P<field>\w+)\s+(?P<exclusive>\]?)(?P<start>[^\s.;,]*)\s*\.\.\s*(?P<end>[^\s;,]*)\s*(?:;(?P<options>.*))?",
    re.ASCII,
)
_MAX = re.compile(r"max\s*=\s*(\d{1,9})", re.ASCII)
_ORDER = re.compile(r"order\s*=\s*(asc|desc)", re.ASCII)
Row = TypeVar("Row")


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        message = "text can't hold NUL characters or lone surrogates"
        raise ValueError(message)
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""A string that both databases can keep."""


def credentials(request: Request) -> tuple[str | None, str]:
    """The user, None of Bearer, and the token of the Authorization header: Basic may name any user, or "".

    Raises Unauthorized when there is no token.
    """
    scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
    value, user = value.strip(), None
    if scheme.lower() == "basic":
        try:
            user, _, value = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:  # of base64, of UTF-8, or of what is not even ASCII
            raise Unauthorized from None
    elif scheme.lower() != "bearer":
        value = ""
    if not value:
        raise Unauthorized(_NO_CREDENTIALS)
    if "\0" in value:
        raise Unauthorized
    return user, value


def transactions(request: Request) -> Transactions:
    """The server's transactions."""
    found: Transactions = request.app.state.transactions
    return found


def caller(request: Request) -> Key:
    """Whose world the credentials open: an issued key its own; in open mode anything else `default`."""
    return world_of(request, credentials(request)[1])


def world_of(request: Request, given: str) -> Key:
    """Whose world a token opens."""
    if given.startswith(KEY_PREFIX) or request.app.state.strict:
        return ("heroku_api_key", given)
    return ("name", DEFAULT)


def page(request: Request, fields: dict[str, str]) -> Page:
    """The page that the Range header asks for. `fields` maps what may be named to columns, the default first.

    An absent, empty or odd header means the first page, as real clients send them; a field that the list can't be
    walked by raises RangeNotSatisfiable.
    """
    match = _RANGE.fullmatch(request.headers.get("range", "")[:_LONGEST_RANGE])
    if match is None:
        return Page(next(iter(fields.values())), DEFAULT_PAGE)
    field, options = match["field"], match["options"] or ""
    if field not in fields:
        message = f"This list can't be ranged by {field}: use {' or '.join(fields)}."
        raise RangeNotSatisfiable(message)
    most, order = _MAX.search(options), _ORDER.search(options)
    limit = min(max(int(most[1]), 1), LONGEST_PAGE) if most else DEFAULT_PAGE
    start, end = (_bound(match[name], field) for name in ("start", "end"))
    descending = order is not None and order[1] == "desc"
    return Page(fields[field], limit, descending, start, bool(match["exclusive"]), end)


def _bound(text: str, field: str) -> str | int | None:
    if not text:
        return None
    if field != "version":
        return text
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        message = f"{text} is no version: range by whole numbers."
        raise RangeNotSatisfiable(message)
    return int(text)


def one_more(asked: Page) -> Page:
    """The same page and a row more, which tells whether the list goes on."""
    return Page(asked.field, asked.limit + 1, asked.descending, asked.start, asked.exclusive, asked.end)


def listed(
    asked: Page,
    fields: dict[str, str],
    rows: Sequence[Row],
    place: Callable[[Row], Any],
    shape: Callable[[Row], object],
) -> Response:
    """A page of a list: 206 with Next-Range when it is cut short. `rows` are those of `one_more`."""
    name = next(name for name, column in fields.items() if column == asked.field)
    shown = rows[: asked.limit]
    options = f"max={asked.limit}" + (",order=desc" if asked.descending else "")
    headers = {"Accept-Ranges": ", ".join(fields)}
    if shown:
        headers["Content-Range"] = f"{name} {place(shown[0])}..{place(shown[-1])}; {options}"
    cut = len(rows) > asked.limit
    if cut:
        end = "" if asked.end is None else str(asked.end)
        headers["Next-Range"] = f"{name} ]{place(shown[-1])}..{end}; {options}"
    return reply([shape(row) for row in shown], 206 if cut else 200, headers)
