"""How far people agreed who worked independently: screening, entry, risk of bias."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, row_name, said_once
from review.export.runs import interval_cell
from review.export.tables.model import Column, Footnote, Kind, Table
from review.extraction.appraisal.agreement import domain_agreement
from review.extraction.appraisal.queries import adopted_tools, tool_of
from review.extraction.comparison import agreement_by_field
from review.extraction.consensus import comparable, sides
from review.independent.agreement import FleissKappa, Kappa
from review.people.queries import handles
from review.protocol.models import Review
from review.screening.comparison import agreement_at
from review.screening.queries import ledger
from review.screening.vocabulary import Stage

COLUMNS: Final = (
    Column("task", "Task"),
    Column("who", "Who"),
    Column("what", "Judged"),
    Column("n", "n", Kind.INTEGER),
    Column("agreed", "Agreed", Kind.PERCENT, decimals=1),
    Column("kappa", "κ", Kind.NUMBER),
    Column("ci", "95% CI", Kind.INTERVAL),
    Column("pabak", "PABAK", Kind.NUMBER),
)

NOTE: Final = (
    "Before any adjudication or consensus. n: records, cells or results that all judged. "
    "κ: Cohen's kappa of two people, Fleiss' of more; empty where chance alone would always agree. "
    "PABAK: kappa adjusted for prevalence and bias."
)


def agreement_table(session: Session, review: Review, *, whole_rows: bool = False) -> Table:
    """Return a row a pair and a judgement; `whole_rows` says task and people in each."""
    rows = [*_screening(session, review), *_entry(session, review), *_appraisal(session, review)]
    return Table(
        f"{review.title}: agreement",
        COLUMNS,
        tuple(rows) if whole_rows else said_once(rows, 2),
        footnotes=(Footnote(NOTE),),
    )


def _cells(found: Kappa | FleissKappa) -> Row:
    pabak = found.pabak if isinstance(found, Kappa) else None
    return (found.n, 100 * found.observed, found.kappa, interval_cell(found.ci), pabak)


def _screening(session: Session, review: Review) -> Iterator[Row]:
    now = ledger(session, review)
    names = handles(session)
    for stage in Stage:
        task = f"Screening, {stage.value.replace('_', ' and ' if 'title' in stage else ' ')}"
        found = agreement_at(now, names, stage)
        for pair in found.pairs:
            who = f"{pair.first} and {pair.second}"
            yield (task, who, "include or exclude", *_cells(pair.kappa))
            if pair.forward is not None:
                yield (task, who, "include or maybe, against exclude", *_cells(pair.forward))
        for overall in found.overall:
            who = f"all, {overall.raters} a record"
            yield (task, who, "include or exclude", *_cells(overall))


def _entry(session: Session, review: Review) -> Iterator[Row]:
    found = [sides(session, review, label) for label in comparable(session, review)]
    pairs: dict[tuple[str, str], list[int]] = {}
    for index, side in enumerate(found):
        pairs.setdefault((side.comparison.first, side.comparison.second), []).append(index)
    for (first, second), indices in pairs.items():
        for one in agreement_by_field([found[i].comparison for i in indices]):
            share = 100 * one.share
            row = (row_name(one.of), one.compared, share, one.kappa, None, None)
            yield ("Double entry", f"{first} and {second}", *row)


def _appraisal(session: Session, review: Review) -> Iterator[Row]:
    rows = adopted_tools(session, review)
    tools = {row.slug: tool_of(row) for row in rows}
    for family in dict.fromkeys(row.family for row in rows):
        for one in domain_agreement(session, review, family):
            who = " and ".join(one.assessors)
            domain = tools[one.tool].domain(one.domain)
            judged = one.domain if domain is None else domain.name
            yield (f"Risk of bias, {tools[one.tool].title}", who, judged, *_cells(one.agreement))
