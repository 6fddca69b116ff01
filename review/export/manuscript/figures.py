"""The figures of a manuscript: drawn once, then saved in each format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.export.drawings.bubble import bubble_of
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.export.drawings.funnel import FEWEST_FOR_TEST, funnel_of
from review.export.manuscript.document import FigureBlock, plain
from review.export.manuscript.facts import Analysed, Appraised, Facts, printer_of
from review.export.manuscript.results import estimate
from review.export.manuscript.sentences import counted
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE
from review.export.origins import origin
from review.export.printing import NumberStyle
from review.export.prisma import figure_of
from review.extraction.appraisal.picture import picture
from review.figures import cumulative_plot, forest_plot
from review.figures.bubble import bubble_plot
from review.figures.funnel import funnel_plot
from review.figures.prisma import prisma_plot
from review.figures.risk_of_bias import summary_plot, traffic_light_plot
from review.figures.saving import FigureFormat, render
from review.protocol.vocabulary import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with its files: SVG, PDF, and PNG at 300 dpi."""

    block: FigureBlock
    files: dict[FigureFormat, bytes]


def drawings(facts: Facts, style: NumberStyle) -> Iterator[Drawing]:
    """Yield every figure of a review in the order of the text, those of the supplement last."""
    yield from _of_flow(facts)
    for appraised in facts.appraised:
        yield from _of_bias(appraised)
    for analysed in facts.analysed:
        title = f"{analysed.plan.title}: forest plot"
        figure = forest_plot(forest_of(analysed.latest.inputs, analysed.latest.results))
        told = f"Forest plot. {_told(analysed, style)}"
        yield _drawn(f"forest_{analysed.slug}", title, told, figure, analysed.latest.key)
    for analysed in facts.analysed:
        if analysed.latest.results.pooled.k > 1:
            yield from _supplement(analysed, style)


def _of_flow(facts: Facts) -> Iterator[Drawing]:
    if facts.flow is None:
        return
    included = counted(facts.flow.n("included_studies"), "included study", "included studies")
    yield _drawn(
        FLOW_FIGURE,
        "PRISMA 2020 flow of records, reports and studies",
        f"Flow diagram from records identified to {included}; the numbers are in the text.",
        prisma_plot(figure_of(facts.flow)),
    )


def _of_bias(appraised: Appraised) -> Iterator[Drawing]:
    content = picture(appraised.standings, title=f"Risk of bias: {appraised.tool}")
    judged = "; ".join(f"{label} {n}" for label, n in sorted(appraised.judgements.items()))
    told = f"Overall judgements: {judged or 'none yet'}."
    for name, what, figure in (
        ("summary", "summary of domains", summary_plot(content)),
        ("traffic_light", "judgements of each result", traffic_light_plot(content)),
    ):
        title = f"Risk of bias, {appraised.tool}: {what}"
        yield _drawn(f"{BIAS_FIGURE}_{appraised.family}_{name}", title, told, figure)


def _supplement(analysed: Analysed, style: NumberStyle) -> Iterator[Drawing]:
    inputs, results, slug = analysed.latest.inputs, analysed.latest.results, analysed.slug
    title, told, key = analysed.plan.title, _told(analysed, style), analysed.latest.key
    yield _drawn(
        f"cumulative_{slug}",
        f"{title}: cumulative estimate as trials were published",
        f"Cumulative forest plot in order of year. {told}",
        cumulative_plot(cumulative_of(inputs, results)),
        key,
    )
    if results.pooled.k >= FEWEST_FOR_TEST:
        trim_fill = Variant.TRIM_AND_FILL in analysed.plan.variants
        yield _drawn(
            f"funnel_{slug}",
            f"{title}: funnel plot with contours of significance",
            f"Funnel plot of effects against standard errors. {told}",
            funnel_plot(funnel_of(inputs, results, trim_fill=trim_fill)),
            key,
        )
    for line in results.moderators:
        if line.kind == "meta-regression" and line.note is None:
            moderator = next(m for m in analysed.plan.moderators if m.value == line.moderator)
            yield _drawn(
                f"bubble_{slug}_{moderator.value}",
                f"{title}: effects by {moderator.value.replace('_', ' ')}",
                f"Bubble plot of a meta-regression. {told}",
                bubble_plot(bubble_of(inputs, results, moderator)),
                key,
            )


def _told(analysed: Analysed, style: NumberStyle) -> str:
    """Return the result as one who cannot see the figure is told."""
    results = analysed.latest.results
    shown = plain(estimate(printer_of(analysed, style), analysed.plan, results.pooled))
    effects = counted(len(results.effects), "effect")
    return f"{effects}; {shown}; conclusion: {results.headline.conclusion.value}."


def _drawn(
    name: str, title: str, alternative: str, figure: Figure, key: str | None = None
) -> Drawing:
    where = origin(key) if key else None
    files = {file_format: render(figure, file_format, origin=where) for file_format in FigureFormat}
    return Drawing(FigureBlock(name, title, alternative, files[FigureFormat.PNG]), files)
