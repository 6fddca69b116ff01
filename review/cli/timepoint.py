"""``review timepoint``: when results were measured."""

from __future__ import annotations

import click

from review.cli.context import json_option, looking, review_option
from review.cli.mending import Act, mends
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction.mending import results
from review.extraction.mending.acts import Mended


@click.group("timepoint")
def timepoint_() -> None:
    """Timepoints of results: which there are, and one name for what has two."""


@timepoint_.command("list")
@review_option
@json_option
def list_timepoints(review_slug: str | None, as_json: bool) -> None:
    """List the timepoints that results have, with how many; what is blind to you is left out."""
    with looking(review_slug) as (session, review):
        found = results.timepoints(session, review, settings().actor)
    if as_json:
        echo_json(found)
    else:
        rows = [(name, n) for name, n in found.items()]
        echo_table(("timepoint", "results"), rows, right=("results",))


@timepoint_.command("rename")
@click.argument("name")
@click.argument("new")
@click.option("--study", metavar="LABEL", help="Only in this study.")
@mends()
def rename_timepoint(act: Act, name: str, new: str, study: str | None) -> Mended:
    """Call a timepoint NAME by a NEW name, in every result that you see, or of one study."""
    return results.rename_timepoint(
        act.session, act.review, name=name, to=new, person=settings().actor, study=study
    )
