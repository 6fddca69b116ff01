"""The parts of ``review screen`` that say how a review is screened, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from review.cli.context import changing, json_option, judge, looking, reason_option, review_option
from review.cli.output import echo_json, echo_rows
from review.cli.screen.options import stage_option
from review.config import settings
from review.errors import InvalidDataError
from review.people.rules import Deed
from review.screening import conduct, queries, retrieval
from review.screening.retrieval import Pdf
from review.screening.vocabulary import RemovalCause, RetrievalOutcome, Stage
from review.wording import counted

if TYPE_CHECKING:
    pass

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@click.group("reasons")
def reasons_() -> None:
    """The protocol's ordered list of reasons for exclusion at full text."""


@reasons_.command("add")
@click.argument("labels", nargs=-1, required=True)
@review_option
def add_reasons(labels: tuple[str, ...], review_slug: str | None) -> None:
    """Add reasons at the end of the list: the first that applies to a report is the one given."""
    with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
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
    with looking(review_slug) as (session, review):
        found = queries.reasons(session, review)
        rows = [{"place": reason.place, "reason": reason.label} for reason in found]
    empty = "None yet; add them with: review screen reasons add"
    echo_rows(rows, as_json=as_json, right=("place",), empty=empty)


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
        with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
            rule = queries.stage_rules(session, review)[stage]
            conduct.set_stage(
                session,
                review,
                stage,
                required=rule.required if required is None else required,
                blind=rule.blind if blind is None else blind,
            )
    with looking(review_slug) as (session, review):
        found = queries.stage_rules(session, review)
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
    with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
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
    with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
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
    with looking(review_slug) as (session, review):
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
            for pilot in queries.pilots(session, review)
        ]
    echo_rows(rows, as_json=as_json)


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
    with changing(review_slug, None, Deed.COLLECT) as (session, review):
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
    with changing(slug, reason, Deed.COLLECT) as (session, review):
        changed = retrieval.remove(
            session, review, records, cause=cause, reason=reason, handle=judge(),
            now=datetime.now(UTC),
        )  # fmt: skip
    click.echo(f"{changed} {done}, {len(records) - changed} unchanged.")
