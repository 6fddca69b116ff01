"""Rows that can be taken back: why, and unique keys that only standing rows hold.

SQLite cannot drop a UNIQUE of a table in place: there the table is copied into one without it, with
its rows, indexes and triggers. Foreign keys are off while migrations run.
"""

import sqlalchemy as sa
from alembic import op
from idioms import columns_of, copied, freeze, is_sqlite

revision = "0008_withdrawal"
down_revision = "0007_imported_releases"

STANDS = "withdrawn_because IS NULL"

KEYS = {
    "batch": ("uq_batch_review_id_sha256", "uq_batch_file", "review_id, sha256"),
    "instrument": ("uq_instrument_review_id_slug", "uq_instrument_slug", "review_id, slug"),
    "study": ("uq_study_review_id_label", "uq_study_label", "review_id, label"),
    "report": ("uq_report_study_id_citation", "uq_report_citation", "study_id, citation"),
    "arm": ("uq_arm_study_id_label", "uq_arm_label", "study_id, label"),
    "entry": ("uq_entry_study_id_person_id_kind", "uq_entry_person", "study_id, person_id, kind"),
    "imported_release": (
        "uq_imported_release_review_id_source_number",
        "uq_imported_release_number",
        "review_id, source, number",
    ),
}
"""By table: the constraint that was, the index that takes its place, and the columns of both."""

INDEXES = {
    "uq_entry_decided": ("entry", "study_id, kind", "kind <> 'blind'"),
    "uq_result_key": (
        "result",
        (
            "entry_id, arm_id, coalesce(versus_arm_id, 0), instrument_id, rater, timepoint, "
            "analysis_set, coalesce(with_instrument_id, 0)"
        ),
        None,
    ),
    "uq_entry_value_place": (
        "entry_value",
        "entry_id, coalesce(arm_id, 0), coalesce(result_id, 0), name",
        None,
    ),
}
"""Unique indexes that stay, and from now on are of standing rows: table, columns and condition."""

TABLES = (*KEYS, "result", "entry_value")
FROZEN = ("batch", "imported_release")
"""Tables whose rows are written once, but for the withdrawal."""


def index_standing(condition: "str | None") -> None:
    """Make the indexes of standing rows again, with a condition."""
    for name, (table, columns, own) in INDEXES.items():
        where = " AND ".join(part for part in (own, condition) if part)
        op.drop_index(name, table_name=table)
        op.execute(
            f"CREATE UNIQUE INDEX {name} ON {table} ({columns})"
            + (f" WHERE {where}" if where else "")
        )


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("withdrawn_because", sa.Text(), nullable=True))
    for table, (old, new, columns) in KEYS.items():
        if is_sqlite():
            passage = rf",\s*CONSTRAINT {old} UNIQUE \([^)]*\)"
            copied(table, passage, "")
        else:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {old}")
        op.execute(f"CREATE UNIQUE INDEX {new} ON {table} ({columns}) WHERE {STANDS}")
    index_standing(STANDS)
    for table in FROZEN:
        freeze(table, columns_of(table))


def downgrade() -> None:
    bind = op.get_bind()
    for table in TABLES:
        query = f"SELECT count(*) FROM {table} WHERE withdrawn_because IS NOT NULL"
        if bind.exec_driver_sql(query).scalar_one():
            raise RuntimeError(
                f"rows of {table} were withdrawn, which software of that version would count again"
            )
    for table in FROZEN:
        freeze(table, None)
    index_standing(None)
    for table, (old, new, columns) in KEYS.items():
        op.drop_index(new, table_name=table)
        if is_sqlite():
            key = f", \n\tCONSTRAINT {old} UNIQUE ({columns}), \n\tCONSTRAINT pk_{table} "
            copied(table, rf",\s*CONSTRAINT pk_{table} ", key)
        else:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {old} UNIQUE ({columns})")
    for table in TABLES:
        op.drop_column(table, "withdrawn_because")
