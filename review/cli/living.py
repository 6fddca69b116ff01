"""``review repool``, ``review runs`` and ``review jobs``."""

from __future__ import annotations

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import (
    echo_json,
    echo_table,
    interval,
    number,
    p_value,
    progress_bar,
)
from review.config import settings
from review.living import queries
from review.living.changes import ChangeReport, compare
from review.living.models import JobOutcome, Run
from review.living.repool import RepoolReport, repool
from review.living.snapshot import PooledLine, Reading
from review.protocol.queries import review_called


@click.command("repool")
@review_option
@json_option
@click.pass_context
def repool_(ctx: click.Context, review_slug: str | None, as_json: bool) -> None:
    """Recompute the analyses whose inputs changed since their last run, and say what moved.

    All reviews, or one. Safe to call at any time, from cron or twice at once. The exit status is 1
    when an analysis could not be pooled; the others are pooled all the same.
    """
    database = opened()
    if review_slug is not None:
        with database.reading() as session:
            review_called(session, review_slug)
    with progress_bar("Pooling") as progress:
        report = repool(database, actor=settings().actor, review=review_slug, progress=progress)
    if as_json:
        echo_json({"outcome": report.outcome or "busy", **_without_outcome(report)})
    else:
        _echo_report(report)
    if report.failed:
        ctx.exit(1)


def _without_outcome(report: RepoolReport) -> dict[str, object]:
    return {name: value for name, value in vars(report).items() if name != "outcome"}


def _echo_report(report: RepoolReport) -> None:
    if report.outcome is None:
        click.echo("Another job is re-pooling at this moment; nothing was done.")
        return
    for item in report.recomputed:
        click.echo(f"{item.name.review} / {item.name.analysis}, run {item.number}")
        echo_change(item.report)
        click.echo()
    for failed in report.failed:
        click.echo(
            f"{failed.name.review} / {failed.name.analysis} FAILED: {failed.reason}", err=True
        )
    for waiting in report.waiting:
        click.echo(f"{waiting.name.review} / {waiting.name.analysis} waits: {waiting.reason}.")
    if report.outcome is JobOutcome.NOTHING_NEW:
        click.echo(
            f"Nothing new: {report.unchanged} analyses have the inputs of their last run."
        )
    else:
        click.echo(
            f"{len(report.recomputed)} recomputed, {report.unchanged} unchanged, "
            f"{len(report.waiting)} waiting, {len(report.failed)} failed (job {report.job_id})."
        )


def echo_change(report: ChangeReport) -> None:
    """Print a change report."""
    click.echo(f"  {report.sentence}")
    click.echo(f"  {report.direction}")
    echo_table(("", "before", "after"), _lines(report), right=("before", "after"))
    if report.before is not None:
        _echo_names("Added", report.added)
    _echo_names("Removed", [f"{item.study} ({item.reason})" for item in report.removed])
    for heading, changes in (("Corrected", report.corrected), ("Plan", report.plan_changes)):
        if changes:
            click.echo(f"  {heading}:")
            rows = [(change.where, change.what, change.old, change.new) for change in changes]
            echo_table(("in", "value", "old", "new"), rows)


def _echo_names(heading: str, names: tuple[str, ...] | list[str]) -> None:
    if names:
        text = f"{heading} ({len(names)}): {'; '.join(names)}"
        click.echo(click.wrap_text(text, 98, initial_indent="  ", subsequent_indent="    "))


def _pooled_lines(line: PooledLine | None) -> dict[str, str]:
    if line is None:
        return {}
    test = {"adhoc": "Hartung-Knapp, floored", "knha": "Hartung-Knapp"}.get(line.test, line.test)
    level = f"{line.level * 100:g}% interval"
    return {
        "trials (k)": str(line.k),
        f"estimate ({line.measure})": number(line.estimate),
        f"{level} ({test})": interval(line.ci),
        f"{level} (z)": interval(line.z_ci),
        "prediction interval": interval(line.pi),
        "p": p_value(line.p),
        "tau²": number(line.tau2, 3),
        "I² (%)": number(line.I2, 1),
        "Q": f"{line.Q:.2f} (df {line.Q_df}, p {p_value(line.Q_p)})",
    }


def _reading_lines(reading: Reading | None) -> dict[str, str]:
    if reading is None:
        return {}
    if reading.margin is None:
        return {"conclusion": reading.conclusion.value}
    label = f"margin {reading.margin:.2f}"
    return {
        f"conclusion, {label}": reading.conclusion.value,
        f"one-sided p, {label}": p_value(reading.noninferiority_p),
    }


