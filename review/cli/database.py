"""``review init`` and ``review upgrade``."""

from __future__ import annotations

import click

from review.cli.context import configured_database
from review.errors import DatabaseStateError, Remedy
from review.schema import newest_revision, require_current, revision_of, upgrade


@click.command("init")
def init_() -> None:
    """Make the database, or say that it is there already."""
    database = configured_database()
    before, _ = upgrade(database) if revision_of(database) is None else (newest_revision(), None)
    click.echo(f"{'Made' if before is None else 'Already there:'} {database}")
    require_current(database)


@click.command("upgrade")
def upgrade_() -> None:
    """Bring the database to the newest revision; SQLite files are copied first."""
    database = configured_database()
    if revision_of(database) is None:
        raise DatabaseStateError(
            f"there is no review database at {database}",
            remedy=Remedy("make it with", "review init"),
        )
    before, backup = upgrade(database)
    if before == newest_revision():
        click.echo(f"{database} is at the newest revision, {before}.")
        return
    click.echo(f"{database}: {before} to {newest_revision()}.")
    if backup is not None:
        click.echo(f"The state before is kept in {backup}.")
