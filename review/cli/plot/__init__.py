"""``review plot``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from review.cli.computing import processes_option
from review.cli.context import looking, opened, review_option
from review.cli.figures import (
    command_of,
    drawn_from,
    file_options,
    number_option,
    shown,
    written,
)
from review.cli.flow import update_options
from review.cli.output import warn_outdated
from review.cli.plot.diagnostics import DIAGNOSTICS
from review.cli.rob import bias_figure
from review.cli.rob.forms import family_option, instrument_option, outcome_option, timepoint_option
from review.errors import InvalidDataError
from review.export.drawings.bias import bias_of_run
from review.export.drawings.classes import classes_of_analysis, classes_of_review
from review.export.drawings.columns import field_columns
from review.export.drawings.forest import Sort, forest_of
from review.export.drawings.registry import RUN_FIGURES
from review.export.drawings.screening import screening_course
from review.export.drawings.specification import specification_of
from review.export.flow.prisma import figure_of, flow_of
from review.extraction.evidence_queries import evidence_for
from review.figures.caterpillar import caterpillar_plot, subgroups_alone
from review.figures.classes import class_strip_pages
from review.figures.forest import forest_pages
from review.figures.layouts import Layout
from review.figures.prisma import prisma_plot
from review.figures.screening import screening_plot
from review.figures.specification import specification_plot
from review.living.estimates.multiverse import multiverse
from review.living.job.freshness import outdated
from review.living.job.workers import executor_for
from review.living.reports.once import past_runs
from review.living.runs.queries import run_numbered, snapshot_of
from review.protocol.queries import instruments, review_called


class Figures(click.Group):
    """The figures; who names an analysis where a figure is meant is told how to say it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the figure that is asked for; raise UsageError for what is none."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            figures = ", ".join(self.list_commands(ctx))
            raise click.UsageError(
                f"{args[0]!r} is no figure. Say first which one, then the analysis: review plot "
                f"forest {args[0]} --out forest.svg. Figures: {figures}.",
                ctx,
            )
        return super().resolve_command(ctx, args)


@click.group("plot", cls=Figures)
def plot_() -> None:
    """Figures of runs and of the review, as SVG, PDF or PNG by the file's name."""


for _command in DIAGNOSTICS:
    plot_.add_command(_command)


