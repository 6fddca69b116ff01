"""Places know the batch of their record, and records that say something of their work are found."""

import sqlalchemy as sa
from alembic import op
from idioms import choice, flag, refers

revision = "0017_flow_from_places"
down_revision = "0016_kept"

STAGES = ("title_abstract", "full_text")
STATES = ("awaiting", "conflict", "included", "excluded")
BOXES = (
    "duplicates_removed", "removed_by_automation_tools", "removed_for_other_reasons",
    "awaiting_screening", "records_excluded", "awaiting_retrieval", "reports_not_retrieved",
    "awaiting_assessment", "reports_excluded", "reports_included",
)  # fmt: skip
SAYING = sa.text("notices <> '[]'")


def chosen(name: str, values: "tuple[str, ...]") -> sa.Column:
    """Return a column of a closed choice."""
    return sa.Column(name, choice(name, *values), nullable=False)


def number(name: str, *, nullable: bool = False) -> sa.Column:
    """Return a whole number."""
    return sa.Column(name, sa.Integer(), nullable=nullable)


def make_places(references: "tuple[str, ...]", *people: sa.Column) -> None:
    """Make the table of places empty: they are made anew from the ledger when next asked for."""
    op.execute("DELETE FROM place_mark")
    op.drop_table("place")
    op.create_table(
        "place",
        number("record_id"), chosen("stage", STAGES),
        *(number(f"{name}_id") for name in references if name != "record"),
        flag("judged"), chosen("state", STATES), number("reason", nullable=True), *people,
        number("missing"), number("turn"), number("position"), flag("piloted"), flag("ruled"),
        chosen("box", BOXES),
        sa.PrimaryKeyConstraint("record_id", "stage", name="pk_place"),
        *(refers("place", f"{name}_id", name) for name in references),
    )  # fmt: skip
    op.create_index(
        "ix_place_queue",
        "place",
        ["review_id", "stage", "turn", "position", "record_id", people[-1].name],
    )
    op.create_index("ix_place_state", "place", ["review_id", "stage", "judged", "state"])


def upgrade() -> None:
    make_places(("record", "review", "batch"), sa.Column("deciders", sa.Text(), nullable=False))
    op.create_index(
        "ix_record_notices", "record", ["review_id"], sqlite_where=SAYING, postgresql_where=SAYING
    )


def downgrade() -> None:
    op.drop_index("ix_record_notices", "record")
    make_places(("record", "review"), number("deciders"), number("sole", nullable=True))
