"""The documents of Redis and Postgres add-ons, and what they share with Kafka's."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from kagemusha.api.documents import Moment, Uuid, document

CredentialState = Literal["active", "provisioning"]
WaitStatus = TypedDict("WaitStatus", {"message": str, "waiting?": bool})
WaitStatus.__doc__ = "Whether a store is still to be waited for."
document(WaitStatus)

_Waiting = TypedDict("_Waiting", {"waiting?": bool})
_WhileWaiting = TypedDict("_WhileWaiting", {"waiting?": NotRequired[bool]})


@document
class Message(TypedDict):
    """What was done, for people."""

    message: str


@document
class MaintenanceWindow(TypedDict):
    """When maintenance may be done."""

    window: str


@document
class InfoRow(TypedDict):
    """A line of what `info` commands print."""

    name: str
    values: list[str | int]


@document
class Formation(TypedDict):
    """The servers of a store."""

    id: Uuid
    primary: Uuid


@document
class Redis(_WhileWaiting):
    """A Redis add-on; `waiting?` is there only while it is provisioned, and `resource_url` is empty then."""

    addon_id: Uuid
    created_at: Moment
    formation: Formation
    info: list[InfoRow]
    metaas_source: str
    name: str
    plan: str
    port: int
    prefer_native_tls: bool
    resource_url: str
    version: str


@document
class PolicySetting(TypedDict):
    """What happens at the memory limit; `values` are all that there are, each with a sentence about it."""

    value: str
    default: str
    desc: str
    values: dict[str, str]


@document
class TextSetting(TypedDict):
    """A setting that is text."""

    value: str
    default: str
    desc: str


@document
class NumberSetting(TypedDict):
    """A setting that is a whole number."""

    value: int
    default: int
    desc: str


@document
class SwitchSetting(TypedDict):
    """A setting that is on or off."""

    value: bool
    default: bool
    desc: str


@document
class RedisConfig(TypedDict):
    """What a Redis add-on is set to."""

    maxmemory_policy: PolicySetting
    notify_keyspace_events: TextSetting
    standby_segv_workaround: SwitchSetting
    timeout: NumberSetting


@document
class Postgres(_Waiting):
    """A Postgres add-on; what can't be known while it is provisioned is null, the password not there."""

    addon_id: Uuid
    available_for_ingress: bool
    created_at: Moment
    credentials: int
    database_name: str | None
    database_password: NotRequired[str]
    database_user: str | None
    formation: Formation
    heroku_resource_id: Uuid
    info: list[InfoRow]
    leader: None
    metaas_server_source: str
    metaas_source: str
    name: str
    num_bytes: int
    plan: str
    port: int
    resource_url: str | None
    target_transaction: None


@document
class Bastion(TypedDict):
    """The machine through which a Postgres is reached, and the key that it lets in; there is none."""

    host: None
    private_key: None


@document
class PostgresUser(TypedDict):
    """A user that a credential is, or was, known by."""

    password: str
    state: CredentialState
    user: str


@document
class PostgresCredential(TypedDict):
    """A credential: nobody can log in with it while the add-on is provisioned."""

    credentials: list[PostgresUser]
    database: str
    host: str
    name: str
    port: int
    state: CredentialState
    uuid: Uuid