@plot_.command("forest")
@click.argument("analysis")
@click.option(
    "--by", metavar="NAME",
    help="Planned subgroups: a heading and a diamond for each.",
)  # fmt: skip
@click.option("--arm-data", is_flag=True, help="Show each arm's numbers as reported.")
@click.option("--risk-of-bias", is_flag=True, help="Show the settled judgements of each trial.")
@click.option(
    "--sort", type=click.Choice([one.value for one in Sort]), default="year", show_default=True,
    help="The order of the trials: by effect from low to high, by weight the heaviest first.",
)  # fmt: skip
@click.option(
    "--column", "names", metavar="FIELD", multiple=True,
    help="A field of the studies or their arms, such as country; may be given several times.",
)  # fmt: skip
@click.option(
    "--layout", type=click.Choice([one.value for one in Layout]), default="plain",
    show_default=True, help="As Review Manager 5, JAMA or The BMJ print forest plots.",
)  # fmt: skip
@click.option(
    "--summary", is_flag=True,
    help="For many trials: all intervals by effect without names, or with --by subgroups alone.",
)  # fmt: skip
@family_option
@file_options
@number_option
@review_option
def forest(
    analysis: str,
    by: str | None,
    arm_data: bool,
    risk_of_bias: bool,
    sort: str,
    names: tuple[str, ...],
    layout: str,
    summary: bool,
    tool: str | None,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw the trials of a run and their pooled estimate."""
    bias = None
    with shown(review_slug, analysis, number) as (run, drawn):
        called = {one.slug: one.name for one in instruments(run.session, run.review)}
        fields = field_columns(run.session, run.review, names)
        if risk_of_bias:
            bias = bias_of_run(run.session, run.review, tool, *run.values)
        withheld = run.withheld
    content = forest_of(
        *run.values,
        by=by,
        arm_data=arm_data,
        bias=bias,
        instruments=called,
        withheld=withheld,
        sort=Sort(sort),
        fields=fields,
        layout=Layout(layout),
    )
    if summary and by is None:
        written(caterpillar_plot(content), files, dpi, drawn=drawn)
        return
    content = subgroups_alone(content) if summary else content
    written(forest_pages(content, Layout(layout)), files, dpi, drawn=drawn)


@plot_.command("classes")
@click.argument("analysis", required=False)
@file_options
@review_option
def classes(
    analysis: str | None, files: tuple[Path, ...], dpi: int, review_slug: str | None
) -> None:
    """Draw what each run concluded: of an analysis by margin and variant, or of all analyses."""
    with looking(review_slug) as (session, review):
        found = past_runs(session, review, analysis)
        if analysis is None:
            if not found:
                raise InvalidDataError("there is no run yet; make one with: review repool")
            drawn = drawn_from(review=review.slug)
            content = classes_of_review(review.title, found)
        else:
            run = run_numbered(session, review, analysis, None)
            drawn = drawn_from(run.key)
            content = classes_of_analysis(found, snapshot_of(run)[0])
    written(class_strip_pages(content), files, dpi, drawn=drawn)


@plot_.command("specification")
@click.argument("analysis")
@processes_option
@file_options
@review_option
def specification(
    analysis: str,
    processes: int | None,
    files: tuple[Path, ...],
    dpi: int,
    review_slug: str | None,
) -> None:
    """Draw the estimate under every defensible combination of choices, of the data as they are."""
    with opened().reading() as session, executor_for(processes=processes, dask=None) as executor:
        review = review_called(session, review_slug)
        run = run_numbered(session, review, analysis, None)
        drawn = drawn_from(run.key)
        inputs, _ = snapshot_of(run)
        warn_outdated(outdated(session, review, analysis))
        found = multiverse(*evidence_for(session, review, analysis), executor)
        content = specification_of(inputs, found)
    written(specification_plot(content), files, dpi, drawn=drawn)


@plot_.command("screening")
@file_options
@review_option
def screening(files: tuple[Path, ...], dpi: int, review_slug: str | None) -> None:
    """Draw how many records each person has judged over time, and conflicts outstanding."""
    with looking(review_slug) as (session, review):
        drawn = drawn_from(review=review.slug)
        content = screening_course(session, review)
    if not content.stages:
        raise InvalidDataError(
            "nobody has decided about a record yet; screen some (review screen), then draw again"
        )
    written(screening_plot(content), files, dpi, drawn=drawn)


@plot_.command("prisma")
@file_options
@update_options
@review_option
def prisma(
    files: tuple[Path, ...],
    dpi: int,
    since: datetime | None,
    version: str | None,
    trigger: str | None,
    review_slug: str | None,
) -> None:
    """Draw the PRISMA 2020 flow, as review flow does."""
    with looking(review_slug) as (session, review):
        flow = flow_of(session, review, since=since, version=version, trigger=trigger)
    drawn = drawn_from(review=flow.review)
    if not any(box.n for box in flow.boxes.values()):
        raise InvalidDataError(
            "the flow is empty: the review has no record, report or study; bring in a search first "
            "(review import)"
        )
    written(prisma_plot(figure_of(flow)), files, dpi, drawn=drawn)


@plot_.command("risk-of-bias")
@click.option(
    "--summary/--traffic-light", default=False, help="Bars of each domain, or all judgements."
)
@click.option(
    "--analysis", metavar="SLUG", help="Only its newest run's studies; bars by their weights."
)
@family_option
@outcome_option
@instrument_option
@timepoint_option
@click.option("--title", metavar="TEXT", help="Above the plot.")
@file_options
@review_option
def risk_of_bias(
    summary: bool,
    analysis: str | None,
    tool: str | None,
    outcome: str | None,
    instrument: str | None,
    timepoint: str | None,
    title: str | None,
    files: tuple[Path, ...],
    dpi: int,
    review_slug: str | None,
) -> None:
    """Draw a light for each judgement, or bars of how often each was made, as review rob does."""
    figure, drawn = bias_figure(
        review_slug, tool, summary=summary, analysis=analysis, outcome=outcome,
        instrument=instrument, timepoint=timepoint, title=title,
    )  # fmt: skip
    written(figure, files, dpi, drawn=drawn)


for _figure in RUN_FIGURES:
    if _figure.name not in plot_.commands:  # those above have options of their own
        plot_.add_command(command_of(_figure))
