"""Releases of other programs' files, their rows, and the results made from them."""

import sqlalchemy as sa
from alembic import op
from idioms import forbid_changes, forget_frozen, refers

revision = "0007_imported_releases"
down_revision = "0006_living"

FROZEN = ("imported_release", "source_line", "source_result")
"""Tables whose rows are written once."""


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
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in reversed(FROZEN):
        op.drop_table(table)
    forget_frozen(*FROZEN)
