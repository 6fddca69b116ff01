"""The figures of a manuscript: drawn once, then saved in each format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.export.manuscript.document import FigureBlock, plain
from review.export.manuscript.facts import Analysed, Facts, printer_of
from review.export.manuscript.results import estimate
from review.export.manuscript.sentences import counted
from review.export.manuscript.studies import FLOW_FIGURE
from review.export.printing import NumberStyle
from review.export.prisma import figure_of
from review.figures import cumulative_plot, forest_plot
from review.figures.prisma import prisma_plot
from review.figures.saving import FigureFormat, render

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its files: PNG at 300 dpi, SVG, PDF."""

    block: FigureBlock
    files: dict[FigureFormat, bytes]


def drawings(facts: Facts, style: NumberStyle) -> Iterator[Drawing]:
    """Yield every figure of a review in the order of the text."""
    if facts.flow is not None:
        included = counted(facts.flow.n("included_studies"), "included study", "included studies")
        yield _drawn(
            FLOW_FIGURE,
            "PRISMA 2020 flow of records, reports and studies",
            f"Flow diagram from records identified to {included}; the numbers are in the text.",
            prisma_plot(figure_of(facts.flow)),
        )
    for analysed in facts.analysed:
        inputs, results = analysed.latest.inputs, analysed.latest.results
        title = analysed.plan.title
        told = _told(analysed, style)
        yield _drawn(
            f"forest_{analysed.slug}",
            f"{title}: forest plot",
            f"Forest plot. {told}",
            forest_plot(forest_of(inputs, results)),
        )
    for analysed in facts.analysed:
        inputs, results = analysed.latest.inputs, analysed.latest.results
        if results.pooled.k > 1:
            yield _drawn(
                f"cumulative_{analysed.slug}",
                f"{analysed.plan.title}: cumulative estimate as trials were published",
                f"Cumulative forest plot in order of year. {_told(analysed, style)}",
                cumulative_plot(cumulative_of(inputs, results)),
            )


def _told(analysed: Analysed, style: NumberStyle) -> str:
    """Return the result as one who cannot see the figure is told."""
    results = analysed.latest.results
    shown = plain(estimate(printer_of(analysed, style), analysed.plan, results.pooled))
    trials = counted(len(results.effects), "effect")
    return f"{trials}; {shown}; conclusion: {results.headline.conclusion.value}."


def _drawn(name: str, title: str, alternative: str, figure: Figure) -> Drawing:
    files = {file_format: render(figure, file_format) for file_format in FigureFormat}
    return Drawing(FigureBlock(name, title, alternative, files[FigureFormat.PNG]), files)
