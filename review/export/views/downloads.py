"""Figures and tables of an analysis as files, by the writers that manuscripts have."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.export.contents.registry import CONTENTS, collect, write_collection
from review.export.drawings.registry import RUN_FIGURES, ShownRun, pages_of
from review.export.runs import latest_run
from review.export.tables.writers.files import Format
from review.export.tracing.origins import origin
from review.export.views.analysis import Headline
from review.export.views.current import contents_of
from review.export.views.tabs import head_of
from review.figures.saving import FigureFormat, render
from review.living.runs.queries import run_numbered
from review.protocol.models import Review

if TYPE_CHECKING:
    pass

TABLES: Final = (
    "study_results", "pooled_estimates", "variants", "moderators", "changes", "reported_numbers",
)  # fmt: skip
"""The tables that one analysis has by itself."""

SUFFIXES: Final = {
    Format.CSV: ".csv", Format.XLSX: ".xlsx", Format.DOCX: ".docx", Format.LATEX: ".tex",
    Format.HTML: ".html", Format.MARKDOWN: ".md", Format.JSON: ".json",
}  # fmt: skip

_drawing = Lock()
"""matplotlib's settings belong to the process: one figure is drawn at a time."""


@dataclass(frozen=True, slots=True)
class Downloads:
    """What of an analysis can be had as files."""

    head: Headline
    figures: tuple[tuple[str, str], ...]
    """Name and what it shows."""
    figure_formats: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]
    table_formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A file."""

    name: str
    content: bytes


def downloads_of(session: Session, review: Review, analysis: str) -> Downloads:
    """Return what of an analysis can be had as files."""
    what = {content.name: content.what for content in CONTENTS}
    return Downloads(
        head=head_of(session, review, analysis),
        figures=tuple((figure.name, figure.words) for figure in RUN_FIGURES),
        figure_formats=tuple(kind.value for kind in FigureFormat),
        tables=tuple((name, what[name]) for name in TABLES),
        table_formats=tuple(kind.value for kind in Format),
    )


def figure_of_run(
    session: Session, review: Review, analysis: str, number: int | None, name: str, kind: str
) -> Callable[[], Download]:
    """Read a run; return what draws a figure of it, without the session.

    Raises NotFoundError for a figure or format that is not there, and from the drawing
    InvalidDataError for what the run does not have.
    """
    figure = next((one for one in RUN_FIGURES if one.name == name), None)
    if figure is None or kind not in tuple(FigureFormat):
        raise NotFoundError(f"there is no figure {name}.{kind}")
    run = run_numbered(session, review, analysis, number)
    with _drawing:
        shown = ShownRun(session, review, analysis, run.number, *contents_of(run))
        (drawn,) = pages_of(figure.draw(shown))
    where, file = origin(run.key), f"{figure.file(analysis)}_run_{run.number}.{kind}"

    def rendered() -> Download:
        with _drawing:
            return Download(file, render(drawn, FigureFormat(kind), origin=where))

    return rendered


def table_of_run(
    session: Session, review: Review, analysis: str, name: str, kind: str
) -> Callable[[], Download]:
    """Read the newest run; return what writes one of its tables, without the session.

    Raises NotFoundError for a table or format that is not there, or that holds nothing.
    """
    if name not in TABLES or kind not in tuple(Format):
        raise NotFoundError(f"there is no table {name}.{kind}")
    run = latest_run(session, review, analysis)
    found = collect(session, review, [run], [name])
    if not found.data:
        raise NotFoundError(f"{analysis} has nothing for the table {name}")

    def written() -> Download:
        chosen = Format(kind)
        with tempfile.TemporaryDirectory() as folder:
            (path, *_) = write_collection(found, Path(folder), [chosen])
            content = path.read_bytes()
        return Download(f"{name}_{analysis}_run_{run.number}{SUFFIXES[chosen]}", content)

    return written
