"""Screening: reasons, settings, decisions, adjudications, retrieval, rankings, links to studies."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, forbid_changes, forget_frozen, refers

revision = "0003_screening"
down_revision = "0002_citations"

FROZEN = (
    "full_text",
    "ranking",
    "decision",
    "adjudication",
    "retrieval",
    "removal",
    "previous_version",
    "report_link",
)
"""Tables whose rows are written once."""


def upgrade() -> None:
    op.create_table(
        "full_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("size > 0", name="size"),
        sa.PrimaryKeyConstraint("id", name="pk_full_text"),
        sa.UniqueConstraint("sha256", name="uq_full_text_sha256"),
    )
    op.create_table(
        "exclusion_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.CheckConstraint("place >= 1", name="place"),
        refers("exclusion_reason", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_exclusion_reason"),
        sa.UniqueConstraint("review_id", "label", name="uq_exclusion_reason_review_id_label"),
        sa.UniqueConstraint("review_id", "place", name="uq_exclusion_reason_review_id_place"),
    )
    op.create_table(
        "pilot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", "title_abstract", "full_text"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reviewers", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("record_ids", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(27), nullable=False),
        sa.Column("closed_at", sa.String(27), nullable=True),
        sa.CheckConstraint("reviewers BETWEEN 2 AND 20", name="reviewers"),
        refers("pilot", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_pilot"),
        sa.UniqueConstraint("review_id", "stage", "number", name="uq_pilot_review_id_stage_number"),
    )
    op.create_table(
        "previous_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("studies", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.String(27), nullable=False),
        sa.CheckConstraint("studies >= 0 AND reports >= studies", name="counts"),
        refers("previous_version", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_previous_version"),
    )
    op.create_index(
        "ix_previous_version_review_id", "previous_version", ["review_id"], unique=False
    )
    op.create_table(
        "ranking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", "title_abstract", "full_text"), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("random_share", sa.Double(), nullable=False),
        sa.Column("learned_included", sa.Integer(), nullable=False),
        sa.Column("learned_excluded", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("places_sha256", sa.String(64), nullable=False),
        refers("ranking", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_ranking"),
        sa.UniqueConstraint("review_id", "key", name="uq_ranking_review_id_key"),
    )
    op.create_table(
        "stage_setting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", "title_abstract", "full_text"), nullable=False),
        sa.Column("required", sa.Integer(), nullable=False),
        sa.Column("blind", sa.Boolean(create_constraint=True, name="blind"), nullable=False),
        sa.CheckConstraint("required BETWEEN 1 AND 20", name="required"),
        refers("stage_setting", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_stage_setting"),
        sa.UniqueConstraint("review_id", "stage", name="uq_stage_setting_review_id_stage"),
    )
    op.create_table(
        "adjudication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", "title_abstract", "full_text"), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("verdict", choice("verdict", "include", "exclude", "maybe"), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=False),
        sa.CheckConstraint(
            "stage <> 'full_text' OR verdict <> 'exclude' OR reason_id IS NOT NULL", name="reason"
        ),
        sa.CheckConstraint("verdict <> 'maybe'", name="settles"),
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="no_reason"),
        refers("adjudication", "person_id", "person"),
        refers("adjudication", "reason_id", "exclusion_reason"),
        refers("adjudication", "record_id", "record"),
        sa.PrimaryKeyConstraint("id", name="pk_adjudication"),
    )
    op.create_index("ix_adjudication_record_id", "adjudication", ["record_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("stage", choice("stage", "title_abstract", "full_text"), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("verdict", choice("verdict", "include", "exclude", "maybe"), nullable=False),
        sa.Column("reason_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=False),
        sa.Column("pilot_id", sa.Integer(), nullable=True),
        sa.Column("ranking_id", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("at_random", sa.Boolean(create_constraint=True, name="at_random"), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "stage <> 'full_text' OR verdict <> 'exclude' OR reason_id IS NOT NULL", name="reason"
        ),
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="no_reason"),
        refers("decision", "person_id", "person"),
        refers("decision", "pilot_id", "pilot"),
        refers("decision", "ranking_id", "ranking"),
        refers("decision", "reason_id", "exclusion_reason"),
        refers("decision", "record_id", "record"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.UniqueConstraint("person_id", "request", name="uq_decision_person_id_request"),
    )
    op.create_index("ix_decision_record_id_stage", "decision", ["record_id", "stage"], unique=False)
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "cause", choice("removalcause", "automation_tool", "other", "restored"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.String(27), nullable=False),
        refers("removal", "person_id", "person"),
        refers("removal", "record_id", "record"),
        sa.PrimaryKeyConstraint("id", name="pk_removal"),
    )
    op.create_index("ix_removal_record_id", "removal", ["record_id"], unique=False)
    op.create_table(
        "report_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("linked_at", sa.String(27), nullable=False),
        sa.CheckConstraint("(study_id IS NULL) = (report_id IS NULL)", name="both_or_neither"),
        refers("report_link", "person_id", "person"),
        refers("report_link", "record_id", "record"),
        refers("report_link", "report_id", "report"),
        refers("report_link", "study_id", "study"),
        sa.PrimaryKeyConstraint("id", name="pk_report_link"),
    )
    op.create_index("ix_report_link_record_id", "report_link", ["record_id"], unique=False)
    op.create_index("ix_report_link_study_id", "report_link", ["study_id"], unique=False)
    op.create_table(
        "retrieval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome", choice("retrievaloutcome", "retrieved", "not_retrieved"), nullable=False
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("full_text_id", sa.Integer(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("noted_at", sa.String(27), nullable=False),
        sa.CheckConstraint("(outcome = 'not_retrieved') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("outcome = 'retrieved' OR full_text_id IS NULL", name="full_text"),
        refers("retrieval", "full_text_id", "full_text"),
        refers("retrieval", "person_id", "person"),
        refers("retrieval", "record_id", "record"),
        sa.PrimaryKeyConstraint("id", name="pk_retrieval"),
    )
    op.create_index("ix_retrieval_record_id", "retrieval", ["record_id"], unique=False)
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in (
        "retrieval",
        "report_link",
        "removal",
        "decision",
        "adjudication",
        "stage_setting",
        "ranking",
        "previous_version",
        "pilot",
        "exclusion_reason",
        "full_text",
    ):
        op.drop_table(table)
    forget_frozen(*FROZEN)
