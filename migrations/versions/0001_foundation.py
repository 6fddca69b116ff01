"""The foundation: people, protocol, extraction, living, history."""

import sqlalchemy as sa
from alembic import op
from idioms import forbid_changes, forget_frozen

revision = "0001_foundation"
down_revision = None

FROZEN = ("event", "run", "analysis_version")
"""Tables whose rows are written once."""


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
    )
    op.create_index("ix_event_entity", "event", ["entity", "entity_id"], unique=False)
    op.create_index("ix_event_review", "event", ["review"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("started", sa.String(27), nullable=False),
        sa.Column("finished", sa.String(27), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "running",
                "recomputed",
                "nothing_new",
                "failed",
                name="joboutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("handle", name="uq_person_handle"),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("slug", name="uq_review_slug"),
    )
    op.create_table(
        "analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_analysis_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_analysis"),
        sa.UniqueConstraint("review_id", "slug", name="uq_analysis_review_id_slug"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "reviewer",
                "adjudicator",
                "statistician",
                "viewer",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_membership_person_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_membership_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("review_id", "person_id", name="uq_membership_review_id_person_id"),
    )
    op.create_table(
        "outcome",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_outcome_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outcome"),
        sa.UniqueConstraint("review_id", "slug", name="uq_outcome_review_id_slug"),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("registration", sa.Text(), nullable=True),
        sa.Column("design", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("population", sa.Text(), nullable=True),
        sa.Column("excluded_because", sa.Text(), nullable=True),
        sa.CheckConstraint("year BETWEEN 1800 AND 2200", name="year"),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_study_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_study"),
        sa.UniqueConstraint("review_id", "label", name="uq_study_review_id_label"),
    )
    op.create_table(
        "analysis_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name="fk_analysis_version_analysis_id",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_analysis_version"),
        sa.UniqueConstraint("analysis_id", "number", name="uq_analysis_version_analysis_id_number"),
    )
    op.create_table(
        "arm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column(
            "delivery_mode",
            sa.Enum(
                "face_to_face",
                "videoconference",
                "telephone",
                "text",
                "internet_guided",
                "internet_unguided",
                "multimedia",
                "hybrid",
                "none",
                "other",
                name="deliverymode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("n_randomised", sa.Integer(), nullable=True),
        sa.CheckConstraint("n_randomised >= 0", name="n_randomised"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_arm_study_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_arm"),
        sa.UniqueConstraint("study_id", "label", name="uq_arm_study_id_label"),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "single",
                "blind",
                "consensus",
                name="entrykind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_entry_person_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_entry_study_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint(
            "study_id", "person_id", "kind", name="uq_entry_study_id_person_id_kind"
        ),
    )
    op.create_index(
        "uq_entry_decided",
        "entry",
        ["study_id", "kind"],
        unique=True,
        sqlite_where=sa.text("kind <> 'blind'"),
        postgresql_where=sa.text("kind <> 'blind'"),
    )
    op.create_table(
        "failure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name="fk_failure_analysis_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name="fk_failure_job_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_failure"),
        sa.UniqueConstraint("job_id", "analysis_id", name="uq_failure_job_id_analysis_id"),
    )
    op.create_table(
        "instrument",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "higher_is_better",
            sa.Boolean(create_constraint=True, name="higher_is_better"),
            nullable=True,
        ),
        sa.Column("lowest", sa.Double(), nullable=True),
        sa.Column("highest", sa.Double(), nullable=True),
        sa.CheckConstraint("lowest < highest", name="range"),
        sa.ForeignKeyConstraint(
            ["outcome_id"], ["outcome.id"], name="fk_instrument_outcome_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_instrument_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_instrument"),
        sa.UniqueConstraint("review_id", "slug", name="uq_instrument_review_id_slug"),
    )
    op.create_index("ix_instrument_outcome_id", "instrument", ["outcome_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("certainty", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_note_study_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    op.create_index("ix_note_study_id", "note", ["study_id"], unique=False)
    op.create_table(
        "published_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("estimate", sa.Double(), nullable=False),
        sa.Column("ci_low", sa.Double(), nullable=False),
        sa.Column("ci_high", sa.Double(), nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=True),
        sa.Column("p", sa.Double(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("margins", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("ci_low <= estimate AND estimate <= ci_high", name="interval"),
        sa.CheckConstraint("k >= 1", name="k"),
        sa.CheckConstraint("p >= 0 AND p <= 1", name="p"),
        sa.ForeignKeyConstraint(
            ["outcome_id"],
            ["outcome.id"],
            name="fk_published_result_outcome_id",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_published_result"),
        sa.UniqueConstraint("outcome_id", "label", name="uq_published_result_outcome_id_label"),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name="fk_report_study_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("study_id", "citation", name="uq_report_study_id_citation"),
    )
    op.create_index("ix_report_doi", "report", ["doi"], unique=False)
    op.create_table(
        "result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "arm",
                "contrast",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("arm_id", sa.Integer(), nullable=False),
        sa.Column("versus_arm_id", sa.Integer(), nullable=True),
        sa.Column("instrument_id", sa.Integer(), nullable=False),
        sa.Column(
            "rater",
            sa.Enum(
                "client",
                "therapist",
                "observer",
                "clinician",
                "self",
                "not_reported",
                name="rater",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("timepoint", sa.Text(), nullable=False),
        sa.Column(
            "analysis_set",
            sa.Enum(
                "itt",
                "completers",
                "per_protocol",
                "not_reported",
                name="analysisset",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("metric", sa.Text(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("versus_n", sa.Integer(), nullable=True),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("sd", sa.Double(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=True),
        sa.Column("estimate", sa.Double(), nullable=True),
        sa.Column("se", sa.Double(), nullable=True),
        sa.Column("variance", sa.Double(), nullable=True),
        sa.Column("ci_low", sa.Double(), nullable=True),
        sa.Column("ci_high", sa.Double(), nullable=True),
        sa.Column("report_id", sa.Integer(), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(level = 'contrast') = (versus_arm_id IS NOT NULL)", name="versus"),
        sa.CheckConstraint("arm_id <> versus_arm_id", name="two_arms"),
        sa.CheckConstraint("ci_low <= ci_high", name="ci"),
        sa.CheckConstraint("events >= 0 AND events <= n", name="events"),
        sa.CheckConstraint("n >= 1", name="n"),
        sa.CheckConstraint("sd >= 0", name="sd"),
        sa.CheckConstraint("se > 0", name="se"),
        sa.CheckConstraint("variance > 0", name="variance"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("versus_n >= 1", name="versus_n"),
        sa.ForeignKeyConstraint(
            ["arm_id"], ["arm.id"], name="fk_result_arm_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name="fk_result_entry_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"],
            ["instrument.id"],
            name="fk_result_instrument_id",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report.id"], name="fk_result_report_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["versus_arm_id"], ["arm.id"], name="fk_result_versus_arm_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
    )
    op.create_index("ix_result_arm_id", "result", ["arm_id"], unique=False)
    op.create_index("ix_result_instrument_id", "result", ["instrument_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name="fk_run_analysis_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_run_job_id", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["analysis_version.id"], name="fk_run_version_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("analysis_id", "number", name="uq_run_analysis_id_number"),
        sa.UniqueConstraint("key", name="uq_run_key"),
    )
    op.create_index("ix_run_job_id", "run", ["job_id"], unique=False)
    op.create_index("ix_run_version_id", "run", ["version_id"], unique=False)
    op.create_index(
        "uq_result_key",
        "result",
        [
            "entry_id",
            "arm_id",
            sa.text("coalesce(versus_arm_id, 0)"),
            "instrument_id",
            "rater",
            "timepoint",
            "analysis_set",
        ],
        unique=True,
    )
    forbid_changes(*FROZEN)


def downgrade() -> None:
    op.drop_index("uq_result_key", table_name="result")
    op.drop_index("ix_run_version_id", table_name="run")
    op.drop_index("ix_run_job_id", table_name="run")
    op.drop_table("run")
    op.drop_index("ix_result_instrument_id", table_name="result")
    op.drop_index("ix_result_arm_id", table_name="result")
    op.drop_table("result")
    op.drop_index("ix_report_doi", table_name="report")
    op.drop_table("report")
    op.drop_table("published_result")
    op.drop_index("ix_note_study_id", table_name="note")
    op.drop_table("note")
    op.drop_index("ix_instrument_outcome_id", table_name="instrument")
    op.drop_table("instrument")
    op.drop_table("failure")
    op.drop_index(
        "uq_entry_decided",
        table_name="entry",
        sqlite_where=sa.text("kind <> 'blind'"),
        postgresql_where=sa.text("kind <> 'blind'"),
    )
    op.drop_table("entry")
    op.drop_table("arm")
    op.drop_table("analysis_version")
    op.drop_table("study")
    op.drop_table("outcome")
    op.drop_table("membership")
    op.drop_table("analysis")
    op.drop_table("review")
    op.drop_table("person")
    op.drop_table("job")
    op.drop_index("ix_event_review", table_name="event")
    op.drop_index("ix_event_entity", table_name="event")
    op.drop_table("event")
    forget_frozen(*FROZEN)
