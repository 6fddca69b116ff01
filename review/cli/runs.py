"""``review runs``: every run that was ever made, compared, recomputed, looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from review.cli.computing import computing_options
from review.cli.context import json_option, looking, opened, review_option
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_table, page_width
from review.extraction.evidence_queries import evidence_for
from review.glossary import used_in
from review.living.estimates.asymmetry import plain as asymmetry_plain
from review.living.estimates.multiverse import multiverse
from review.living.estimates.zero_cells import zero_cell_lines
from review.living.job.recompute import Recomputation, recompute
from review.living.job.workers import executor_for
from review.living.reports.full import FullReport, full_report, next_trial, panel_after
from review.living.reports.noticing import notices_of, withheld_among
from review.living.reports.pages import Section, html_page, markdown
from review.living.reports.repeated_looks import panel_sections
from review.living.reports.run_sections import shown
from review.living.reports.sentence import conclusion_word
from review.living.runs import queries
from review.living.runs.models import Run
from review.living.runs.scales import as_shown, scale_of_run
from review.protocol.queries import review_called
from review.wording import counted


def echo_sections(sections: Sequence[Section]) -> None:
    """Print the sections of a report, as wide as the terminal and never wider than a page."""
    wide = page_width()
    for section in sections:
        if section.heading not in ("What moved", "Before and after"):
            click.echo(f"  {section.heading}:")
        for sentence in section.sentences:
            click.echo(
                click.wrap_text(sentence, wide, initial_indent="  ", subsequent_indent="    ")
            )
        if section.rows:
            echo_table(section.headers, section.rows, right=section.right, width=wide)


def echo_words(sections: Sequence[Section]) -> None:
    """Print what the words mean that some sections use."""
    text = " ".join(
        part
        for section in sections
        for part in (
            section.heading,
            *section.sentences,
            *section.headers,
            *(cell for row in section.rows for cell in row),
        )
    )
    click.echo("  Words:")
    for entry in used_in(text):
        click.echo(
            click.wrap_text(
                f"{entry.term}: {entry.meaning}",
                page_width(),
                initial_indent="  ",
                subsequent_indent="    ",
            )
        )


LISTED: Final = 200
"""Runs that are listed unless somebody asks for more: each is read whole."""

full_option = click.option("--full", is_flag=True, help="Everything, and not half a page.")
explain_option = click.option(
    "--explain", is_flag=True, help="Say what the words mean that the report uses."
)


@click.group("runs")
def runs_() -> None:
    """Every run of a planned analysis that was ever made."""


def _summary(run: Run) -> dict[str, object]:
    inputs, results = queries.snapshot_of(run)
    return {
        "analysis": run.version.analysis.slug,
        "number": run.number,
        "created": run.created,
        "plan_version": run.version.number,
        "k": results.pooled.k,
        "estimate": results.pooled.estimate,
        "ci": results.pooled.ci,
        "shown": as_shown(inputs, results),
        "conclusion": results.headline.conclusion,
        "key": run.key,
    }


@runs_.command("list")
@click.argument("analysis", required=False)
@click.option("--limit", "-n", type=click.IntRange(1), help="The newest so many; without it "
              f"{LISTED} in print, and all with --json.")  # fmt: skip
@review_option
@json_option
def list_(analysis: str | None, limit: int | None, review_slug: str | None, as_json: bool) -> None:
    """List the runs of a review, or of one analysis."""
    with looking(review_slug) as (session, review):
        made = queries.runs(session, review, analysis)
        most = limit or (len(made) if as_json else LISTED)
        latest = {run.id for run in sorted(made, key=lambda run: run.id)[-most:]}
        found = [run for run in made if run.id in latest]
        if as_json:
            echo_json([_summary(run) for run in found])
            return
        newest = {run.version.analysis.slug: run for run in found}
        entered = {slug: queries.snapshot_of(run)[0] for slug, run in newest.items()}
        withheld = withheld_among(session, review, entered)
        rows = []
        for run in found:
            slug = run.version.analysis.slug
            inputs, line = queries.snapshot_of(run)
            scale = scale_of_run(inputs)
            rows.append(
                (
                    slug,
                    run.number,
                    f"{run.created:%Y-%m-%d %H:%M}",
                    line.pooled.k,
                    scale.shown,
                    scale.number(line.pooled.estimate, line.pooled.ci),
                    scale.interval(line.pooled.ci),
                    conclusion_word(
                        inputs.plan.kind,
                        line.headline.conclusion,
                        withheld=run is newest[slug] and slug in withheld,
                    ),
                )
            )
    headers = (
        "analysis", "run", "when (UTC)", "k", "measure", "estimate", "interval", "conclusion",
    )  # fmt: skip
    echo_table(headers, rows, right=("run", "k", "estimate", "interval"))
    if len(found) < len(made):
        click.echo(
            f"The newest {len(found):,} of {len(made):,} runs; all of them: --limit {len(made)}",
            err=True,
        )


@runs_.command("show")
@click.argument("analysis")
@click.option("--number", "-n", "run_number", type=int, help="Which run; the newest by default.")
@review_option
@explain_option
@json_option
def show(
    analysis: str,
    run_number: int | None,
    review_slug: str | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Show a run: its trials with the numbers that entered, and its results."""
    with looking(review_slug) as (session, review):
        run = queries.run_numbered(session, review, analysis, run_number)
        notices = notices_of(session, review, [analysis])[analysis]
        newest = queries.run_numbered(session, review, analysis, None).number == run.number
        inputs, results = queries.snapshot_of(run)
        summary = {**_summary(run), "software": run.software}
    if as_json:
        ways = zero_cell_lines(inputs)
        zero = {"zero_cell_lines": ways} if ways else {}
        tested = {"asymmetry": asymmetry_plain(inputs, results)}
        echo_json(
            {**summary, **notices.plain, **zero, **tested, "inputs": inputs, "results": results}
        )
        return
    click.echo(
        f"{inputs.plan.title}, run {summary['number']} of {summary['created']:%Y-%m-%d %H:%M} UTC"
    )
    sections = shown((inputs, results), notices, newest=newest)
    echo_sections(sections)
    if explain:
        echo_words(sections)


