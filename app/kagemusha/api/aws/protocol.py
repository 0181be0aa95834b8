"""AWS's query protocol: parameters such as ``Filter.1.Value.2`` read, answers and errors written as XML.

Names and shapes are those of EC2's API of 2016-11-15 and STS's of 2011-06-15 (known: the API references).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from operator import itemgetter
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape

from kagemusha.domain.errors import AwsError

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
STATUSES = {
    "AuthFailure": 401,
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InvalidAccessKeyId": 403,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
    "UnauthorizedOperation": 403,
    "DryRunOperation": 412,
    "RequestEntityTooLarge": 413,
    "InternalError": 500,
    "RequestLimitExceeded": 503,
    "Unavailable": 503,
}
"""Statuses of error codes that are not 400."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML can't hold."""
_SPECIAL = re.compile(f"[&<>]|{_UNWRITABLE.pattern}")
"""Characters that XML can't hold as they are. Few texts have any."""

NUMBER = re.compile(r"\d{1,9}", re.ASCII)

Content = str | bool | int | None | Element | Mapping[str, "Content"] | Iterable["Content"]
"""What an element holds: text, a structure, or a list of ``item``; None is left out.

An item of a list may be an Element: one of the emulator's answer, passed on as it is.
"""


class Parameters:
    """The parameters of one action. `read` is what was asked for, so that the rest can be refused."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """`pairs` as they were sent, names flat."""
        self._pairs = pairs
        self._read = {"Action", "Version", "DryRun"}

    @classmethod
    def parse(cls, body: bytes, query: bytes = b"") -> "Parameters":
        """Read a form; AwsError MalformedQueryString when it is none."""
        try:
            pairs = parse_qsl((query + b"&" + body).decode(), keep_blank_values=True, max_num_fields=10_000)
        except ValueError:
            raise AwsError("MalformedQueryString", "The query string is malformed") from None
        if _UNWRITABLE.search("".join(map("".join, pairs))):
            raise AwsError("InvalidParameterValue", "Parameters can't hold control characters")
        # What a query is presigned with is no parameter of the action.
        return cls({name: value for name, value in pairs if not name.startswith("X-Amz-")})

    @property
    def flat(self) -> Mapping[str, str]:
        """All parameters as they were sent."""
        return self._pairs

    @property
    def action(self) -> str:
        """The action's name, or nothing."""
        return self._pairs.get("Action", "")

    def text(self, name: str) -> str | None:
        """A parameter, or None."""
        self._read.add(name)
        return self._pairs.get(name)

    def required(self, name: str) -> str:
        """A parameter; AwsError MissingParameter without it."""
        value = self.text(name)
        if not value:
            message = f"The request must contain the parameter {name}"
            raise AwsError("MissingParameter", message)
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean, or None; AwsError InvalidParameterValue for anything else."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in {"true", "false"}:
            message = f"Value ({value}) for parameter {name} is invalid. Expected a boolean value"
            raise AwsError("InvalidParameterValue", message)
        return value.lower() == "true"

    def number(self, name: str, low: int, high: int) -> int | None:
        """A whole number between `low` and `high`, or None."""
        value = self.text(name)
        if value is None:
            return None
        if not (NUMBER.fullmatch(value) and low <= int(value) <= high):
            message = f"Value ( {value} ) for parameter {name} is invalid. Expecting a value from {low} to {high}."
            raise AwsError("InvalidParameterValue", message)
        return int(value)

    def many(self, name: str) -> list[str]:
        """The values of ``name.1``, ``name.2`` and so on, in their order."""
        return [value for _, rest, value in self._numbered(name) if not rest]

    def structures(self, name: str) -> list["Parameters"]:
        """The structures ``name.1.…``, ``name.2.…`` and so on, in their order."""
        found: dict[int, dict[str, str]] = {}
        for number, rest, value in self._numbered(name):
            found.setdefault(number, {})[rest] = value
        return [Parameters(pairs) for pairs in found.values()]

    def _numbered(self, name: str) -> list[tuple[int, str, str]]:
        """The number, the rest of the name and the value of each ``name.N…``, by number."""
        prefix = f"{name}."
        found: list[tuple[int, str, str]] = []
        for key, value in self._pairs.items():
            if key.startswith(prefix):
                self._read.add(key)
                number, _, rest = key.removeprefix(prefix).partition(".")
                if not NUMBER.fullmatch(number):
                    message = f"The parameter {key} is not recognized"
                    raise AwsError("UnknownParameter", message)
                found.append((int(number), rest, value))
        return sorted(found, key=itemgetter(0))

    def pairs(self, prefix: str) -> dict[str, str]:
        """The parameters that begin with `prefix`, as they were sent."""
        return {key: value for key, value in self._pairs.items() if key.startswith(prefix)}

    def filters(self, known: Collection[str]) -> dict[str, list[str]]:
        """The filters by name; AwsError InvalidParameterValue for one that is not `known` (``tag:*`` is)."""
        found: dict[str, list[str]] = {}
        for each in self.structures("Filter"):
            name = each.required("Name")
            if name not in known and not (name.startswith("tag:") and "tag-key" in known):
                message = f"The filter '{name}' is invalid"
                raise AwsError("InvalidParameterValue", message)
            found[name] = each.many("Value")
        return found

    def finish(self) -> None:
        """Refuse what nobody asked for, as EC2 does."""
        unknown = sorted(set(self._pairs) - self._read)
        if unknown:
            message = f"The parameter {unknown[0].split('.')[0]} is not recognized"
            raise AwsError("UnknownParameter", message)

    def check_dry_run(self) -> None:
        """End a dry run of a request that would have succeeded."""
        if self.flag("DryRun"):
            raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")


