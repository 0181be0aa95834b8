"""What the control API takes. Unknown keys are mistakes, and types are as they are in JSON."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from kagemusha.api.deps import Text
from kagemusha.clock import MILLISECOND, from_datetime
from kagemusha.domain.delays import TEN_YEARS


def _units(letters: str) -> str:
    return "".join(rf"(?:\d+(?:[.,]\d+)?{letter})?" for letter in letters)


_ISO_8601 = re.compile(rf"[+-]?P(?=\d|T){_units('YMWD')}(?:T(?=\d){_units('HMS')})?", re.ASCII)
"""Each unit once, the largest first: pydantic would add up what is said twice."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)


def milliseconds(duration: timedelta) -> int:
    """A duration in whole milliseconds."""
    return round(duration / MILLISECOND)


def _duration(value: object) -> object:
    if isinstance(value, str) and _ISO_8601.fullmatch(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    message = "give seconds as a number, or a duration such as PT10M or P1DT2H: each unit once, the largest first"
    raise ValueError(message)


def _moment(value: object) -> object:
    if not (isinstance(value, str) and _MOMENT.match(value)):
        message = "give a moment such as 2030-01-01T00:00:00Z"
        raise ValueError(message)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=float | str)]
"""Seconds, or ISO 8601."""
Moment = Annotated[AwareDatetime, BeforeValidator(_moment, json_schema_input_type=AwareDatetime)]
"""RFC 3339."""
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


def _delay(value: object) -> tuple[int, int] | None:
    if value == "never":
        return None
    try:
        bounds = [_DURATION.validate_python(each) for each in (value if isinstance(value, list) else [value, value])]
    except ValidationError:
        bounds = []
    match [milliseconds(each) for each in bounds]:
        case [low, high] if 0 <= low <= high <= TEN_YEARS:
            return low, high
    message = 'give a duration, [lowest, highest], or "never", of at most ten years'
    raise ValueError(message)


Delay = Annotated[
    tuple[int, int] | None,
    PlainValidator(_delay, json_schema_input_type=float | str | Annotated[list[float | str], Len(2, 2)]),
]
"""The lowest and the highest of a delay in milliseconds, or None for never."""
Number = Annotated[float, Strict()]


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class SandboxBody(Body):
    """What a sandbox may be asked to be."""

    name: Text | None = None
    seed: Annotated[int, Strict()] | None = None
    pace: Number | None = None
    clock: Literal["auto", "manual"] | None = None
    now: Moment | None = None
    aws_account_id: Text | None = None
    aws_principal: Text | None = None
    delays: dict[Text, Delay] | None = None


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


class AwsCredentialsBody(Body):
    """Whose access key is asked for: ``123456789101:role/deploy``, or ``operator``."""

    principal: Text


class EndpointBody(Body):
    """An endpoint without an AWS client."""

    service_name: Text
    principal_arn: Text | None = None
    availability_zone_ids: list[Text] = []
    vpc_id: Text | None = None
    security_group_ids: list[Text] | None = None


def moment(value: datetime | None) -> int | None:
    """A moment in milliseconds."""
    return None if value is None else from_datetime(value)
