"""``review study`` and ``review extract``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from review.cli.context import changing, json_option, opened, reason_option, review_option
from review.cli.formats import other_formats
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction import actions, queries
from review.extraction.actions import ImportReport
from review.extraction.files import read_extraction, template
from review.protocol.queries import review_called


def echo_import(report: ImportReport, source: str, *, as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        echo_json(report)
        return
    if report.nothing_new:
        click.echo(f"{source}: nothing new in {report.rows} rows.")
        return
    click.echo(
        f"{source}: {report.rows} rows; {len(report.studies_added)} studies and "
        f"{report.results_added} results added, {report.results_unchanged} results unchanged, "
        f"{len(report.corrections)} values corrected."
    )
    if report.corrections:
        rows = [(c.study, c.what, c.field, c.old, c.new) for c in report.corrections]
        echo_table(("study", "of", "value", "old", "new"), rows)


@click.group("extract")
def extract_() -> None:
    """Enter and correct extracted numbers."""


@extract_.command("template")
@click.option("--empty", is_flag=True, help="The header alone, without the invented example.")
def template_(empty: bool) -> None:
    """Print the CSV template: one row a result; docs/extract-a-trial.md explains the columns."""
    click.echo(template(example=not empty), nl=False)


@extract_.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@review_option
@reason_option
@json_option
@other_formats
def import_(file: Path, review_slug: str | None, reason: str | None, as_json: bool) -> None:
    """Take a CSV of the template's form: new rows are added, known ones corrected.

    The whole file or nothing. A row is known by its study, arm, instrument, rater, timepoint and
    analysis set; a row that is missing from the file removes nothing.
    """
    rows = read_extraction(file)
    with changing(review_slug, reason or f"import of {file.name}") as (session, review):
        person = settings().actor
        report = actions.import_extraction(session, review, rows, file=str(file), person=person)
    echo_import(report, str(file), as_json=as_json)


@click.group("study")
def study_() -> None:
    """Look at studies; take one out, or back."""


@study_.command("list")
@review_option
@json_option
def list_(review_slug: str | None, as_json: bool) -> None:
    """List a review's studies; those without results await extraction."""
    with opened().reading() as session:
        review = review_called(session, review_slug)
        counts = queries.numbers_of_results(session, review)
        rows = [
            {
                "study": study.label,
                "year": study.year,
                "results": counts[study.id],
                "state": "excluded: " + study.excluded_because
                if study.excluded_because
                else ("extracted" if counts[study.id] else "awaiting extraction"),
            }
            for study in queries.studies(session, review)
        ]
    if as_json:
        echo_json(rows)
    else:
        headers = ("study", "year", "results", "state")
        echo_table(headers, [tuple(row.values()) for row in rows], right=("year", "results"))


@study_.command("show")
@click.argument("label")
@review_option
@json_option
def show(label: str, review_slug: str | None, as_json: bool) -> None:
    """Show what is known of a study: reports, arms, results and notes with their sources."""
    with opened().reading() as session:
        found = queries.dossier(session, review_called(session, review_slug), label)
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found.study} ({found.year or 'year not reported'})")
    for name in ("registration", "design", "country", "population", "excluded_because"):
        if getattr(found, name) is not None:
            click.echo(f"  {name.replace('_', ' ')}: {getattr(found, name)}")
    for heading in ("reports", "arms", "results", "notes"):
        items = [asdict(item) for item in getattr(found, heading)]
        if items:
            click.echo(f"\n{heading.capitalize()}")
            echo_table(tuple(items[0]), [tuple(map(_cell, item.values())) for item in items])


def _cell(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:g}" for name, number in value.items()) or "not reported"
    return value


@study_.command("exclude")
@click.argument("label")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for instance a retraction.")
@review_option
def exclude(label: str, reason: str, review_slug: str | None) -> None:
    """Take a study out; its numbers stay, and the next repool leaves it out."""
    with changing(review_slug, reason) as (session, review):
        actions.exclude_study(session, review, label=label, reason=reason)
    click.echo(f"{label} is excluded: {reason}. Its analyses change with: review repool")


@study_.command("readmit")
@click.argument("label")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the history.")
@review_option
def readmit(label: str, reason: str, review_slug: str | None) -> None:
    """Take an excluded study back."""
    with changing(review_slug, reason) as (session, review):
        actions.readmit_study(session, review, label=label)
    click.echo(f"{label} is back. Its analyses change with: review repool")
