"""The order of the queue, learned from what was decided: ``review screen rank`` and ``outlook``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from review.canonical import number
from review.cli.context import by, json_option, looking, opened, review_option
from review.cli.output import echo_json
from review.cli.screen.options import stage_option
from review.db import Database
from review.protocol.queries import review_called
from review.screening import renewal
from review.screening.vocabulary import RANDOM_SHARE, Stage
from review.wording import counted

if TYPE_CHECKING:
    from review.screening.prioritising import Outlook


@click.command("rank")
@stage_option
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True,
    help="Of the random share; kept, so that it can be repeated.",
)  # fmt: skip
@click.option(
    "--random-share", type=click.FloatRange(0, 1), default=RANDOM_SHARE, show_default=True,
    help="Share of the queue drawn at random.",
)  # fmt: skip
@click.option("--if-due", is_flag=True, help="Only if enough was decided since; for cron.")
@review_option
@json_option
def rank_(
    stage: Stage,
    seed: int,
    random_share: float,
    if_due: bool,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Order the queue by what was decided so far; it ranks, people decide.

    Learns from records that all required reviewers decided, so it tells nobody what another has
    decided so far. Scores of single records are never shown. Needs the extra ``screen``.
    """
    database = opened()
    with database.reading() as session:
        review = review_called(session, review_slug)
        slug = review.slug
        due = not if_due or renewal.is_due(session, review, stage)
    if not due:
        if as_json:
            echo_json({"due": False})
        else:
            click.echo("The newest ranking will do.")
        return
    if if_due:
        with database.sole_job("rank") as alone:
            if alone:
                _rank(database, slug, stage, seed, random_share, as_json=as_json)
            elif as_json:
                echo_json({"due": False})
            else:
                click.echo("Another process is ranking now.")
        return
    _rank(database, slug, stage, seed, random_share, as_json=as_json)


def _rank(
    database: Database, slug: str, stage: Stage, seed: int, random_share: float, *, as_json: bool
) -> None:
    from review.screening import prioritising  # learning takes arrays, judging does not

    made = prioritising.prioritise(
        database, by(slug), slug, stage=stage, seed=seed, random_share=random_share
    )
    if as_json:
        echo_json(made)
        return
    click.echo(
        f"{'Ranked' if made.new else 'As before:'} {counted(made.ranked, 'record')}, learned from "
        f"{made.learned_included} included and {made.learned_excluded} excluded "
        f"({made.model}, {made.software}, seed {made.seed}, {made.random_share:.0%} at random)."
    )


@click.command("outlook")
@stage_option
@click.option("--recall", type=float, default=0.95, show_default=True, help="To be reached.")
@click.option(
    "--confidence", type=float, default=0.95, show_default=True, help="Of the stopping rule."
)
@review_option
@json_option
def outlook_(
    stage: Stage, recall: float, confidence: float, review_slug: str | None, as_json: bool
) -> None:
    """Estimate what ranked screening has found, and test whether it may stop.

    The test is that of Callaghan & Müller-Hansen 2020. It is reported, never applied.
    """
    from review.screening import prioritising

    with looking(review_slug) as (session, review):
        found = prioritising.outlook(session, review, stage, target=recall, confidence=confidence)
    if as_json:
        echo_json({**asdict(found), "may_stop": found.test.may_stop})
        return
    click.echo(
        f"{found.screened} of {counted(found.records, 'record')} screened, "
        f"{found.relevant} of them included."
    )
    click.echo(_recall_words(found))
    verdict = "rules out" if found.test.may_stop else "does not rule out"
    click.echo(
        f"The stopping test {verdict}, at confidence {confidence:g}, that fewer than {recall:.0%} "
        f"of the relevant records were found (p = {found.test.p:.4f})."
    )


def _recall_words(found: Outlook) -> str:
    """Return what is known of the recall: an interval, and a point where there is one."""
    estimate = found.recall
    if estimate.ci is None:
        return "Recall cannot be estimated: no record was drawn at random yet."
    if found.screened == found.records:
        return "All records are screened; nothing is left to be missed."
    drawn = f"{counted(estimate.drawn, 'record')} drawn at random"
    level = f"{estimate.level:.0%}"
    if estimate.recall is None:
        return (
            f"Recall is at least {number(estimate.ci[0])} ({level} interval); no better estimate "
            f"is possible, for of {drawn} none was relevant."
        )
    saved = "" if found.work_saved is None else f"{number(found.work_saved)}"
    return (
        f"Recall lies between {number(estimate.ci[0])} and {number(estimate.ci[1])} ({level} "
        f"interval, from {drawn}); point estimate {number(estimate.recall)}. Work saved over "
        f"sampling if you stop now: {saved}."
    )
