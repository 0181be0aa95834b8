"""The AWS half: access keys of principals, and what EC2 knows of an endpoint. What each release changed."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ENDPOINTS = sa.table(
    "endpoints", sa.column("sandbox_id", sa.Integer), sa.column("id", sa.BigInteger), sa.column("security_group_ids")
)


def _rewrite_groups(change: Callable[[Any], Any]) -> None:
    """Security groups were a list of ids; now they are names by id."""
    columns = _ENDPOINTS.c
    kept = sa.select(columns.sandbox_id, columns.id, columns.security_group_ids)
    for sandbox_id, number, groups in op.get_bind().execute(kept.where(columns.security_group_ids.is_not(None))).all():
        row = sa.update(_ENDPOINTS).where(columns.sandbox_id == sandbox_id, columns.id == number)
        op.execute(row.values(security_group_ids=json.dumps(change(json.loads(groups)))))


def upgrade() -> None:
    """Create the keys' table; add the endpoint's columns and their indexes."""
    op.create_table(
        "aws_credentials",
        sa.Column("access_key_id", sa.String(), nullable=False),
        sa.Column("sandbox_id", sa.Integer(), nullable=False),
        sa.Column("secret_access_key", sa.String(), nullable=False),
        sa.Column("session_token", sa.String()),
        sa.Column("principal_arn", sa.String(), nullable=False),
        sa.Column("session_name", sa.String()),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("access_key_id", name="pk_aws_credentials"),
        sa.ForeignKeyConstraint(
            ["sandbox_id"], ["sandboxes.id"], name="fk_aws_credentials_sandbox_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_aws_credentials_sandbox_id", "aws_credentials", ["sandbox_id"])
    op.add_column("endpoints", sa.Column("subnets", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("endpoints", sa.Column("tags", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("endpoints", sa.Column("client_token", sa.String()))
    op.add_column("endpoints", sa.Column("request_digest", sa.String()))
    op.create_index(
        "uq_endpoints_owner_account_id_client_token",
        "endpoints",
        ["sandbox_id", "owner_account_id", "client_token"],
        unique=True,
    )
    op.create_index("ix_endpoints_vpc_id", "endpoints", ["sandbox_id", "vpc_id"])
    op.add_column("releases", sa.Column("config_changes", sa.Text(), nullable=False, server_default="{}"))
    _rewrite_groups(lambda ids: dict.fromkeys(ids, ""))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("releases", "config_changes")
    _rewrite_groups(list)
    op.drop_index("ix_endpoints_vpc_id", "endpoints")
    op.drop_index("uq_endpoints_owner_account_id_client_token", "endpoints")
    for column in ("request_digest", "client_token", "tags", "subnets"):
        op.drop_column("endpoints", column)
    op.drop_table("aws_credentials")
