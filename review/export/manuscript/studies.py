"""What was found before any pooling: the flow of records, the studies, their risk of bias."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from review.export.flow.model import Flow, Part
from review.export.manuscript.document import (
    Block,
    Heading,
    Paragraph,
    Reference,
    Spans,
    filled,
    joined,
    listed,
    sentences,
)
from review.export.manuscript.facts import Appraised, Facts
from review.export.manuscript.printer import Printer
from review.export.manuscript.sentences import capped, count
from review.export.tables.printing import NumberStyle

FLOW_FIGURE: Final = "prisma_flow"
BIAS_FIGURE: Final = "risk_of_bias"
"""What the names of figures of risk of bias begin with."""

REMOVED: Final = {
    "duplicates_removed": ("duplicate", ""),
    "removed_by_automation_tools": ("record", " marked by automation tools"),
    "removed_for_other_reasons": ("record", " for other reasons"),
}
"""What is removed before screening, by the box that counts it: a noun, and why."""

OUTSIDE: Final = {
    "reports_not_linked": (
        "Not linked to a study yet: {n}.", "included report", "included reports",
    ),
    "reports_of_withdrawn_studies": (
        "Studies that were withdrawn from the review account for {n}.",
        "included report", "included reports",
    ),
    "studies_outside": (
        "Not in this flow, since no included record leads there: {n} that the review holds.",
        "further study", "further studies",
    ),
}  # fmt: skip
"""What stands beside the flow, by the box that counts it."""


def selection(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return the paragraph of the flow, or of the studies alone where no record was screened."""
    text = (
        [*_flow(facts.flow, Printer(style, "flow")), *_outside(facts.flow, Printer(style, "flow"))]
        if facts.flow is not None
        else [_studies(facts, Printer(style, "extraction"))]
    )
    return [Heading(2, "Study selection"), Paragraph(sentences(*text))]


def _studies(facts: Facts, printer: Printer) -> Spans:
    withdrawn: Spans = ()
    if facts.extracted.withdrawn:
        withdrawn = filled(
            "; {n} taken out{table}",
            n=count(
                printer.integer(facts.extracted.withdrawn, "withdrawn"), "other was", "others were"
            ),
            table=Reference("table", "excluded_studies", aside=True),
        )
    return filled(
        "The review holds {n}{table}{withdrawn}. How they were found is for the authors to report.",
        table=Reference("table", "characteristics", aside=True),
        n=count(printer.integer(facts.extracted.studies, "studies"), "study", "studies"),
        withdrawn=withdrawn,
    )


def _outside(flow: Flow, printer: Printer) -> list[Spans]:
    """Return which studies are not in the flow, and which included reports are in no study."""
    return [
        filled(template, n=count(printer.integer(flow.n(key), key), one, many))
        for key, (template, one, many) in OUTSIDE.items()
        if flow.n(key)
    ]


def _flow(flow: Flow, printer: Printer) -> list[Spans]:
    def n(key: str) -> int:
        return flow.n(key) + flow.n(f"other_{key}")

    def counted(key: str, one: str, many: str | None = None) -> Spans:
        return count(printer.integer(n(key), key), one, many)

    removed = [(*counted(key, what), why) for key, (what, why) in REMOVED.items() if n(key)]
    were = "was" if sum(n(key) for key in REMOVED) == 1 else "were"
    found = [
        filled(
            "In all, {n} identified{figure}{removed}.",
            n=counted("records_identified", "record was", "records were"),
            figure=Reference("figure", FLOW_FIGURE, aside=True),
            removed=joined(["; before screening, ", *listed(removed), f" {were} removed"])
            if removed
            else (),
        ),
        filled(
            "Of {screened} screened, {excluded} were excluded; {sought} sought for retrieval, and "
            "{missing} could not be retrieved.",
            screened=counted("records_screened", "record"),
            excluded=printer.integer(n("records_excluded"), "records_excluded"),
            sought=counted("reports_sought", "report was", "reports were"),
            missing=printer.integer(n("reports_not_retrieved"), "reports_not_retrieved"),
        ),
        filled(
            "Of {assessed} assessed in full text, {excluded} were excluded{why}{table}.",
            table=Reference("table", "excluded_studies", aside=True),
            assessed=counted("reports_assessed", "report"),
            excluded=printer.integer(n("reports_excluded"), "reports_excluded"),
            why=_reasons(flow, printer),
        ),
        filled(
            "Included were {studies} in {reports}{table}.",
            table=Reference("table", "characteristics", aside=True),
            studies=count(
                printer.integer(flow.n("included_studies"), "included_studies"), "study", "studies"
            ),
            reports=count(
                printer.integer(flow.n("included_reports"), "included_reports"), "report"
            ),
        ),
    ]
    return [*found, *_waiting(n, printer)]


def _reasons(flow: Flow, printer: Printer) -> Spans:
    parts: dict[str, int] = {}
    for key in ("reports_excluded", "other_reports_excluded"):
        parts_of: tuple[Part, ...] = flow.boxes[key].parts if key in flow.boxes else ()
        for part in parts_of:
            parts[part.label] = parts.get(part.label, 0) + part.n
    if not parts:
        return ()
    told = [
        filled("{label}, {n}", label=label, n=printer.integer(n, "reports_excluded", label))
        for label, n in parts.items()
    ]
    return filled(" ({why})", why=capped(told, "; "))


def _waiting(n: Callable[[str], int], printer: Printer) -> list[Spans]:
    told = [
        filled("{n} {what}", n=printer.integer(n(key), key), what=what)
        for key, what in (
            ("awaiting_screening", "screening"),
            ("awaiting_retrieval", "retrieval"),
            ("awaiting_assessment", "assessment in full text"),
        )
        if n(key)
    ]
    return [joined(["Still awaited: ", *listed(told), "."])] if told else []


def risk_of_bias(facts: Facts, style: NumberStyle) -> list[Block]:
    """Return what the appraisals amount to; nothing where none was made."""
    if not facts.appraised:
        return []
    printer = Printer(style, "appraisal")
    return [
        Heading(2, "Risk of bias"),
        Paragraph(sentences(*(_judgements(a, printer) for a in facts.appraised))),
    ]


def _judgements(appraised: Appraised, printer: Printer) -> Spans:
    family = appraised.family
    told = [
        filled("{n} {label}", n=printer.integer(n, family, label), label=f"“{label.lower()}”")
        for label, n in appraised.judgements.items()
    ]
    open_ = len(appraised.standings) - appraised.settled
    waiting = (
        filled("; {n} not settled yet", n=printer.integer(open_, family, "open")) if open_ else ()
    )
    return filled(
        "Of {n} judged with {tool}, overall: {told}{waiting}{figure}{table}.",
        figure=Reference("figure", f"{BIAS_FIGURE}_{family}_summary", aside=True),
        table=Reference("table", f"risk_of_bias_{family}", aside=True),
        n=count(printer.integer(len(appraised.standings), family, "judged"), "result"),
        tool=appraised.tool,
        told=listed(told) if told else ("none",),
        waiting=waiting,
    )