@runs_.command("diff")
@click.argument("analysis")
@click.argument("first", type=int, required=False)
@click.argument("second", type=int, required=False)
@full_option
@review_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the whole report to a file; .md or .html.",
)
@explain_option
@force_option
@json_option
def diff(
    analysis: str,
    first: int | None,
    second: int | None,
    full: bool,
    explain: bool,
    review_slug: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Say what moved from one run to another, and why: in half a page, or all with --full.

    Without numbers: the two newest runs; with one number: from that run to the newest.
    """
    if out is not None and out.suffix not in (".md", ".html"):
        raise click.UsageError("--out takes a name that ends in .md or .html")
    with looking(review_slug) as (session, review):
        report = full_report(
            session,
            review,
            analysis,
            first,
            second,
            newest=first is None,
            outlook=full or as_json or out is not None,
        )
    if out is not None:
        made = markdown if out.suffix == ".md" else html_page
        write_new(out, made(report.title, (*report.brief, *report.rest)).encode())
        click.echo(f"Wrote {out}")
    elif as_json:
        echo_json(_told(report))
    else:
        click.echo(report.title)
        sections = report.sections if full else report.brief
        echo_sections(sections)
        if not full:
            numbers = " ".join(str(run.number) for run in report.runs if run is not None)
            click.echo(f"  All of it: review runs diff {analysis} {numbers} --full")
        if explain:
            echo_words(sections)


@click.command("next")
@click.argument("analysis")
@review_option
@explain_option
@json_option
def next_(analysis: str, review_slug: str | None, explain: bool, as_json: bool) -> None:
    """Say what one more trial would do to an analysis: how likely it is to change the conclusion.

    By the newest run: trials of several sizes, the size that would probably show the claim, and
    how little would change the conclusion.
    """
    with looking(review_slug) as (session, review):
        found = next_trial(session, review, analysis)
    if as_json:
        plain = {name: getattr(found, name) for name in type(found).__slots__}
        del plain["sections"]
        echo_json({**plain, **found.notices.plain})
        return
    click.echo(f"{found.review} / {found.analysis}, run {found.run}: the next trial")
    echo_sections(found.sections)
    if explain:
        echo_words(found.sections)


def _told(report: FullReport) -> dict[str, object]:
    """Return a change report for scripts: the comparison itself, and all that stands beside it."""
    compared = {name: getattr(report.report, name) for name in type(report.report).__slots__}
    rest = {name: getattr(report, name) for name in type(report).__slots__}
    del rest["report"], rest["sections"], rest["brief"]
    return {**compared, **rest, "panel": report.panel}


@runs_.command("looks")
@click.argument("analysis")
@click.option("--number", "-n", "run_number", type=int, help="Which run; the newest by default.")
@review_option
@json_option
def looks(analysis: str, run_number: int | None, review_slug: str | None, as_json: bool) -> None:
    """Show the panel for repeated looks: confidence sequence, e-value, sequential boundaries."""
    with looking(review_slug) as (session, review):
        run = queries.run_numbered(session, review, analysis, run_number)
        found = panel_after(session, review, analysis, run.number)
        scale = scale_of_run(queries.snapshot_of(run)[0])
    if as_json:
        echo_json(found)
    elif found is None:
        click.echo(
            "No panel: it needs three trials, and a margin or an effect of interest in the plan."
        )
    else:
        echo_sections(panel_sections(found, scale))


@runs_.command("recompute")
@click.argument("analysis", required=False)
@click.option("--number", "-n", "run_number", type=int, help="Which run; all by default.")
@review_option
@json_option
@click.pass_context
def recompute_(
    ctx: click.Context,
    analysis: str | None,
    run_number: int | None,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Compute stored runs again from their own inputs and compare every number (1e-9).

    The exit status is 1 when a number does not come out again.
    """
    with looking(review_slug) as (session, review):
        found = [
            recompute(run)
            for run in queries.runs(session, review, analysis)
            if run_number in (None, run.number)
        ]
    if as_json:
        echo_json([{**_recomputed(item), "deviations": item.deviations} for item in found])
    else:
        for item in found:
            if not item.inputs_intact:
                click.echo(
                    f"{item.analysis} run {item.number}: what is stored as its inputs is not what "
                    "it was made from; see review verify",
                    err=True,
                )
            for deviation in item.deviations[:5]:
                click.echo(
                    f"{item.analysis} run {item.number}, {deviation.where}: stored "
                    f"{deviation.stored}, now {deviation.recomputed}",
                    err=True,
                )
        good = sum(item.reproduced for item in found)
        values = sum(item.values for item in found)
        largest = max((item.largest for item in found), default=0.0)
        click.echo(
            f"{good} of {counted(len(found), 'run')} reproduced from their own inputs; "
            f"{counted(values, 'value')}, largest difference {largest:.1e}."
        )
    if not all(item.reproduced for item in found):
        ctx.exit(1)


def _recomputed(item: Recomputation) -> dict[str, object]:
    names = ("analysis", "number", "values", "largest", "inputs_intact", "same_engine")
    return {"reproduced": item.reproduced, **{name: getattr(item, name) for name in names}}


@runs_.command("multiverse")
@click.argument("analysis")
@review_option
@computing_options
@json_option
def multiverse_(
    analysis: str,
    review_slug: str | None,
    processes: int | None,
    dask: str | None,
    as_json: bool,
) -> None:
    """Pool under every defensible combination of choices: the specification curve."""
    with opened().reading() as session, executor_for(processes=processes, dask=dask) as executor:
        review = review_called(session, review_slug)
        found = multiverse(*evidence_for(session, review, analysis), executor)
    if as_json:
        echo_json(found)
        return
    for sentence in found.sentences:
        click.echo(sentence)
    rows = [
        (
            "*" if line.planned else "",
            line.trials,
            line.model,
            line.k,
            found.scale.number(line.estimate, line.ci),
            found.scale.interval(line.ci),
            line.conclusion or "",
        )
        for line in found.lines
    ]
    headers = ("planned", "trials", "model", "k", "estimate", "interval", "conclusion")
    echo_table(headers, rows, right=("k", "estimate", "interval"))
