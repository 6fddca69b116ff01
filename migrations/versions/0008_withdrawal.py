"""Rows that can be taken back: why, and unique keys that only standing rows hold.

SQLite cannot drop a UNIQUE of a table in place: there the table is copied into one without it, with
its rows, indexes and triggers. Foreign keys are off while migrations run.
"""

import re

import sqlalchemy as sa
from alembic import op

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


def is_sqlite() -> bool:
    """Whether the database is SQLite."""
    return op.get_bind().dialect.name == "sqlite"


def columns_of(table: str) -> list[str]:
    """Return the columns of a table but its withdrawal."""
    columns = sa.inspect(op.get_bind()).get_columns(table)
    return [column["name"] for column in columns if column["name"] != "withdrawn_because"]


def copied(table: str, change: "re.Pattern[str]", by: str) -> None:
    """Rebuild a table of SQLite by its own text, with one passage of it replaced."""
    bind = op.get_bind()
    catalogue = f"SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND type = '%s'"
    made = bind.exec_driver_sql(catalogue % "table").scalar_one()
    more = [
        statement
        for kind in ("index", "trigger")
        for statement in bind.exec_driver_sql(catalogue % kind + " AND sql IS NOT NULL").scalars()
    ]
    body, found = change.subn(by, made.split("(", 1)[1], count=1)
    if not found:
        raise RuntimeError(f"the table {table} does not say: {change.pattern}")
    bind.exec_driver_sql(f"CREATE TABLE {table}_copy ({body}")
    bind.exec_driver_sql(f"INSERT INTO {table}_copy SELECT * FROM {table}")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_copy RENAME TO {table}")
    for statement in more:
        bind.exec_driver_sql(statement)


def freeze(table: str, columns: "list[str] | None") -> None:
    """Refuse UPDATE (of the columns alone, if any are given) and DELETE in the database itself."""
    message = f"rows of {table} are never changed"
    update = "UPDATE" if columns is None else f"UPDATE OF {', '.join(columns)}"
    if is_sqlite():
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE {update} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_frozen BEFORE {update} OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_frozen()"
    )


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
            copied(table, re.compile(passage), "")
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
            copied(table, re.compile(rf",\s*CONSTRAINT pk_{table} "), key)
        else:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {old} UNIQUE ({columns})")
    for table in TABLES:
        op.drop_column(table, "withdrawn_because")
