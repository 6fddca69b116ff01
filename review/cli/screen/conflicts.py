"""The parts of ``review screen`` that settle what reviewers disagree on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from review.cli.context import changing, json_option, judge, looking, review_option
from review.cli.output import echo_json, echo_list
from review.cli.screen.judging import words
from review.cli.screen.options import mark_option, stage_option
from review.people.rules import Deed
from review.screening import actions, views
from review.screening.choices import Choice
from review.screening.views import Conflict
from review.screening.vocabulary import Stage, verdict_of

if TYPE_CHECKING:
    pass


def _copies(one: Conflict) -> str:
    return "".join(
        f"; of its duplicate {copy}: {'; '.join(map(words, said))}" for copy, said in one.copies
    )


@click.command("conflicts")
@stage_option
@review_option
@json_option
def conflicts_(stage: Stage, review_slug: str | None, as_json: bool) -> None:
    """List the records that reviewers disagree on; settle them with: review screen adjudicate."""
    with looking(review_slug) as (session, review):
        found = views.conflicts(session, review, stage=stage)
    echo_list(
        found,
        lambda one: {
            "record": one.record, "year": one.year, "title": one.heading,
            "decisions": "; ".join(map(words, one.said)) + _copies(one),
        },
        as_json=as_json, right=("record", "year"), empty="No conflicts.",
    )  # fmt: skip


@click.command("adjudicate")
@click.argument("record", type=int, required=False)
@click.argument("verdict", required=False)
@click.option("--reason", metavar="TEXT", help="Why excluded: a reason's words or its number.")
@click.option("--note", metavar="TEXT", help="What decided it.")
@mark_option
@stage_option
@review_option
@json_option
def adjudicate_(
    record: int | None,
    verdict: str | None,
    reason: str | None,
    note: str | None,
    marks: tuple[str, ...],
    stage: Stage,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Settle a conflict on a RECORD as a third person: include or exclude.

    In a terminal and without RECORD: one conflict after the other, by keys.
    """
    if record is None:
        from review.cli.screen.keys import adjudicate_by_keys, run_at_terminal

        run_at_terminal(adjudicate_by_keys, review_slug, stage, marks)
        return
    if verdict is None:
        raise click.UsageError("give the verdict as well: include or exclude")
    choice = Choice(record, verdict_of(verdict), reason, note)
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        settled = actions.adjudicate(
            session, review, choice, stage=stage, handle=judge(), now=datetime.now(UTC)
        )
    if as_json:
        echo_json({"record": record, "stage": stage, "verdict": choice.verdict, "new": settled})
    else:
        before = "" if settled else ", as before"
        click.echo(f"Record {record}: {choice.verdict.value}{before}, adjudicated.")
