"""Doubts about the numbers: ``review extract check`` and ``dismiss``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import changing, json_option, looking, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction import actions, queries
from review.extraction.doubts import doubt_called, doubts
from review.people.rules import Deed
from review.wording import counted


@click.command("check")
@click.argument("study", required=False)
@click.option(
    "--entry",
    type=click.Choice(["counting", "mine"]),
    default="counting",
    help="mine: your own blind entries, before they are compared.",
)
@click.option("--dismissed", is_flag=True, help="Show what was dismissed too.")
@review_option
@json_option
def check_(
    study: str | None, entry: str, dismissed: bool, review_slug: str | None, as_json: bool
) -> None:
    """List doubts about the numbers: each with the numbers behind it, none a verdict."""
    person = settings().actor if entry == "mine" else None
    with looking(review_slug) as (session, review):
        checked = doubts(session, review, study=study, person=person)
        shown = [d for d in checked if dismissed or d.dismissal is None]
    if as_json:
        echo_json([d.plain for d in shown])
        return
    set_aside = sum(d.dismissal is not None for d in checked)
    click.echo(f"{counted(len(checked) - set_aside, 'open doubt')}, {set_aside} dismissed.")
    if shown:
        echo_table(
            ("doubt", "study", "what", "kind", "why", "dismissed because"),
            [
                (d.finding.key, d.finding.study, d.finding.place, d.finding.kind,
                 d.finding.message, d.dismissal)
                for d in shown
            ],
        )  # fmt: skip


@click.command("dismiss")
@click.argument("doubt")
@click.option("--reason", required=True, metavar="TEXT", help="Why it does not matter; kept.")
@review_option
@json_option
def dismiss_(doubt: str, reason: str, review_slug: str | None, as_json: bool) -> None:
    """Set a doubt aside; it comes back when its numbers change."""
    person = settings().actor
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        found = doubt_called(session, review, doubt, person=person)
        study = queries.study_called(session, review, found.study)
        actions.dismiss(session, study, found, person=person, reason=reason, now=datetime.now(UTC))
    if as_json:
        echo_json({"doubt": doubt, "study": found.study, "kind": found.kind, "reason": reason})
    else:
        click.echo(f"Dismissed {doubt} of {found.study}: {found.message}.")
