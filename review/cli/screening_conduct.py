"""The parts of ``review screen`` that say how a review is screened, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from review.canonical import number
from review.cli.context import (
    by,
    changing,
    json_option,
    judge,
    opened,
    reason_option,
    review_option,
)
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Database
from review.errors import InvalidDataError
from review.protocol.queries import review_called
from review.screening import conduct, queries, renewal, retrieval
from review.screening.retrieval import Pdf
from review.screening.vocabulary import RANDOM_SHARE, RemovalCause, RetrievalOutcome, Stage
from review.wording import counted

if TYPE_CHECKING:
    from review.screening.prioritising import Outlook

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _stage(context: click.Context, option: click.Parameter, value: str) -> Stage:
    del context, option
    try:
        return Stage(value.lower().replace("-", "_"))
    except ValueError:
        known = " or ".join(stage.value for stage in Stage)
        raise click.BadParameter(f"{value!r} is no stage; it is {known}") from None


def stage_option(function: FunctionT) -> FunctionT:
    """Add ``--stage``."""
    return click.option(
        "--stage", "-s", callback=_stage, default=Stage.TITLE_ABSTRACT.value, show_default=True,
        metavar="STAGE", help="title_abstract or full_text.",
    )(function)  # fmt: skip


def mark_option(function: FunctionT) -> FunctionT:
    """Add ``--mark``."""
    return click.option(
        "--mark", "marks", multiple=True, metavar="WORD",
        help="Mark this in titles and abstracts too; may be given several times.",
    )(function)  # fmt: skip


@click.group("reasons")
def reasons_() -> None:
    """The protocol's ordered list of reasons for exclusion at full text."""


@reasons_.command("add")
@click.argument("labels", nargs=-1, required=True)
@review_option
def add_reasons(labels: tuple[str, ...], review_slug: str | None) -> None:
    """Add reasons at the end of the list: the first that applies to a report is the one given."""
    with changing(review_slug, None) as (session, review):
        added = [
            (r.place, r.label) for r in (conduct.add_reason(session, review, x) for x in labels)
        ]
    for place, label in added:
        click.echo(f"{place} {label}")


@reasons_.command("list")
@review_option
@json_option
def list_reasons(review_slug: str | None, as_json: bool) -> None:
    """List the reasons in order."""
    with opened().reading() as session:
        found = queries.reasons(session, review_called(session, review_slug))
        rows = [{"place": reason.place, "reason": reason.label} for reason in found]
    if as_json:
        echo_json(rows)
    elif rows:
        echo_table(("place", "reason"), [tuple(row.values()) for row in rows], right=("place",))
    else:
        click.echo("None yet; add them with: review screen reasons add")


