"""PRISMA 2020, filled: where the manuscript reports an item, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from review.export.flow.model import Flow
from review.export.manuscript.checklists.items import PRISMA_2020, Item
from review.export.manuscript.facts import Facts
from review.export.manuscript.selection import AWAITING
from review.export.manuscript.sentences import words
from review.export.tables.model import Column, Footnote, Table
from review.living.estimates.asymmetry import FEWEST_FOR_TEST
from review.living.reports.notices import NoticeKind
from review.protocol.vocabulary import Variant
from review.wording import counted

AUTHORS: Final = "To be written by the authors"
SEARCH: Final = "Methods, Search and selection"
DATA: Final = "Methods, Data collection and risk of bias"
SYNTHESIS: Final = "Methods, Effect measures and synthesis"
RESULTS: Final = "Results of syntheses"
SUPPLEMENT: Final = "Supplement, Tables"

COLUMNS: Final = (
    Column("section", "Section"),
    Column("item", "Item"),
    Column("topic", "Topic"),
    Column("asks", "What to report"),
    Column("where", "Where"),
    Column("told", "From the database"),
)


class Answer(NamedTuple):
    """Where an item is reported, and what the ledger says of it."""

    where: str
    told: str | None = None


def checklist(
    title: str, items: Sequence[Item], answer: Callable[[Item], Answer], source: str
) -> Table:
    """Return a checklist as a table."""
    return Table(
        title=title,
        columns=COLUMNS,
        rows=tuple((*item, *answer(item)) for item in items),
        footnotes=(
            Footnote(
                "Items in our words; see the source for theirs. Filled from the database; what it "
                "does not know is left to the authors."
            ),
        ),
        source=source,
    )


def prisma_2020(facts: Facts) -> Table:
    """Return the PRISMA 2020 checklist of a review, 42 rows for its 27 items."""
    return checklist(
        f"{facts.title}: PRISMA 2020 checklist",
        PRISMA_2020,
        lambda item: ANSWERS.get(item.number, _by_authors)(facts),
        "Page et al. 2021, BMJ 372:n71, doi 10.1136/bmj.n71",
    )


def _by_authors(facts: Facts) -> Answer:
    del facts
    return Answer(AUTHORS)


def _title(facts: Facts) -> Answer:
    if "systematic review" in facts.title.casefold():
        return Answer("Title")
    return Answer(AUTHORS, "The title does not say that this is a systematic review")


def _objectives(facts: Facts) -> Answer:
    return Answer(AUTHORS, f"The question: {facts.question}" if facts.question else None)


def _eligibility(facts: Facts) -> Answer:
    sides = counted(len(facts.analyses), "planned comparison")
    return Answer(AUTHORS, f"{sides} with rules for arms, outcome and instruments ({SYNTHESIS})")


def _sources(facts: Facts) -> Answer:
    if not facts.searches:
        return Answer(AUTHORS, "No search is recorded")
    days = sorted(search.ran_on for search in facts.searches)
    told = counted(len({s.source for s in facts.searches}), "source")
    return Answer(SEARCH, f"{told}, last searched on {days[-1]}")


def _strategies(facts: Facts) -> Answer:
    if not facts.searches:
        return Answer(AUTHORS, "No search is recorded")
    full = sum(search.strategy is not None for search in facts.searches)
    told = f"{full} of {counted(len(facts.searches), 'search', 'searches')} with full strategy"
    return Answer(SUPPLEMENT if full else AUTHORS, told)


def _selection(facts: Facts) -> Answer:
    if facts.flow is None:
        return Answer(AUTHORS, "No record was screened in the database")
    told = [
        f"{stage.stage.value.replace('_', ' ')}: {counted(stage.required, 'reviewer')}"
        f"{', blind' if stage.blind and stage.required > 1 else ''}, "
        f"{counted(stage.adjudicated, 'disagreement')} settled by another person"
        for stage in facts.stages
        if stage.decided
    ]
    return Answer(SEARCH, "; ".join(told) or "No record is judged yet")


def _collection(facts: Facts) -> Answer:
    read = facts.extracted
    taken = sum(read.imported.values())
    told = (
        f"{read.twice} of {counted(read.studies, 'study', 'studies')} entered "
        f"twice with consensus, {read.once} once"
    )
    return Answer(DATA, f"{told} ({taken} of them taken over from files)" if taken else told)


def _outcomes(facts: Facts) -> Answer:
    used = {facts.outcomes.get(a.plan.outcome, a.plan.outcome) for a in facts.analyses}
    return Answer(SYNTHESIS, f"Outcomes analysed: {words(sorted(used))}")


def _variables(facts: Facts) -> Answer:
    known = [f"{name.replace('_', ' ')} {n}" for name, n in facts.extracted.reported.items() if n]
    studies = counted(facts.extracted.studies, "study", "studies")
    told = f"Of {studies}, reported: {', '.join(known)}" if known else None
    return Answer(SUPPLEMENT if known else AUTHORS, told)


def _tools(facts: Facts) -> Answer:
    if not facts.appraised:
        return Answer(AUTHORS, "No tool for risk of bias was used in the database")
    told = [f"{a.tool}, {counted(a.required, 'assessor')} a result" for a in facts.appraised]
    return Answer(DATA, "; ".join(told))


def _measures(facts: Facts) -> Answer:
    used = list(dict.fromkeys(a.plan.effect or a.plan.measure.value for a in facts.analyses))
    return Answer(SYNTHESIS, words(used))


def _assigned(facts: Facts) -> Answer:
    out = sum(a.notices.studies(NoticeKind.LEFT_OUT) for a in facts.analyses)
    told = f"{counted(out, 'time')} a study that could enter did not, each with its reason"
    return Answer(f"{SYNTHESIS}; {RESULTS}", told)


def _prepared(facts: Facts) -> Answer:
    recipes = {e.recipe for a in facts.analysed for e in a.latest.results.effects}
    return Answer(SUPPLEMENT, f"Effects: {'; '.join(sorted(recipes))}" if recipes else None)


def _displayed(facts: Facts) -> Answer:
    return Answer(
        "Results, figures and tables",
        f"{counted(len(facts.analysed), 'forest plot')}, a table of pooled estimates",
    )


def _model(facts: Facts) -> Answer:
    used = list(dict.fromkeys(f"{a.plan.method}, {a.plan.test}" for a in facts.analyses))
    return Answer(SYNTHESIS, "; ".join(used))


def _moderators_planned(facts: Facts) -> Answer:
    n = sum(
        len(a.plan.subgroups) + len(a.plan.moderators) + len(a.plan.heterogeneity)
        for a in facts.analyses
    )
    told = counted(n, "planned model of differences between trials",
                   "planned models of differences between trials")  # fmt: skip
    return Answer(SYNTHESIS, told if n else "None was planned")


def _variants_planned(facts: Facts) -> Answer:
    n = len({v for a in facts.analyses for v in a.plan.variants})
    told = f"{counted(n, 'kind')} of sensitivity analysis planned" if n else "None was planned"
    return Answer(SYNTHESIS, told)


def funnels(facts: Facts) -> int:
    """Return how many analyses have enough trials for a funnel plot and a test of asymmetry."""
    return sum(a.latest.results.pooled.k >= FEWEST_FOR_TEST for a in facts.analysed)


def missing_results(facts: Facts) -> str:
    """Return what looks into bias by missing results: funnel plots, trim and fill."""
    filled = sum(Variant.TRIM_AND_FILL in a.plan.variants for a in facts.analyses)
    return (
        f"Funnel plots of {funnels(facts)} of {_analyses(facts)} ({FEWEST_FOR_TEST} trials or "
        f"more); trim and fill planned in {filled}"
    )


def _analyses(facts: Facts) -> str:
    return counted(len(facts.analyses), "analysis", "analyses")


def _bias_planned(facts: Facts) -> Answer:
    return Answer(SYNTHESIS if funnels(facts) else AUTHORS, missing_results(facts))


def _certainty_methods(facts: Facts) -> Answer:
    if not facts.certainties:
        return Answer(AUTHORS, "Certainty has not been rated")
    return Answer(DATA, "GRADE")


def _flow(facts: Facts) -> Answer:
    if facts.flow is None:
        return Answer(AUTHORS, "No record was imported")
    n = facts.flow.n
    told = (
        f"{n('records_identified') + n('other_records_identified')} records identified, "
        f"{n('records_screened') + n('other_records_screened')} screened, "
        f"{n('included_studies')} studies included"
    )
    return Answer("Results, Study selection; flow diagram", told)


def _excluded(facts: Facts) -> Answer:
    if facts.flow is None:
        told = f"{counted(facts.extracted.withdrawn, 'study', 'studies')} left the review"
        return Answer(SUPPLEMENT if facts.extracted.withdrawn else AUTHORS, told)
    n = reports_excluded(facts.flow)
    return Answer(SUPPLEMENT, f"{counted(n, 'report')} excluded in full text, each with its reason")


def reports_excluded(flow: Flow) -> int:
    """Return how many reports were excluded in full text, by either method."""
    return flow.n("reports_excluded") + flow.n("other_reports_excluded")


def _characteristics(facts: Facts) -> Answer:
    told = counted(facts.extracted.studies, "study", "studies")
    waiting = facts.extracted.states.get(AWAITING, 0)
    return Answer(SUPPLEMENT, f"{told}, {waiting} of them awaiting extraction" if waiting else told)


def _judged(facts: Facts) -> Answer:
    if not facts.appraised:
        return Answer(AUTHORS, "Risk of bias has not been judged")
    told = [f"{a.tool}: {a.settled} of {len(a.standings)} settled" for a in facts.appraised]
    return Answer("Results, Risk of bias", "; ".join(told))


def _individual(facts: Facts) -> Answer:
    n = sum(len(a.latest.results.effects) for a in facts.analysed)
    told = f"{counted(n, 'effect')} in {counted(len(facts.analysed), 'analysis', 'analyses')}"
    return Answer("Forest plots; tables of study results", told)


def _contributing(facts: Facts) -> Answer:
    del facts
    return Answer(AUTHORS, "Sizes and instruments of contributing trials are in the tables")


def _estimates(facts: Facts) -> Answer:
    told = [
        f"{a.plan.title}: k = {a.latest.results.pooled.k}, "
        f"{a.latest.conclusion(a.latest.results.headline.conclusion) or 'no conclusion'}"
        for a in facts.analysed
    ]
    waiting = len(facts.planned)
    if waiting:
        told.append(f"{counted(waiting, 'planned analysis', 'planned analyses')} without a trial")
    return Answer(RESULTS, "; ".join(told))


def _moderated(facts: Facts) -> Answer:
    n = sum(a.latest.results.investigations for a in facts.analysed)
    return Answer(RESULTS if n else AUTHORS, counted(n, "result"))


def _varied(facts: Facts) -> Answer:
    n = sum(len(a.latest.results.variants) for a in facts.analysed)
    return Answer(RESULTS if n else AUTHORS, counted(n, "result"))


def _bias_found(facts: Facts) -> Answer:
    return Answer("Supplement, Figures" if funnels(facts) else AUTHORS, missing_results(facts))


def _certainty(facts: Facts) -> Answer:
    n = len(facts.certainties)
    told = f"{n} of {_analyses(facts)} rated"
    return Answer(RESULTS if n else AUTHORS, told)


def _protocol(facts: Facts) -> Answer:
    told = f"{counted(len(facts.analyses), 'plan')} frozen in the database"
    return Answer(AUTHORS, told)


def amended(facts: Facts) -> int:
    """Return how many analyses have a plan that was changed after it was first frozen."""
    return sum(a.plan_version > 1 for a in facts.analyses)


def _amendments(facts: Facts) -> Answer:
    n = amended(facts)
    told = [f"{counted(n, 'plan')} changed after being frozen" if n else "No plan was changed"]
    for kind, beginning in (
        (NoticeKind.PLAN_CHANGED, "Changed after results were seen"),
        (NoticeKind.POST_HOC, "Planned after results were seen"),
    ):
        found = [
            f"{a.plan.title}: {item.what}" for a in facts.analyses for item in a.notices.of(kind)
        ]
        if found:
            told.append(f"{beginning}: {'; '.join(found)}")
    return Answer(RESULTS if n or len(told) > 1 else AUTHORS, ". ".join(told))


def _available(facts: Facts) -> Answer:
    del facts
    return Answer(AUTHORS, "This bundle holds data, tables, figures and their origins")


ANSWERS: Final[dict[str, Callable[[Facts], Answer]]] = {
    "1": _title, "4": _objectives, "5": _eligibility, "6": _sources, "7": _strategies,
    "8": _selection, "9": _collection, "10a": _outcomes, "10b": _variables, "11": _tools,
    "12": _measures, "13a": _assigned, "13b": _prepared, "13c": _displayed, "13d": _model,
    "13e": _moderators_planned, "13f": _variants_planned, "14": _bias_planned,
    "15": _certainty_methods, "16a": _flow, "16b": _excluded, "17": _characteristics,
    "18": _judged, "19": _individual, "20a": _contributing, "20b": _estimates, "20c": _moderated,
    "20d": _varied, "21": _bias_found, "22": _certainty, "24b": _protocol, "24c": _amendments,
    "27": _available,
}  # fmt: skip
"""What the ledger can say; every other item is the authors'."""
