"""``review repool`` and ``review jobs``."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.cli.computing import computing_options
from review.cli.context import json_option, opened, review_option
from review.cli.notifying import channels_of, notify_options, tell_people
from review.cli.output import echo_json, echo_table, progress_bar
from review.cli.runs import echo_sections, echo_words, explain_option, full_option
from review.config import settings
from review.files import new_folder, replace_file
from review.living.job.noticing import JobNotices, notices_of_job
from review.living.job.outbox import Outbox, send_again, undelivered
from review.living.job.repool import repool
from review.living.job.report import Recomputed, RepoolReport
from review.living.job.workers import executor_for
from review.living.reports.brief import brief
from review.living.reports.notices import NO_NOTICES
from review.living.reports.pages import Section, markdown
from review.living.reports.sections import tell
from review.living.runs import queries
from review.living.runs.models import JobOutcome, Notification
from review.protocol.queries import review_called
from review.wording import counted


@click.command("repool")
@review_option
@click.option("--everything", is_flag=True, help="Compare every analysis, not only touched ones.")
@click.option("--engine", is_flag=True, help="Recompute what another engine version computed.")
@computing_options
@notify_options
@full_option
@explain_option
@json_option
@click.pass_context
def repool_(
    ctx: click.Context,
    /,
    review_slug: str | None,
    everything: bool,
    engine: bool,
    processes: int | None,
    dask: str | None,
    full: bool,
    explain: bool,
    as_json: bool,
    **notify: Any,
) -> None:
    """Recompute the analyses whose inputs changed since their last run, and say what moved.

    All reviews, or one. Safe to call at any time, from cron or twice at once. The exit status is 1
    when an analysis could not be pooled; the others are pooled all the same.
    """
    database = opened()
    channels = channels_of(**notify)
    if review_slug is not None:
        with database.reading() as session:
            review_called(session, review_slug)
    with (
        executor_for(processes=processes, dask=dask) as executor,
        progress_bar("Pooling") as progress,
    ):
        report = repool(
            database,
            actor=settings().actor,
            review=review_slug,
            everything=everything,
            engine=engine,
            executor=executor,
            progress=progress,
            outbox=Outbox(channels),
        )
    with database.reading() as session:
        notices = notices_of_job(session, report, review_slug)
    tell_people(database, channels)
    if as_json:
        echo_json(
            {
                "outcome": report.outcome or "busy",
                **_without_outcome(report),
                "notices": _notices_plain(notices),
            }
        )
    else:
        shown = echo_report(report, notices, full=full)
        if explain:
            echo_words(shown)
    if report.failed:
        ctx.exit(1)


def _without_outcome(report: RepoolReport) -> dict[str, object]:
    return {name: value for name, value in asdict(report).items() if name != "outcome"}


def _notices_plain(notices: JobNotices) -> list[dict[str, object]]:
    return [
        {"review": name.review, "analysis": name.analysis, **found.plain}
        for name, found in notices.told.items()
    ]


MOST_SENTENCES = 6
"""Reasons of one kind that a job names for an analysis; the others are counted."""


MOST_REPORTS = 20
"""Changed analyses whose reports are printed; more are a table, with the reports in a file."""


def _echo_many(report: RepoolReport, notices: JobNotices, *, full: bool) -> None:
    rows, pages = [], []
    for item in report.recomputed:
        told = notices.told.get(item.name, NO_NOTICES)
        changed = "withheld" if told.withheld else "changed" if item.report.flipped else ""
        rows.append(
            (item.name.review, item.name.analysis, item.number, item.report.in_brief, changed)
        )
        sections = (tell if full else brief)(item.report, item.explanation, notices=told)
        pages.append(
            markdown(f"{item.name.review} / {item.name.analysis}, run {item.number}", sections)
        )
    echo_table(("review", "analysis", "run", "why", "conclusion"), rows, right=("run",))
    file = _place_of_reports() / f"job-{report.job_id}.md"
    replace_file(file, "\n".join(pages).encode())
    click.echo(f"The reports: {file}\n")


def _place_of_reports() -> Path:
    import platformdirs

    try:
        place = Path(platformdirs.user_state_dir("living-review")) / "reports"
        new_folder(place)
    except (OSError, RuntimeError):  # a scheduler's account may have no home
        place = Path(tempfile.mkdtemp(prefix="review-reports-"))
    return place


def echo_report(report: RepoolReport, notices: JobNotices, *, full: bool = False) -> list[Section]:
    """Print what a job did, and what a reader must know beside the results; return the sections."""
    shown: list[Section] = []
    if report.outcome is None:
        click.echo("Another job is re-pooling at this moment; nothing was done.")
        return shown
    many = len(report.recomputed) > MOST_REPORTS
    if many:
        _echo_many(report, notices, full=full)
    for item in () if many else report.recomputed:
        click.echo(f"{item.name.review} / {item.name.analysis}, run {item.number}")
        told = notices.told.get(item.name, NO_NOTICES)
        telling = tell if full else brief
        sections = telling(item.report, item.explanation, notices=told)
        echo_sections(sections)
        if not full:
            click.echo(f"  All of it: {_whole(item)}")
        click.echo()
        shown += sections
    for failed in report.failed:
        click.echo(
            f"{failed.name.review} / {failed.name.analysis} FAILED: {failed.reason}", err=True
        )
    for waiting in report.waiting:
        click.echo(f"{waiting.name.review} / {waiting.name.analysis} waits: {waiting.reason}.")
    recomputed = {item.name for item in report.recomputed}
    for name, found in notices.told.items():
        if name not in recomputed and found.items:
            headline = found.headline or "what to know beside its result"
            click.echo(f"{name.review} / {name.analysis}: {headline}")
            sections = found.sections(most=MOST_SENTENCES, brief=not full)
            echo_sections(sections)
            shown += sections
    if notices.untold:
        others = counted(notices.untold, "analysis is", "analyses are")
        click.echo(
            f"What {others} left out of and doubted in is not listed here; "
            "ask for one with: review runs show ANALYSIS"
        )
    if report.outcome is JobOutcome.NOTHING_NEW and not (report.unchanged or report.waiting):
        click.echo("Nothing to pool: no analysis is planned; plan one with: review analysis add")
    elif report.outcome is JobOutcome.NOTHING_NEW:
        click.echo(
            f"Nothing new: {counted(report.unchanged, 'analysis has', 'analyses have')} "
            "the inputs of their last run."
        )
    else:
        click.echo(
            f"{len(report.recomputed)} recomputed, {report.unchanged} unchanged, "
            f"{len(report.waiting)} waiting, {len(report.failed)} failed (job {report.job_id})."
        )
    return shown


def _whole(item: Recomputed) -> str:
    """Return the command that prints the whole report of a new run."""
    return (
        f"review runs diff {item.name.analysis} {item.number - 1} {item.number} "
        f"--review {item.name.review} --full"
        if item.number > 1
        else f"review runs show {item.name.analysis} --review {item.name.review}"
    )


@click.command("jobs")
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many, newest first.",
)
@click.option("--send-again", "again", is_flag=True, help="Try messages that have not arrived now.")
@notify_options
@json_option
def jobs_(limit: int, again: bool, as_json: bool, **notify: Any) -> None:
    """Show the latest re-pooling jobs and how they ended, and messages that have not arrived."""
    database = opened()
    if again:
        with database.transaction() as session:
            send_again(session, datetime.now(UTC))
        tell_people(database, channels_of(**notify))
    with database.reading() as session:
        letters = undelivered(session)
        found = [
            (job, [failure.reason for failure in queries.failures(session, job.id)])
            for job in queries.jobs(session, limit)
        ]
        session.expunge_all()
    if as_json:
        names = ("id", "started", "finished", "actor", "review", "outcome", "message")
        echo_json(
            [
                {
                    **{name: getattr(job, name) for name in names},
                    "failures": failures,
                    "undelivered": [_letter(row) for row in letters if row.job_id == job.id],
                }
                for job, failures in found
            ]
        )
        return
    rows = [
        (
            job.id,
            f"{job.started:%Y-%m-%d %H:%M:%S}",
            job.actor,
            job.review or "all",
            job.outcome.value,
            job.message or "; ".join(failures),
        )
        for job, failures in found
    ]
    echo_table(("job", "started (UTC)", "who", "review", "outcome", "message"), rows)
    if letters:
        click.echo("Messages that have not arrived (review jobs --send-again):")
        told = [
            (row.job_id, row.channel, row.target, row.attempts,
             "given up" if row.next_at is None else f"{row.next_at:%Y-%m-%d %H:%M:%S}", row.problem)
            for row in letters[:limit]
        ]  # fmt: skip
        echo_table(("job", "channel", "to", "tries", "next (UTC)", "problem"), told)


def _letter(row: Notification) -> dict[str, object]:
    names = ("channel", "target", "at", "attempts", "next_at", "problem")
    return {name: getattr(row, name) for name in names}