@click.command("rules")
@stage_option
@click.option("--required", type=click.IntRange(1, 20), help="How many reviewers decide.")
@click.option("--blind/--open", default=None, help="Whether they see one another's decisions.")
@review_option
@reason_option
@json_option
def rules_(
    stage: Stage,
    required: int | None,
    blind: bool | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show or set how many reviewers a stage needs, and whether they are blind to one another."""
    if required is not None or blind is not None:
        with changing(review_slug, reason) as (session, review):
            rule = queries.stage_rules(session, review)[stage]
            conduct.set_stage(
                session,
                review,
                stage,
                required=rule.required if required is None else required,
                blind=rule.blind if blind is None else blind,
            )
    with opened().reading() as session:
        found = queries.stage_rules(session, review_called(session, review_slug))
    if as_json:
        echo_json({one.value: asdict(rule) for one, rule in found.items()})
        return
    for one, rule in found.items():
        seen = "blind" if rule.blind else "open"
        click.echo(f"{one.value}: {counted(rule.required, 'reviewer')}, {seen}")


@click.group("pilot")
def pilot_() -> None:
    """Pilot rounds: a few records that several people screen first, to see whether they agree."""


@pilot_.command("open")
@click.option("--size", type=click.IntRange(1), required=True, help="How many records.")
@click.option(
    "--reviewers", type=click.IntRange(2, 20), default=2, show_default=True,
    help="How many screen each record of the round.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True,
    help="Of the random draw; kept, so that it can be repeated.",
)  # fmt: skip
@stage_option
@review_option
def open_pilot(size: int, reviewers: int, seed: int, stage: Stage, review_slug: str | None) -> None:
    """Draw a round of untouched records at random; queues offer it before all else."""
    with changing(review_slug, None) as (session, review):
        pilot = conduct.open_pilot(
            session,
            review,
            stage=stage,
            size=size,
            reviewers=reviewers,
            seed=seed,
            now=datetime.now(UTC),
        )
        records = counted(len(pilot.record_ids), "record")
        drawn = f"{pilot.number}: {records} for {pilot.reviewers} reviewers"
    click.echo(f"Opened pilot round {drawn}.")


@pilot_.command("close")
@stage_option
@review_option
def close_pilot(stage: Stage, review_slug: str | None) -> None:
    """Close the open round; its decisions stay and count."""
    with changing(review_slug, None) as (session, review):
        number_ = conduct.close_pilot(session, review, stage=stage, now=datetime.now(UTC)).number
    click.echo(
        f"Closed pilot round {number_}; see: review screen agreement --pilot {number_} "
        f"--stage {stage.value}"
    )


@pilot_.command("list")
@review_option
@json_option
def list_pilots(review_slug: str | None, as_json: bool) -> None:
    """List the pilot rounds."""
    with opened().reading() as session:
        rows = [
            {
                "stage": pilot.stage.value,
                "number": pilot.number,
                "records": len(pilot.record_ids),
                "reviewers": pilot.reviewers,
                "seed": pilot.seed,
                "opened_at": pilot.opened_at,
                "closed_at": pilot.closed_at,
            }
            for pilot in queries.pilots(session, review_called(session, review_slug))
        ]
    if as_json:
        echo_json(rows)
    elif rows:
        echo_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        click.echo("None yet.")


@click.command("retrieve")
@click.argument("records", nargs=-1, type=int, required=True)
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), help="The full text.")
@click.option("--not-retrieved", "missing", metavar="REASON", help="It could not be had: why.")
@review_option
@json_option
def retrieve_(
    records: tuple[int, ...],
    pdf: Path | None,
    missing: str | None,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Note that the full texts of RECORDS were retrieved, or with --not-retrieved that not.

    A PDF is kept by its content, once, with its SHA-256.
    """
    if pdf is not None and (missing or len(records) != 1):
        raise click.UsageError("a PDF belongs to one retrieved record")
    outcome = RetrievalOutcome.NOT_RETRIEVED if missing else RetrievalOutcome.RETRIEVED
    try:
        file = Pdf(pdf.name, pdf.read_bytes()) if pdf else None
    except OSError as error:
        raise InvalidDataError(f"cannot read {pdf}: {error.strerror}") from None
    with changing(review_slug, None) as (session, review):
        noted = retrieval.note_retrieval(
            session,
            review,
            records,
            outcome=outcome,
            handle=settings().actor,
            now=datetime.now(UTC),
            reason=missing,
            pdf=file,
        )
    said = outcome.value.replace("_", " ")
    if as_json:
        echo_json({"outcome": outcome, "noted": noted, "known_already": len(records) - noted})
    else:
        click.echo(f"{noted} noted as {said}, {len(records) - noted} known already.")


@click.command("remove")
@click.argument("records", nargs=-1, type=int, required=True)
@click.option(
    "--automation", is_flag=True, help="A tool marked them ineligible; otherwise other reasons."
)
@click.option("--reason", required=True, metavar="TEXT", help="Which tool, or why.")
@review_option
def remove_(
    records: tuple[int, ...], automation: bool, reason: str, review_slug: str | None
) -> None:
    """Take RECORDS out before screening; they stay in the ledger and in the flow."""
    cause = RemovalCause.AUTOMATION_TOOL if automation else RemovalCause.OTHER
    _remove(records, cause, reason, review_slug, "removed")


@click.command("restore")
@click.argument("records", nargs=-1, type=int, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why they are back.")
@review_option
def restore_(records: tuple[int, ...], reason: str, review_slug: str | None) -> None:
    """Put removed RECORDS back."""
    _remove(records, RemovalCause.RESTORED, reason, review_slug, "restored")


def _remove(
    records: tuple[int, ...], cause: RemovalCause, reason: str, slug: str | None, done: str
) -> None:
    with changing(slug, reason) as (session, review):
        changed = retrieval.remove(
            session, review, records, cause=cause, reason=reason, handle=judge(),
            now=datetime.now(UTC),
        )  # fmt: skip
    click.echo(f"{changed} {done}, {len(records) - changed} unchanged.")


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

    with opened().reading() as session:
        review = review_called(session, review_slug)
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
