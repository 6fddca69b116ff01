"""What was worked out of a run once: a digest for later reports, how firm it is, a multiverse."""

import sqlalchemy as sa
from alembic import op

revision = "0016_kept"
down_revision = "0015_compared_keys"

TABLE = "kept"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("run_id", "what", name=f"uq_{TABLE}_run_id_what"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=f"fk_{TABLE}_run_id", ondelete="RESTRICT"
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