def _lines(report: ChangeReport) -> list[tuple[str, str, str]]:
    was, now = _pooled_lines(report.before), _pooled_lines(report.after)
    for reading in report.readings:
        was |= _reading_lines(reading.before)
        now |= _reading_lines(reading.after)
    return [(name, was.get(name, ""), now.get(name, "")) for name in now | was]


@click.group("runs")
def runs_() -> None:
    """Every run of a planned analysis that was ever made."""


def _summary(run: Run) -> dict[str, object]:
    _, results = queries.snapshot_of(run)
    return {
        "analysis": run.version.analysis.slug,
        "number": run.number,
        "created": run.created,
        "plan_version": run.version.number,
        "k": results.pooled.k,
        "estimate": results.pooled.estimate,
        "ci": results.pooled.ci,
        "conclusion": results.headline.conclusion,
        "key": run.key,
    }


@runs_.command("list")
@click.argument("analysis", required=False)
@review_option
@json_option
def list_(analysis: str | None, review_slug: str | None, as_json: bool) -> None:
    """List the runs of a review, or of one analysis."""
    with opened().reading() as session:
        found = queries.runs(session, review_called(session, review_slug), analysis)
        if as_json:
            echo_json([_summary(run) for run in found])
            return
        rows = []
        for run in found:
            line = queries.snapshot_of(run)[1]
            rows.append(
                (
                    run.version.analysis.slug,
                    run.number,
                    f"{run.created:%Y-%m-%d %H:%M}",
                    line.pooled.k,
                    number(line.pooled.estimate),
                    interval(line.pooled.ci),
                    line.headline.conclusion.value,
                )
            )
    headers = ("analysis", "run", "when (UTC)", "k", "estimate", "interval", "conclusion")
    echo_table(headers, rows, right=("run", "k", "estimate", "interval"))


@runs_.command("show")
@click.argument("analysis")
@click.option("--number", "-n", "run_number", type=int, help="Which run; the newest by default.")
@review_option
@json_option
def show(analysis: str, run_number: int | None, review_slug: str | None, as_json: bool) -> None:
    """Show a run: its trials with the numbers that entered, and its results."""
    with opened().reading() as session:
        run = queries.run_numbered(
            session, review_called(session, review_slug), analysis, run_number
        )
        inputs, results = queries.snapshot_of(run)
        summary = {**_summary(run), "software": run.software}
    if as_json:
        echo_json({**summary, "inputs": inputs, "results": results})
        return
    click.echo(
        f"{inputs.plan.title}, run {summary['number']} of {summary['created']:%Y-%m-%d %H:%M} UTC"
    )
    click.echo(inputs.plan.direction)
    rows = [
        (
            e.study,
            e.n_intervention,
            e.n_comparator,
            number(e.yi),
            interval(e.ci),
            number(e.weight, 1),
        )
        for e in results.effects
    ]
    headers = ("study", "n1", "n2", "yi", "interval", "weight %")
    echo_table(headers, rows, right=headers[1:])
    lines = _pooled_lines(results.pooled)
    for reading in results.readings:
        lines |= _reading_lines(reading)
    echo_table(("", "pooled"), list(lines.items()), right=("pooled",))
    for note in results.pooled.notes:
        click.echo(f"Note: {note}")
    left_out: dict[str, list[str]] = {}
    for item in inputs.left_out:
        left_out.setdefault(item.reason, []).append(item.study)
    for reason, studies in left_out.items():
        _echo_names(f"Left out, {reason}", studies)


@runs_.command("diff")
@click.argument("analysis")
@click.argument("first", type=int)
@click.argument("second", type=int)
@review_option
@json_option
def diff(analysis: str, first: int, second: int, review_slug: str | None, as_json: bool) -> None:
    """Say what moved from one run of an analysis to another, and why."""
    with opened().reading() as session:
        review = review_called(session, review_slug)
        one, other = (
            queries.snapshot_of(queries.run_numbered(session, review, analysis, n))
            for n in (first, second)
        )
    report = compare(one, other)
    if as_json:
        echo_json(report)
    else:
        echo_change(report)


@click.command("jobs")
@click.option(
    "--limit", "-n", type=int, default=10, show_default=True, help="How many, newest first."
)
@json_option
def jobs_(limit: int, as_json: bool) -> None:
    """Show the latest re-pooling jobs and how they ended."""
    with opened().reading() as session:
        found = [
            (job, [failure.reason for failure in queries.failures(session, job.id)])
            for job in queries.jobs(session, limit)
        ]
        session.expunge_all()
    if as_json:
        names = ("id", "started", "finished", "actor", "review", "outcome", "message")
        echo_json(
            [
                {**{name: getattr(job, name) for name in names}, "failures": failures}
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
