"""Formats are open lists; records have notices and labels, batches the columns they were told.

A format of files that comes later needs no migration any more: the CHECK on its name goes. SQLite
cannot drop one in place: there the table is copied into one without it, with its rows, indexes and
triggers. Foreign keys are off while migrations run.
"""

import sqlalchemy as sa
from alembic import op
from idioms import columns_of, copied, freeze, is_sqlite

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


def upgrade() -> None:
    for table in FORMATS:
        if is_sqlite():
            copied(table, rf",\s*CONSTRAINT ck_{table}_format CHECK \(format IN \([^)]*\)\)", "")
        else:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_format")
    for name in ("notices", "labels"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default="[]")
        op.add_column("record", column)
    column = sa.Column("columns", sa.Text(), nullable=False, server_default="{}")
    op.add_column("batch", column)
    freeze("batch", columns_of("batch"))


def downgrade() -> None:
    bind = op.get_bind()
    freeze("batch", [name for name in columns_of("batch") if name != "columns"])
    op.drop_column("batch", "columns")
    for name in ("labels", "notices"):
        op.drop_column("record", name)
    for table, formats in FORMATS.items():
        listed = ", ".join(f"'{name}'" for name in formats)
        check = f"CONSTRAINT ck_{table}_format CHECK (format IN ({listed}))"
        query = f"SELECT count(*) FROM {table} WHERE format NOT IN ({listed})"
        if bind.exec_driver_sql(query).scalar_one():
            raise RuntimeError(f"rows of {table} have a format that software of that version lacks")
        if is_sqlite():
            copied(
                table, rf",\s*CONSTRAINT pk_{table} ", f", \n\t{check}, \n\tCONSTRAINT pk_{table} "
            )
        else:
            op.execute(f"ALTER TABLE {table} ADD {check}")
