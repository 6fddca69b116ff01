"""The figures of a manuscript: drawn once, then saved in each format."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.drawings.registry import (
    FOREST,
    REVIEW_FIGURES,
    RunFigure,
    ShownRun,
    figures_of,
    pages_of,
)
from review.export.flow.prisma import figure_of
from review.export.manuscript.document import FigureBlock, plain
from review.export.manuscript.facts import Analysed, Appraised, Facts, printer_of
from review.export.manuscript.results import estimate
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE
from review.export.tables.printing import NumberStyle
from review.export.tracing.origins import origin
from review.extraction.appraisal.picture import picture
from review.figures.prisma import prisma_plot
from review.figures.risk_of_bias import summary_plot, traffic_light_plot
from review.figures.saving import FigureFormat, render
from review.protocol.models import Review
from review.wording import capitalised, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its files: SVG, PDF, and PNG at 300 dpi."""

    block: FigureBlock
    files: dict[FigureFormat, bytes]
    supplementary: bool = False
    """Whether the manuscript lists it, and does not show it."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """All figures of a review, and why some are not there."""

    drawn: tuple[Drawing, ...]
    left_out: tuple[str, ...]
    """A sentence for each that could not be drawn, without its full stop."""

    @property
    def shown(self) -> dict[str, FigureBlock]:
        """What stands in the manuscript, by name, in the order of the text."""
        return {d.block.name: d.block for d in self.drawn if not d.supplementary}

    @property
    def supplement(self) -> tuple[str, ...]:
        """The list of supplementary figures with their files, then those left out."""
        blocks = [d.block for d in self.drawn if d.supplementary]
        lines = [f"{block.title}. figures/{block.name}" for block in blocks]
        reasons = f"Not drawn: {'; '.join(self.left_out)}." if self.left_out else ""
        return (*lines, reasons) if reasons else tuple(lines)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A figure laid out, before its files are made."""

    name: str
    title: str
    alternative: str
    figure: Figure
    key: str | None = None
    """Of the run that is drawn."""
    supplementary: bool = False


def drawings(
    session: Session,
    review: Review,
    facts: Facts,
    style: NumberStyle,
    executor: Executor | None = None,
) -> Drawings:
    """Draw every figure of a review in the order of the text, those of the supplement last.

    The executor makes the files while this process lays out the next figure; without one it makes
    them too. They are the same bytes.
    """
    left_out: list[str] = []

    def sketches() -> Iterator[Sketch]:
        for item in _every(session, review, facts, style):
            if isinstance(item, str):
                left_out.append(item)
            else:
                yield item

    drawn = executor.map(drawing_of, sketches()) if executor else map(drawing_of, sketches())
    in_order = tuple(sorted(drawn, key=lambda drawing: drawing.supplementary))
    return Drawings(in_order, tuple(left_out))


def drawing_of(sketch: Sketch) -> Drawing:
    """Make the files of a figure; pure, so that any process can do it."""
    where = origin(sketch.key) if sketch.key else None
    files = {made: render(sketch.figure, made, origin=where) for made in FigureFormat}
    block = FigureBlock(sketch.name, sketch.title, sketch.alternative, files[FigureFormat.PNG])
    return Drawing(block, files, sketch.supplementary)


def _every(
    session: Session, review: Review, facts: Facts, style: NumberStyle
) -> Iterator[Sketch | str]:
    """Yield each figure, or why it could not be drawn."""
    yield from _of_flow(facts)
    for appraised in facts.appraised:
        yield from _of_bias(appraised)
    for analysed in facts.analysed:
        yield from _of_runs(session, review, analysed, style)
    for figure in REVIEW_FIGURES:
        words = capitalised(figure.words)
        try:
            drawn = figure.draw(session, review)
        except InvalidDataError as reason:
            yield str(reason)
        else:
            pages = pages_of(drawn)
            for n, page in enumerate(pages, start=1):
                name = figure.name if len(pages) == 1 else f"{figure.name}-{n}"
                yield Sketch(name, words, words, page, supplementary=True)


def _of_runs(
    session: Session, review: Review, analysed: Analysed, style: NumberStyle
) -> Iterator[Sketch | str]:
    latest = analysed.latest
    run = ShownRun(session, review, latest.analysis, latest.number, latest.inputs, latest.results)
    figures = [figure for figure in figures_of(run) if figure.wanted(run)]
    if latest.results.pooled.k == 1:
        figures = [figure for figure in figures if figure.name == FOREST]
        yield f"{analysed.plan.title} has one trial, and a forest plot alone"
    for figure in figures:
        try:
            drawn = figure.draw(run)
        except InvalidDataError as reason:
            yield str(reason)
        else:
            pages = pages_of(drawn)
            for n, page in enumerate(pages, start=1):
                part = (n, len(pages)) if len(pages) > 1 else None
                yield _of_run(figure, page, analysed, style, part)


def _of_run(
    figure: RunFigure,
    drawn: Figure,
    analysed: Analysed,
    style: NumberStyle,
    part: tuple[int, int] | None,
) -> Sketch:
    """Return a page of a figure; `part` is its number among how many."""
    what = figure.words if part is None else f"{figure.words}, part {part[0]} of {part[1]}"
    name = figure.file(analysed.slug)
    return Sketch(
        name if part is None else f"{name}-{part[0]}",
        f"{analysed.plan.title}: {what}",
        f"{capitalised(what)}. {_told(analysed, style)}",
        drawn,
        analysed.latest.key,
        supplementary=figure.supplementary,
    )


def _of_flow(facts: Facts) -> Iterator[Sketch]:
    if facts.flow is None:
        return
    included = counted(facts.flow.n("included_studies"), "included study", "included studies")
    yield Sketch(
        FLOW_FIGURE,
        "PRISMA 2020 flow of records, reports and studies",
        f"Flow diagram from records identified to {included}; the numbers are in the text.",
        prisma_plot(figure_of(facts.flow)),
    )


def _of_bias(appraised: Appraised) -> Iterator[Sketch]:
    content = picture(appraised.standings, title=f"Risk of bias: {appraised.tool}")
    judged = "; ".join(f"{label} {n}" for label, n in appraised.judgements.items())
    told = f"Overall judgements: {judged or 'none yet'}."
    for name, what, figure in (
        ("summary", "summary of domains", summary_plot(content)),
        ("traffic_light", "judgements of each result", traffic_light_plot(content)),
    ):
        title = f"Risk of bias, {appraised.tool}: {what}"
        yield Sketch(f"{BIAS_FIGURE}_{appraised.family}_{name}", title, told, figure)


def _told(analysed: Analysed, style: NumberStyle) -> str:
    """Return the result as one who cannot see the figure is told."""
    results = analysed.latest.results
    shown = plain(estimate(analysed, printer_of(analysed, style)))
    effects = counted(len(results.effects), "effect")
    word = analysed.latest.conclusion(results.headline.conclusion)
    return f"{effects}; {shown}; conclusion: {word}." if word else f"{effects}; {shown}."
