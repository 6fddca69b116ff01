"""Watermarks of jobs, living-mode parameters, notifications and releases."""

import sqlalchemy as sa
from alembic import op
from idioms import forbid_changes, forget_frozen, is_sqlite

revision = "0006_living"
down_revision = "0005_risk_of_bias"


def upgrade() -> None:
    op.add_column("job", sa.Column("watermark", sa.Integer(), nullable=True))
    op.create_table(
        "living_mode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "living",
                "paused",
                "retired",
                name="livingstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("update_when", sa.Text(), nullable=True),
        sa.Column("retire_when", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_living_mode_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_living_mode"),
        sa.UniqueConstraint("review_id", name="uq_living_mode_review_id"),
    )
    op.create_table(
        "search_interval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("searched", sa.String(27), nullable=True),
        sa.CheckConstraint("days >= 1", name="days"),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_search_interval_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_search_interval"),
        sa.UniqueConstraint("review_id", "source", name="uq_search_interval_review_id_source"),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"], ["job.id"], name="fk_notification_job_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
    )
    op.create_index("ix_notification_job_id", "notification", ["job_id"], unique=False)
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created", sa.String(27), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name="fk_release_review_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
        sa.UniqueConstraint("review_id", "version", name="uq_release_review_id_version"),
    )
    forbid_changes("release")
    if not is_sqlite():
        op.execute(
            "CREATE FUNCTION event_is_told() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_notify('review_event', ''); RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER event_told AFTER INSERT ON event "
            "FOR EACH STATEMENT EXECUTE FUNCTION event_is_told()"
        )


def downgrade() -> None:
    op.drop_table("release")
    forget_frozen("release")
    if not is_sqlite():
        op.execute("DROP TRIGGER event_told ON event")
        op.execute("DROP FUNCTION event_is_told()")
    op.drop_index("ix_notification_job_id", table_name="notification")
    op.drop_table("notification")
    op.drop_table("search_interval")
    op.drop_table("living_mode")
    op.drop_column("job", "watermark")
