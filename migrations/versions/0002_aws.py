"""The AWS half: access keys of principals, and what EC2 knows of an endpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


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


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_endpoints_vpc_id", "endpoints")
    op.drop_index("uq_endpoints_owner_account_id_client_token", "endpoints")
    for column in ("request_digest", "client_token", "tags", "subnets"):
        op.drop_column("endpoints", column)
    op.drop_table("aws_credentials")
