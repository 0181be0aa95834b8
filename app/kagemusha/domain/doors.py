"""Doors: where a client reaches the data of an add-on, as a world wants them to be at one moment.

Each add-on has one of its own, at which a dyno would reach it, and one for each of its live endpoints, which is open
while the endpoint is available.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kagemusha.domain.redis import RedisSettings

Kind = Literal["redis", "postgres"]
PORTS: dict[Kind, int] = {"redis": 6379, "postgres": 5432}
"""Where each kind is reached (known)."""


@dataclass(frozen=True, slots=True)
class DataStore:
    """The data of one add-on, and who may have it.

    `world` and `key` name it among all worlds and stores that ever were, so that no store finds another's data.
    `database` and `settings` are those of a Postgres and of a Redis.
    """

    world: str
    key: str
    addon: str
    kind: Kind
    user: str
    password: str = field(repr=False)
    database: str
    settings: RedisSettings

    @property
    def credentials(self) -> tuple[str, str, str]:
        """What a connection is made with: the store, the user and the password."""
        return self.key, self.user, self.password


class Filter(NamedTuple):
    """The security groups that a connection must pass, in the sandbox's AWS account and the endpoint's region and VPC.

    `vpc_id` is None for an endpoint that the control API made in none.
    """

    account_id: str
    aws_region: str
    vpc_id: str | None
    security_group_ids: tuple[str, ...]


class Door(NamedTuple):
    """A name and a port at which a store is reached, by `aliases` too. `endpoint_id` is None for the add-on's own.

    `filter` is None where nothing is filtered: at add-ons' own, and at endpoints without security groups.
    """

    host: str
    aliases: Sequence[str]
    port: int
    endpoint_id: str | None
    is_open: bool
    filter: Filter | None
    store: DataStore
