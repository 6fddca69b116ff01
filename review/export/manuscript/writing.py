"""The whole manuscript: sections in order, with the tables and figures that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from review.export.manuscript.abstract import abstract, subtitle
from review.export.manuscript.document import (
    Block,
    Entries,
    FigureBlock,
    Heading,
    Manuscript,
    Paragraph,
    Reference,
    ReferenceList,
    Span,
    Spans,
    TableBlock,
    filled,
    joined,
    listed,
)
from review.export.manuscript.facts import Facts
from review.export.manuscript.literature import cited_in, works
from review.export.manuscript.methods import methods
from review.export.manuscript.results import analysis_blocks, without_trials
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE, risk_of_bias, selection
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle

MENTIONED: Final = {
    "characteristics": "the characteristics of the studies",
    "summary_of_findings": "the summary of findings",
    "pooled_estimates": "all pooled estimates",
    "variants": "the sensitivity analyses",
    "changes": "what changed since",
}
"""Tables that the results mention, in their order."""
BESIDE: Final = frozenset({"results", "reported_numbers"})
"""Tables that are too long for a manuscript: they lie beside it, as files."""


def manuscript(
    facts: Facts,
    tables: Mapping[str, Table],
    figures: Mapping[str, FigureBlock],
    *,
    included: Sequence[str] = (),
    supplement: Sequence[str] = (),
    style: NumberStyle = NumberStyle.APA,
) -> Manuscript:
    """Return the manuscript of a review: methods, results, tables, figures, references.

    Parameters
    ----------
    facts : Facts
        What the text says.
    tables : mapping of str to Table
        For print, by name.
    figures : mapping of str to FigureBlock
        Drawn, by name; ``forest_<analysis>`` stands beside its paragraph.
    included : sequence of str
        References of the included studies, an entry each.
    supplement : sequence of str
        The list of figures that lie beside the manuscript, an entry each.
    style : NumberStyle
        Of all numbers.
    """
    if all(analysed.latest.before is None for analysed in facts.analysed):
        tables = {name: table for name, table in tables.items() if name != "changes"}
    blocks = [
        *abstract(facts, style),
        *methods(facts, style),
        *_results(facts, tables, figures, style),
    ]
    placed = {block.name for block in blocks if isinstance(block, FigureBlock)}
    more = [figure for name, figure in figures.items() if name not in placed]
    if more:
        blocks += [Heading(1, "Further figures"), *more]
    shown = [TableBlock(name, table) for name, table in tables.items() if name not in BESIDE]
    if shown:
        blocks += [Heading(1, "Tables"), *shown]
    cited = cited_in(blocks)
    if cited:
        blocks.append(ReferenceList(works(cited)))
    if included:
        blocks += [Heading(1, "Included studies"), Entries(tuple(included))]
    if supplement:
        blocks += [Heading(1, "Supplementary figures"), Entries(tuple(supplement))]
    date = f"{facts.date:%Y-%m-%d}"
    return Manuscript(facts.title, date, _only_there(blocks), subtitle(facts))


def _results(
    facts: Facts,
    tables: Mapping[str, Table],
    figures: Mapping[str, FigureBlock],
    style: NumberStyle,
) -> list[Block]:
    def drawn(beginning: str) -> list[Block]:
        return [figure for name, figure in figures.items() if name.startswith(beginning)]

    blocks: list[Block] = [
        Heading(1, "Results"),
        *selection(facts, style),
        *drawn(FLOW_FIGURE),
        *risk_of_bias(facts, style),
        *drawn(BIAS_FIGURE),
        Heading(2, "Results of syntheses"),
    ]
    overview = _overview(tables)
    if overview:
        blocks.append(Paragraph(overview))
    for analysed in facts.analysed:
        blocks.append(Heading(3, analysed.plan.title))
        blocks += analysis_blocks(facts, analysed, style)
        forest = f"forest_{analysed.slug}"
        blocks += [figures[forest]] if forest in figures else []
    for planned in facts.planned:
        blocks += [Heading(3, planned.plan.title), without_trials(planned)]
    return blocks


def _overview(tables: Mapping[str, Table]) -> Spans:
    """Return where the tables are, in their order."""
    told = [
        filled("{what} in {table}", what=what, table=Reference("table", name))
        for name, what in MENTIONED.items()
        if name in tables
    ]
    return joined(["See ", *listed(told), "."]) if told else ()


def _only_there(blocks: list[Block]) -> tuple[Block, ...]:
    """Return blocks whose asides are there, or gone where the document lacks what they mention."""
    there = {("table", b.name) for b in blocks if isinstance(b, TableBlock)}
    there |= {("figure", b.name) for b in blocks if isinstance(b, FigureBlock)}

    def shown(span: Span) -> Spans:
        if not isinstance(span, Reference) or not span.aside:
            return (span,)
        known = (span.kind, span.name) in there
        return (" (", replace(span, aside=False), ")") if known else ()

    def kept(spans: Spans) -> Spans:
        return joined([part for span in spans for part in shown(span)])

    return tuple(Paragraph(kept(b.spans)) if isinstance(b, Paragraph) else b for b in blocks)
