"""Decisions that were taken back; rows are written once."""

import sqlalchemy as sa
from alembic import op
from idioms import forbid_changes, forget_frozen, refers

revision = "0014_withdrawn_decisions"
down_revision = "0013_places"

TABLE = "decision_withdrawal"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("decision_id", name=f"uq_{TABLE}_decision_id"),
        refers(TABLE, "decision_id", "decision"),
        refers(TABLE, "record_id", "record"),
    )
    op.create_index(f"ix_{TABLE}_record_id", TABLE, ["record_id"])
    forbid_changes(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
    forget_frozen(TABLE)
