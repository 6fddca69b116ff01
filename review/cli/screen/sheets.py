"""Decisions in a spreadsheet: ``review screen export`` and ``import``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from review.cli.context import (
    changing,
    json_option,
    judge,
    looking,
    reason_option,
    review_option,
    sheet_option,
)
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_remarks, plain_remarks
from review.cli.screen.options import stage_option
from review.errors import InvalidDataError
from review.people.rules import Deed
from review.screening import actions, queries, renewal, views
from review.screening.actions import Decided
from review.screening.files import Purpose, read_decisions, render, stage_of
from review.screening.lists import own_decisions
from review.screening.reranking import rerank_in_background
from review.screening.vocabulary import STAGE_WORDS, Stage
from review.wording import counted

if TYPE_CHECKING:
    pass


def _decided(decided: Decided) -> str:
    return (
        f"{len(decided.decided)} decided, {len(decided.changed)} changed, "
        f"{len(decided.unchanged)} unchanged"
    )


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--decided", is_flag=True, help="Also what you decided, with your verdicts.")
@force_option
@stage_option
@review_option
def export_(file: Path, decided: bool, stage: Stage, review_slug: str | None) -> None:
    """Write the records that want your decision to a CSV FILE, for a spreadsheet.

    Fill in verdict (include, exclude, maybe) and, at full text, reason; then read it back with:
    review screen import FILE. Nobody else's decisions are in it. It knows its review, stage and
    reviewer. A file that is there, with decisions in it perhaps, is not replaced without --force.
    """
    with looking(review_slug) as (session, review):
        handle = actions.screener(session, review, judge()).handle
        numbers = queries.queue(session, review, stage=stage, handle=handle)
        if decided:
            person = queries.person_of(session, handle)
            mine = own_decisions(session, review, stage=stage, person=person)
            numbers = [*mine, *numbers]
        cards = views.cards(session, review, numbers, stage=stage, handle=handle)
        text = render(cards, purpose=Purpose(review.slug, stage.value, handle))
    write_new(file, text.encode("utf-8-sig"))
    click.echo(f"Wrote {counted(len(numbers), 'record')} to {file}")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@stage_option
@sheet_option
@review_option
@reason_option
@json_option
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    stage: Stage,
    sheet: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take your decisions from a CSV or XLSX FILE; a line that cannot be taken stops no other.

    A file of review screen export is taken for the stage that it was written for, and by the
    reviewer that it was written for. Rows without a verdict are left open. The same file again
    changes nothing. The status is 1 where a line was not taken.
    """
    read = read_decisions(file, sheet=sheet)
    given = context.get_parameter_source("stage") is not ParameterSource.DEFAULT
    handle = judge()
    why = reason or f"decisions of {file.name}"
    with changing(review_slug, why, Deed.SCREEN) as (session, review):
        stage = stage_of(read.purpose, review.slug, handle, stage if given else None)
        decided = actions.decide(
            session, review, read.choices, stage=stage, handle=handle, now=datetime.now(UTC),
            each_alone=True,
        )  # fmt: skip
        new = len(decided.decided) + len(decided.changed)
        due, slug = renewal.may_be_due(session, review, stage, decided=new), review.slug
    if due:
        rerank_in_background(slug, stage)
    refused = sorted((*read.problems, *decided.refused), key=lambda one: one.line or 0)
    if as_json:
        numbers = {
            name: len(getattr(decided, name)) for name in ("decided", "changed", "unchanged")
        }
        remarks = plain_remarks(read.remarks)
        echo_json(
            {"file": str(file), "stage": stage, **numbers, "refused": refused, "remarks": remarks}
        )
    else:
        echo_remarks(file, read.remarks)
        click.echo(f"{file}, {STAGE_WORDS[stage]}: {_decided(decided)}.")
    if refused:
        lines = "".join(f"\n  {problem}" for problem in refused)
        raise InvalidDataError(
            f"{counted(len(refused), 'line')} of {file} not taken; mend and import it again, "
            f"what was taken does not change:{lines}"
        )
