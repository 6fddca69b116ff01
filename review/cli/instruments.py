"""``review instrument edit``, ``rename`` and ``merge``, and ``review outcome edit``."""

from __future__ import annotations

from typing import Any

import click

from review.cli.context import reason_option
from review.cli.mending import (
    act_options,
    echo_mended,
    into_option,
    keep_option,
    mending,
    why_option,
)
from review.extraction.mending.acts import Mended
from review.protocol import actions
from review.protocol.files import validated
from review.protocol.queries import instrument_called
from review.protocol.rules import InstrumentSpec

CLEARED = ("higher-is-better", "lowest", "highest", "step")
"""What of an instrument can be said to be unknown again."""


@click.command("edit")
@click.argument("slug")
@click.option("--name", help="As outputs print it.")
@click.option("--outcome", metavar="SLUG", help="What it measures.")
@click.option("--higher-is-better/--lower-is-better", default=None, help="Which way is better.")
@click.option("--lowest", type=float, help="The lowest score possible.")
@click.option("--highest", type=float, help="The highest score possible.")
@click.option("--step", type=float, help="The least difference of two scores.")
@click.option("--clear", multiple=True, type=click.Choice(CLEARED), help="Say that it is unknown.")
@why_option
@act_options
def edit_instrument_(
    slug: str,
    clear: tuple[str, ...],
    reason: str,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Correct an instrument; analyses of its outcome are pooled again and say why.

    With another direction, each of its effects changes its sign with the next review repool.
    """
    changes = {name: value for name, value in values.items() if value is not None}
    changes.update({name.replace("-", "_"): None for name in clear})
    if not changes:
        raise click.UsageError("say what to change, such as --lower-is-better")
    with mending(review_slug, reason, dry_run=dry_run) as act:
        known = actions.spec_of(instrument_called(act.session, act.review, slug))
        validated(
            InstrumentSpec, {**known.model_dump(), **changes}, source="review instrument edit"
        )
        said = actions.edit_instrument(act.session, act.review, slug, changes)
        act.mended = Mended("; ".join(said))
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.command("rename")
@click.argument("slug")
@click.argument("new")
@reason_option
@act_options
def rename_instrument_(
    slug: str,
    new: str,
    reason: str | None,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Give an instrument a NEW short name; refused where a plan selects the old one.

    What outputs print is its name: review instrument edit --name.
    """
    from review.extraction.mending import renaming  # what other commands do without

    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = renaming.rename_instrument(act.session, act.review, slug=slug, to=new)
    echo_mended(act, dry_run=dry_run, as_json=as_json, moves=False)


@click.command("merge")
@click.argument("slug")
@into_option
@keep_option
@why_option
@act_options
def merge_instruments_(
    slug: str,
    stays: str,
    keep: str | None,
    reason: str,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Merge an instrument, defined under two short names, into another; its results move.

    Both must measure one outcome in one direction. Where the two have results for one place that
    differ, they are listed, and nothing is done until --keep says whose count.
    """
    from review.extraction.mending import merging  # what other commands do without

    with mending(review_slug, reason, dry_run=dry_run) as act:
        act.mended = merging.merge_instruments(
            act.session, act.review, goes=slug, stays=stays, reason=reason, keep=keep
        )
    echo_mended(act, dry_run=dry_run, as_json=as_json)


@click.command("edit")
@click.argument("slug")
@click.option("--name", help="As outputs print it.")
@click.option("--description", help="What it is.")
@why_option
@act_options
def edit_outcome_(
    slug: str,
    reason: str,
    dry_run: bool,
    review_slug: str | None,
    as_json: bool,
    **values: str | None,
) -> None:
    """Correct the name or description of an outcome; no number changes."""
    changes = {name: value for name, value in values.items() if value is not None}
    if not changes:
        raise click.UsageError("say what to change: --name or --description")
    with mending(review_slug, reason, dry_run=dry_run) as act:
        said = actions.edit_outcome(act.session, act.review, slug, changes)
        act.mended = Mended("; ".join(said))
    echo_mended(act, dry_run=dry_run, as_json=as_json, moves=False)
