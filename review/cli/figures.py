"""What every ``review plot`` command shares: where the file goes, and which run is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from review.cli.context import FunctionT, looking, review_option
from review.cli.files import force_option, new_file
from review.cli.output import warn_outdated
from review.export.drawings.registry import RunFigure, ShownRun
from review.export.tracing.origins import LEDGER, origin
from review.figures.paper import Paper, on_paper, width_called
from review.figures.saving import DOTS_PER_INCH, save
from review.living.job.freshness import outdated
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import Snapshot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

number_option = click.option(
    "--number", "-n", type=int, help="Which run; the newest by default."
)  # fmt: skip


def file_options(function: FunctionT) -> FunctionT:
    """Add ``--out``, ``--dpi``, ``--force``, and what a journal asks of a figure."""
    drawing = function

    @wraps(drawing)
    def on_chosen_paper(
        *args: Any,
        width: str | None,
        no_title: bool,
        family: str | None,
        editable: bool,
        **given: Any,
    ) -> Any:
        wide = width_called(width) if width else None
        with on_paper(Paper(wide, not no_title, family, editable)):
            return drawing(*args, **given)

    function = cast(FunctionT, on_chosen_paper)
    function = click.option(
        "--editable-text", "editable", is_flag=True,
        help="Keep text as text in an SVG; whoever opens it needs the font.",
    )(function)  # fmt: skip
    function = click.option(
        "--font", "family", metavar="FAMILY",
        help="A family of fonts on this computer; DejaVu Sans, which comes along, by default.",
    )(function)  # fmt: skip
    function = click.option(
        "--no-title", is_flag=True, help="Leave the title out: journals set it in the caption."
    )(function)
    function = click.option(
        "--width", metavar="WIDTH",
        help="Of the journal's column: single (85 mm), one-and-a-half (114), double (174), or any "
        "such as 120mm. By default as wide as the figure likes.",
    )(function)  # fmt: skip
    function = click.option(
        "--dpi", type=click.IntRange(50, 1200), default=DOTS_PER_INCH, show_default=True,
        help="Dots an inch of a PNG.",
    )(force_option(function))  # fmt: skip
    return click.option(
        "--out", "-o", "files", type=click.Path(path_type=Path), multiple=True, required=True,
        help="The file to write, .svg, .pdf or .png; may be given several times.",
    )(function)  # fmt: skip


def written(
    figure: Figure,
    files: Sequence[Path],
    dpi: int = DOTS_PER_INCH,
    *,
    drawn: str,
    err: bool = False,
) -> None:
    """Write a figure to files with the origin of what it draws (`drawn_from`), and say so."""
    for file in files:
        with new_file(file) as place:
            save(figure, place, dpi=dpi, origin=drawn)
        click.echo(f"Wrote {file}", err=err)


def drawn_from(run_key: str | None = None, *, review: str = "") -> str:
    """Return what the files' metadata say is drawn: a run, or a review's records and judgements."""
    return f"{LEDGER}/{review}" if run_key is None else origin(run_key)


def run_shown(review_slug: str | None, analysis: str, number: int | None) -> tuple[Snapshot, str]:
    """Return the run to draw and what files say of it (`drawn_from`).

    Where it is the newest, warn if its inputs have changed since.
    """
    with _shown(review_slug, analysis, number) as (run, drawn):
        return run.values, drawn


@contextmanager
def _shown(
    review_slug: str | None, analysis: str, number: int | None
) -> Iterator[tuple[ShownRun, str]]:
    with looking(review_slug) as (session, review):
        run = run_numbered(session, review, analysis, number)
        if number is None:
            warn_outdated(outdated(session, review, analysis))
        shown = ShownRun(session, review, analysis, run.number, *snapshot_of(run))
        yield shown, drawn_from(run.key)


def command_of(figure: RunFigure) -> click.Command:
    """Return the command of a figure that needs no options of its own."""

    @click.command(figure.name, help=figure.help)
    @click.argument("analysis")
    @file_options
    @number_option
    @review_option
    def draw(
        analysis: str,
        files: tuple[Path, ...],
        dpi: int,
        number: int | None,
        review_slug: str | None,
    ) -> None:
        with _shown(review_slug, analysis, number) as (run, drawn):
            content = figure.draw(run)
        written(content, files, dpi, drawn=drawn)

    return draw
