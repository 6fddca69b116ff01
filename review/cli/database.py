"""``review init`` and ``review upgrade``."""

from __future__ import annotations

import click

from review.cli.context import configured_database
from review.errors import DatabaseStateError, Remedy
from review.schema import newest_revision, require_current, require_known, revision_of, upgrade


@click.command("init")
def init_() -> None:
    """Make the database, or say that it is there already."""
    database = configured_database()
    before, _ = upgrade(database) if revision_of(database) is None else (newest_revision(), None)
    click.echo(f"{'Made' if before is None else 'Already there:'} {database}")
    require_current(database)


@click.command("upgrade")
@click.option(
    "--no-backup", is_flag=True, help="PostgreSQL: go on without a dump; you have a backup."
)
def upgrade_(no_backup: bool) -> None:
    """Bring the database to the newest revision, all or nothing, after a backup.

    A SQLite file is copied beside itself and the copy checked; PostgreSQL is dumped into the folder
    one works in by its own pg_dump. A migration that would lose a row is rolled back.
    """
    database = configured_database()
    if revision_of(database) is None:
        raise DatabaseStateError(
            f"there is no review database at {database}",
            remedy=Remedy("make it with", "review init"),
        )
    before = revision_of(database)
    if before == newest_revision():
        click.echo(f"{database} is at the newest revision, {before}.")
        return
    require_known(database)
    dump = None
    if not database.is_sqlite and not no_backup:
        from review.keeping.dumps import dump_before_upgrade

        dump = dump_before_upgrade(database)
    _, backup = upgrade(database)
    backup = backup or dump
    click.echo(f"{database}: {before} to {newest_revision()}.")
    if backup is not None:
        click.echo(f"The state before is kept in {backup}.")
