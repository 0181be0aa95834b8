"""What the control API takes. Unknown keys are mistakes, and types are as they are in JSON."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Strict, model_validator

from kagemusha.api.deps import Text
from kagemusha.clock import from_datetime
from kagemusha.domain.errors import InvalidParams
from kagemusha.services.clocks import LONGEST

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)


def _duration(value: object) -> object:
    if isinstance(value, bool) or not (isinstance(value, int | float) or (isinstance(value, str) and "P" in value)):
        message = "give seconds as a number, or a duration such as PT10M"
        raise ValueError(message)
    return value


def _moment(value: object) -> object:
    if not (isinstance(value, str) and _MOMENT.match(value)):
        message = "give a moment such as 2030-01-01T00:00:00Z"
        raise ValueError(message)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=float | str)]
"""Seconds, or ISO 8601."""
Moment = Annotated[AwareDatetime, BeforeValidator(_moment, json_schema_input_type=AwareDatetime)]
"""RFC 3339."""
Number = Annotated[float, Strict()]


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid")


class SandboxBody(Body):
    """What a sandbox may be asked to be."""

    name: Text | None = None
    seed: Annotated[int, Strict()] | None = None
    pace: Number | None = None
    clock: Literal["auto", "manual"] = "auto"
    now: Moment | None = None
    aws_account_id: Text | None = None
    aws_principal: Text | None = None
    delays: dict[Text, Duration | list[Duration] | Literal["never"]] | None = None


class ClockBody(Body):
    """A clock's mode and pace."""

    mode: Literal["auto", "manual"] | None = None
    pace: Number | None = None


class AdvanceBody(Body):
    """One of the three."""

    seconds: Duration | None = None
    to: Moment | None = None
    until: Literal["next", "idle"] | None = None

    @model_validator(mode="after")
    def _one(self) -> "AdvanceBody":
        if sum(each is not None for each in (self.seconds, self.to, self.until)) != 1:
            message = 'give one of "seconds", "to" and "until"'
            raise ValueError(message)
        return self


class EndpointBody(Body):
    """An endpoint without an AWS client."""

    service_name: Text
    principal_arn: Text | None = None
    availability_zone_ids: list[Text] = []
    vpc_id: Text | None = None
    security_group_ids: list[Text] | None = None


def milliseconds(duration: timedelta) -> int:
    """A duration in whole milliseconds."""
    return round(duration / timedelta(milliseconds=1))


def moment(value: datetime | None) -> int | None:
    """A moment in milliseconds."""
    return None if value is None else from_datetime(value)


def delay(value: object) -> tuple[int, int] | None:
    """The lowest and the highest of a delay in milliseconds, or None for never; raises InvalidParams."""
    if value == "never":
        return None
    bounds = value if isinstance(value, list) else [value, value]
    match [milliseconds(each) for each in bounds if isinstance(each, timedelta)]:
        case [low, high] if 0 <= low <= high <= LONGEST:
            return low, high
    raise InvalidParams('delays: give a duration, [low, high], or "never", of at most ten years.')
