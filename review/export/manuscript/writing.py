"""The whole manuscript: sections in order, with the tables and figures that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from review.export.drawings.registry import short_of
from review.export.manuscript.abstract import abstract, subtitle, title
from review.export.manuscript.brackets import tidied
from review.export.manuscript.document import (
    SUPPLEMENTARY,
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
    typeset,
)
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.literature import cited_in, works
from review.export.manuscript.methods import methods
from review.export.manuscript.news import news
from review.export.manuscript.noticed import without_trials
from review.export.manuscript.results import analysis_blocks
from review.export.manuscript.spelled import spelled
from review.export.manuscript.studies import BIAS_FIGURE, FLOW_FIGURE, risk_of_bias, selection
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle
from review.wording import capitalised, lowered

MENTIONED: Final = {
    "characteristics": "the characteristics of the studies",
    "summary_of_findings": "the summary of findings",
    "pooled_estimates": "all pooled estimates",
    "variants": "the sensitivity analyses",
    "moderators": "subgroups and meta-regressions",
    "heterogeneity": "what heterogeneity depends on",
    "posteriors": "the posteriors by Bayes",
    "changes": "each change since readers last saw the results",
}
"""Tables that the results mention, in their order."""
BESIDE: Final = frozenset({"results", "reported_numbers"})
"""Tables that are too long for a document: they lie beside it, as files."""

IN_TEXT: Final = ("whats_new", "summary_of_findings", "pooled_estimates")
"""Tables that stand in the manuscript itself, as long as they are short."""

LEAGUE: Final = "league_"
"""What the names of league tables begin with."""

LONGEST: Final = 30
"""Rows of a table that the manuscript itself takes."""

MOST_FORESTS: Final = 6
"""Forest plots that the manuscript itself takes, in the order of the analyses."""


def manuscript(
    facts: Facts,
    tables: Mapping[str, Table],
    figures: Mapping[str, FigureBlock],
    *,
    style: NumberStyle = NumberStyle.APA,
) -> Manuscript:
    """Return the manuscript of a review: abstract, methods, results, references.

    Short tables and the figures that carry the argument stand in it, so that it stays of a length
    that journals take whatever the number of studies; `supplement` has the others.

    Parameters
    ----------
    facts : Facts
        What the text says.
    tables : mapping of str to Table
        For print, by name.
    figures : mapping of str to FigureBlock
        Drawn, by name; ``forest_<analysis>`` stands beside its paragraph.
    style : NumberStyle
        Of all numbers.
    """
    tables = _wanted(facts, tables)
    blocks = [*abstract(facts, style), *methods(facts, style)]
    blocks += _results(facts, tables, figures, style)
    blocks += [TableBlock(name, tables[name]) for name in _short(tables)]
    cited = cited_in(blocks)
    if cited:
        blocks.append(ReferenceList(works(cited)))
    elsewhere = _elsewhere(facts, tables, figures)
    document = Manuscript(
        title(facts),
        f"{facts.date:%Y-%m-%d}",
        _only_there(blocks, elsewhere),
        subtitle(facts),
        elsewhere=elsewhere,
    )
    return spelled(document, facts.spelling)


def supplement(
    facts: Facts,
    tables: Mapping[str, Table],
    figures: Mapping[str, FigureBlock],
    *,
    included: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> Manuscript:
    """Return what the manuscript cites and has no room for: figures, tables, included studies.

    Parameters
    ----------
    facts, tables, figures
        As `manuscript` takes them.
    included : sequence of str
        References of the included studies, an entry each.
    beside : sequence of str
        The list of figures that lie beside the documents as files, an entry each.
    """
    tables = _wanted(facts, tables)
    carrying, short = _carrying(facts, figures), _short(tables)
    place = _places(facts, tables, figures)
    drawn = [block for name, block in figures.items() if name not in carrying]
    printed = [TableBlock(n, t) for n, t in tables.items() if n not in short]
    parts: list[tuple[str, list[Block]]] = [
        ("Figures", [*sorted(drawn, key=lambda block: place("figure", block.name))]),
        ("Tables", [*sorted(printed, key=lambda block: place("table", block.name))]),
        ("Included studies", [Entries(tuple(included))] if included else []),
        ("Figures beside this document", [Entries(tuple(beside))] if beside else []),
    ]
    blocks: list[Block] = []
    for heading, found in parts:
        blocks += [Heading(1, heading), *found] if found else []
    date = f"{facts.date:%Y-%m-%d}"
    named = f"{facts.title}: supplement"
    document = Manuscript(named, date, tuple(blocks), subtitle(facts), mark=SUPPLEMENTARY)
    return spelled(document, facts.spelling)


def _places(
    facts: Facts, tables: Mapping[str, Table], figures: Mapping[str, FigureBlock]
) -> Callable[[str, str], int]:
    """Return what says where the text first mentions a table or figure; unmentioned ones last."""
    style = NumberStyle.APA  # no style moves a mention
    told = [*abstract(facts, style), *methods(facts, style)]
    told += _results(facts, tables, figures, style)
    order: dict[tuple[str, str], int] = {}
    for block in told:
        for span in block.spans if isinstance(block, Paragraph) else ():
            if isinstance(span, Reference):
                for name in (short_of(span.name), span.name):
                    order.setdefault((span.kind, name), len(order))
    return lambda kind, name: order.get((kind, name), len(order))


def _wanted(facts: Facts, tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return the tables that a document has, their titles without the review's."""
    without = set(BESIDE)
    if all(analysed.latest.before is None for analysed in facts.analysed):
        without.add("changes")
    if not any(analysed.latest.results.variants for analysed in facts.analysed):
        without.add("variants")  # it would have the main results alone
    lead = f"{facts.title}: "
    return {
        name: replace(table, title=capitalised(table.title.removeprefix(lead)))
        for name, table in tables.items()
        if name not in without
    }


