"""``review export script``, ``bundle``, ``references`` and ``bibliography``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json, warn_outdated
from review.errors import NotFoundError
from review.export.reproduction.bibliography import STYLES, Markup, bibliography, style_file
from review.export.reproduction.references import (
    REFERENCES,
    Reference,
    included_references,
    record_references,
)
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


_output = click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file; else the screen.",
)


@click.command("references")
@click.option(
    "--format", "kind", type=click.Choice(list(REFERENCES)), required=True,
    help="What to write.",
)  # fmt: skip
@click.option(
    "--records", is_flag=True, help="All records of the review, without duplicates, instead."
)
@_output
@review_option
def references(kind: str, records: bool, output: Path | None, review_slug: str | None) -> None:
    """Write the reports of the included studies for a reference manager.

    A report that no record has, only a citation typed with its study, has that for a title.
    """
    with opened().reading() as session:
        review = review_called(session, review_slug)
        found = (
            record_references(session, review) if records else included_references(session, review)
        )
    _require(found)
    _write(REFERENCES[kind]([reference.entry for reference in found], ()), output)


@click.command("bibliography")
@click.option(
    "--style", default="apa", show_default=True, metavar="NAME|FILE.csl",
    help=f"One of {', '.join(STYLES)}, or a file of citationstyles.org.",
)  # fmt: skip
@click.option(
    "--format", "markup", type=click.Choice([m.value for m in Markup]), default="text",
    show_default=True, help="What to write.",
)  # fmt: skip
@_output
@review_option
def bibliography_(style: str, markup: str, output: Path | None, review_slug: str | None) -> None:
    """Write the reports of the included studies as a list in a citation style."""
    style_file(style)
    with opened().reading() as session:
        found = included_references(session, review_called(session, review_slug))
    _require(found)
    _write(bibliography(found, style, Markup(markup)), output)
    cited = sum(reference.cited is not None for reference in found)
    if cited:
        one = "1 report has" if cited == 1 else f"{cited} reports have"
        click.echo(
            f"{one} no record, only a citation typed with the study; it stands as it is. Import "
            "the record and link it (review reports link) to have it in the style.",
            err=True,
        )


def _require(found: Sequence[Reference]) -> None:
    if not found:
        raise NotFoundError(
            "no included study has a report yet; link records to studies: review reports link"
        )


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_bytes(text.encode())
    click.echo(f"Wrote {output}")


def _tell(written: list[Path], *, as_json: bool) -> None:
    if as_json:
        echo_json(written)
        return
    for path in written:
        click.echo(f"Wrote {path}")


REPRODUCTION: Final = (script, references, bibliography_)
"""Commands of the group ``export``."""
