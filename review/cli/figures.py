"""What every ``review plot`` command shares: where the file goes, and which run is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, cast

import click

from review.cli.context import FunctionT, looking, review_option
from review.cli.files import force_option, new_file
from review.cli.output import warn_outdated
from review.export.drawings.registry import Drawn, RunFigure, ShownRun, pages_of
from review.export.tracing.origins import LEDGER, origin
from review.figures.paper import DEEPEST, MM, Paper, lacking, on_paper, width_called
from review.figures.saving import DOTS_PER_INCH, save
from review.living.job.freshness import outdated
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import Snapshot

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
        page_height: float | None,
        **given: Any,
    ) -> Any:
        wide = width_called(width) if width else None
        high = page_height or (DEEPEST if wide else None)
        chosen = Paper(
            width=wide, height=high and high * MM, title=not no_title, family=family,
            editable=editable,
        )  # fmt: skip
        with on_paper(chosen):
            done = drawing(*args, **given)
            if lacking():
                click.echo(_not_drawn(lacking()), err=True)
            return done

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
        "--page-height", type=click.FloatRange(60, 1000), metavar="MM",
        help="Of the journal's page: a longer figure goes on over files -1, -2 and so on. "
        f"{DEEPEST:g} mm with --width; without both a figure is as high as its lines need.",
    )(function)  # fmt: skip
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


def _not_drawn(letters: set[str]) -> str:
    """Return which letters no font draws, and what helps."""
    shown = " ".join(sorted(letters)[:20])
    more = f" and {len(letters) - 20} more" if len(letters) > 20 else ""
    return (
        f"Drawn as �, because no font on this computer has them: {shown}"
        f"{more}. Install one that does, such as Noto Sans CJK (package fonts-noto-cjk), and draw "
        "again."
    )


def written(
    figure: Drawn,
    files: Sequence[Path],
    dpi: int = DOTS_PER_INCH,
    *,
    drawn: str,
    err: bool = False,
) -> None:
    """Write a figure to files with the origin of what it draws (`drawn_from`), and say so.

    Of a figure of several pages each has a file: ``forest-1.svg``, ``forest-2.svg``...
    """
    pages = pages_of(figure)
    for file in files:
        for n, page in enumerate(pages, start=1):
            own = file if len(pages) == 1 else file.with_stem(f"{file.stem}-{n}")
            with new_file(own) as place:
                save(page, place, dpi=dpi, origin=drawn)
            told = f", page {n} of {len(pages)}" if len(pages) > 1 else ""
            click.echo(f"Wrote {own}{told}", err=err)


def drawn_from(run_key: str | None = None, *, review: str = "") -> str:
    """Return what the files' metadata say is drawn: a run, or a review's records and judgements."""
    return f"{LEDGER}/{review}" if run_key is None else origin(run_key)


def run_shown(review_slug: str | None, analysis: str, number: int | None) -> tuple[Snapshot, str]:
    """Return the run to draw and what files say of it (`drawn_from`).

    Where it is the newest, warn if its inputs have changed since.
    """
    with shown(review_slug, analysis, number) as (run, drawn):
        return run.values, drawn


@contextmanager
def shown(
    review_slug: str | None, analysis: str, number: int | None
) -> Iterator[tuple[ShownRun, str]]:
    """Yield what `run_shown` returns, for figures that read more of the review than its numbers."""
    with looking(review_slug) as (session, review):
        run = run_numbered(session, review, analysis, number)
        if number is None:
            warn_outdated(outdated(session, review, analysis))
        found = ShownRun(session, review, analysis, run.number, *snapshot_of(run))
        yield found, drawn_from(run.key)


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
        with shown(review_slug, analysis, number) as (run, drawn):
            content = figure.draw(run)
        written(content, files, dpi, drawn=drawn)

    return draw