def _short(tables: Mapping[str, Table]) -> list[str]:
    leagues = [name for name in tables if name.startswith(LEAGUE)]
    wanted = [*(name for name in IN_TEXT if name in tables), *leagues]
    return [name for name in wanted if len(tables[name].rows) <= LONGEST]


def _carrying(facts: Facts, figures: Mapping[str, FigureBlock]) -> list[str]:
    """Return the figures that the argument needs: flow, risk of bias in short, forest plots."""
    forests = [_forest(analysed, figures) for analysed in facts.analysed]
    graphs = {f"network_{a.slug}" for a in facts.analysed if a.latest.results.network is not None}
    wanted = {*graphs, *[name for name in forests if name in figures][:MOST_FORESTS], FLOW_FIGURE}
    bias = {n for n in figures if n.startswith(BIAS_FIGURE) and n.endswith("_summary")}
    return [name for name in figures if name in wanted | bias]


def _forest(analysed: Analysed, figures: Mapping[str, FigureBlock]) -> str:
    """Return the name of the forest plot of an analysis, of its short form where it has one."""
    name = f"forest_{analysed.slug}"
    return short_of(name) if short_of(name) in figures else name


def _elsewhere(
    facts: Facts, tables: Mapping[str, Table], figures: Mapping[str, FigureBlock]
) -> dict[tuple[str, str], str]:
    """Return what the supplement calls its tables and figures: ``Table S1``."""
    made = supplement(facts, tables, figures)
    kinds: tuple[Literal["table", "figure"], ...] = ("table", "figure")
    return {
        (kind, name): f"{kind.capitalize()} {SUPPLEMENTARY}{place}"
        for kind in kinds
        for name, place in made.ordinals(kind).items()
    }


