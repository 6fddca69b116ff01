"""The parts of ``review screen`` that say how far it is, and how far reviewers agree."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from review.canonical import interval, number
from review.cli.context import json_option, looking, review_option
from review.cli.output import echo_json, echo_table
from review.cli.screen.options import stage_option
from review.people import queries as people
from review.screening import queries, views
from review.screening.progress import StageProgress
from review.screening.vocabulary import STAGE_WORDS, Stage, State
from review.wording import counted

if TYPE_CHECKING:
    from review.screening.comparison import StageAgreement


@click.command("status")
@review_option
@json_option
def status_(review_slug: str | None, as_json: bool) -> None:
    """Show how far screening is, by stage and reviewer."""
    with looking(review_slug) as (session, review):
        found = views.status(session, review)
    if as_json:
        echo_json(
            {
                "review": review.slug,
                "stages": found.stages,
                "decided_then_found_duplicate": found.decided_copies,
                "decided_otherwise_before_found_duplicate": [
                    {"stage": stage, "record": record, "duplicate": copy}
                    for stage, record, copy in found.late_links
                ],
                "decided_under_two_names": [
                    {"stage": stage, "record": record} for stage, record in found.voted_twice
                ],
            }
        )
        return
    for one in found.stages:
        _echo_progress(one)
    for stage, record, copy in found.late_links:
        click.echo(
            f"Late link, a conflict to adjudicate: record {record} and its duplicate {copy} "
            f"were decided differently on {STAGE_WORDS[stage]} "
            f"(review screen adjudicate {record})"
        )
    if found.decided_copies:
        click.echo(
            "Decided on and later found to be duplicates (their decisions stay, and do not "
            f"count): {', '.join(map(str, found.decided_copies))}"
        )
    if found.voted_twice:
        records = ", ".join(
            f"{record} ({STAGE_WORDS[stage]})" for stage, record in found.voted_twice
        )
        click.echo(f"Decided by one person under two names, which counts once: {records}")


def _echo_progress(stage: StageProgress) -> None:
    blind = "blind" if stage.blind else "not blind"
    click.echo(
        f"{stage.stage.value.replace('_', ' ').capitalize()}: {counted(stage.records, 'record')}, "
        f"{counted(stage.required, 'reviewer')} each, {blind}"
    )
    counts = [f"{stage.states[state]} {state.value}" for state in State]
    click.echo(f"  {', '.join(counts)}; {stage.begun} begun, {stage.adjudicated} adjudicated")
    if stage.reviewers:
        echo_table(
            ("reviewer", "decided", "remaining"),
            [tuple(asdict(share).values()) for share in stage.reviewers],
            right=("decided", "remaining"),
        )


@click.command("agreement")
@stage_option
@click.option("--batch", type=int, help="Of one batch only; see: review flow.")
@click.option("--by-batch", is_flag=True, help="Of each batch apart.")
@click.option("--pilot", type=int, help="Of one pilot round only, by its number.")
@click.option(
    "--newest", is_flag=True, help="Compare newest decisions, changed ones too, not independent."
)
@click.option("--level", type=float, default=0.95, show_default=True, help="Of the intervals.")
@review_option
@json_option
def agreement_(
    stage: Stage,
    batch: int | None,
    by_batch: bool,
    pilot: int | None,
    newest: bool,
    level: float,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Show how far reviewers agreed before adjudication: raw, Cohen's kappa, PABAK, Fleiss."""
    from review.screening.comparison import agreement_at  # kappa takes arrays, judging does not

    with looking(review_slug) as (session, review):
        ledger = queries.ledger(session, review)
        handles = people.handles(session)
        wanted = sorted(set(ledger.records.values())) if by_batch else [batch]
        found = {
            which: agreement_at(
                ledger, handles, stage, batch=which, pilot=pilot, final=newest, level=level
            )
            for which in wanted
        }
    if as_json:
        rows = [{"batch": which, **asdict(one)} for which, one in found.items()]
        echo_json(rows if by_batch else rows[0])
        return
    for which, one in found.items():
        if which is not None:
            click.echo(f"Batch {which}")
        _echo_agreement(one)


def _echo_agreement(found: StageAgreement) -> None:
    click.echo(
        f"{counted(found.records, 'record')} compared ({found.basis}), "
        f"{found.incomplete} begun and not complete, "
        f"{found.changed} changed after they were complete"
    )
    rows: list[tuple[Any, ...]] = []
    for pair in found.pairs:
        for name, kappa in (("", pair.kappa), (" (forward or not)", pair.forward)):
            if kappa is not None:
                included = 1 - kappa.prevalence[kappa.categories.index("exclude")]
                rows.append(
                    (
                        f"{pair.first}, {pair.second}{name}",
                        kappa.n,
                        f"{100 * kappa.observed:.1f}%",
                        number(kappa.kappa),
                        interval(kappa.ci),
                        number(kappa.pabak),
                        f"{100 * included:.1f}%",
                    )
                )
    if rows:
        headers = ("reviewers", "n", "raw", "kappa", "CI", "PABAK", "not excluded")
        echo_table(headers, rows, right=("n", "raw", "kappa", "PABAK", "not excluded"))
    for fleiss in found.overall:
        click.echo(
            f"Fleiss' kappa, {fleiss.raters} of all reviewers a record: {number(fleiss.kappa)} "
            f"{interval(fleiss.ci)}, n = {fleiss.n}, raw {100 * fleiss.observed:.1f}%"
        )
