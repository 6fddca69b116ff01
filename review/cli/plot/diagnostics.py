"""``review plot``: the figures that look into one run of an analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from review.cli.context import review_option
from review.cli.figures import file_options, number_option, run_shown, shown, written
from review.export.drawings.bubble import bubble_of
from review.export.drawings.funnel import funnel_of
from review.export.drawings.gosh import gosh_of
from review.export.drawings.heterogeneity import heterogeneity_of
from review.export.drawings.influence import MOST_SHOWN, influence_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.figures.bubble import bubble_plot
from review.figures.estimates import estimates_pages
from review.figures.funnel import funnel_plot
from review.figures.gosh import gosh_plot
from review.figures.influence import influence_pages


@click.command("funnel")
@click.argument("analysis")
@click.option("--trim-fill", is_flag=True, help="Add the studies that trim and fill finds missing.")
@file_options
@number_option
@review_option
def funnel(
    analysis: str,
    trim_fill: bool,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw effects against standard errors, with contours of significance."""
    run, drawn = run_shown(review_slug, analysis, number)
    written(funnel_plot(funnel_of(*run, trim_fill=trim_fill)), files, dpi, drawn=drawn)


@click.command("influence")
@click.argument("analysis")
@click.option(
    "--every", is_flag=True,
    help=f"Show all trials; of more than {MOST_SHOWN} the most influential are shown otherwise.",
)  # fmt: skip
@file_options
@number_option
@review_option
def influence(
    analysis: str,
    every: bool,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw what the fit is without each trial, by eight measures."""
    run, drawn = run_shown(review_slug, analysis, number)
    written(influence_pages(influence_of(*run, every=every)), files, dpi, drawn=drawn)


@click.command("leave-one-out")
@click.argument("analysis")
@click.option(
    "--every", is_flag=True,
    help=f"Show all trials; of more than {MOST_SHOWN} those that move the estimate most are "
    "shown otherwise.",
)  # fmt: skip
@file_options
@number_option
@review_option
def leave_one_out(
    analysis: str,
    every: bool,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw the pooled estimate without each trial."""
    with shown(review_slug, analysis, number) as (run, drawn):
        values = leave_one_out_of(*run.values, withheld=run.withheld, every=every)
    written(estimates_pages(values), files, dpi, drawn=drawn)


@click.command("bubble")
@click.argument("analysis")
@click.option(
    "--moderator", metavar="NAME",
    help="What explains the effects, a name or a formula over one; the plan's first by default.",
)  # fmt: skip
@file_options
@number_option
@review_option
def bubble(
    analysis: str,
    moderator: str | None,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw the meta-regression of the effects on a moderator."""
    run, drawn = run_shown(review_slug, analysis, number)
    written(bubble_plot(bubble_of(*run, moderator)), files, dpi, drawn=drawn)


@click.command("gosh")
@click.argument("analysis")
@click.option("--highlight", metavar="STUDY", help="Tell the subsets with this study apart.")
@click.option(
    "--subsets", type=click.IntRange(1, 1_000_000), metavar="COUNT",
    help="Draw so many at random; by default all of them up to 17 trials, else 131072.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draw.")
@file_options
@number_option
@review_option
def gosh(
    analysis: str,
    highlight: str | None,
    subsets: int | None,
    seed: int,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw the effect and I² of all subsets of the trials."""
    run, drawn = run_shown(review_slug, analysis, number)
    values = gosh_of(*run, highlight=highlight, count=subsets, seed=seed)
    written(gosh_plot(values), files, dpi, drawn=drawn)


@click.command("heterogeneity")
@click.argument("analysis")
@click.option(
    "--by", metavar="NAME",
    help="The characteristic that tau² depends on; the plan's first with levels by default.",
)  # fmt: skip
@file_options
@number_option
@review_option
def heterogeneity(
    analysis: str,
    by: str | None,
    files: tuple[Path, ...],
    dpi: int,
    number: int | None,
    review_slug: str | None,
) -> None:
    """Draw tau² of each level of a characteristic, by the plan's location-scale model."""
    run, drawn = run_shown(review_slug, analysis, number)
    written(estimates_pages(heterogeneity_of(*run, by)), files, dpi, drawn=drawn)


DIAGNOSTICS: Final = (funnel, influence, leave_one_out, bubble, gosh, heterogeneity)
