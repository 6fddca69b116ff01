"""``review outcome`` and ``instrument``."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import (
    changing,
    json_option,
    opened,
    review_option,
)
from review.cli.instruments import (
    edit_instrument_,
    edit_outcome_,
    merge_instruments_,
    rename_instrument_,
)
from review.cli.output import echo_json, echo_rows, echo_values
from review.errors import InvalidDataError
from review.protocol import actions, queries
from review.protocol.files import validated
from review.protocol.models import Instrument
from review.protocol.rules import (
    InstrumentSpec,
    OutcomeSpec,
)


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
    with changing(review_slug, None) as (session, review):
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
            _instrument(i)
            for i in queries.instruments(session, review)
            if i.outcome_id == outcome.id
        ]
        shown = {"outcome": outcome.slug, "name": outcome.name, "description": outcome.description}
    if as_json:
        echo_json({**shown, "instruments": rows})
        return
    click.echo(f"{shown['name']} ({slug})")
    if shown["description"]:
        click.echo(shown["description"])
    echo_rows(rows, as_json=False)


@click.group("instrument")
def instrument_() -> None:
    """Instruments: what measures an outcome, and which way is better."""


@instrument_.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As outputs print it.")
@click.option("--outcome", required=True, metavar="SLUG", help="What it measures.")
@click.option(
    "--higher-is-better/--lower-is-better",
    default=None,
    help="Which way is better; without it nothing is pooled.",
)
@click.option("--lowest", type=float, help="The lowest score possible.")
@click.option("--highest", type=float, help="The highest score possible.")
@click.option("--step", type=float, help="The least difference of two scores: 1 for a sum score.")
@click.option("--distinct", is_flag=True, help="It is its own, although nearly another.")
@review_option
def add_instrument(review_slug: str | None, distinct: bool, **values: Any) -> None:
    """Define an instrument; one whose name is nearly that of another is asked about."""
    spec = validated(InstrumentSpec, values, source="review instrument add")
    with changing(review_slug, None) as (session, review):
        known = {i.slug: i.name for i in queries.instruments(session, review)}
        twins = [s for s, n in known.items() if s != spec.slug and near_either(spec, s, n)]
        if twins and not distinct:
            raise InvalidDataError(
                f"{spec.slug} is nearly {twins[0]} ({known[twins[0]]}): the same instrument? If "
                "they differ, add --distinct"
            )
        actions.add_instrument(session, review, spec)
    click.echo(f"Added instrument {spec.slug}.")
    if spec.higher_is_better is None:
        click.echo("It has no direction yet, so its results cannot be pooled.", err=True)


def near_either(spec: InstrumentSpec, slug: str, name: str) -> bool:
    """Whether an instrument's short name or name is nearly that of another."""
    from review.extraction.twins import near  # what other commands do without

    return near(spec.slug, slug) or near(spec.name, name)


def _instrument(instrument: Instrument) -> dict[str, Any]:
    return {
        "instrument": instrument.slug,
        "name": instrument.name,
        "outcome": instrument.outcome.slug,
        "better": {True: "higher", False: "lower", None: "not stated"}[instrument.higher_is_better],
        "lowest": instrument.lowest,
        "highest": instrument.highest,
        "step": instrument.step,
    }


@instrument_.command("list")
@review_option
@json_option
def list_instruments(review_slug: str | None, as_json: bool) -> None:
    """List the instruments of a review."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        rows = [_instrument(i) for i in queries.instruments(session, review)]
    echo_rows(rows, as_json=as_json)


@instrument_.command("show")
@click.argument("slug")
@review_option
@json_option
def show_instrument(slug: str, review_slug: str | None, as_json: bool) -> None:
    """Show an instrument."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        found = _instrument(queries.instrument_called(session, review, slug))
    if as_json:
        echo_json(found)
    else:
        echo_values(found)


for command in (edit_instrument_, rename_instrument_, merge_instruments_):
    instrument_.add_command(command)
outcome_.add_command(edit_outcome_)
