"""The first world: sandboxes, and everything that one holds.

Written out, and without the models: what a revision made must not change when they do.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Bytes decide the order of text on both databases.
ORDERED = sa.String().with_variant(postgresql.VARCHAR(collation="C"), "postgresql")

STATES = {
    "spaces": ("allocating", "allocated", "deleting"),
    "addons": ("provisioning", "provisioned", "deprovisioned"),
    "privatelinks": ("Provisioning", "Operational", "Deprovisioning", "Deprovisioned", "Failed"),
    "allowed_accounts": ("Provisioning", "Active"),
    "endpoints": (
        "pendingAcceptance", "pending", "available", "rejected", "deleting", "deleted", "failed", "expired",
    ),
}  # fmt: skip
"""The states of each table of things that have a life of their own."""

UNIQUE = (
    ("spaces", "uuid"), ("spaces", "name"),
    ("apps", "uuid"), ("apps", "name"),
    ("addons", "uuid"), ("addons", "name"),
    ("attachments", "uuid"), ("attachments", "app_id", "name"),
    ("privatelinks", "addon_id"), ("privatelinks", "service_name"),
    ("allowed_accounts", "privatelink_id", "arn"),
    ("endpoints", "endpoint_id"),
    ("releases", "uuid"),
)  # fmt: skip
"""What is unique in a world: a table and its columns."""

INDEXED = (
    ("apps", "space_id"),
    ("addons", "app_id"),
    ("attachments", "addon_id"), ("attachments", "name"),
    ("endpoints", "privatelink_id"),
    ("config_vars", "attachment_id"), ("config_vars", "name"),
)  # fmt: skip
"""What is looked up in a world: a table and its columns."""

TABLES = (
    "server_secrets", "sandboxes", "spaces", "apps", "addons", "attachments", "privatelinks", "allowed_accounts",
    "endpoints", "config_vars", "releases", "journal",
)  # fmt: skip
"""In the order in which they are made."""


def upgrade() -> None:
    """Create every table and index."""
    _server()
    _things()
    _connections()
    _records()
    for table, *columns in UNIQUE:
        op.create_index(f"uq_{table}_{'_'.join(columns)}", table, ["sandbox_id", *columns], unique=True)
    for table, *columns in INDEXED:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, ["sandbox_id", *columns])
    for table in STATES:
        _partial_index(f"ix_{table}_due", table, ["sandbox_id", "due_at", "id"], "due_at IS NOT NULL")


def downgrade() -> None:
    """Drop every table, and its indexes with it."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _server() -> None:
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_secrets"),
    )
    op.create_table(
        "sandboxes",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("heroku_api_key", sa.String, nullable=False),
        sa.Column("aws_account_id", sa.String, nullable=False),
        sa.Column("aws_principal_arn", sa.String, nullable=False),
        sa.Column("aws_access_key_id", sa.String, nullable=False),
        sa.Column("aws_secret_access_key", sa.String, nullable=False),
        sa.Column("delays", sa.Text, nullable=False),
        sa.Column("initial", sa.Text, nullable=False),
        sa.Column("clock_offset", sa.BigInteger, nullable=False),
        sa.Column("frozen_at", sa.BigInteger),
        sa.Column("pace", sa.Float),
        sa.Column("latest_at", sa.BigInteger, nullable=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("journal_seq", sa.BigInteger, nullable=False),
        sa.Column("next_due_at", sa.BigInteger),
        sa.Column("wake_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_sandboxes"),
        sa.UniqueConstraint("name", name="uq_sandboxes_name"),
        sa.UniqueConstraint("heroku_api_key", name="uq_sandboxes_heroku_api_key"),
        sa.UniqueConstraint("aws_account_id", name="uq_sandboxes_aws_account_id"),
        sa.UniqueConstraint("aws_access_key_id", name="uq_sandboxes_aws_access_key_id"),
        sqlite_autoincrement=True,
    )
    _partial_index("ix_sandboxes_wake_at", "sandboxes", ["wake_at"], "wake_at IS NOT NULL")


def _things() -> None:
    _world_table(
        "spaces",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("shield", sa.Boolean, nullable=False),
        sa.Column("cidr", sa.String, nullable=False),
        sa.Column("data_cidr", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    _world_table(
        "apps",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("space_id", sa.BigInteger),
        sa.Column("in_team", sa.Boolean, nullable=False),
        sa.Column("locked", sa.Boolean, nullable=False),
        sa.Column("internal_routing", sa.Boolean),
        sa.Column("stack", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("released_at", sa.BigInteger, nullable=False),
        sa.Column("release_version", sa.Integer, nullable=False),
    )
    _world_table(
        "addons",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("app_id", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.String, nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("credential_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    _world_table(
        "attachments",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("addon_id", sa.BigInteger, nullable=False),
        sa.Column("app_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )


def _connections() -> None:
    _world_table(
        "privatelinks",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("addon_id", sa.BigInteger, nullable=False),
        sa.Column("service_name", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    _world_table(
        "allowed_accounts",
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("privatelink_id", sa.BigInteger, nullable=False),
        sa.Column("account_id", sa.String, nullable=False),
        sa.Column("arn", sa.String, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    _world_table(
        "endpoints",
        sa.Column("endpoint_id", ORDERED, nullable=False),
        sa.Column("privatelink_id", sa.BigInteger, nullable=False),
        sa.Column("addon_id", sa.BigInteger, nullable=False),
        sa.Column("addon_name", sa.String, nullable=False),
        sa.Column("service_name", sa.String, nullable=False),
        sa.Column("principal_arn", sa.String, nullable=False),
        sa.Column("owner_account_id", sa.String, nullable=False),
        sa.Column("dns_suffix", sa.String, nullable=False),
        sa.Column("availability_zone_ids", sa.Text, nullable=False),
        sa.Column("vpc_id", sa.String),
        sa.Column("security_group_ids", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def _records() -> None:
    _world_table(
        "config_vars",
        sa.Column("app_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("name", ORDERED, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("attachment_id", sa.BigInteger),
        key=("app_id", "name"),
    )
    _world_table(
        "releases",
        sa.Column("app_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("uuid", ORDERED, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("user_email", sa.String, nullable=False),
        sa.Column("user_uuid", sa.String, nullable=False),
        sa.Column("addon_plan_names", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        key=("app_id", "version"),
    )
    _world_table(
        "journal",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("machine", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("source", sa.String),
        sa.Column("target", sa.String),
        key=("seq",),
    )


def _world_table(name: str, *columns: sa.Column[object], key: tuple[str, ...] = ()) -> None:
    """Create a table of one world's things: keyed by `key`, else by an id, within the sandbox; gone with it."""
    number = sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False)
    op.create_table(
        name,
        sa.Column("sandbox_id", sa.Integer, autoincrement=False, nullable=False),
        *(() if key else (number,)),
        *columns,
        *_life(name),
        sa.PrimaryKeyConstraint("sandbox_id", *(key or ("id",)), name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["sandbox_id"], ["sandboxes.id"], name=f"fk_{name}_sandbox_id", ondelete="CASCADE"),
    )


def _life(table: str) -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    """The columns of a table of things that have a life of their own; none for other tables."""
    if table not in STATES:
        return ()
    states = ", ".join(f"'{state}'" for state in STATES[table])
    return (
        sa.Column("state", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.CheckConstraint(f"state IN ({states})", name=f"ck_{table}_state"),
    )


def _partial_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
