"""The rows as services see them: immutable, typed, with moments in milliseconds.

Those of a world are tuples, of which a batch of steps makes many.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from kagemusha.clock import sandbox_now
from kagemusha.domain import catalog
from kagemusha.domain.delays import LATEST, Delay
from kagemusha.domain.lifecycle import Timing
from kagemusha.domain.names import Names


@lru_cache(maxsize=256)
def _overrides(delays: str) -> Mapping[str, Delay | None]:
    return MappingProxyType(
        {
            stage: None if bounds is None else Delay(bounds[0], bounds[1], "the sandbox's own")
            for stage, bounds in json.loads(delays).items()
        }
    )


class Sandbox(NamedTuple):
    """A world, its clock and its keys. `id` is never given twice."""

    id: int
    name: str
    seed: int
    created_at: int
    began_at: int
    heroku_api_key: str
    aws_account_id: str
    aws_principal_arn: str
    aws_access_key_id: str
    aws_secret_access_key: str
    delays: str
    initial: str
    clock_offset: int
    frozen_at: int | None
    pace: float | None
    latest_at: int
    counter: int
    journal_seq: int
    next_due_at: int | None
    wake_at: int | None
    faults_made: int = 0
    request_faults: int = 0
    stage_faults: int = 0

    @property
    def is_manual(self) -> bool:
        """Whether its time moves only when told."""
        return self.frozen_at is not None

    def now(self, system: int) -> int:
        """The moment it is here when the machine's clock says `system`; never before what has happened."""
        return min(max(sandbox_now(system, self.clock_offset, self.frozen_at), self.latest_at), LATEST)

    def names(self, number: int) -> Names:
        """The names of the `number`-th thing of this world."""
        return Names(self.seed, number)

    @property
    def overrides(self) -> Mapping[str, Delay | None]:
        """The stages that last otherwise here."""
        return _overrides(self.delays)

    def timing(self, default_pace: float) -> Timing:
        """How long stages last here: at its own pace, else `default_pace` for a running clock and 1 for a manual."""
        pace = self.pace or (1.0 if self.is_manual else default_pace)
        return Timing(self.seed, pace, self.overrides)


class AwsCredentials(NamedTuple):
    """An issued access key: of a user, the root, a role's session, or the operator, who plays Heroku's account.

    `expires_at` is system time in milliseconds.
    """

    access_key_id: str
    sandbox_id: int
    secret_access_key: str
    session_token: str | None
    principal_arn: str
    session_name: str | None
    is_operator: bool
    expires_at: int | None


class Space(NamedTuple):
    """A Private or Shield Space."""

    id: int
    uuid: str
    name: str
    region: str
    shield: bool
    cidr: str
    data_cidr: str
    created_at: int
    updated_at: int
    state: str
    generation: int
    due_at: int | None
    held_by: int | None = None
    held_left: int | None = None


class App(NamedTuple):
    """An app; `space_id` is None in the Common Runtime. JSON: `buildpacks` is a list of names and URLs."""

    id: int
    uuid: str
    name: str
    region: str
    space_id: int | None
    in_team: bool
    locked: bool
    internal_routing: bool | None
    stack: str
    created_at: int
    updated_at: int
    released_at: int
    release_version: int
    maintenance: bool
    acm: bool
    buildpacks: str


class Addon(NamedTuple):
    """An add-on; `plan` is the full name, `app_id` the app that pays for it.

    JSON: `config` is what it was created with, `settings` what its data store was set to since.
    """

    id: int
    uuid: str
    name: str
    app_id: int
    plan: str
    config: str
    credential_version: int
    created_at: int
    updated_at: int
    settings: str
    state: str
    generation: int
    due_at: int | None
    held_by: int | None = None
    held_left: int | None = None

    @property
    def addon_service(self) -> catalog.Service:
        """The add-on service that its plan is of."""
        return catalog.service(catalog.plan(self.plan).service)


class Attachment(NamedTuple):
    """What connects an add-on to an app, under a name."""

    id: int
    uuid: str
    name: str
    addon_id: int
    app_id: int
    created_at: int
    updated_at: int
    namespace: str | None


class Privatelink(NamedTuple):
    """The endpoint service of an add-on."""

    id: int
    uuid: str
    addon_id: int
    service_name: str
    created_at: int
    state: str
    generation: int
    due_at: int | None
    held_by: int | None = None
    held_left: int | None = None


class AllowedAccount(NamedTuple):
    """A principal that may connect; `account_id` as the client wrote it, `arn` as it is compared."""

    id: int
    uuid: str
    privatelink_id: int
    account_id: str
    arn: str
    created_at: int
    state: str
    generation: int
    due_at: int | None
    held_by: int | None = None
    held_left: int | None = None


class Endpoint(NamedTuple):
    """What EC2 calls a VpcEndpoint and Heroku a connection. It outlives the privatelink it was made for.

    JSON: `availability_zone_ids` is a list, `security_group_ids` maps ids to names (None: nothing is filtered),
    `subnets` is a list of objects with `subnet_id`, `zone`, `zone_id`, `network_interface_id` and `address`, `tags`
    maps keys to values.
    """

    id: int
    endpoint_id: str
    privatelink_id: int
    addon_id: int
    addon_name: str
    service_name: str
    principal_arn: str
    owner_account_id: str
    dns_suffix: str
    availability_zone_ids: str
    vpc_id: str | None
    security_group_ids: str | None
    created_at: int
    subnets: str
    tags: str
    client_token: str | None
    request_digest: str | None
    state: str
    generation: int
    due_at: int | None
    held_by: int | None = None
    held_left: int | None = None


class ConfigVar(NamedTuple):
    """A config var of an app; `attachment_id` says which attachment gives it, None that a user does."""

    app_id: int
    name: str
    value: str
    attachment_id: int | None


class Source(NamedTuple):
    """An address of this machine and the one in a VPC that it stands for; `security_group_ids` is a JSON list."""

    address: str
    vpc_address: str
    security_group_ids: str

    @property
    def groups(self) -> tuple[str, ...]:
        """The ids of the security groups that the interface with the VPC's address has."""
        return tuple(json.loads(self.security_group_ids))


class Release(NamedTuple):
    """A change of an app's configuration. JSON: the plans attached then, and what changed (null: is gone)."""

    app_id: int
    version: int
    uuid: str
    description: str
    user_email: str
    user_uuid: str
    addon_plan_names: str
    created_at: int
    config_changes: str


Living = Space | Addon | Privatelink | AllowedAccount | Endpoint
"""What falls due."""
