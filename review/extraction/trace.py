"""Each number back to what a report says: who entered it, who decided, how it was converted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.extraction import queries
from review.extraction.comparison import Cell, compare
from review.extraction.conversion import (
    Step,
    arm_lacks,
    arm_mean_sd,
    contrast_effect,
    contrast_lacks,
    logged_ratio,
    metric_name,
    printed_ratio,
    variance_of,
)
from review.extraction.designs import arms_sd, design_of
from review.extraction.entered import ResultKey
from review.extraction.evidence import Evidence, towards
from review.extraction.evidence_queries import evidence_of
from review.extraction.models import Entry, Resolution, Result, Study
from review.extraction.vocabulary import EntryKind, Level
from review.history.models import Event
from review.measures import Measure
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Change:
    """One event in the life of a result."""

    at: datetime
    actor: str
    action: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """How a cell was settled in which two entries differed."""

    field: str
    first: Any
    second: Any
    value: Any
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Traced:
    """One result: what the report says, where, and what becomes of it."""

    result_id: int
    place: str
    entry: str
    entered_by: str
    reported: Mapping[str, float]
    not_reported: tuple[str, ...]
    metric: str | None
    favours: str | None
    """The arm that the report's words say did better; F and p have their sign from it."""
    report: str | None
    page: str | None
    quote: str | None
    conversions: tuple[Step, ...]
    lacks: str | None
    """Why the numbers of a contrast give no standardized difference; None where they do."""
    decisions: tuple[Decision, ...]
    changes: tuple[Change, ...]


def trace(
    session: Session, review: Review, label: str, *, viewer: str | None = None
) -> list[Traced]:
    """Return the provenance of each number of a study that counts, or that a viewer may see.

    Parameters
    ----------
    session, review, label
        The study; raises NotFoundError.
    viewer
        Whose own blind entry is traced where nothing counts yet.
    """
    return trace_study(session, queries.study_called(session, review, label), viewer=viewer)


def trace_study(session: Session, study: Study, *, viewer: str | None = None) -> list[Traced]:
    """Return the provenance of each number of a study, as `trace` does."""
    entries = queries.entries(session, [study.id])
    counted = queries.counting(entries)
    chosen = [counted] if counted is not None else queries.visible(entries, viewer)
    results = {r.id: r for r in queries.results(session, chosen)}
    decided = _decided(session, entries, queries.resolutions(session, study))
    changes = _changes(session, list(results))
    by_entry = {entry.id: entry for entry in chosen}
    found = evidence_of(session, chosen)
    return [
        _traced(item, results[item.result_id], by_entry, decided, changes[item.result_id], found)
        for item in found
    ]


def _decided(
    session: Session, entries: Sequence[Entry], resolutions: Sequence[Resolution]
) -> dict[str, list[Resolution]]:
    """Return the decisions by the place that they led to: a decided rater is part of the place."""
    if not resolutions:
        return {}
    newest = {_cell(r.place, r.field, r.first, r.second): r for r in resolutions}
    ids = (resolutions[-1].first_entry_id, resolutions[-1].second_entry_id)
    both = [next(entry for entry in entries if entry.id == i) for i in ids]
    comparison = compare(*queries.entered(session, both))
    found: dict[str, list[Resolution]] = defaultdict(list)
    for pair in comparison.pairs:
        here = [newest[c] for cell in pair.cells if (c := _of(cell)) in newest]
        parts = {d.field: d.value for d in here if d.field in ResultKey._fields}
        found[str(pair.key._replace(**parts))] += here
    for cell in (*comparison.study_cells, *chain(*comparison.arm_cells.values())):
        if (c := _of(cell)) in newest:
            found[cell.place].append(newest[c])
    return found


def _cell(place: str, field: str, first: Any, second: Any) -> str:
    """Name a cell whatever its study is called by now."""
    return sha256_of([place, field, first, second])


def _of(cell: Cell) -> str:
    return _cell(cell.place, cell.field, cell.first, cell.second)


