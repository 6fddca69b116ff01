"""``review demo``: a database of demonstration data, to look at."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from review.config import settings
from review.db import Database, database_at
from review.errors import AlreadyExistsError
from review.files import new_folder

NAME: Final = "demonstration.db"
RELEASES: Final = "demonstration-releases"


@click.command("demo")
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, file_okay=False), metavar="[FOLDER]"
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="By default one that is free at the moment."
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser; print the address only.")
@click.option("--no-serve", is_flag=True, help="Make the database only, and print where it is.")
def demo_(folder: Path | None, port: int | None, no_browser: bool, no_serve: bool) -> None:
    """See what this is: a database of demonstration data, made and opened in the browser.

    Three reviews: the delivery of cognitive behavioural therapy (76 real trials, in four dated
    runs), the founding review, and a small invented one whose data are synthetic, with something
    to do at every step. The days on which things were done are made up.

    The database is a file of its own in FOLDER (by default in your data folder), whatever
    REVIEW_DATABASE_URL says. Where it is there already it is opened as it was left; delete it to
    begin anew.
    """
    place = (folder or _data_folder()).absolute()
    file = place / NAME
    if not file.exists():
        _make(file)
    database = _opened(file)
    click.get_current_context().call_on_close(database.close)
    if no_serve:
        click.echo(file)
        click.echo(f"Open it with: review demo {place}" if folder else "Open it with: review demo",
                   err=True)  # fmt: skip
        return
    from review.cli.serve import serve
    from review.web.settings import WebSettings

    serve(database, WebSettings(), port=port, no_browser=no_browser)


def _data_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("living-review")) / "demonstration"


def _opened(file: Path) -> Database:
    """Return a demonstration; raise AlreadyExistsError for a file that is something else."""
    from review.demonstration.queries import holds_demonstration

    database = database_at(f"sqlite:///{file}")
    if holds_demonstration(database):
        return database
    database.close()
    raise AlreadyExistsError(
        f"{file} is no demonstration, and stays as it is; name another folder: review demo FOLDER"
    )


def _make(file: Path) -> None:
    """Make the file, wholly or not at all."""
    from review.demonstration.making import make
    from review.schema import upgrade

    click.echo("Making the demonstration, which takes some seconds …", err=True)
    new_folder(file.parent)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".demonstration-") as place:
        unfinished = Path(place) / file.name
        database = database_at(f"sqlite:///{unfinished}")
        upgrade(database)
        releases = Path(place) / RELEASES
        make(database, person=settings().actor, today=datetime.now(UTC), releases=releases)
        database.close()
        releases.rename(_free(file.parent / RELEASES))
        unfinished.rename(file)


def _free(folder: Path) -> Path:
    """Return the name, or with a number where it is taken: a demonstration made before."""
    named = (folder, *(folder.with_name(f"{folder.name}-{n}") for n in range(2, 1000)))
    return next(one for one in named if not one.exists())
