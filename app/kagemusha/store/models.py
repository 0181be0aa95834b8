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
    String,
    Table,
    Text,
    false,
)

from kagemusha.domain.states import STATES, Machine
from kagemusha.store.server_models import Ordered, metadata

SCHEMA_VERSION = "0005"
"""The Alembic revision that these tables are at; a test proves that the two agree."""


def _world_table(name: str, *columns: Column[object], key: tuple[str, ...] = ("id",)) -> Table:
    """A table of one world's things: keyed within the sandbox, and gone with it."""
    texts = {"name", "address"}
    keys = [Column(part, Ordered if part in texts else BigInteger, primary_key=True, autoincrement=False)
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


def _found_where_set(table: Table, name: str, column: str) -> None:
    """An index of the few rows that have something in `column`, in its order."""
    is_set = table.c[column].is_not(None)
    columns = (table.c.sandbox_id, table.c[column], table.c.id)
    Index(f"ix_{table.name}_{name}", *columns, sqlite_where=is_set)


def _living(machine: Machine) -> tuple[Column[object] | CheckConstraint, ...]:
    """The columns of everything that has a life of its own."""
    states = ", ".join(f"'{state}'" for state in STATES[machine])
    return (
        Column("state", String, nullable=False),
        Column("generation", Integer, nullable=False),
        Column("due_at", BigInteger),
        # Of what a fault, or somebody, keeps in its state: which fault (0: none), and what is left of its delay.
        Column("held_by", BigInteger),
        Column("held_left", BigInteger),
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
    Column("maintenance", Boolean, nullable=False, server_default=false()),
    Column("acm", Boolean, nullable=False, server_default=false()),
    Column("buildpacks", Text, nullable=False, server_default="[]"),
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
    Column("settings", Text, nullable=False, server_default="{}"),
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
    Column("namespace", String),
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
sources = _world_table(
    "sources",
    Column("vpc_address", String, nullable=False),
    Column("security_group_ids", Text, nullable=False),
    key=("address",),
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
occurrences = _world_table(
    "occurrences",
    Column("kind", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    # System time, by which old ones are forgotten.
    Column("noted_at", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    key=("seq",),
)
faults = _world_table(
    "faults",
    Column("operation", String),
    Column("stage", String),
    Column("match", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("times", BigInteger),
    Column("probability", Float),
    Column("hits", BigInteger, nullable=False),
    Column("draws", BigInteger, nullable=False),
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
    spaces, apps, addons, attachments, privatelinks, allowed_accounts, endpoints, config_vars, releases, sources,
    journal, occurrences, faults,
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
_indexed(allowed_accounts, "arn")
_unique(endpoints, "endpoint_id")
_unique(endpoints, "owner_account_id", "client_token")
_indexed(endpoints, "privatelink_id")
_indexed(endpoints, "vpc_id")
_indexed(config_vars, "attachment_id")
_indexed(config_vars, "name")
_unique(releases, "uuid")
for _table in LIVING.values():
    _found_where_set(_table, "due", "due_at")
    _found_where_set(_table, "held", "held_by")
