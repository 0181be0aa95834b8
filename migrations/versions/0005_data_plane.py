"""The data plane: what addresses of clients stand for in a VPC, and each sandbox's certificate authority."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ORDERED = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sources",
        sa.Column("sandbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", _ORDERED, autoincrement=False, nullable=False),
        sa.Column("vpc_address", sa.String(), nullable=False),
        sa.Column("security_group_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sandbox_id", "address", name="pk_sources"),
        sa.ForeignKeyConstraint(["sandbox_id"], ["sandboxes.id"], name="fk_sources_sandbox_id", ondelete="CASCADE"),
    )
    op.create_table(
        "authorities",
        sa.Column("sandbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sandbox_id", name="pk_authorities"),
        sa.ForeignKeyConstraint(["sandbox_id"], ["sandboxes.id"], name="fk_authorities_sandbox_id", ondelete="CASCADE"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("authorities")
    op.drop_table("sources")
