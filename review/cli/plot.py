"""``review plot``."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli.appraisal_forms import family_option
from review.cli.context import opened, review_option
from review.cli.figures import file_options, number_option, run_shown, written
from review.cli.plot_diagnostics import DIAGNOSTICS
from review.export.drawings.bias import bias_of_run
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.figures import cumulative_plot, forest_plot
from review.protocol.queries import review_called
from review.protocol.vocabulary import Moderator


@click.group("plot")
def plot_() -> None:
    """Figures of a run, as SVG, PDF or PNG by the file's name."""


for _command in DIAGNOSTICS:
    plot_.add_command(_command)


@plot_.command("forest")
@click.argument("analysis")
@click.option(
    "--by", type=click.Choice([moderator.value for moderator in Moderator]),
    help="Planned subgroups: a heading and a diamond for each.",
)  # fmt: skip
@click.option("--arm-data", is_flag=True, help="Show each arm's numbers as reported.")
@click.option("--risk-of-bias", is_flag=True, help="Show the settled judgements of each trial.")
@family_option
@file_options
@number_option
@review_option
def forest(
    analysis: str,
    by: str | None,
    arm_data: bool,
    risk_of_bias: bool,
    tool: str,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw the trials of a run and their pooled estimate."""
    inputs, results = run_shown(review_slug, analysis, number)
    bias = None
    if risk_of_bias:
        with opened().reading() as session:
            bias = bias_of_run(session, review_called(session, review_slug), tool, inputs, results)
    moderator = Moderator(by) if by else None
    content = forest_of(inputs, results, by=moderator, arm_data=arm_data, bias=bias)
    written(forest_plot(content), files, dpi)


@plot_.command("cumulative")
@click.argument("analysis")
@file_options
@number_option
@review_option
def cumulative(
    analysis: str, files: tuple[Path, ...], dpi: int, number: int | None, review_slug: str | None
) -> None:
    """Draw the pooled estimate after each trial, in order of year."""
    written(cumulative_plot(cumulative_of(*run_shown(review_slug, analysis, number))), files, dpi)
