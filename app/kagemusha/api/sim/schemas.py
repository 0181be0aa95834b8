"""What the control API takes. Unknown keys are mistakes, and types are as they are in JSON."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from annotated_types import Len
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from kagemusha.api.deps import Text
from kagemusha.api.documents import matching
from kagemusha.clock import MILLISECOND, from_datetime
from kagemusha.domain.catalog import ZONES
from kagemusha.domain.delays import LATEST, TEN_YEARS
from kagemusha.domain.lifecycle import STAGE_IDS
from kagemusha.domain.names import SERVICE_NAME
from kagemusha.domain.principals import SUBMITTED
from kagemusha.services import sources
from kagemusha.services.aws_credentials import OPERATOR
from kagemusha.services.sandboxes import ACCOUNT, FASTEST, NAME, SEEDS, SLOWEST


def _units(letters: str) -> str:
    """One unit at least, each once, the largest first: pydantic would add up what is said twice."""
    units = [f"[0-9]+(?:[.,][0-9]+)?{letter}" for letter in letters]
    rests = ("".join(f"(?:{unit})?" for unit in units[place:]) for place in range(1, len(units) + 1))
    return f"(?:{'|'.join(map(str.__add__, units, rests))})"


_TIME = f"T{_units('HMS')}"
_ISO_8601 = re.compile(f"[+-]?P(?:{_units('YMWD')}(?:{_TIME})?|{_TIME})", re.ASCII)
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


Seconds = Annotated[float, Field(ge=0, le=LATEST // 1_000)]
Iso8601 = Annotated[str, matching(_ISO_8601)]
Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=Seconds | Iso8601)]
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
    PlainValidator(
        _delay,
        json_schema_input_type=Seconds | Iso8601 | Literal["never"] | Annotated[list[Seconds | Iso8601], Len(2, 2)],
    ),
]
"""The lowest and the highest of a delay in milliseconds, or None for never."""
Number = Annotated[float, Strict()]
Pace = Annotated[Number, Field(json_schema_extra={"minimum": SLOWEST, "maximum": FASTEST})]
Seed = Annotated[int, Strict(), Field(json_schema_extra={"minimum": 0, "exclusiveMaximum": SEEDS})]
Principal = Annotated[Text, matching(SUBMITTED)]
_STAGES: dict[str, Any] = {"propertyNames": {"enum": sorted(STAGE_IDS)}}
Delays = Annotated[dict[Text, Delay], Field(json_schema_extra=_STAGES)]
"""Of stages by their ids."""
_ZONE_IDS = sorted(zone for zones in ZONES.values() for zone in zones)
Zones = list[Annotated[Text, WithJsonSchema({"type": "string", "enum": _ZONE_IDS})]]
"""Ids of availability zones."""


def one_of(**types: list[str]) -> ConfigDict:
    """Says in OpenAPI that one of these is there, of one of its types, and the others are null or left out."""
    others = {name: {"type": "null"} for name in types}
    bodies = [{"required": [name], "properties": others | {name: {"type": each}}} for name, each in types.items()]
    said: dict[str, Any] = {"anyOf": bodies}
    return ConfigDict(json_schema_extra=said)


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class SandboxBody(Body):
    """What a sandbox may be asked to be."""

    name: Annotated[Text, matching(NAME)] | None = None
    seed: Seed | None = None
    pace: Pace | None = None
    clock: Literal["auto", "manual"] | None = None
    now: Moment | None = None
    aws_account_id: Annotated[Text, matching(ACCOUNT)] | None = None
    aws_principal: Principal | None = None
    delays: Delays | None = None


class ClockBody(Body):
    """A clock's mode and pace."""

    mode: Literal["auto", "manual"] | None = None
    pace: Pace | None = None


class AdvanceBody(Body):
    """One of the three."""

    model_config = one_of(seconds=["number", "string"], to=["string"], until=["string"])

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

    principal: Annotated[Text, matching(re.compile(f"{OPERATOR}|{SUBMITTED.pattern}"))]


class EndpointBody(Body):
    """An endpoint without an AWS client."""

    service_name: Annotated[Text, matching(SERVICE_NAME)]
    principal_arn: Principal | None = None
    availability_zone_ids: Zones = []
    vpc_id: Text | None = None
    security_group_ids: list[Text] | None = None


class SourceBody(Body):
    """What who comes from an address has in a VPC."""

    vpc_address: Annotated[Text, matching(sources.VPC_ADDRESS)]
    security_group_ids: Annotated[
        list[Annotated[Text, matching(sources.GROUP)]], Field(json_schema_extra={"maxItems": sources.MOST_GROUPS})
    ] = []


def moment(value: datetime | None) -> int | None:
    """A moment in milliseconds."""
    return None if value is None else from_datetime(value)
