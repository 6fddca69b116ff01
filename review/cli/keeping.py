"""``review backup``, ``review restore`` and ``review copy``: a database and its copies."""

from __future__ import annotations

import time
from pathlib import Path

import click

from review.cli.context import configured_database, json_option, opened
from review.cli.output import echo_json, echo_table, progress_bar
from review.config import settings
from review.db import Database, database_at
from review.errors import InvalidDataError
from review.wording import counted

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _folder(database: Database) -> Path:
    """Return where backups go unless told: beside a SQLite file, or in the folder one works in."""
    here = database.file.parent if database.is_sqlite else Path.cwd()
    return here / "backups"


@click.command("backup")
@click.option("--to", type=_FOLDER, help="A folder; without it `backups` beside the database.")
@click.option(
    "--keep", metavar="7d,4w,12m",
    help="Then delete older backups of this database there, but keep the newest of each of so many "
    "days, weeks, months (y: years).",
)  # fmt: skip
@click.option("--rehearse", is_flag=True, help="Also restore it into an empty place, as a test.")
@click.option("--list", "as_list", is_flag=True, help="Make none; list those that are there.")
@json_option
def backup_(
    to: Path | None, keep: str | None, rehearse: bool, as_list: bool, as_json: bool
) -> None:
    """Make a backup of the database while others use it, and check it.

    It holds everything, full texts included, in one file with a manifest beside it. It counts only
    once it was checked: pages, keys, number of rows, and every row against the history. Keep it on
    another disk. The head in its manifest is an anchor (review verify --anchor).
    """
    from review.keeping import backups

    database = opened()
    folder = to or _folder(database)
    rule = None if keep is None else backups.read_keep(keep)
    if as_list:
        _list(folder, as_json=as_json)
        return
    began = time.perf_counter()
    made = backups.back_up(database, folder)
    took = time.perf_counter() - began
    rehearsed = _rehearse(made.file, folder) if rehearse else None
    gone = [] if rule is None else backups.superfluous(backups.backups_in(folder), rule)
    for one in gone:
        backups.remove(one)
    if as_json:
        echo_json(
            {
                **made.manifest,
                "file": str(made.file),
                "seconds": round(took, 3),
                "rehearsed_seconds": rehearsed,
                "deleted": [str(one.file) for one in gone],
            }
        )
        return
    rows = sum(made.rows.values())
    click.echo(f"{made.file}: {made.size / 2**20:,.1f} MiB, {counted(rows, 'row')}, {took:.1f} s.")
    click.echo("Checked: pages, keys, and every row against its history.")
    click.echo(f"Head: {made.seq} {made.hash}")
    if rehearsed is not None:
        click.echo(f"Restored into an empty place and checked there: {rehearsed:.1f} s.")
    if gone:
        click.echo(f"Deleted {counted(len(gone), 'older backup')}:")
    for one in gone:
        click.echo(f"  {one.file}")


def _rehearse(file: Path, folder: Path) -> float:
    from review.files import workplace
    from review.keeping.backups import restore

    began = time.perf_counter()
    with workplace(folder) as place:
        there = database_at(f"sqlite:///{place / 'rehearsal.db'}")
        restore(file, there)
        there.close()
    return round(time.perf_counter() - began, 3)


def _list(folder: Path, *, as_json: bool) -> None:
    from review.keeping.backups import backups_in

    found = backups_in(folder) if folder.is_dir() else []
    if as_json:
        echo_json([{**one.manifest, "file": str(one.file)} for one in found])
        return
    rows = [
        (one.file.name, f"{one.made:%Y-%m-%d %H:%M}", f"{one.size / 2**20:,.1f}", one.seq)
        for one in found
    ]
    echo_table(("backup", "made (UTC)", "MiB", "events"), rows, right=("MiB", "events"))


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--into", metavar="URL", help="Where; without it the database of the settings.")
def restore_(file: Path, into: str | None) -> None:
    """Put the backup FILE where there is no database yet, and check it there.

    Nothing is ever written over: move a database that is in the way elsewhere first. A backup of
    PostgreSQL can be restored into SQLite and the other way round.
    """
    from review.keeping.backups import restore
    from review.schema import newest_revision, revision_of

    database = configured_database() if into is None else database_at(into)
    began = time.perf_counter()
    known = restore(file, database)
    click.echo(f"Restored {file} into {database}, {time.perf_counter() - began:.1f} s.")
    if known is None:
        click.echo("It has no manifest beside it: only its own history says what belongs in it.")
    else:
        click.echo(f"As its manifest says: {counted(sum(known.rows.values()), 'row')}.")
    found = revision_of(database)
    if found == newest_revision():
        click.echo("Every row is what its history says.")
    else:
        click.echo(f"It is at revision {found}; bring it up with: review upgrade")
    if into is not None and settings().database_url != into:
        click.echo(f"To use it: export REVIEW_DATABASE_URL={database}")
    database.close()


@click.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def copy_(source: str, target: str, as_json: bool) -> None:
    """Copy all of one database into another that is empty: SQLite to PostgreSQL and back.

    FROM and TO are URLs as REVIEW_DATABASE_URL has them. FROM is read in one consistent state while
    others use it. TO gets all or nothing; both are counted and digested, and TO is held against its
    history.
    """
    from review.keeping.copying import copy_database
    from review.keeping.verifying import verify_all

    one, other = database_at(source), database_at(target)
    if one.address == other.address:
        raise InvalidDataError("FROM and TO are the same database")
    with progress_bar("Copying") as progress:
        held = copy_database(one, other, progress=progress)
    with other.reading() as session:
        found = verify_all(session, viewer=None)
    if as_json:
        echo_json({"rows": held.rows, "head_seq": held.seq, "head_hash": held.hash,
                   "problems": found.problems})  # fmt: skip
    else:
        rows = counted(sum(held.rows.values()), "row")
        click.echo(f"Copied {rows} of {counted(len(held.rows), 'table')} into {other}.")
        click.echo("Both hold the same, by the digest of every table.")
        click.echo(f"Head: {held.seq} {held.hash}")
        for told in found.problems:
            click.echo(f"As in the original: {told}")
    one.close()
    other.close()
