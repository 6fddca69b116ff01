"""AMSTAR 2 as a self-audit: what the ledger supports, with the numbers behind each answer.

Shea et al. 2017, BMJ 358:j4008. The instrument is for readers of a finished report; here it tells
authors which answers their database backs and which only their text can. "Yes" where the ledger
holds all that an item asks for, "no" where it shows that something is missing; where one condition
rests with the text, the answer cannot be told. Only items 2, 4, 7, 8 and 9 have a "partial yes".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from review.citations.vocabulary import SourceKind
from review.export.manuscript.checklists.items import AMSTAR_2
from review.export.manuscript.checklists.prisma import missing_results, reports_excluded
from review.export.manuscript.facts import Analysed, Facts
from review.export.manuscript.selection import AWAITING
from review.export.tables.model import Column, Footnote, Table
from review.protocol.vocabulary import Variant
from review.wording import counted

SUBSTANTIAL: Final = 50.0
"""I² from which heterogeneity may be substantial (Cochrane Handbook, section 10.10.2)."""

GOOD_AGREEMENT: Final = 0.8
"""Agreement on a sample from which items 5 and 6 let one person do the rest."""

COVERED: Final = frozenset({"rob2", "robins-i"})
"""Families of tools that ask for all biases of item 9: concealment, blinding, sequence, selective
reporting in trials; confounding, selection, measurement, selective reporting elsewhere."""


class ItemAnswer(StrEnum):
    """An answer to an item."""

    YES = "Yes"
    PARTIAL = "Partial yes"
    NO = "No"
    UNKNOWN = "Cannot be told from the database"
    NO_META_ANALYSIS = "No meta-analysis"


class Audited(NamedTuple):
    """An answer and the numbers behind it."""

    verdict: ItemAnswer
    because: str


COLUMNS: Final = (
    Column("item", "Item"),
    Column("topic", "Topic"),
    Column("critical", "Critical"),
    Column("asks", "Question"),
    Column("answer", "Answer"),
    Column("because", "Numbers behind it"),
)


def amstar_2(facts: Facts) -> Table:
    """Return the self-audit of a review, 16 rows."""
    rows = []
    for item in AMSTAR_2:
        verdict, because = ANSWERS[item.number](facts)
        critical = item.section or None
        rows.append((item.number, item.topic, critical, item.asks, verdict.value, because))
    return Table(
        title=f"{facts.title}: AMSTAR 2 self-audit",
        columns=COLUMNS,
        rows=tuple(rows),
        footnotes=(
            Footnote(
                "What the database supports, no rating of the review: several items ask what the "
                "report says. Questions in our words."
            ),
        ),
        source="Shea et al. 2017, BMJ 358:j4008, doi 10.1136/bmj.j4008",
    )


def _pico(facts: Facts) -> Audited:
    contrasts = sum(a.plan.compares for a in facts.analyses)
    told = (
        f"Intervention, comparator and outcome stand in {contrasts} of "
        f"{counted(len(facts.analyses), 'plan')}; the population is in the words of the question"
    )
    return Audited(ItemAnswer.UNKNOWN if facts.question else ItemAnswer.NO, told)


def _protocol(facts: Facts) -> Audited:
    parts = {
        "a question": bool(facts.question),
        "search strategies": any(search.strategy for search in facts.searches),
        "reasons for exclusion": facts.reasons > 0,
        "a tool for risk of bias": bool(facts.appraised),
    }
    have = [name for name, there in parts.items() if there]
    told = f"{counted(len(facts.analyses), 'plan')} frozen; the database holds {', '.join(have)}"
    if len(have) == len(parts):
        return Audited(ItemAnswer.PARTIAL, f"{told}; registration cannot be told")
    lacks = ", ".join(name for name, there in parts.items() if not there)
    return Audited(ItemAnswer.UNKNOWN, f"{told}; it does not hold {lacks}")


def _designs(facts: Facts) -> Audited:
    n = facts.extracted.reported["design"]
    told = f"Design is recorded for {n} of {counted(facts.extracted.studies, 'study', 'studies')}"
    return Audited(ItemAnswer.UNKNOWN, f"{told}; the reasons for the choice are the authors'")


def _search(facts: Facts) -> Audited:
    if not facts.searches:
        return Audited(ItemAnswer.UNKNOWN, "No search is recorded")
    of_databases = [s for s in facts.searches if s.kind is SourceKind.DATABASE]
    databases = {s.source for s in of_databases}
    registers = {s.source for s in facts.searches if s.kind is SourceKind.REGISTER}
    chased = any(s.kind is SourceKind.CITATION_SEARCHING for s in facts.searches)
    full = sum(search.strategy is not None for search in facts.searches)
    limited = sum(search.limits is not None for search in facts.searches)
    told = (
        f"{counted(len(databases), 'database')}, {counted(len(registers), 'register')}, citation "
        f"searching {'recorded' if chased else 'not recorded'}, {full} of "
        f"{counted(len(facts.searches), 'search', 'searches')} with full strategy"
    )
    if len({s.source for s in of_databases if s.strategy is not None}) < 2:
        return Audited(ItemAnswer.NO, told)
    if limited:
        return Audited(ItemAnswer.UNKNOWN, f"{told}; {limited} with limits, which need a reason")
    return Audited(ItemAnswer.PARTIAL, f"{told}; experts and grey literature cannot be told")


def _selection(facts: Facts) -> Audited:
    if facts.flow is None:
        return Audited(ItemAnswer.UNKNOWN, "No record was screened in the database")
    stages = [stage for stage in facts.stages if stage.decided]
    if not stages:
        return Audited(ItemAnswer.UNKNOWN, "No record is judged yet")
    told = "; ".join(
        f"{s.stage.value.replace('_', ' ')}: {counted(s.required, 'reviewer')}"
        f"{'' if s.blind or s.required < 2 else ', not blind'}, "
        f"{counted(s.decided, 'record')} judged, {s.compared} independently by two or more, "
        f"{s.equal} of them alike"
        for s in stages
    )
    if not all(stage.required >= 2 or _agreed(stage.equal, stage.compared) for stage in stages):
        return Audited(ItemAnswer.NO, told)
    blind = all(stage.blind for stage in stages)
    return Audited(ItemAnswer.YES if blind else ItemAnswer.UNKNOWN, told)


def _agreed(equal: int, compared: int) -> bool:
    """Say whether those who judged a sample agreed on enough of it."""
    return bool(compared) and equal / compared >= GOOD_AGREEMENT


def _extraction(facts: Facts) -> Audited:
    read = facts.extracted
    twice, once = read.twice, read.once
    told = f"{twice} of {counted(read.studies, 'study', 'studies')} entered twice, {once} once"
    if read.compared:
        share = read.equal / read.compared
        told += f"; {read.equal} of {read.compared} cells agreed before consensus ({share:.0%})"
    if not twice and not once:
        return Audited(ItemAnswer.UNKNOWN, told)
    if not once:
        return Audited(ItemAnswer.YES, told)
    return Audited(ItemAnswer.YES if _agreed(read.equal, read.compared) else ItemAnswer.NO, told)


def _excluded(facts: Facts) -> Audited:
    if facts.flow is None:
        gone = counted(facts.extracted.withdrawn, "study", "studies")
        told = f"No report was screened; {gone} left the review, each with a reason"
        return Audited(ItemAnswer.UNKNOWN, told)
    if not facts.flow.n("reports_assessed") + facts.flow.n("other_reports_assessed"):
        return Audited(ItemAnswer.UNKNOWN, "No report was assessed in full text yet")
    n = reports_excluded(facts.flow)
    told = f"{counted(n, 'report')} excluded in full text, each with a reason of the protocol"
    return Audited(ItemAnswer.YES, told)


def _described(facts: Facts) -> Audited:
    total, have = facts.extracted.studies, facts.extracted.reported
    waiting = facts.extracted.states.get(AWAITING, 0)
    told = (
        f"Of {counted(total, 'study', 'studies')}: population {have['population']}, diagnosis "
        f"{have['diagnosis']}, design {have['design']}, setting {have['setting']}, country "
        f"{have['country']}; {waiting} awaiting extraction"
    )
    people = max(have["population"], have["diagnosis"])
    if total and not waiting and people == have["design"] == total:
        detail = "detail of interventions and length of follow-up cannot be told"
        return Audited(ItemAnswer.PARTIAL, f"{told}; {detail}")
    return Audited(ItemAnswer.NO, told)


def _bias(facts: Facts) -> Audited:
    if not facts.appraised:
        return Audited(ItemAnswer.NO, "No tool for risk of bias was used in the database")
    judged = {s.study_id for a in facts.appraised for s in a.standings if s.counts is not None}
    pooled = {e.study_id for a in facts.analysed for e in a.latest.results.effects}
    done = len(pooled & judged)
    told = (
        f"{', '.join(a.tool for a in facts.appraised)}: {done} of "
        f"{counted(len(pooled), 'pooled study', 'pooled studies')} judged"
    )
    if not pooled or done < len(pooled):
        return Audited(ItemAnswer.NO, told)
    if {a.family for a in facts.appraised} <= COVERED:
        return Audited(ItemAnswer.YES, told)
    return Audited(ItemAnswer.UNKNOWN, f"{told}; which biases a tool of your own asks for is yours")


def _low_only(facts: Facts, pooled: Sequence[Analysed]) -> bool:
    """Say whether every pooled study has the best judgement in all its results."""
    steps: dict[int, set[bool]] = {}
    for standing in (s for a in facts.appraised if a.family in COVERED for s in a.standings):
        best = standing.tool.scale[0].value
        low = standing.counts is not None and standing.counts.overall.judgement == best
        steps.setdefault(standing.study_id, set()).add(low)
    return all(steps.get(e.study_id) == {True} for a in pooled for e in a.latest.results.effects)


def _pooled(facts: Facts) -> list[Analysed]:
    return [a for a in facts.analysed if a.latest.results.pooled.k > 1]


def _funding(facts: Facts) -> Audited:
    n, total = facts.extracted.reported["funding"], facts.extracted.studies
    told = f"Recorded for {n} of {counted(total, 'study', 'studies')}; “not reported” would do"
    return Audited(ItemAnswer.YES if total and n == total else ItemAnswer.NO, told)


def _spread_unexplored(facts: Facts) -> list[str]:
    return [
        f"{a.plan.title} (I² {a.latest.results.pooled.I2:.1f}%)"
        for a in facts.analysed
        if a.latest.results.pooled.I2 >= SUBSTANTIAL and not a.latest.results.investigations
    ]


def _combined(facts: Facts) -> Audited:
    pooled = _pooled(facts)
    if not pooled:
        return Audited(ItemAnswer.NO_META_ANALYSIS, "No analysis has two trials yet")
    models = ", ".join(dict.fromkeys(f"{a.plan.method} {a.plan.test}" for a in pooled))
    open_ = _spread_unexplored(facts)
    told = f"{counted(len(pooled), 'analysis', 'analyses')} by weighted models ({models})"
    if open_:
        causes = f"no planned subgroup or moderator looks into {'; '.join(open_)}"
        return Audited(ItemAnswer.NO, f"{told}; {causes}")
    return Audited(ItemAnswer.UNKNOWN, f"{told}; why studies were combined is the authors' to say")


def _impact(facts: Facts) -> Audited:
    pooled = _pooled(facts)
    if not pooled:
        return Audited(ItemAnswer.NO_META_ANALYSIS, "No analysis has two trials yet")
    if _low_only(facts, pooled):
        return Audited(ItemAnswer.YES, "Every pooled study has the best judgement")
    n = sum(Variant.LOW_RISK_ONLY in a.plan.variants for a in pooled)
    told = f"Low risk only planned in {n} of {counted(len(pooled), 'analysis', 'analyses')}"
    return Audited(ItemAnswer.YES if n == len(pooled) else ItemAnswer.NO, told)


def _bias_discussed(facts: Facts) -> Audited:
    if facts.analysed and _low_only(facts, facts.analysed):
        return Audited(ItemAnswer.YES, "Every pooled study has the best judgement")
    n = len(facts.certainties)
    told = f"{counted(n, 'rating')} of certainty; the discussion is the authors'"
    return Audited(ItemAnswer.UNKNOWN, told)


def _heterogeneity(facts: Facts) -> Audited:
    spread = [f"{a.plan.title} I² {a.latest.results.pooled.I2:.1f}%" for a in _pooled(facts)]
    n = sum(a.latest.results.investigations for a in facts.analysed)
    told = f"{'; '.join(spread) or 'nothing pooled'}; {counted(n, 'planned investigation')}"
    return Audited(ItemAnswer.UNKNOWN, f"{told}; the explanation is the authors'")


def _publication_bias(facts: Facts) -> Audited:
    if not _pooled(facts):
        return Audited(ItemAnswer.NO_META_ANALYSIS, "No analysis has two trials yet")
    told = f"{missing_results(facts)}; the likely impact is the authors' to discuss"
    return Audited(ItemAnswer.UNKNOWN, told)


def _interests(facts: Facts) -> Audited:
    del facts
    return Audited(ItemAnswer.UNKNOWN, "The authors' interests are not in the database")


ANSWERS: Final[dict[str, Callable[[Facts], Audited]]] = {
    "1": _pico, "2": _protocol, "3": _designs, "4": _search, "5": _selection, "6": _extraction,
    "7": _excluded, "8": _described, "9": _bias, "10": _funding, "11": _combined, "12": _impact,
    "13": _bias_discussed, "14": _heterogeneity, "15": _publication_bias, "16": _interests,
}  # fmt: skip
