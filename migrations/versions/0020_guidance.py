"""Criteria, terms to mark, labels, notes; who must read and how much; decisions that came late."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, flag, forbid_changes, forget_frozen, refers

revision = "0020_guidance"
down_revision = "0019_decisions_of_a_person"

STAGES = ("title_abstract", "full_text")
VERDICTS = ("include", "exclude", "maybe")
FROZEN = ("eligibility", "record_label", "team_note", "late_decision")


def of_record(table: str, *columns: sa.Column) -> None:
    """Make a table of what somebody said of a record, which is never changed."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", *STAGES), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        refers(table, "record_id", "record"),
        refers(table, "person_id", "person"),
    )
    op.create_index(f"ix_{table}_record_id", table, ["record_id"])


def upgrade() -> None:
    op.create_table(
        "eligibility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("include", sa.Text(), nullable=False),
        sa.Column("exclude", sa.Text(), nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_eligibility"),
        sa.UniqueConstraint("review_id", "number", name="uq_eligibility_review_id_number"),
        sa.CheckConstraint("number >= 1", name="number"),
        refers("eligibility", "review_id", "review"),
    )
    op.create_table(
        "term_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", choice("termkind", "include", "exclude", "other"), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_term_group"),
        sa.UniqueConstraint("review_id", "name", name="uq_term_group_review_id_name"),
        refers("term_group", "review_id", "review"),
    )
    op.create_table(
        "stage_screener",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", *STAGES), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        flag("is_core"),
        sa.Column("share", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stage_screener"),
        sa.UniqueConstraint(
            "review_id", "stage", "person_id", name="uq_stage_screener_review_id_stage_person_id"
        ),
        sa.CheckConstraint("share > 0 AND share <= 1", name="share"),
        refers("stage_screener", "review_id", "review"),
        refers("stage_screener", "person_id", "person"),
    )
    of_record(
        "record_label",
        sa.Column("label", sa.Text(), nullable=False),
        flag("is_on"),
        sa.Column("put_at", sa.String(27), nullable=False),
    )
    of_record(
        "team_note",
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.String(27), nullable=False),
    )
    of_record(
        "late_decision",
        sa.Column("verdict", choice("verdict", *VERDICTS), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        refers("late_decision", "reason_id", "exclusion_reason"),
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="reason"),
    )
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in ("late_decision", "team_note", "record_label", "stage_screener", "term_group"):
        op.drop_table(table)
    op.drop_table("eligibility")
    forget_frozen(*FROZEN)
