"""``review plot``."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli.context import review_option
from review.cli.figures import file_options, number_option, run_shown, written
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.figures import cumulative_plot, forest_plot


@click.group("plot")
def plot_() -> None:
    """Figures of a run, as SVG, PDF or PNG by the file's name."""


@plot_.command("forest")
@click.argument("analysis")
@file_options
@number_option
@review_option
def forest(
    analysis: str, files: tuple[Path, ...], dpi: int, number: int | None, review_slug: str | None
) -> None:
    """Draw the trials of a run and their pooled estimate."""
    written(forest_plot(forest_of(*run_shown(review_slug, analysis, number))), files, dpi)


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
