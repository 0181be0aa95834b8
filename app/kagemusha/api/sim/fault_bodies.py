"""What a fault may be ordered with."""

import json
import re
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, Discriminator, Field, Strict, Tag, model_validator

from kagemusha.api.deps import Text
from kagemusha.api.sim.schemas import Body, Number, one_of
from kagemusha.domain.connections import OPERATIONS
from kagemusha.domain.faults import BODILESS

LONGEST_LATENCY = 3_600
"""Seconds."""
MOST_BYTES = 2**53 - 1
"""The largest number that every JSON reader knows exactly."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\x80-\xff\t]")


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or _UNPRINTABLE.search(value):
            message = f"{name!r} can't be sent as a header: use a token and printable Latin-1"
            raise ValueError(message)
    return headers


def _sendable(body: Any) -> Any:
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # of JSON, or of UTF-8
        message = "this body can't be sent: use what JSON has, without lone surrogates"
        raise ValueError(message) from None
    return body


Latency = Annotated[Number, Gt(0), Le(LONGEST_LATENCY)]


class RequestEffect(Body):
    """What happens to a request: one of `status`, `disconnect`, `truncate` and `rate_limit`, or `latency`, or both."""

    status: Annotated[int, Strict(), Ge(200), Le(599)] | None = None
    body: Annotated[Any, AfterValidator(_sendable)] = None
    headers: Annotated[dict[Text, Text], AfterValidator(_headers)] | None = None
    latency: Latency | None = None
    disconnect: Literal[True, "after"] | None = None
    truncate: Literal[True] | None = None
    rate_limit: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> "RequestEffect":
        ends = sum(each is not None for each in (self.status, self.disconnect, self.truncate, self.rate_limit))
        if ends > 1 or (ends == 0 and self.latency is None):
            message = 'give one of "status", "disconnect", "truncate" and "rate_limit", or "latency", or both'
            raise ValueError(message)
        if self.status is None and ("body" in self.model_fields_set or self.headers is not None):
            message = '"body" and "headers" go with a "status"'
            raise ValueError(message)
        if self.status in BODILESS and self.body is not None:
            message = f"an answer with status {self.status} has no body: leave it out"
            raise ValueError(message)
        return self


class ConnectionEffect(Body):
    """What happens to a connection to a store: one of the first two, the second maybe with `latency`.

    `cut_after` is in bytes of the store's answers. `latency` alone is spelled as that of a request is.
    """

    model_config = one_of(refuse=["boolean"], cut_after=["integer"])

    refuse: Literal[True] | None = None
    cut_after: Annotated[int, Strict(), Ge(0), Le(MOST_BYTES)] | None = None
    latency: Latency | None = None

    @model_validator(mode="after")
    def _one(self) -> "ConnectionEffect":
        if (self.refuse is None) == (self.cut_after is None) or (self.refuse and self.latency is not None):
            message = 'give one of "refuse" and "cut_after", or "latency", alone or with "cut_after"'
            raise ValueError(message)
        return self


class StageEffect(Body):
    """What happens to a stage: one of the three. `fail` true is the usual failure; else the state that it ends in."""

    model_config = one_of(hold=["boolean"], slow=["number"], fail=["boolean", "string"])

    hold: Literal[True] | None = None
    slow: Annotated[Number, Gt(0), Le(1e9)] | None = None
    fail: Literal[True] | Text | None = None

    @model_validator(mode="after")
    def _one(self) -> "StageEffect":
        if sum(each is not None for each in (self.hold, self.slow, self.fail)) != 1:
            message = 'give one of "hold", "slow" and "fail"'
            raise ValueError(message)
        return self


_KEYS = {"stage": {"hold", "slow", "fail"}, "connection": {"refuse", "cut_after"}}
"""What an effect is known by; any other is a request's."""


def _kind(effect: object) -> str:
    given = set(effect) if isinstance(effect, dict) else set()
    return next((kind for kind, keys in _KEYS.items() if given & keys), "request")


Effect = Annotated[
    Annotated[RequestEffect, Tag("request")]
    | Annotated[StageEffect, Tag("stage")]
    | Annotated[ConnectionEffect, Tag("connection")],
    Discriminator(_kind),
]


class FaultBody(Body):
    """A fault: of an `operation` or of a `stage`, with an effect of its kind."""

    model_config = one_of(operation=["string"], stage=["string"])

    operation: Text | None = None
    stage: Text | None = None
    effect: Effect
    match: dict[Text, Text] = Field(default_factory=dict)
    times: Annotated[int, Strict(), Ge(1), Le(2**31 - 1)] | None = None
    probability: Annotated[Number, Gt(0), Le(1)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> "FaultBody":
        if (self.operation is None) == (self.stage is None):
            message = 'give one of "operation" and "stage"'
            raise ValueError(message)
        if (self.stage is not None) != isinstance(self.effect, StageEffect):
            message = 'a "stage" is held, slow or fails; an "operation" has one of the other effects'
            raise ValueError(message)
        self._check_connection()
        return self

    def _check_connection(self) -> None:
        """Connections have their own effects and the latency, requests all others."""
        if self.operation in OPERATIONS.values():
            if isinstance(self.effect, RequestEffect) and self.effect.model_fields_set != {"latency"}:
                message = f'{self.operation} has one of "refuse", "cut_after" and "latency"'
                raise ValueError(message)
        elif isinstance(self.effect, ConnectionEffect):
            message = f'"refuse" and "cut_after" are for {" and ".join(OPERATIONS.values())}'
            raise ValueError(message)
