"""Where records stand, for reading that does not grow with a review, and who reads what now."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, flag, refers

revision = "0013_places"
down_revision = "0012_open_formats"

STAGES = ("title_abstract", "full_text")
STATES = ("awaiting", "conflict", "included", "excluded")
BOXES = (
    "duplicates_removed", "removed_by_automation_tools", "removed_for_other_reasons",
    "awaiting_screening", "records_excluded", "awaiting_retrieval", "reports_not_retrieved",
    "awaiting_assessment", "reports_excluded", "reports_included",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "place",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", *STAGES), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        flag("judged"),
        sa.Column("state", choice("state", *STATES), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=True),
        sa.Column("deciders", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("sole", sa.Integer(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        flag("piloted"),
        flag("ruled"),
        sa.Column("box", choice("box", *BOXES), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "stage", name="pk_place"),
        refers("place", "record_id", "record"),
        refers("place", "review_id", "review"),
    )
    op.create_index(
        "ix_place_queue",
        "place",
        ["review_id", "stage", "turn", "position", "record_id", "sole"],
    )
    op.create_index("ix_place_state", "place", ["review_id", "stage", "judged", "state"])
    op.create_table(
        "place_mark",
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name="pk_place_mark"),
        refers("place_mark", "review_id", "review"),
    )
    op.create_table(
        "hold",
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", *STAGES), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "stage", "person_id", name="pk_hold"),
        refers("hold", "record_id", "record"),
        refers("hold", "person_id", "person"),
    )


def downgrade() -> None:
    op.drop_table("hold")
    op.drop_table("place_mark")
    op.drop_table("place")