def numbered(name: str, values: Iterable[str]) -> dict[str, str]:
    """The parameters ``name.1``, ``name.2`` and so on."""
    return {f"{name}.{number}": value for number, value in enumerate(values, 1)}


def _element(name: str, content: Content, out: list[str]) -> None:
    if content is None:
        return
    if isinstance(content, str):
        plain = content if _SPECIAL.search(content) is None else escape(_UNWRITABLE.sub("?", content))
        out.append(f"<{name}>{plain}</{name}>")
        return
    if isinstance(content, int):
        out.append(f"<{name}>{str(content).lower()}</{name}>")
        return
    out.append(f"<{name}>")
    if isinstance(content, Mapping):
        for key, value in content.items():
            _element(key, value, out)
    else:
        for each in content:
            if isinstance(each, Element):
                out.append(tostring(each, "unicode"))
            else:
                _element("item", each, out)
    out.append(f"</{name}>")


def ec2_answer(action: str, content: Mapping[str, Content], request_id: str) -> str:
    """EC2's answer to `action`."""
    out: list[str] = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    out.append(f'<{action}Response xmlns="{EC2_NAMESPACE}"><requestId>{request_id}</requestId>')
    for key, value in content.items():
        _element(key, value, out)
    out.append(f"</{action}Response>")
    return "".join(out)


def sts_answer(action: str, content: Mapping[str, Content], request_id: str) -> str:
    """STS's answer to `action`."""
    out = [f'<{action}Response xmlns="{STS_NAMESPACE}">']
    _element(f"{action}Result", content, out)
    _element("ResponseMetadata", {"RequestId": request_id}, out)
    out.append(f"</{action}Response>")
    return "".join(out)


def ec2_error(error: AwsError, request_id: str) -> str:
    """An error of EC2."""
    out: list[str] = ['<?xml version="1.0" encoding="UTF-8"?>\n<Response>']
    _element("Errors", {"Error": {"Code": error.code, "Message": error.message}}, out)
    _element("RequestID", request_id, out)
    out.append("</Response>")
    return "".join(out)


def query_error(error: AwsError, request_id: str) -> str:
    """An error of STS, IAM and most other services."""
    kind = "Receiver" if STATUSES.get(error.code, 400) >= HTTPStatus.INTERNAL_SERVER_ERROR else "Sender"
    out = [f'<ErrorResponse xmlns="{STS_NAMESPACE}">']
    _element("Error", {"Type": kind, "Code": error.code, "Message": error.message}, out)
    _element("RequestId", request_id, out)
    out.append("</ErrorResponse>")
    return "".join(out)
