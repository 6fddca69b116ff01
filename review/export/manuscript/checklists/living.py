"""PRISMA-LSR, the extension for living reviews, filled where the ledger knows the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from review.export.manuscript.checklists.items import PRISMA_LSR
from review.export.manuscript.checklists.prisma import (
    AUTHORS,
    DATA,
    RESULTS,
    SYNTHESIS,
    Answer,
    amended,
    checklist,
)
from review.export.manuscript.facts import Facts
from review.export.manuscript.sentences import words
from review.export.tables.model import Table
from review.living.runs.models import LivingStatus
from review.wording import counted

LIVING_MODE: Final = "Methods, Living mode"


def prisma_lsr(facts: Facts) -> Table:
    """Return what PRISMA-LSR adds to PRISMA 2020, 13 rows with the new items L1 to L4."""
    return checklist(
        f"{facts.title}: PRISMA-LSR checklist",
        PRISMA_LSR,
        lambda item: ANSWERS.get(item.number, _by_authors)(facts),
        "Akl et al. 2024, BMJ 387:e079183, doi 10.1136/bmj-2024-079183; used with PRISMA 2020",
    )


def _by_authors(facts: Facts) -> Answer:
    del facts
    return Answer(AUTHORS)


def _title(facts: Facts) -> Answer:
    says = "living" in facts.title.casefold()
    version = f"newest release {facts.versions[-1]}" if facts.versions else "no release yet"
    told = f"The title {'says' if says else 'does not say'} “living”; {version}"
    where = "Title" if says else "Subtitle" if facts.mode_stated else AUTHORS
    return Answer(where, told)


def _retired(facts: Facts) -> Answer:
    mode = facts.mode
    because = f": {mode.because}" if mode.because else ""
    told = f"Status: {mode.status.value}{because}"
    return Answer(AUTHORS if mode.status is LivingStatus.RETIRED else "Not applicable", told)


def _preceding(facts: Facts) -> Answer:
    told = []
    if facts.preceding:
        told.append(f"Preceding version: {facts.preceding}")
    if facts.versions:
        told.append(f"Releases: {words(facts.versions)}")
    return Answer(AUTHORS, "; ".join(told) or "No preceding version is recorded")


def _parameters(facts: Facts) -> Answer:
    mode = facts.mode
    every = [f"{s.source} every {counted(s.days, 'day')}" for s in mode.searches]
    told = [
        f"Searches: {', '.join(every)}" if every else "No schedule of searches",
        f"update when {mode.update_when}" if mode.update_when else "no rule for updates",
        f"retire when {mode.retire_when}" if mode.retire_when else "no plan to retire",
    ]
    return Answer(LIVING_MODE if facts.mode_stated else AUTHORS, "; ".join(told))


def _data(facts: Facts) -> Answer:
    n = sum(len({c.where for c in a.latest.change.corrected}) for a in facts.analysed)
    told = "Corrections go through the history and are re-pooled; "
    return Answer(DATA, told + f"{counted(n, 'trial')} corrected since readers last saw it")


def _bias(facts: Facts) -> Answer:
    if not facts.appraised:
        return Answer(AUTHORS, "Risk of bias has not been judged")
    return Answer(AUTHORS, "A new judgement is kept beside the old one, and the newest counts")


def _looks(facts: Facts) -> Answer:
    planned = sum(a.plan.sequential is not None for a in facts.analyses)
    total = counted(len(facts.analyses), "analysis", "analyses")
    told = f"A panel for repeated looks was planned in {planned} of {total}"
    return Answer(SYNTHESIS if planned else AUTHORS, told)


def _methods(facts: Facts) -> Answer:
    n = amended(facts)
    told = f"{counted(n, 'plan')} changed" if n else "No plan of an analysis was changed"
    return Answer(RESULTS if n else AUTHORS, told)


def _trigger(facts: Facts) -> Answer:
    added = {study for a in facts.analysed for study in a.latest.change.added if a.latest.before}
    told = f"{counted(len(added), 'trial')} added since readers last saw it"
    return Answer(AUTHORS, told)


def _results(facts: Facts) -> Answer:
    changed = [a for a in facts.analysed if a.latest.before is not None]
    if not changed:
        return Answer("Not applicable", "These are first runs")
    flipped = [a.plan.title for a in changed if a.latest.change.flipped]
    told = (
        f"Conclusion changed in {len(flipped)} of {counted(len(changed), 'analysis', 'analyses')}"
    )
    return Answer(RESULTS, f"{told} ({'; '.join(flipped)})" if flipped else told)


ANSWERS: Final[dict[str, Callable[[Facts], Answer]]] = {
    "1": _title, "2": _retired, "3": _preceding, "L1": _parameters, "9": _data, "11": _bias,
    "13": _looks, "L2": _methods, "16": _trigger, "L3": _results,
}  # fmt: skip
