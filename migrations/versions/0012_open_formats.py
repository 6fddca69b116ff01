"""Formats are open lists; records have notices and labels, batches the columns they were told.

A format of files that comes later needs no migration any more: the CHECK on its name goes. SQLite
cannot drop one in place: there the table is copied into one without it, with its rows, indexes and
triggers. Foreign keys are off while migrations run.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0012_open_formats"
down_revision = "0011_merged_persons"

FORMATS = {
    "batch": (
        "ris", "nbib", "pubmed_xml", "endnote_xml", "refer", "refworks", "ciw", "bibtex",
        "csl_json", "csv",
    ),
    "imported_release": ("metapsy", "revman", "revman-web", "metalab"),
}  # fmt: skip
"""The formats that were known so far, by table."""


def copied(table: str, passage: str, by: str) -> None:
    """Rebuild a table of SQLite by its own text, with one passage of it replaced."""
    bind = op.get_bind()
    catalogue = f"SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND type = '%s'"
    made = bind.exec_driver_sql(catalogue % "table").scalar_one()
    more = [
        statement
        for kind in ("index", "trigger")
        for statement in bind.exec_driver_sql(catalogue % kind + " AND sql IS NOT NULL").scalars()
    ]
    body, found = re.subn(passage, by, made.split("(", 1)[1], count=1)
    if not found:
        raise RuntimeError(f"the table {table} does not say: {passage}")
    bind.exec_driver_sql(f"CREATE TABLE {table}_copy ({body}")
    bind.exec_driver_sql(f"INSERT INTO {table}_copy SELECT * FROM {table}")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_copy RENAME TO {table}")
    for statement in more:
        bind.exec_driver_sql(statement)


def freeze_batch(columns: "list[str]") -> None:
    """Refuse UPDATE of the columns of batch in the database itself, but for its withdrawal."""
    update = f"UPDATE OF {', '.join(columns)}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER batch_no_update")
        op.execute(
            f"CREATE TRIGGER batch_no_update BEFORE {update} ON batch "
            "BEGIN SELECT RAISE(ABORT, 'rows of batch are never changed'); END"
        )
        return
    op.execute("DROP TRIGGER batch_frozen ON batch")
    op.execute(
        f"CREATE TRIGGER batch_frozen BEFORE {update} OR DELETE OR TRUNCATE ON batch "
        "FOR EACH STATEMENT EXECUTE FUNCTION batch_is_frozen()"
    )


def columns_of_batch() -> "list[str]":
    """Return the columns of batch but its withdrawal."""
    columns = sa.inspect(op.get_bind()).get_columns("batch")
    return [column["name"] for column in columns if column["name"] != "withdrawn_because"]


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in FORMATS:
        if sqlite:
            copied(table, rf",\s*CONSTRAINT ck_{table}_format CHECK \(format IN \([^)]*\)\)", "")
        else:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_format")
    for name in ("notices", "labels"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="[]")
        op.add_column("record", column)
    column = sa.Column("columns", sa.Text(), nullable=False, server_default="{}")
    op.add_column("batch", column)
    freeze_batch(columns_of_batch())


def downgrade() -> None:
    bind = op.get_bind()
    freeze_batch([name for name in columns_of_batch() if name != "columns"])
    op.drop_column("batch", "columns")
    for name in ("labels", "notices"):
        op.drop_column("record", name)
    for table, formats in FORMATS.items():
        listed = ", ".join(f"'{name}'" for name in formats)
        check = f"CONSTRAINT ck_{table}_format CHECK (format IN ({listed}))"
        query = f"SELECT count(*) FROM {table} WHERE format NOT IN ({listed})"
        if bind.exec_driver_sql(query).scalar_one():
            raise RuntimeError(f"rows of {table} have a format that software of that version lacks")
        if bind.dialect.name == "sqlite":
            copied(
                table, rf",\s*CONSTRAINT pk_{table} ", f", \n\t{check}, \n\tCONSTRAINT pk_{table} "
            )
        else:
            op.execute(f"ALTER TABLE {table} ADD {check}")
