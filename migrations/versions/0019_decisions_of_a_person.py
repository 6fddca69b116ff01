"""Decisions of a person at a stage, the newest first, are found by an index."""

from alembic import op

revision = "0019_decisions_of_a_person"
down_revision = "0018_accounts"

INDEX = "ix_decision_person_id_stage"


def upgrade() -> None:
    op.create_index(INDEX, "decision", ["person_id", "stage", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, "decision")
