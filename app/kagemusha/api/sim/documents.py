"""The documents of the control API."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from kagemusha.api.documents import Moment, document
from kagemusha.domain.states import EndpointState, Machine


@document
class Health(TypedDict):
    """That the service and its database answer."""

    database: Literal["sqlite", "postgresql"]
    status: Literal["ok"]
    version: str


@document
class Clock(TypedDict):
    """A sandbox's clock."""

    mode: Literal["auto", "manual"]
    next_due_at: Moment | None
    now: Moment
    pace: float


@document
class Aws(TypedDict):
    """A sandbox's AWS account."""

    access_key_id: str
    account_id: str
    principal_arn: str
    region: str
    secret_access_key: str


@document
class AwsCredentials(TypedDict):
    """An access key of a principal."""

    access_key_id: str
    secret_access_key: str
    principal_arn: str


@document
class Sandbox(TypedDict):
    """A world of its own; a process that is given `env` talks to it."""

    aws: Aws
    clock: Clock
    created_at: Moment
    env: dict[str, str]
    heroku_api_key: str
    name: str
    seed: int


Transition = TypedDict(
    "Transition",
    {
        "kind": str,
        "at": Moment,
        "machine": Machine,
        "resource": str,
        "name": str,
        "from": str | None,
        "to": str | None,
        "seq": NotRequired[int],
        "sandbox": NotRequired[str],
    },
)
"""A change of state, at the moment at which it fell due."""

Pending = TypedDict(
    "Pending",
    {
        "due_at": Moment | None,
        "machine": Machine,
        "resource": str,
        "name": str,
        "from": str,
        "to": str | None,
        "held": bool,
    },
)
"""A change of state to come."""


@document
class Advanced(TypedDict):
    """What moving the clock brought: how many transitions, and the first hundred."""

    fired: int
    now: Moment
    transitions: list[Transition]


@document
class Forecast(TypedDict):
    """What will happen, soonest first."""

    now: Moment
    pending: list[Pending]


@document
class Journal(TypedDict):
    """A stretch of the journal; `next_after` asks for what follows."""

    entries: list[dict[str, Any]]
    next_after: int


@document
class Snapshot(TypedDict):
    """The world as one document."""

    clock: Clock
    counter: int
    exported_at: Moment
    faults: list[dict[str, Any]]
    note: str
    requests: list[dict[str, Any]]
    seed: int
    settings: dict[str, Any]
    transitions: list[Transition]
    version: int
    world: dict[str, list[dict[str, Any]]]


@document
class Endpoint(TypedDict):
    """An endpoint, in AWS's spelling."""

    dns_name: str
    endpoint_id: str
    principal_arn: str
    service_name: str
    state: EndpointState


@document
class Source(TypedDict):
    """An address of this machine, and what who comes from there has in a VPC."""

    address: str
    security_group_ids: list[str]
    vpc_address: str


@document
class Fault(TypedDict):
    """Trouble that was ordered, and how often it was met; `remaining` null is for ever."""

    id: int
    operation: NotRequired[str]
    stage: NotRequired[str]
    effect: dict[str, Any]
    match: dict[str, str]
    times: int | None
    probability: float | None
    hits: int
    remaining: int | None


@document
class Door(TypedDict):
    """Where a data store is reached: `host`:`port` as AWS has it, `address`:`listens_on` as this machine has it.

    `endpoint_id` is null for the add-on's own; `connections` are those that are open now.
    """

    addon: str
    address: str
    aliases: list[str]
    connections: int
    endpoint_id: str | None
    host: str
    kind: Literal["redis", "postgres"]
    listens_on: int
    open: bool
    port: int


@document
class DataPlane(TypedDict):
    """The data plane of a sandbox. `refused` counts by reason, `problems` are those of the stores by kind."""

    bytes_received: int
    bytes_sent: int
    connected: int
    doors: list[Door]
    endpoint_host: Literal["address", "dns"]
    on: bool
    open: int
    problems: dict[str, str]
    refused: dict[str, int]


@document
class Authority(TypedDict):
    """A certificate authority's certificate, in PEM."""

    certificate: str
