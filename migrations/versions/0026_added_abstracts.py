"""Abstracts that somebody added to records whose files have none."""

import sqlalchemy as sa
from alembic import op
from idioms import forbid_changes, forget_frozen, refers

revision = "0026_added_abstracts"
down_revision = "0025_english"


def upgrade() -> None:
    op.create_table(
        "added_abstract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_added_abstract"),
        refers("added_abstract", "record_id", "record"),
        refers("added_abstract", "person_id", "person"),
    )
    op.create_index("ix_added_abstract_record_id", "added_abstract", ["record_id"])
    forbid_changes("added_abstract")


def downgrade() -> None:
    op.drop_table("added_abstract")
    forget_frozen("added_abstract")
