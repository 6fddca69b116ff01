"""``review export script``, ``bundle``, ``references`` and ``bibliography``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from review.cli.context import FunctionT, json_option, looking, review_option
from review.cli.export.writing import echo_written, folder_option
from review.cli.files import force_option, moved, new_files, write_new
from review.cli.output import warn_outdated
from review.errors import NotFoundError
from review.export import Format as TableFormat
from review.export import write_tables
from review.export.reproduction.bibliography import STYLES, Markup, bibliography, style_file
from review.export.reproduction.metapsy import metapsy_bundle
from review.export.reproduction.references import (
    REFERENCES,
    BibliographyItem,
    included_references,
    record_references,
)
from review.export.reproduction.revman import Bundle, revman_bundle
from review.export.reproduction.script import write_scripts
from review.export.runs import latest_runs
from review.living.job.freshness import outdated
from review.wording import counted

SHOWN: Final = 20
"""Things left out that are listed."""


@click.command("script")
@folder_option
@click.option("--analysis", "-a", metavar="NAME", help="One analysis only; all by default.")
@review_option
@json_option
def script(folder: Path, analysis: str | None, review_slug: str | None, as_json: bool) -> None:
    """Write an R and a Python script that compute all estimates again, with the data.

    They start from the numbers that the reports give, signs included. reproduce.R needs metafor,
    reproduce.py numpy and scipy; neither needs this program. Each prints ours, theirs and the
    difference of every number, names the trials whose effect differs, and ends with exit status 1
    if any number disagrees. With --quick they leave out what fits a model again without each of
    more than 60 trials.
    """
    with looking(review_slug) as (session, review):
        title, runs = review.title, latest_runs(session, review)
        warn_outdated(outdated(session, review))
    if not runs:
        raise NotFoundError("there is no run to export yet; make one with: review repool")
    chosen = [run for run in runs if analysis in (None, run.analysis)]
    if not chosen:
        names = ", ".join(run.analysis for run in runs)
        raise NotFoundError(f"{analysis!r} has no run; these have: {names}")
    with new_files(folder) as place:
        written = write_scripts(title, chosen, place)
    echo_written(moved(written, place, folder), as_json=as_json)


def _output(function: FunctionT) -> FunctionT:
    return click.option(
        "--out", "-o", "output", type=click.Path(path_type=Path, dir_okay=False),
        help="A file; else the screen.",
    )(force_option(function))  # fmt: skip


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
    with looking(review_slug) as (session, review):
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
    with looking(review_slug) as (session, review):
        found = included_references(session, review)
    _require(found)
    _write(bibliography(found, style, Markup(markup)), output)
    cited = sum(reference.cited is not None for reference in found)
    if cited:
        click.echo(
            f"{counted(cited, 'report has', 'reports have')} no record, only a citation typed with "
            "the study; it stands as it is. Import the record and link it (review reports "
            "link) to have it in the style.",
            err=True,
        )


@click.group("bundle")
def bundle() -> None:
    """Data in the formats of other programs."""


@bundle.command("revman")
@folder_option
@review_option
@json_option
def revman(folder: Path, review_slug: str | None, as_json: bool) -> None:
    """Write analyses and study characteristics as CSV of RevMan, references as RIS.

    The columns are those of Cochrane's data package: data-rows.csv, what each analysis pooled;
    overall-estimates-and-settings.csv; study-information.csv.
    """
    with looking(review_slug) as (session, review):
        runs = latest_runs(session, review)
        warn_outdated(outdated(session, review))
        made = revman_bundle(session, review, runs)
        found = included_references(session, review)
    if not runs:
        raise NotFoundError("there is no run to export yet; make one with: review repool")
    with new_files(folder) as place:
        written = _write_bundle(made, place)
        if found:
            path = place / "references.ris"
            path.write_bytes(REFERENCES["ris"]([r.entry for r in found], ()).encode())
            written.append(path)
    echo_written(moved(written, place, folder), as_json=as_json)


@bundle.command("metapsy")
@folder_option
@review_option
@json_option
def metapsy(folder: Path, review_slug: str | None, as_json: bool) -> None:
    """Write the results that count as a Metapsy table, a row a contrast of two arms.

    What the format has no column for is left out and told: estimates other than g and log RR,
    associations, arms without another to compare with, second analysis sets.
    """
    with looking(review_slug) as (session, review):
        made = metapsy_bundle(session, review)
    if not any(table.rows for table in made.tables.values()):
        raise NotFoundError(
            "no result can be written in the Metapsy format: it takes means, changes and events of "
            f"two arms, g and log RR ({len(made.left_out)} results are of other kinds)"
        )
    with new_files(folder) as place:
        written = _write_bundle(made, place)
    echo_written(moved(written, place, folder), as_json=as_json)


def _write_bundle(made: Bundle, folder: Path) -> list[Path]:
    if made.left_out:
        click.echo(f"Left out: {len(made.left_out)}", err=True)
        for told in made.left_out[:SHOWN]:
            click.echo(f"  {told}", err=True)
        if len(made.left_out) > SHOWN:
            click.echo(f"  … and {len(made.left_out) - SHOWN} more", err=True)
    return list(write_tables(made.tables, folder, [TableFormat.CSV]))


def _require(found: Sequence[BibliographyItem]) -> None:
    if not found:
        raise NotFoundError(
            "no included study has a report yet; link records to studies: review reports link"
        )


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    write_new(output, text.encode())
    click.echo(f"Wrote {output}")


REPRODUCTION: Final = (script, bundle, references, bibliography_)
"""Commands of the group ``export``."""
