"""``review instrument``: what measures an outcome."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import (
    changing,
    json_option,
    opened,
    review_option,
)
from review.cli.mending import (
    Act,
    into_option,
    keep_option,
    mends,
)
from review.cli.output import echo_json, echo_rows, echo_values
from review.config import settings
from review.errors import InvalidDataError
from review.extraction.mending.acts import Mended
from review.people.rules import Deed
from review.protocol import actions, queries
from review.protocol.files import validated
from review.protocol.models import Instrument
from review.protocol.queries import instrument_called
from review.protocol.specs import InstrumentSpec

CLEARED = ("higher-is-better", "lowest", "highest", "step")
"""What of an instrument can be said to be unknown again."""


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
    from review.extraction.twins import nearly_called  # what other commands do without

    spec = validated(InstrumentSpec, values, source="review instrument add")
    with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
        known = {i.slug: i.name for i in queries.instruments(session, review)}
        twin = nearly_called(spec.slug, spec.name, known)
        if twin and not distinct:
            raise InvalidDataError(
                f"{spec.slug} is nearly {twin} ({known[twin]}): the same instrument? If "
                "they differ, add --distinct"
            )
        actions.add_instrument(session, review, spec)
    click.echo(f"Added instrument {spec.slug}.")
    if spec.higher_is_better is None:
        click.echo("It has no direction yet, so its results cannot be pooled.", err=True)


def described(instrument: Instrument) -> dict[str, Any]:
    """Return what a list says of an instrument."""
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
        rows = [described(i) for i in queries.instruments(session, review)]
    echo_rows(rows, as_json=as_json)


@instrument_.command("show")
@click.argument("slug")
@review_option
@json_option
def showdescribed(slug: str, review_slug: str | None, as_json: bool) -> None:
    """Show an instrument."""
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        found = described(queries.instrument_called(session, review, slug))
    if as_json:
        echo_json(found)
    else:
        echo_values(found)


@instrument_.command("edit")
@click.argument("slug")
@click.option("--name", help="As outputs print it.")
@click.option("--outcome", metavar="SLUG", help="What it measures.")
@click.option("--higher-is-better/--lower-is-better", default=None, help="Which way is better.")
@click.option("--lowest", type=float, help="The lowest score possible.")
@click.option("--highest", type=float, help="The highest score possible.")
@click.option("--step", type=float, help="The least difference of two scores.")
@click.option("--clear", multiple=True, type=click.Choice(CLEARED), help="Say that it is unknown.")
@mends(why=True)
def edit_instrument_(act: Act, slug: str, clear: tuple[str, ...], **values: Any) -> Mended:
    """Correct an instrument; analyses of its outcome are pooled again and say why.

    With another direction, each of its effects changes its sign with the next review repool.
    """
    changes = {name: value for name, value in values.items() if value is not None}
    changes.update({name.replace("-", "_"): None for name in clear})
    if not changes:
        raise click.UsageError("say what to change, such as --lower-is-better")
    known = actions.spec_of(instrument_called(act.session, act.review, slug))
    validated(InstrumentSpec, {**known.model_dump(), **changes}, source="review instrument edit")
    said = actions.edit_instrument(act.session, act.review, slug, changes)
    return Mended("; ".join(said))


@instrument_.command("rename")
@click.argument("slug")
@click.argument("new")
@mends(moves=False)
def rename_instrument_(act: Act, slug: str, new: str) -> Mended:
    """Give an instrument a NEW short name; refused where a plan selects the old one.

    What outputs print is its name: review instrument edit --name.
    """
    from review.extraction.mending import renaming  # what other commands do without

    return renaming.rename_instrument(act.session, act.review, slug=slug, to=new)


@instrument_.command("merge")
@click.argument("slug")
@into_option
@keep_option
@mends(why=True)
def merge_instruments_(act: Act, slug: str, stays: str, keep: str | None) -> Mended:
    """Merge an instrument, defined under two short names, into another; its results move.

    Both must measure one outcome in one direction. Where the two have results for one place that
    differ, they are listed, and nothing is done until --keep says whose count.
    """
    from review.extraction.mending import instruments  # what other commands do without

    return instruments.merge_instruments(
        act.session, act.review, goes=slug, stays=stays, reason=act.reason,
        person=settings().actor, keep=keep,
    )  # fmt: skip
