"""Decisions that were taken back; rows are written once."""

import sqlalchemy as sa
from alembic import op

revision = "0014_withdrawn_decisions"
down_revision = "0013_places"

TABLE = "decision_withdrawal"
MESSAGE = f"rows of {TABLE} are never changed"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("decision_id", name=f"uq_{TABLE}_decision_id"),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=f"fk_{TABLE}_decision_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=f"fk_{TABLE}_record_id", ondelete="RESTRICT"
        ),
    )
    op.create_index(f"ix_{TABLE}_record_id", TABLE, ["record_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {TABLE}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_is_frozen()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {TABLE}_is_frozen()")
