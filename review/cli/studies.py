"""``review study``."""

from __future__ import annotations

from dataclasses import asdict

import click

from review.cli.context import changing, json_option, opened, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction import actions, queries
from review.extraction.rules import STUDY_FACTS
from review.protocol.queries import review_called


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
        states = queries.extraction_states(session, review)
        rows = [
            {
                "study": study.label,
                "year": study.year,
                "results": counts[study.id],
                "state": "excluded: " + study.excluded_because
                if study.excluded_because
                else states[study.id],
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
        found = queries.dossier(
            session, review_called(session, review_slug), label, viewer=settings().actor
        )
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found.study} ({found.year or 'year not reported'})")
    for name in (*STUDY_FACTS[1:], "excluded_because"):
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
