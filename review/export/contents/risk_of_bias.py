"""Risk of bias: a judgement a domain, and what supports each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, said_once
from review.export.tables.model import Column, Footnote, Table
from review.extraction import queries as extraction
from review.extraction.appraisal.form import Appraisal, Judged, Target
from review.extraction.appraisal.picture import merged_domains
from review.extraction.appraisal.queries import Standing, adopted_tools, standings
from review.extraction.appraisal.rules import OVERALL
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import State
from review.protocol.models import Review
from review.protocol.queries import instruments, outcomes

STATES: Final = {
    State.AWAITING: "awaiting an assessor",
    State.CONFLICT: "awaiting a consensus",
    State.SINGLE: "one assessor",
    State.AGREED: "assessors agreed",
    State.CONSENSUS: "consensus",
}

NOT_ASKED: Final = "not asked"

SUPPORT_COLUMNS: Final = (
    Column("study", "Study"),
    Column("result", "Result"),
    Column("domain", "Domain"),
    Column("judgement", "Judgement"),
    Column("proposed", "By the algorithm"),
    Column("answers", "Answers"),
    Column("support", "Support"),
)


def bias_tables(session: Session, review: Review, *, whole_rows: bool = False) -> dict[str, Table]:
    """Return for each family of tools its judgements and their support, by file name.

    Parameters
    ----------
    session, review
        Where to read; studies that were excluded are left out.
    whole_rows
        Whether the support says study and result in each row, as machines want it.
    """
    included = {
        study.label
        for study in extraction.studies(session, review)
        if study.excluded_because is None
    }
    names = {one.slug: one.name for one in outcomes(session, review)}
    names |= {one.slug: one.name for one in instruments(session, review)}
    found: dict[str, Table] = {}
    for family in dict.fromkeys(row.family for row in adopted_tools(session, review)):
        shown = [s for s in standings(session, review, family) if s.target.study in included]
        if shown:
            found[f"risk_of_bias_{family}"] = _judgements(review.title, shown, names)
            found[f"risk_of_bias_{family}_support"] = _support(
                review.title, shown, names, whole_rows=whole_rows
            )
    return found


def _tools(shown: Sequence[Standing]) -> list[Tool]:
    return list({standing.tool.slug: standing.tool for standing in shown}.values())


def _result(target: Target, names: Mapping[str, str]) -> str:
    parts = [names.get(p, p) for p in (target.outcome, target.instrument) if p]
    return ", ".join([*parts, *([target.timepoint] if target.timepoint else [])]) or "whole study"


def _judgements(title: str, shown: Sequence[Standing], names: Mapping[str, str]) -> Table:
    tools = _tools(shown)
    domains = [name for _, name in merged_domains(tools)]
    rows = tuple(
        (
            one.target.study,
            _result(one.target, names),
            *(_label(one, name) for name in domains),
            _overall(one),
            STATES[one.state],
        )
        for one in shown
    )
    sources = "; ".join(f"{tool.title}, version {tool.version}" for tool in tools)
    return Table(
        f"{title}: risk of bias",
        (
            Column("study", "Study"),
            Column("result", "Result"),
            *(Column(f"domain_{i}", name) for i, name in enumerate(domains, start=1)),
            Column("overall", OVERALL),
            Column("settled", "Settled by"),
        ),
        said_once(rows, 1),
        footnotes=(Footnote(f"{sources}."),),
    )


def _label(one: Standing, name: str) -> str | None:
    keys = {domain.name: domain.key for domain in one.tool.domains}
    if name not in keys:
        return NOT_ASKED
    if one.counts is None:
        return None
    return one.tool.judgement(one.counts.domains[keys[name]].judgement).label


def _overall(one: Standing) -> str | None:
    if one.counts is None:
        return None
    return one.tool.judgement(one.counts.overall.judgement).label


def _support(
    title: str, shown: Sequence[Standing], names: Mapping[str, str], *, whole_rows: bool
) -> Table:
    rows = [
        (one.target.study, _result(one.target, names), *cells)
        for one in shown
        if one.counts is not None
        for cells in _domains(one.tool, one.counts)
    ]
    note = (
        "Answers to signalling questions: Y yes, PY probably yes, PN probably no, N no, NI no "
        "information, NA not applicable."
    )
    return Table(
        f"{title}: support for the judgements of risk of bias",
        SUPPORT_COLUMNS,
        tuple(rows) if whole_rows else said_once(rows, 2),
        footnotes=(Footnote(note),),
    )


def _domains(tool: Tool, counts: Appraisal) -> list[Row]:
    rows: list[Row] = []
    for domain in tool.domains:
        given = [
            (q.number, counts.answers[q.number])
            for q in domain.questions
            if q.number in counts.answers
        ]
        judged = counts.domains[domain.key]
        said = [f"{number}: {a.support}" for number, a in given if a.support]
        rows.append(
            (
                domain.name,
                *_judged(tool, judged),
                ", ".join(f"{number} {a.answer.value}" for number, a in given) or None,
                "; ".join(filter(None, (judged.support, *said))) or None,
            )
        )
    overall = counts.overall
    return [*rows, (OVERALL, *_judged(tool, overall), None, overall.support)]


def _judged(tool: Tool, judged: Judged) -> tuple[str, str | None]:
    proposed = tool.judgement(judged.proposed).label if judged.proposed else None
    return tool.judgement(judged.judgement).label, proposed
