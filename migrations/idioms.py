"""What several migrations do, in one place: columns, frozen rows, tables rebuilt on SQLite.

Frozen as migrations are: what a function here does to a database never changes, for databases were
made by it. It knows no models. `review.schema` puts this folder on the path of migrations.
"""

import re

import sqlalchemy as sa
from alembic import op


def is_sqlite() -> bool:
    """Whether the database is SQLite."""
    return op.get_bind().dialect.name == "sqlite"


def choice(name: str, *values: str) -> sa.Enum:
    """Return a column type whose CHECK lists the values."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def flag(name: str) -> sa.Column:
    """Return a column of yes or no."""
    return sa.Column(name, sa.Boolean(create_constraint=True, name=name), nullable=False)


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that protects what it refers to."""
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete="RESTRICT"
    )


def forbid_changes(*tables: str) -> None:
    """Refuse UPDATE and DELETE in the database itself, whoever asks."""
    for table in tables:
        message = f"rows of {table} are never changed"
        if is_sqlite():
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
                )
            continue
        op.execute(
            f"CREATE FUNCTION {table}_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_frozen()"
        )


def forget_frozen(*tables: str) -> None:
    """Drop what is left of `forbid_changes` after the tables were dropped."""
    if not is_sqlite():
        for table in tables:
            op.execute(f"DROP FUNCTION {table}_is_frozen()")


def freeze(table: str, columns: "list[str] | None") -> None:
    """Refuse UPDATE of the columns alone, or of all with None, in a table that is frozen."""
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


def columns_of(table: str) -> list[str]:
    """Return the columns of a table but its withdrawal."""
    columns = sa.inspect(op.get_bind()).get_columns(table)
    return [column["name"] for column in columns if column["name"] != "withdrawn_because"]


def copied(table: str, passage: str, by: str) -> None:
    """Rebuild a table of SQLite by its own text, with one passage of it replaced.

    SQLite cannot drop a constraint in place; foreign keys are off while migrations run. Raises
    RuntimeError where the table does not say the passage.
    """
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
