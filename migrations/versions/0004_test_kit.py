"""The test kit: faults, stages that are held, and the journal of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_LIVING = ("spaces", "addons", "privatelinks", "allowed_accounts", "endpoints")
_COUNTERS = ("faults_made", "request_faults", "stage_faults")


def _world_table(name: str, key: str, *columns: "sa.Column[object]") -> None:
    op.create_table(
        name,
        sa.Column("sandbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(key, sa.BigInteger(), autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("sandbox_id", key, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["sandbox_id"], ["sandboxes.id"], name=f"fk_{name}_sandbox_id", ondelete="CASCADE"),
    )


def upgrade() -> None:
    """Create the tables; add the columns of what is held, and the sandboxes' counters."""
    _world_table(
        "faults",
        "id",
        sa.Column("operation", sa.String()),
        sa.Column("stage", sa.String()),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger()),
        sa.Column("probability", sa.Float()),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("draws", sa.BigInteger(), nullable=False),
    )
    _world_table(
        "occurrences",
        "seq",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    for counter in _COUNTERS:
        op.add_column("sandboxes", sa.Column(counter, sa.Integer(), nullable=False, server_default="0"))
    for table in _LIVING:
        op.add_column(table, sa.Column("held_by", sa.BigInteger()))
        op.add_column(table, sa.Column("held_left", sa.BigInteger()))
        held = sa.text("held_by IS NOT NULL")
        columns = ["sandbox_id", "held_by", "id"]
        op.create_index(f"ix_{table}_held", table, columns, sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    """Take them away again."""
    for table in _LIVING:
        op.drop_index(f"ix_{table}_held", table)
        op.drop_column(table, "held_left")
        op.drop_column(table, "held_by")
    for counter in _COUNTERS:
        op.drop_column("sandboxes", counter)
    op.drop_table("occurrences")
    op.drop_table("faults")
