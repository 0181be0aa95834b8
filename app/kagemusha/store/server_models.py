"""The tables that belong to no world: the sandboxes themselves, their keys, the server's secrets."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


@event.listens_for(metadata, "before_create")
def _narrow(metadata: MetaData, connection: Connection, **_: object) -> None:
    """Let PostgreSQL's indexes be of the rows that SQLite's are of.

    Said where they are made it would import the dialect of PostgreSQL, for which who has SQLite would wait.
    """
    if connection.dialect.name == "postgresql":
        for index in (index for table in metadata.tables.values() for index in table.indexes):
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


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
    # Faults: how many were ever made, and how many may still be met, so that a world without any pays nothing for them.
    Column("faults_made", Integer, nullable=False, server_default="0"),
    Column("request_faults", Integer, nullable=False, server_default="0"),
    Column("stage_faults", Integer, nullable=False, server_default="0"),
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

authorities = Table(
    "authorities",
    metadata,
    Column(
        "sandbox_id", Integer, ForeignKey("sandboxes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    # A certificate and its private key.
    Column("pem", Text, nullable=False),
)
