"""Releases of other programs' files, their rows, and the results made from them."""

import sqlalchemy as sa
from alembic import op

revision = "0007_imported_releases"
down_revision = "0006_living"

FROZEN = ("imported_release", "source_line", "source_result")
"""Tables whose rows are written once."""


def forbid_changes(table: str) -> None:
    """Refuse UPDATE and DELETE in the database itself, whoever asks."""
    message = f"rows of {table} are never changed"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_frozen()"
    )


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that protects what it refers to."""
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="RESTRICT"
    )


def upgrade() -> None:
    op.create_table(
        "imported_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "metapsy",
                "revman",
                "revman-web",
                "metalab",
                name="format",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("better", sa.Boolean(create_constraint=True, name="better"), nullable=True),
        sa.Column("imported_at", sa.String(27), nullable=False),
        sa.CheckConstraint("number >= 1", name="number"),
        refers("imported_release", "review_id", "review"),
        refers("imported_release", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_imported_release"),
        sa.UniqueConstraint(
            "review_id", "source", "number", name="uq_imported_release_review_id_source_number"
        ),
    )
    op.create_table(
        "source_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        refers("source_line", "release_id", "imported_release"),
        sa.PrimaryKeyConstraint("id", name="pk_source_line"),
    )
    op.create_index("ix_source_line_release_id", "source_line", ["release_id"])
    op.create_table(
        "source_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_line_id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        refers("source_result", "source_line_id", "source_line"),
        refers("source_result", "result_id", "result"),
        sa.PrimaryKeyConstraint("id", name="pk_source_result"),
        sa.UniqueConstraint(
            "source_line_id", "result_id", name="uq_source_result_source_line_id_result_id"
        ),
    )
    op.create_index("ix_source_result_result_id", "source_result", ["result_id"])
    for table in FROZEN:
        forbid_changes(table)


def downgrade() -> None:
    for table in reversed(FROZEN):
        op.drop_table(table)
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"DROP FUNCTION {table}_is_frozen()")
