"""``review plot``."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli.context import opened, review_option
from review.cli.output import warn_outdated
from review.export.run_figures import cumulative_of, forest_of
from review.figures import cumulative_plot, forest_plot, save
from review.living.freshness import outdated
from review.living.queries import run_numbered, snapshot_of
from review.living.snapshot import RunInputs, RunResults
from review.protocol.queries import review_called


@click.group("plot")
def plot_() -> None:
    """Figures of a run, as SVG, PDF or PNG by the file's name."""


def _run(
    review_slug: str | None, analysis: str, number: int | None
) -> tuple[RunInputs, RunResults]:
    with opened().reading() as session:
        review = review_called(session, review_slug)
        run = run_numbered(session, review, analysis, number)
        if number is None:
            warn_outdated(outdated(session, review, analysis))
        return snapshot_of(run)


_out = click.option(
    "--out", "-o", "files", type=click.Path(path_type=Path), multiple=True, required=True,
    help="The file to write; may be given several times.",
)  # fmt: skip
_number = click.option("--number", "-n", type=int, help="Which run; the newest by default.")


@plot_.command("forest")
@click.argument("analysis")
@_out
@_number
@review_option
def forest(
    analysis: str, files: tuple[Path, ...], number: int | None, review_slug: str | None
) -> None:
    """Draw the trials of a run and their pooled estimate."""
    figure = forest_plot(forest_of(*_run(review_slug, analysis, number)))
    for file in files:
        click.echo(f"Wrote {save(figure, file)}")


@plot_.command("cumulative")
@click.argument("analysis")
@_out
@_number
@review_option
def cumulative(
    analysis: str, files: tuple[Path, ...], number: int | None, review_slug: str | None
) -> None:
    """Draw the pooled estimate after each trial, in order of year."""
    figure = cumulative_plot(cumulative_of(*_run(review_slug, analysis, number)))
    for file in files:
        click.echo(f"Wrote {save(figure, file)}")
