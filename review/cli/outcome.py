"""``review outcome``: the constructs that instruments measure."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import (
    changing,
    json_option,
    opened,
    review_option,
)
from review.cli.instrument import described
from review.cli.mending import (
    Act,
    mends,
)
from review.cli.output import echo_json, echo_rows
from review.extraction.mending.acts import Mended
from review.people.rules import Deed
from review.protocol import actions, queries
from review.protocol.files import validated
from review.protocol.specs import OutcomeSpec


@click.group("outcome")
def outcome_() -> None:
    """Outcomes: the constructs that instruments measure."""


@outcome_.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As outputs print it.")
@click.option("--description", default="", help="What it is.")
@review_option
def add_outcome(slug: str, name: str, description: str, review_slug: str | None) -> None:
    """Define an outcome."""
    values = {"slug": slug, "name": name, "description": description}
    spec = validated(OutcomeSpec, values, source="review outcome add")
    with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
        actions.add_outcome(session, review, spec)
    click.echo(f"Added outcome {slug}.")


def _outcomes(review_slug: str | None) -> list[dict[str, Any]]:
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        return [
            {"outcome": o.slug, "name": o.name, "description": o.description}
            for o in queries.outcomes(session, review)
        ]


@outcome_.command("list")
@review_option
@json_option
def list_outcomes(review_slug: str | None, as_json: bool) -> None:
    """List the outcomes of a review."""
    echo_rows(_outcomes(review_slug), as_json=as_json)


@outcome_.command("show")
@click.argument("slug")
@review_option
@json_option
def show_outcome(slug: str, review_slug: str | None, as_json: bool) -> None:
    """Show an outcome and the instruments that measure it."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        outcome = queries.outcome_called(session, review, slug)
        rows = [
            described(i) for i in queries.instruments(session, review) if i.outcome_id == outcome.id
        ]
        shown = {"outcome": outcome.slug, "name": outcome.name, "description": outcome.description}
    if as_json:
        echo_json({**shown, "instruments": rows})
        return
    click.echo(f"{shown['name']} ({slug})")
    if shown["description"]:
        click.echo(shown["description"])
    echo_rows(rows, as_json=False)


@outcome_.command("edit")
@click.argument("slug")
@click.option("--name", help="As outputs print it.")
@click.option("--description", help="What it is.")
@mends(why=True, moves=False)
def edit_outcome_(act: Act, slug: str, **values: str | None) -> Mended:
    """Correct the name or description of an outcome; no number changes."""
    changes = {name: value for name, value in values.items() if value is not None}
    if not changes:
        raise click.UsageError("say what to change: --name or --description")
    said = actions.edit_outcome(act.session, act.review, slug, changes)
    return Mended("; ".join(said))
