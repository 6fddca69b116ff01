"""Risk of bias and certainty of evidence."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, forbid_changes, forget_frozen, refers

revision = "0005_risk_of_bias"
down_revision = "0004_double_entry"

FROZEN = (
    "appraisal_tool",
    "appraisal",
    "appraisal_answer",
    "appraisal_judgement",
    "certainty_rating",
    "certainty_step",
)
"""Tables whose rows are written once."""


def upgrade() -> None:
    op.create_table(
        "appraisal_tool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("adopted_at", sa.String(27), nullable=False),
        refers("appraisal_tool", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal_tool"),
        sa.UniqueConstraint(
            "review_id", "slug", "version", name="uq_appraisal_tool_review_id_slug_version"
        ),
    )
    op.create_table(
        "appraisal_setting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("assessors", sa.Integer(), nullable=False),
        sa.CheckConstraint("assessors BETWEEN 1 AND 5", name="assessors"),
        refers("appraisal_setting", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal_setting"),
        sa.UniqueConstraint("review_id", name="uq_appraisal_setting_review_id"),
    )
    op.create_table(
        "appraisal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=True),
        sa.Column("instrument_id", sa.Integer(), nullable=True),
        sa.Column("timepoint", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", choice("kind", "assessor", "consensus"), nullable=False),
        sa.Column("overall", sa.Text(), nullable=False),
        sa.Column("overall_proposed", sa.Text(), nullable=True),
        sa.Column("overall_support", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("judged_at", sa.String(27), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "outcome_id IS NOT NULL OR (instrument_id IS NULL AND timepoint IS NULL)", name="target"
        ),
        sa.CheckConstraint("kind = 'assessor' OR reason IS NOT NULL", name="reason"),
        sa.CheckConstraint(
            "overall_support IS NOT NULL OR "
            "(overall_proposed IS NOT NULL AND overall_proposed = overall)",
            name="support",
        ),
        refers("appraisal", "instrument_id", "instrument"),
        refers("appraisal", "outcome_id", "outcome"),
        refers("appraisal", "person_id", "person"),
        refers("appraisal", "study_id", "study"),
        refers("appraisal", "tool_id", "appraisal_tool"),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal"),
    )
    op.create_index(
        "ix_appraisal_study_id_tool_id", "appraisal", ["study_id", "tool_id"], unique=False
    )
    op.create_table(
        "appraisal_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appraisal_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", choice("answer", "Y", "PY", "PN", "N", "NI", "NA"), nullable=False),
        sa.Column("support", sa.Text(), nullable=True),
        refers("appraisal_answer", "appraisal_id", "appraisal"),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal_answer"),
        sa.UniqueConstraint(
            "appraisal_id", "question", name="uq_appraisal_answer_appraisal_id_question"
        ),
    )
    op.create_table(
        "appraisal_judgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appraisal_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=True),
        sa.Column("support", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "support IS NOT NULL OR (proposed IS NOT NULL AND proposed = judgement)",
            name="support",
        ),
        refers("appraisal_judgement", "appraisal_id", "appraisal"),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal_judgement"),
        sa.UniqueConstraint(
            "appraisal_id", "domain", name="uq_appraisal_judgement_appraisal_id_domain"
        ),
    )
    op.create_table(
        "certainty_rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_version_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("design", choice("design", "randomised", "nonrandomised"), nullable=False),
        sa.Column(
            "start", choice("certainty", "very_low", "low", "moderate", "high"), nullable=False
        ),
        sa.Column("run_number", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.String(27), nullable=False),
        sa.CheckConstraint("design = 'nonrandomised' OR start = 'high'", name="start"),
        sa.CheckConstraint("run_number >= 1", name="run_number"),
        refers("certainty_rating", "analysis_version_id", "analysis_version"),
        refers("certainty_rating", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_certainty_rating"),
    )
    op.create_index(
        "ix_certainty_rating_analysis_version_id",
        "certainty_rating",
        ["analysis_version_id"],
        unique=False,
    )
    op.create_table(
        "certainty_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rating_id", sa.Integer(), nullable=False),
        sa.Column(
            "consideration",
            choice(
                "consideration",
                "risk_of_bias",
                "inconsistency",
                "indirectness",
                "imprecision",
                "publication_bias",
                "large_effect",
                "dose_response",
                "plausible_confounding",
            ),
            nullable=False,
        ),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("levels BETWEEN -3 AND 2", name="levels"),
        sa.CheckConstraint("levels = 0 OR reason IS NOT NULL", name="reason"),
        refers("certainty_step", "rating_id", "certainty_rating"),
        sa.PrimaryKeyConstraint("id", name="pk_certainty_step"),
        sa.UniqueConstraint(
            "rating_id", "consideration", name="uq_certainty_step_rating_id_consideration"
        ),
    )
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in (
        "certainty_step",
        "certainty_rating",
        "appraisal_judgement",
        "appraisal_answer",
        "appraisal",
        "appraisal_setting",
        "appraisal_tool",
    ):
        op.drop_table(table)
    forget_frozen(*FROZEN)
