"""``review export script``, ``bundle``, ``references`` and ``bibliography``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json, warn_outdated
from review.errors import NotFoundError
from review.export.reproduction.script import write_scripts
from review.export.run_tables import latest_runs
from review.living.freshness import outdated
from review.protocol.queries import review_called

_out = click.option(
    "--out", "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="The folder to write to; it is made where it does not exist.",
)  # fmt: skip


@click.command("script")
@_out
@click.option("--analysis", "-a", metavar="NAME", help="One analysis only; all by default.")
@review_option
@json_option
def script(folder: Path, analysis: str | None, review_slug: str | None, as_json: bool) -> None:
    """Write an R and a Python script that compute the pooled estimates again, with the data.

    reproduce.R needs metafor, reproduce.py numpy, scipy and pandas; neither needs this program.
    Each prints ours, theirs and the difference of every number, and ends with exit status 1 if
    any disagrees.
    """
    with opened().reading() as session:
        review = review_called(session, review_slug)
        title, runs = review.title, latest_runs(session, review)
        warn_outdated(outdated(session, review))
    if not runs:
        raise NotFoundError("there is no run to export yet; make one with: review repool")
    chosen = [run for run in runs if analysis in (None, run.analysis)]
    if not chosen:
        names = ", ".join(run.analysis for run in runs)
        raise NotFoundError(f"{analysis!r} has no run; these have: {names}")
    _tell(write_scripts(title, chosen, folder), as_json=as_json)


def _tell(written: list[Path], *, as_json: bool) -> None:
    if as_json:
        echo_json(written)
        return
    for path in written:
        click.echo(f"Wrote {path}")


REPRODUCTION: Final = (script,)
"""Commands of the group ``export``."""