def _changes(session: Session, result_ids: Sequence[int]) -> dict[int, list[Change]]:
    found: dict[int, list[Change]] = defaultdict(list)
    events = session.scalars(
        sa.select(Event)
        .where(Event.entity == "result", Event.entity_id.in_(result_ids))
        .order_by(Event.seq)
    )
    for event in events:
        assert event.entity_id is not None
        found[event.entity_id].append(
            Change(
                event.at, event.actor, event.action, event.old or {}, event.new or {}, event.reason
            )
        )
    return found


def _traced(
    item: Evidence,
    result: Result,
    entries: Mapping[int, Entry],
    decided: Mapping[str, Sequence[Resolution]],
    changes: Sequence[Change],
    beside: Sequence[Evidence],
) -> Traced:
    entry = entries[result.entry_id]
    places = (item.place, f"arm {item.arm.label}", "study")
    decisions = tuple(
        Decision(d.field, d.first, d.second, d.value, d.reason, d.person.name, d.decided_at)
        for place in places
        for d in decided.get(place, ())
        if entry.kind is EntryKind.CONSENSUS
    )
    return Traced(
        result_id=result.id,
        place=item.place,
        entry=entry.kind.value,
        entered_by=entry.person.name,
        reported=item.numbers.given,
        not_reported=tuple(result.not_reported or ()),
        metric=item.numbers.metric,
        favours=result.favours,
        report=item.report,
        page=result.page,
        quote=result.quote,
        conversions=conversions(item, beside),
        lacks=lacks(item, beside),
        decisions=decisions,
        changes=tuple(changes),
    )


def lacks(item: Evidence, beside: Sequence[Evidence] = ()) -> str | None:
    """Return what an arm or contrast of scores lacks to be standardized, in words.

    None where it lacks nothing, and of events, ratios and associations, which nobody standardizes.
    `beside` are the other results of the study: the arms' SDs may be among them.
    """
    design = design_of(item)
    if (
        item.level is Level.ARM
        and (design.adjusted or design.clusters)
        and item.numbers.mean is not None
    ):
        return arm_lacks(item.numbers, standardizes=True, design=design)
    given = item.numbers.estimate is not None or any(
        x is not None
        for x in (item.numbers.t, item.numbers.f, item.numbers.p, item.numbers.p_below)
    )
    if (
        item.level is not Level.CONTRAST
        or not given
        or printed_ratio(item.numbers)
        or logged_ratio(item.numbers)
    ):
        return None
    if metric_name(item.numbers) in Measure.RD.facts.metrics:
        return None
    return contrast_lacks(
        item.numbers,
        Measure.SMD,
        towards=towards(item),
        design=design,
        arms_sd=arms_sd(item, beside),
    )


def conversions(item: Evidence, beside: Sequence[Evidence] = ()) -> tuple[Step, ...]:
    """Return the steps that analyses take from what was reported; none where nothing converts."""
    x = item.numbers
    design = design_of(item)
    if item.level is Level.ARM:
        score, change = (
            arm_mean_sd(x, change=c, standardizes=True, design=design) for c in (False, True)
        )
        steps = [*(score.steps if score else ()), *(change.steps if change else ())]
        if x.estimate is not None and (found := variance_of(x)) and found[1] is not None:
            steps.append(found[1])
        return tuple(_distinct(steps))
    if item.level is Level.ASSOCIATION:
        found = variance_of(x)
        return (found[1],) if found is not None and found[1] is not None else ()
    ratio = printed_ratio(x)
    for measure in (*((ratio,) if ratio else ()), Measure.SMD, Measure.GEN):
        effect = contrast_effect(
            x, measure, towards=towards(item), design=design, arms_sd=arms_sd(item, beside)
        )
        if effect is not None:
            return effect.steps
    return ()


def _distinct(steps: Sequence[Step]) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        if step not in found:
            found.append(step)
    return found
