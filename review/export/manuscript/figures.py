"""The figures of a manuscript: drawn once, then saved in each format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.export.drawings.bubble import bubble_of
from review.export.drawings.cumulative import cumulative_of
from review.export.drawings.forest import forest_of
from review.export.drawings.funnel import FEWEST_FOR_TEST, funnel_of
from review.export.drawings.leave_one_out import leave_one_out_of
from review.export.drawings.margins import margins_of
from review.export.flow.prisma import figure_of
from review.export.manuscript.document import FigureBlock, plain
from review.export.manuscript.facts import Analysed, Appraised, Facts, printer_of
from review.export.manuscript.results import estimate
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE
from review.export.table.printing import NumberStyle
from review.export.tracing.origins import origin
from review.extraction.appraisal.picture import picture
from review.figures import cumulative_plot, forest_plot
from review.figures.bubble import bubble_plot
from review.figures.estimates import estimates_plot
from review.figures.funnel import funnel_plot
from review.figures.margins import margins_plot
from review.figures.prisma import prisma_plot
from review.figures.risk_of_bias import summary_plot, traffic_light_plot
from review.figures.saving import FigureFormat, render
from review.protocol.vocabulary import Moderator, Variant
from review.wording import capitalised, counted

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
    for name, what, figure in _looks(analysed):
        yield _drawn(
            name,
            f"{analysed.plan.title}: {what}",
            f"{capitalised(what)}. {_told(analysed, style)}",
            figure,
            analysed.latest.key,
        )


def _looks(analysed: Analysed) -> Iterator[tuple[str, str, Figure]]:
    """Yield name, words and figure of what shows one analysis from other sides."""
    inputs, results, slug = analysed.latest.inputs, analysed.latest.results, analysed.slug
    plan = analysed.plan
    if plan.margin is not None:
        figure = margins_plot(margins_of(inputs, results))
        yield f"margins_{slug}", "the estimate against every noninferiority margin", figure
    figure = cumulative_plot(cumulative_of(inputs, results))
    yield f"cumulative_{slug}", "cumulative estimate as trials were published", figure
    if analysed.versions is not None:
        yield f"versions_{slug}", "the estimate of each version", estimates_plot(analysed.versions)
    if Variant.LEAVE_ONE_OUT in plan.variants:
        figure = estimates_plot(leave_one_out_of(inputs, results))
        yield f"leave_one_out_{slug}", "the estimate without each trial", figure
    if results.pooled.k >= FEWEST_FOR_TEST:
        trim_fill = Variant.TRIM_AND_FILL in plan.variants
        figure = funnel_plot(funnel_of(inputs, results, trim_fill=trim_fill))
        yield f"funnel_{slug}", "funnel plot with contours of significance", figure
    for line in results.moderators:
        if line.kind == "meta-regression" and line.note is None:
            moderator = Moderator(line.moderator)
            figure = bubble_plot(bubble_of(inputs, results, moderator))
            words = line.moderator.replace("_", " ")
            yield f"bubble_{slug}_{line.moderator}", f"effects by {words}", figure


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
