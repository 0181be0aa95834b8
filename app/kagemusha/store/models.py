"""The tables. Moments are milliseconds since the epoch; ids within a world are places in its one counter."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from kagemusha.domain.states import STATES, Machine

SCHEMA_VERSION = "0002"
"""The Alembic revision that these tables are at; a test proves that the two agree."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)

# Bytes decide the order of text on both databases, whatever the locale of the server.
Ordered = String().with_variant(String(collation="C"), "postgresql")

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

sandboxes = Table(
    "sandboxes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Ordered, nullable=False, unique=True),
    Column("seed", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("heroku_api_key", String, nullable=False, unique=True),
    Column("aws_account_id", String, nullable=False, unique=True),
    Column("aws_principal_arn", String, nullable=False),
    Column("aws_access_key_id", String, nullable=False, unique=True),
    Column("aws_secret_access_key", String, nullable=False),
    Column("delays", Text, nullable=False),
    Column("initial", Text, nullable=False),
    # The clock: frozen_at for a manual one, else system time moved by offset. pace None follows the mode.
    Column("clock_offset", BigInteger, nullable=False),
    Column("frozen_at", BigInteger),
    Column("pace", Float),
    Column("latest_at", BigInteger, nullable=False),
    # Allocated under the sandbox's lock.
    Column("counter", BigInteger, nullable=False),
    Column("journal_seq", BigInteger, nullable=False),
    # No later than the first moment at which something falls due: in virtual time, and in system time.
    Column("next_due_at", BigInteger),
    Column("wake_at", BigInteger),
    sqlite_autoincrement=True,
)
Index("ix_sandboxes_wake_at", sandboxes.c.wake_at, sqlite_where=sandboxes.c.wake_at.is_not(None))


aws_credentials = Table(
    "aws_credentials",
    metadata,
    Column("access_key_id", String, primary_key=True),
    Column("sandbox_id", Integer, ForeignKey("sandboxes.id", ondelete="CASCADE"), nullable=False),
    Column("secret_access_key", String, nullable=False),
    Column("session_token", String),
    Column("principal_arn", String, nullable=False),
    Column("session_name", String),
    Column("is_operator", Boolean, nullable=False),
    # System time, not the world's: keys are none of it.
    Column("expires_at", BigInteger),
)
Index("ix_aws_credentials_sandbox_id", aws_credentials.c.sandbox_id)


def _world_table(name: str, *columns: Column[object], key: tuple[str, ...] = ("id",)) -> Table:
    """A table of one world's things: keyed within the sandbox, and gone with it."""
    keys = [Column(part, Ordered if part == "name" else BigInteger, primary_key=True, autoincrement=False)
            for part in key]  # fmt: skip
    return Table(
        name,
        metadata,
        Column(
            "sandbox_id",
            Integer,
            ForeignKey("sandboxes.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        *keys,
        *columns,
    )


def _unique(table: Table, *names: str) -> None:
    Index(f"uq_{table.name}_{'_'.join(names)}", table.c.sandbox_id, *(table.c[name] for name in names), unique=True)


def _indexed(table: Table, *names: str) -> None:
    Index(f"ix_{table.name}_{'_'.join(names)}", table.c.sandbox_id, *(table.c[name] for name in names))


def _living(machine: Machine) -> tuple[Column[object] | CheckConstraint, ...]:
    """The columns of everything that has a life of its own."""
    states = ", ".join(f"'{state}'" for state in STATES[machine])
    return (
        Column("state", String, nullable=False),
        Column("generation", Integer, nullable=False),
        Column("due_at", BigInteger),
        CheckConstraint(f"state IN ({states})", name="state"),
    )


spaces = _world_table(
    "spaces",
    Column("uuid", Ordered, nullable=False),
    Column("name", Ordered, nullable=False),
    Column("region", String, nullable=False),
    Column("shield", Boolean, nullable=False),
    Column("cidr", String, nullable=False),
    Column("data_cidr", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    *_living(Machine.SPACE),  # type: ignore[arg-type]
)
apps = _world_table(
    "apps",
    Column("uuid", Ordered, nullable=False),
    Column("name", Ordered, nullable=False),
    Column("region", String, nullable=False),
    Column("space_id", BigInteger),
    Column("in_team", Boolean, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("internal_routing", Boolean),
    Column("stack", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("released_at", BigInteger, nullable=False),
    Column("release_version", Integer, nullable=False),
)
addons = _world_table(
    "addons",
    Column("uuid", Ordered, nullable=False),
    Column("name", Ordered, nullable=False),
    Column("app_id", BigInteger, nullable=False),
    Column("plan", String, nullable=False),
    Column("config", Text, nullable=False),
    Column("credential_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    *_living(Machine.ADDON),  # type: ignore[arg-type]
)
attachments = _world_table(
    "attachments",
    Column("uuid", Ordered, nullable=False),
    Column("name", Ordered, nullable=False),
    Column("addon_id", BigInteger, nullable=False),
    Column("app_id", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
privatelinks = _world_table(
    "privatelinks",
    Column("uuid", Ordered, nullable=False),
    Column("addon_id", BigInteger, nullable=False),
    Column("service_name", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    *_living(Machine.PRIVATELINK),  # type: ignore[arg-type]
)
allowed_accounts = _world_table(
    "allowed_accounts",
    Column("uuid", Ordered, nullable=False),
    Column("privatelink_id", BigInteger, nullable=False),
    Column("account_id", String, nullable=False),
    Column("arn", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    *_living(Machine.ALLOWED_ACCOUNT),  # type: ignore[arg-type]
)
endpoints = _world_table(
    "endpoints",
    Column("endpoint_id", Ordered, nullable=False),
    Column("privatelink_id", BigInteger, nullable=False),
    Column("addon_id", BigInteger, nullable=False),
    Column("addon_name", String, nullable=False),
    Column("service_name", String, nullable=False),
    Column("principal_arn", String, nullable=False),
    Column("owner_account_id", String, nullable=False),
    Column("dns_suffix", String, nullable=False),
    Column("availability_zone_ids", Text, nullable=False),
    Column("vpc_id", String),
    Column("security_group_ids", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("subnets", Text, nullable=False, server_default="[]"),
    Column("tags", Text, nullable=False, server_default="{}"),
    Column("client_token", String),
    Column("request_digest", String),
    *_living(Machine.ENDPOINT),  # type: ignore[arg-type]
)
config_vars = _world_table(
    "config_vars",
    Column("value", Text, nullable=False),
    Column("attachment_id", BigInteger),
    key=("app_id", "name"),
)
releases = _world_table(
    "releases",
    Column("uuid", Ordered, nullable=False),
    Column("description", Text, nullable=False),
    Column("user_email", String, nullable=False),
    Column("user_uuid", String, nullable=False),
    Column("addon_plan_names", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("config_changes", Text, nullable=False, server_default="{}"),
    key=("app_id", "version"),
)
journal = _world_table(
    "journal",
    Column("kind", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("machine", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("name", String, nullable=False),
    Column("source", String),
    Column("target", String),
    key=("seq",),
)

LIVING: dict[Machine, Table] = {
    Machine.SPACE: spaces,
    Machine.ADDON: addons,
    Machine.PRIVATELINK: privatelinks,
    Machine.ALLOWED_ACCOUNT: allowed_accounts,
    Machine.ENDPOINT: endpoints,
}
"""The tables whose rows fall due."""

WORLD: tuple[Table, ...] = (
    spaces, apps, addons, attachments, privatelinks, allowed_accounts, endpoints, config_vars, releases, journal,
)  # fmt: skip
"""What a sandbox holds, all of it."""

for _table in (spaces, apps, addons):
    _unique(_table, "uuid")
    _unique(_table, "name")
_unique(attachments, "uuid")
_unique(attachments, "app_id", "name")
_indexed(attachments, "addon_id")
_indexed(attachments, "name")
_indexed(apps, "space_id")
_indexed(addons, "app_id")
_unique(privatelinks, "addon_id")
_unique(privatelinks, "service_name")
_unique(allowed_accounts, "privatelink_id", "arn")
_unique(endpoints, "endpoint_id")
_unique(endpoints, "owner_account_id", "client_token")
_indexed(endpoints, "privatelink_id")
_indexed(endpoints, "vpc_id")
_indexed(config_vars, "attachment_id")
_indexed(config_vars, "name")
_unique(releases, "uuid")
for _table in LIVING.values():
    Index(
        f"ix_{_table.name}_due",
        _table.c.sandbox_id,
        _table.c.due_at,
        _table.c.id,
        sqlite_where=_table.c.due_at.is_not(None),
    )
