"""``review extract trace``: each number of a study, from the report to the runs that used it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from review.cli.context import json_option, looking, review_option
from review.cli.output import echo_json
from review.config import settings
from review.extraction.consensus import written_cell
from review.extraction.trace import Traced, trace
from review.living.runs.uses import Use, uses


@click.command("trace")
@click.argument("study")
@review_option
@json_option
def trace_(study: str, review_slug: str | None, as_json: bool) -> None:
    """Follow each number of a study back to the report, and on to the analyses that used it."""
    with looking(review_slug) as (session, review):
        found = trace(session, review, study, viewer=settings().actor)
        used = uses(session, review, [t.result_id for t in found])
    if as_json:
        echo_json([{**asdict(t), "used_in": used.get(t.result_id, [])} for t in found])
        return
    for traced in found:
        echo_traced(traced, used.get(traced.result_id, []))
    if not found:
        click.echo(f"Nothing is entered for {study}.")


def echo_traced(traced: Traced, used: Sequence[Use]) -> None:
    """Print a result from the report to the analyses that used it."""
    click.echo(f"result {traced.result_id}: {traced.place}")
    told = ", ".join(f"{name} {written_cell(value)}" for name, value in traced.reported.items())
    metric = f" ({traced.metric})" if traced.metric else ""
    favours = f"; in words, it favours {traced.favours}" if traced.favours else ""
    click.echo(f"  reported: {told or 'no numbers'}{metric}{favours}")
    if traced.not_reported:
        click.echo(f"  looked for, not reported: {', '.join(traced.not_reported)}")
    source = ", ".join(part for part in (traced.report, traced.page) if part)
    click.echo(f"  source: {source or 'not said'}")
    if traced.quote:
        click.echo(f"  in words: “{traced.quote}”")
    click.echo(f"  entry: {traced.entry}, {traced.entered_by}")
    for change in traced.changes:
        fields = str(change.new.get("said", "")) or ", ".join(
            name for name in change.new if name != "version"
        )
        why = f" ({change.reason})" if change.reason else ""
        click.echo(f"  {change.at:%Y-%m-%d %H:%M} {change.actor}: {change.action} {fields}{why}")
    for d in traced.decisions:
        click.echo(
            f"  decided by {d.by}: {d.field} {written_cell(d.value)} "
            f"of {written_cell(d.first)} and {written_cell(d.second)}, because {d.reason}"
        )
    for step in traced.conversions:
        gives = ", ".join(f"{name} {value:.6g}" for name, value in step.gives.items())
        assumed = ", ".join(
            f"{name} {round(value, 6) + 0.0:g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in step.assumptions.items()
        )
        sure = " (approximate)" if step.approximate else ""
        click.echo(f"  converted: {gives}{sure}, by {step.recipe}")
        if assumed:
            click.echo(f"    assumed: {assumed}")
    if traced.lacks:
        click.echo(f"  not standardized: {traced.lacks}")
    for use in used:
        click.echo(
            f"  used in {use.analysis}, run {use.run}: effect {use.yi:.4f}, variance {use.vi:.4f} "
            f"({use.recipe})"
        )
