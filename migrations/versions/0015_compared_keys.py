"""Keys of compared records, kept so that an update of the search reads few of them."""

import sqlalchemy as sa
from alembic import op

revision = "0015_compared_keys"
down_revision = "0014_withdrawn_decisions"

TABLE = "compared_keys"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("up_to_id", sa.Integer(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["dedupe_run.id"], name=f"fk_{TABLE}_run_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=f"fk_{TABLE}_review_id", ondelete="RESTRICT"
        ),
    )
    op.create_index(f"ix_{TABLE}_review_id", TABLE, ["review_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
