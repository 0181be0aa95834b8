"""What a scenario says: which spaces, apps, add-ons, privatelinks, endpoints and faults there are, and when.

The keys are those of the requests that would make the same.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict, model_validator

from kagemusha.api.deps import Text
from kagemusha.api.documents import matching
from kagemusha.api.sim import faults
from kagemusha.api.sim.fault_bodies import FaultBody
from kagemusha.api.sim.schemas import (
    Body,
    Delays,
    Duration,
    Moment,
    Pace,
    Principal,
    Seed,
    Zones,
    milliseconds,
)
from kagemusha.domain.delays import TEN_YEARS
from kagemusha.services import addons, apps, attachments, endpoints, privatelinks, releases, spaces
from kagemusha.services import faults as fault_service
from kagemusha.services.apps import NewApp
from kagemusha.services.context import Context
from kagemusha.services.scenarios import Event

Make = Callable[[Context], Sequence[str]]


def _forward(duration: timedelta) -> timedelta:
    if not 0 <= milliseconds(duration) <= TEN_YEARS:
        message = "give a duration of at most ten years, and not of the past"
        raise ValueError(message)
    return duration


After = Annotated[Duration, AfterValidator(_forward)]
"""How long after the beginning: seconds, or ``PT10M``."""


SpaceName = Annotated[Text, matching(spaces.NAME, minLength=spaces.SHORTEST_NAME, maxLength=spaces.LONGEST_NAME)]
AppName = Annotated[Text, matching(apps.NAME)]
AttachedAs = Annotated[Text, matching(attachments.NAME)]


class Thing(Body):
    """Something that is made `at` a moment; `ready` says whether it is done with then, which is usual without `at`."""

    at: After | None = None
    ready: Annotated[bool, Strict()] | None = None


class SpaceThing(Thing):
    """A Private Space."""

    name: SpaceName
    region: Text | None = None
    shield: Annotated[bool, Strict()] = False
    cidr: Annotated[Text, matching(spaces.CIDR)] | None = None
    data_cidr: Annotated[Text, matching(spaces.DATA_CIDR)] | None = None

    def make(self, context: Context) -> Sequence[str]:
        """Make it; returns its id."""
        new = spaces.NewSpace(self.name, spaces.TEAM, self.region, self.shield, self.cidr, self.data_cidr)
        return [spaces.create_space(context, new).uuid]


class AppThing(Thing):
    """An app, with config vars of its own."""

    name: AppName
    space: Text | None = None
    region: Text | None = None
    stack: Text | None = None
    config: Annotated[
        dict[Text, Text],
        Field(default_factory=dict, json_schema_extra={"propertyNames": {"pattern": f"^{releases.NAME.pattern}$"}}),
    ]

    def make(self, context: Context) -> Sequence[str]:
        """Make it; nothing of it takes time."""
        team = spaces.TEAM if self.space else None
        made = apps.create_app(context, NewApp(self.name, self.region, self.stack, team, self.space))
        releases.set_config_vars(context, made.app, self.config)
        return []


class AddonThing(Thing):
    """An add-on; `as` is the name of its attachment."""

    app: Text
    plan: Text
    name: Annotated[Text, matching(addons.NAME)] | None = None
    attachment: AttachedAs | None = Field(default=None, alias="as")
    config: dict[Text, Any] = Field(default_factory=dict)

    def make(self, context: Context) -> Sequence[str]:
        """Make it; returns its id."""
        new = addons.NewAddon(self.plan, self.name, self.attachment, self.config)
        return [addons.create_addon(context, apps.find_app(context, self.app), new).uuid]


class AttachmentThing(Thing):
    """An add-on attached to another app."""

    addon: Text
    app: Text
    attachment: AttachedAs | None = Field(default=None, alias="as")

    def make(self, context: Context) -> Sequence[str]:
        """Make it; nothing of it takes time."""
        app = apps.find_app(context, self.app)
        attachments.attach(context, addons.find_addon(context, self.addon), app, self.attachment)
        return []


class PrivatelinkThing(Thing):
    """The privatelink of an add-on, and who may connect through it."""

    addon: Text
    allowed_accounts: Annotated[list[Principal], Field(json_schema_extra={"minItems": 1})]

    def make(self, context: Context) -> Sequence[str]:
        """Make it; returns its id and those of its accounts."""
        made = privatelinks.create_privatelink(context, self.addon, self.allowed_accounts)
        return [made.link.uuid, *(account.uuid for account in made.accounts)]


class EndpointThing(Thing):
    """An endpoint of an add-on's privatelink, made by `principal_arn` (the sandbox's own when left out)."""

    addon: Text
    principal_arn: Principal | None = None
    availability_zone_ids: Zones = Field(default_factory=list)
    vpc_id: Text | None = None

    def make(self, context: Context) -> Sequence[str]:
        """Make it; returns its id."""
        link = privatelinks.view(context, self.addon).link
        new = endpoints.NewEndpoint(link.service_name, self.principal_arn, self.availability_zone_ids, self.vpc_id)
        return [endpoints.create_endpoint(context, new).endpoint_id]


class FaultThing(FaultBody):
    """A fault, ordered `at` a moment: from the beginning when left out, after what is there by then."""

    at: After | None = None


class ScenarioBody(Body):
    """A world, described. What the sandbox is told itself wins over `seed`, `clock`, `now`, `pace` and `delays`."""

    version: Literal[1]
    description: Text | None = None
    seed: Seed | None = None
    clock: Literal["auto", "manual"] | None = None
    now: Moment | None = None
    pace: Pace | None = None
    delays: Delays | None = None
    spaces: list[SpaceThing] = Field(default_factory=list)
    apps: list[AppThing] = Field(default_factory=list)
    addons: list[AddonThing] = Field(default_factory=list)
    attachments: list[AttachmentThing] = Field(default_factory=list)
    privatelinks: list[PrivatelinkThing] = Field(default_factory=list)
    endpoints: list[EndpointThing] = Field(default_factory=list)
    faults: list[FaultThing] = Field(default_factory=list)
    until: After | Literal["idle"] | None = None

    @model_validator(mode="after")
    def _ends_last(self) -> "ScenarioBody":
        if isinstance(self.until, timedelta) and milliseconds(self.until) < self.last:
            message = "until must not be before the last at"
            raise ValueError(message)
        return self

    @property
    def last(self) -> int:
        """The last moment at which something is asked for, in ms after the beginning."""
        things = (thing for name in _KINDS for thing in getattr(self, name))
        return max((milliseconds(thing.at) for thing in things if thing.at is not None), default=0)

    @property
    def ends(self) -> int | None:
        """When the clock stands still at last, in ms after the beginning; None for when nothing is to come."""
        if self.until == "idle":
            return None
        return milliseconds(self.until) if isinstance(self.until, timedelta) else self.last


_KINDS = ("spaces", "apps", "addons", "attachments", "privatelinks", "endpoints", "faults")
"""In the order in which they are made when they are made at one moment: each after what it needs."""


def events(body: ScenarioBody, operations: dict[str, frozenset[str]]) -> list[Event]:
    """What is to be made, and when. Raises InvalidParams for a fault that could never be met."""
    return list(_events(body, operations))


def _events(body: ScenarioBody, operations: dict[str, frozenset[str]]) -> Iterator[Event]:
    for kind in _KINDS:
        for number, thing in enumerate(getattr(body, kind)):
            place = f"scenario.{kind}[{number}]"
            at = 0 if thing.at is None else milliseconds(thing.at)
            if isinstance(thing, FaultThing):
                yield Event(place, at, False, _ordering(thing, operations))
            else:
                yield Event(place, at, thing.at is None if thing.ready is None else thing.ready, thing.make)


def _ordering(fault: FaultThing, operations: dict[str, frozenset[str]]) -> Make:
    def order(context: Context) -> Sequence[str]:
        fault_service.create_fault(context, faults.asked(fault, operations))
        return []

    return order