def _results(
    facts: Facts,
    tables: Mapping[str, Table],
    figures: Mapping[str, FigureBlock],
    style: NumberStyle,
) -> list[Block]:
    """Return the results with the figures that carry them; the others are mentioned."""
    shown = _carrying(facts, figures)

    def drawn(beginning: str) -> list[Block]:
        return [figures[name] for name in shown if name.startswith(beginning)]

    blocks: list[Block] = [
        Heading(1, "Results"),
        *selection(facts, style),
        *drawn(FLOW_FIGURE),
        *risk_of_bias(facts, style),
        *drawn(BIAS_FIGURE),
        *news(facts, style),
        Heading(2, "Results of syntheses"),
    ]
    overview = _overview(tables)
    if overview:
        blocks.append(Paragraph(overview))
    for analysed in facts.analysed:
        blocks.append(Heading(3, analysed.plan.title))
        blocks += analysis_blocks(facts, analysed, style)
        blocks += _also(blocks, *_of_analysis(analysed.plan.title, tables, figures))
        names = (f"network_{analysed.slug}", _forest(analysed, figures))
        blocks += [figures[name] for name in names if name in shown]
    blocks += without_trials(facts)
    return [*blocks, *_also(blocks, tables, figures)]


def _of_analysis(
    title: str, tables: Mapping[str, Table], figures: Mapping[str, FigureBlock]
) -> tuple[dict[str, Table], dict[str, FigureBlock]]:
    """Return the tables and figures of one analysis: their titles begin with its."""
    lead = f"{title}: "
    return (
        {name: table for name, table in tables.items() if table.title.startswith(lead)},
        {name: block for name, block in figures.items() if block.title.startswith(lead)},
    )


def _also(
    blocks: Sequence[Block], tables: Mapping[str, Table], figures: Mapping[str, FigureBlock]
) -> list[Block]:
    """Return a paragraph that mentions what no paragraph has mentioned, so that nothing is lost."""
    mentioned = {
        (span.kind, name)
        for block in blocks
        if isinstance(block, Paragraph)
        for span in block.spans
        if isinstance(span, Reference)
        for name in (span.name, short_of(span.name))
    }
    titled: dict[tuple[Literal["table", "figure"], str], str] = {
        **{("figure", name): block.title for name, block in figures.items()},
        **{("table", name): table.title for name, table in tables.items()},
    }
    parts: dict[tuple[str, str], list[Spans]] = {}
    for (kind, name), called in titled.items():
        if (kind, name) not in mentioned:
            what, part, _ = called.rpartition(": ")[2].partition(", part ")
            parts.setdefault((what, part or name), []).append((Reference(kind, name),))
    told = [
        filled(
            "{where} ({what}{parts})",
            where=listed(where),
            what=lowered(what),
            parts=f", {len(where)} parts" if len(where) > 1 else "",
        )
        for (what, _), where in parts.items()
    ]
    return [Paragraph(filled("See also {told}.", told=listed(told)))] if told else []


def _overview(tables: Mapping[str, Table]) -> Spans:
    """Return where the tables are, in their order."""
    told = [
        filled("{what} in {table}", what=what, table=Reference("table", name))
        for name, what in MENTIONED.items()
        if name in tables
    ]
    return joined(["See ", *listed(told), "."]) if told else ()


def _only_there(blocks: list[Block], elsewhere: Mapping[tuple[str, str], str]) -> tuple[Block, ...]:
    """Return blocks whose asides are there, or gone where no document has what they mention."""
    there = {("table", b.name) for b in blocks if isinstance(b, TableBlock)}
    there |= {("figure", b.name) for b in blocks if isinstance(b, FigureBlock)} | elsewhere.keys()

    def there_is(span: Span) -> Span:
        """Return a span as it is, an aside by the name that stands there, or nothing."""
        if not isinstance(span, Reference) or not span.aside:
            return span
        names = [n for n in (short_of(span.name), span.name) if (span.kind, n) in there]
        return replace(span, name=names[0]) if names else ""

    def kept(spans: Spans) -> Spans:
        return typeset(tidied(joined([there_is(span) for span in spans])))

    return tuple(Paragraph(kept(b.spans)) if isinstance(b, Paragraph) else b for b in blocks)
