"""Drafts of appraisals, studies given to people, and the help and order of custom fields."""

import sqlalchemy as sa
from alembic import op

revision = "0021_appraisal_drafts"
down_revision = "0020_guidance"


def key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key to the id of a table."""
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="RESTRICT"
    )


def upgrade() -> None:
    op.add_column("field_version", sa.Column("help", sa.Text(), nullable=True))
    op.add_column("field_version", sa.Column("place", sa.Integer(), nullable=True))
    op.create_table(
        "appraisal_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=True),
        sa.Column("instrument_id", sa.Integer(), nullable=True),
        sa.Column("timepoint", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.String(27), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('assessor', 'consensus')", name=op.f("ck_appraisal_draft_kind")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal_draft"),
        key("appraisal_draft", "tool_id", "appraisal_tool"),
        key("appraisal_draft", "study_id", "study"),
        key("appraisal_draft", "outcome_id", "outcome"),
        key("appraisal_draft", "instrument_id", "instrument"),
        key("appraisal_draft", "person_id", "person"),
    )
    op.create_index(
        "uq_appraisal_draft_of",
        "appraisal_draft",
        [
            "person_id",
            "tool_id",
            "study_id",
            sa.text("coalesce(outcome_id, 0)"),
            sa.text("coalesce(instrument_id, 0)"),
            sa.text("coalesce(timepoint, '')"),
            "kind",
        ],
        unique=True,
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.String(27), nullable=False),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
        key("assignment", "study_id", "study"),
        key("assignment", "person_id", "person"),
    )
    op.create_index("ix_assignment_person_id", "assignment", ["person_id"])
    op.create_index(
        "uq_assignment_person",
        "assignment",
        ["study_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_because IS NULL"),
        postgresql_where=sa.text("withdrawn_because IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("assignment")
    op.drop_table("appraisal_draft")
    op.drop_column("field_version", "place")
    op.drop_column("field_version", "help")
