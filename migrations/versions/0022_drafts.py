"""Drafts of trials, what belongs to a blind entry until its consensus, and PDFs of reports.

SQLite adds no named foreign key and drops no UNIQUE: there the table is copied by its own text.
"""

import sqlalchemy as sa
from alembic import op
from idioms import choice, copied, flag, is_sqlite, refers

revision = "0022_drafts"
down_revision = "0021_appraisal_drafts"

OWNED = ("arm", "report", "note", "dismissal")
"""Tables whose rows may belong to one entry."""

SOURCES = {"pdf": sa.String(64), "pdf_page": sa.Integer(), "sources": sa.Text()}
"""Columns of a result: its PDF, the page of that, and cells that are from elsewhere."""

STANDS = "withdrawn_because IS NULL"
OWN = "coalesce(entry_id, 0)"
KEYS = {
    "uq_arm_label": ("arm", "study_id, label", f"WHERE {STANDS}"),
    "uq_report_citation": ("report", "study_id, citation", f"WHERE {STANDS}"),
}
"""Unique names: from now on within an entry, and within what is everybody's."""

ONCE = "uq_dismissal_study_id_key"


def own(table: str) -> None:
    """Let rows of a table belong to an entry."""
    op.add_column(table, sa.Column("entry_id", sa.Integer(), nullable=True))
    name = f"fk_{table}_entry_id"
    if is_sqlite():
        key = f"CONSTRAINT {name} FOREIGN KEY(entry_id) REFERENCES entry (id) ON DELETE RESTRICT"
        copied(table, rf",\s*CONSTRAINT pk_{table} ", f", \n\t{key}, \n\tCONSTRAINT pk_{table} ")
    else:
        op.create_foreign_key(name, table, "entry", ["entry_id"], ["id"], ondelete="RESTRICT")


def disown(table: str) -> None:
    """Take away what `own` gave."""
    name = f"fk_{table}_entry_id"
    if is_sqlite():
        copied(table, rf",\s*CONSTRAINT {name} FOREIGN KEY\(entry_id\)[^,]*(?=,)", "")
    else:
        op.drop_constraint(name, table, type_="foreignkey")
    op.drop_column(table, "entry_id")


def upgrade() -> None:
    for table in OWNED:
        own(table)
    for name, (table, columns, where) in KEYS.items():
        op.drop_index(name, table_name=table)
        op.execute(f"CREATE UNIQUE INDEX {name} ON {table} ({columns}, {OWN}) {where}")
    if is_sqlite():
        copied("dismissal", rf",\s*CONSTRAINT {ONCE} UNIQUE \([^)]*\)", "")
    else:
        op.drop_constraint(ONCE, "dismissal", type_="unique")
    op.execute(f"CREATE UNIQUE INDEX {ONCE} ON dismissal (study_id, key, {OWN})")
    for name, kind in SOURCES.items():
        op.add_column("result", sa.Column(name, kind, nullable=True))
    op.create_table(
        "report_pdf",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("full_text_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_pdf"),
        sa.UniqueConstraint(
            "report_id", "full_text_id", name="uq_report_pdf_report_id_full_text_id"
        ),
        refers("report_pdf", "report_id", "report"),
        refers("report_pdf", "full_text_id", "full_text"),
        refers("report_pdf", "person_id", "person"),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", choice("entrykind", "single", "blind", "consensus"), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("made_from", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.String(27), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_draft_version")),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.UniqueConstraint("study_id", "person_id", name="uq_draft_study_id_person_id"),
        refers("draft", "study_id", "study"),
        refers("draft", "person_id", "person"),
    )
    op.create_index("ix_draft_person_id", "draft", ["person_id"])
    op.create_table(
        "extraction_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("preview", choice("preview", "default", "always", "never"), nullable=False),
        flag("arms_first"),
        sa.PrimaryKeyConstraint("id", name="pk_extraction_choices"),
        sa.UniqueConstraint("review_id", name="uq_extraction_choices_review_id"),
        refers("extraction_choices", "review_id", "review"),
    )


def downgrade() -> None:
    bind = op.get_bind()
    for table in OWNED:
        query = f"SELECT count(*) FROM {table} WHERE entry_id IS NOT NULL"
        if bind.exec_driver_sql(query).scalar_one():
            raise RuntimeError(
                f"rows of {table} belong to a blind entry, which software of that version would "
                "show to everybody"
            )
    op.drop_table("extraction_choices")
    op.drop_index("ix_draft_person_id", "draft")
    op.drop_table("draft")
    op.drop_table("report_pdf")
    for name in SOURCES:
        op.drop_column("result", name)
    op.drop_index(ONCE, table_name="dismissal")
    if is_sqlite():
        key = f", \n\tCONSTRAINT {ONCE} UNIQUE (study_id, key), \n\tCONSTRAINT pk_dismissal "
        copied("dismissal", r",\s*CONSTRAINT pk_dismissal ", key)
    else:
        op.create_unique_constraint(ONCE, "dismissal", ["study_id", "key"])
    for name, (table, columns, where) in KEYS.items():
        op.drop_index(name, table_name=table)
        op.execute(f"CREATE UNIQUE INDEX {name} ON {table} ({columns}) {where}")
    for table in reversed(OWNED):
        disown(table)
