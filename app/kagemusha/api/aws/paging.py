"""Lists of EC2: filters with wildcards, and pages with tokens (known: the EC2 API reference)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from kagemusha.api.aws.protocol import NUMBER, Parameters
from kagemusha.domain.errors import AwsError

MOST = 1_000
_ANY = 10**9
T = TypeVar("T")


def page(parameters: Parameters, least: int = 5) -> tuple[int, int | None]:
    """Where the page that is asked for begins, and how long it may be (None: whole; never more than MOST, as known)."""
    most = parameters.number("MaxResults", least, _ANY)
    token = parameters.text("NextToken")
    return (_read(token) if token else 0), None if most is None else min(most, MOST)


def cut(found: Sequence[T], start: int, most: int | None) -> tuple[Sequence[T], str | None]:
    """The page of `found`, and the token of the next one."""
    if most is None or start + most >= len(found):
        return found[start:], None
    return found[start : start + most], _write(start + most)


def _write(place: int) -> str:
    return urlsafe_b64encode(f"kagemusha:{place}".encode()).decode()


def _read(token: str) -> int:
    try:
        name, _, place = urlsafe_b64decode(token.encode()).decode().partition(":")
    except ValueError:
        name, place = "", ""
    if name != "kagemusha" or not NUMBER.fullmatch(place):
        raise AwsError("InvalidNextToken", "The NextToken is invalid: give the one of the answer before.")
    return int(place)


def matches(filters: Mapping[str, Iterable[str]], values: Callable[[str], Iterable[str]]) -> bool:
    """Whether something passes all filters; `values` gives what it has for a filter's name."""
    return all(any(_like(wanted, has) for wanted in some for has in values(name)) for name, some in filters.items())


def _like(wanted: str, value: str) -> bool:
    """``*`` stands for anything, ``?`` for one character, a backslash before either for itself."""
    if not set(wanted) & set("*?\\"):
        return wanted == value
    pattern = "".join(
        {"*": ".*", "?": "."}.get(part, re.escape(part.removeprefix("\\") or "\\"))
        for part in re.findall(r"\\?.", wanted, re.DOTALL)
    )
    return re.fullmatch(pattern, value, re.DOTALL) is not None
