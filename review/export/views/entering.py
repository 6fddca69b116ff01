"""A trial as it is being typed: what is wrong with it, doubted, converted, and what it would do.

Nothing here stores anything; a form is looked at as if it were an entry.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotAllowedError, NotFoundError
from review.export.views.entering_words import (
    Conversion,
    Direction,
    Lack,
    conversions_of,
    directions_of,
    lacks_of,
)
from review.export.views.what_if import (
    Ground,
    TrialEffect,
    TrialPreview,
    effect_of,
    ground_of,
    preview_with,
)
from review.extraction import queries
from review.extraction.choices import choices_of
from review.extraction.conversion import unknown_metric
from review.extraction.doubts import findings_of
from review.extraction.drafts.evidence import LATER, evidence_of_rows
from review.extraction.drafts.form import Form, Place, Stored
from review.extraction.drafts.lines import Line, Wrong, checked, located
from review.extraction.drafts.merging import Change, Clash, Merged, merged
from review.extraction.drafts.queries import field_versions, own_entry, stored_of
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence, evidence_of
from review.extraction.formats.unsettled import release_findings
from review.extraction.models import Entry, Study
from review.extraction.plausibility import WITHHOLDING, Finding
from review.extraction.plausibility.signs import sign_findings
from review.extraction.rows import NumberedRow
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.extraction.vocabulary import EntryKind
from review.history.queries import head
from review.measures import Measure
from review.protocol.models import Review
from review.protocol.queries import current_versions, instruments, plan_of
from review.protocol.rules import Plan

MOST_STATES: Final = 8
MOST_GROUNDS: Final = 32
"""Kept in memory while people type: states of reviews, and studies in analyses of each."""


@dataclass(frozen=True, slots=True)
class TypedDoubt:
    """A doubt about what is typed; one without its reason keeps an entry from being finished."""

    key: str
    kind: str
    severity: str
    message: str
    places: tuple[Place, ...]
    fields: tuple[str, ...]
    ticked: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Empty:
    """Cells that nobody filled in."""

    place: Place
    fields: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """All that is said of a form while it is typed."""

    problems: tuple[Wrong, ...]
    doubts: tuple[TypedDoubt, ...]
    conversions: tuple[Conversion, ...]
    lacks: tuple[Lack, ...]
    directions: tuple[Direction, ...]
    effects: tuple[TrialEffect, ...]
    empty: tuple[Empty, ...]
    changes: tuple[Change, ...]
    conflicts: tuple[Clash, ...]
    preview: TrialPreview | None


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts in a review, and its plans by analysis: the same until something is stored."""

    items: tuple[Evidence, ...]
    plans: Mapping[str, Plan]
    names: frozenset[str]
    conflicts: frozenset[int]
    """Results about which a contradiction of signs is open."""
    grounds: dict[tuple[str, int], Ground] = field(default_factory=dict)
    """By analysis and study what previews stand on, as it is asked for."""

    def ground(self, analysis: str, study_id: int) -> Ground:
        """Return what a preview of a study in an analysis stands on."""
        found = self.grounds.get((analysis, study_id))
        if found is None:
            found = ground_of(self.plans[analysis], self.items, study_id)
            if len(self.grounds) < MOST_GROUNDS:
                self.grounds[analysis, study_id] = found
        return found


_lock = Lock()
_kept: OrderedDict[tuple[str, str, int], Counting] = OrderedDict()


def counting_of(session: Session, review: Review) -> Counting:
    """Return what counts in a review now, read once for each state of it."""
    key = (str(session.get_bind().engine.url), review.slug, head(session)[0])
    with _lock:
        found = _kept.get(key)
    if found is None:
        plans = {v.analysis.slug: plan_of(v) for v in current_versions(session, review)}
        names = frozenset(name for plan in plans.values() for name in plan.names)
        items = tuple(item for _, item in evidence(session, [review.id], names=names))
        found = Counting(items, plans, names, _conflicts(session, review, items))
        with _lock:
            _kept[key] = found
            while len(_kept) > MOST_STATES:
                _kept.popitem(last=False)
    return found


def _conflicts(session: Session, review: Review, items: Sequence[Evidence]) -> frozenset[int]:
    """Return the results that count about which a contradiction of signs is open."""
    raised = [*sign_findings(items), *release_findings(session, review)]
    ids = [study.id for study in queries.studies(session, review)]
    dismissed = {(d.study_id, d.key) for d in queries.dismissals(session, ids)}
    return frozenset(
        number
        for finding in raised
        if finding.kind in WITHHOLDING and (finding.study_id, finding.key) not in dismissed
        for number in finding.results
    )


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A form as an entry would have it, and what it was held against."""

    study: Study
    entry: Entry | None
    found: Merged
    rows: Sequence[NumberedRow]
    wrong: Sequence[Wrong]
    items: Sequence[Evidence]
    keys: Mapping[int, str]
    """The row of the form by result."""
    counting: Counting


def look_at(
    session: Session,
    review: Review,
    number: int,
    kind: EntryKind,
    form: Form,
    made_from: Stored,
    viewer: str,
) -> LookedAt:
    """Return a form as an entry would have it; nothing is stored."""
    study = queries.study_numbered(session, review, number)
    entry = own_entry(queries.entries(session, [study.id]), kind, viewer)
    stored = stored_of(session, study, kind, entry)
    found = merged(form, made_from, stored, study.label)
    rows, wrong = checked(form, found.lines, field_versions(session, review))
    counting = counting_of(session, review)
    by_number = {line.number: line for line in found.lines}
    wrong += _unknown(session, review, rows, by_number, counting.plans)
    ids = {line.number: line.id for line in found.lines if line.what == "row" and line.id}
    items = evidence_of_rows(
        session, review, rows, viewer, kind=kind, ids=ids, names=counting.names
    )
    said = {*ids.values(), *found.withdrawn}
    unsaid = [n for n in stored.results if n not in said]
    if entry is not None and unsaid:
        items += [item for item in evidence_of(session, [entry]) if item.result_id in unsaid]
    keys = {
        line.id or LATER + line.number: line.key or "" for line in found.lines if line.what == "row"
    }
    return LookedAt(study, entry, found, rows, wrong, items, keys, counting)


def _unknown(
    session: Session,
    review: Review,
    rows: Sequence[NumberedRow],
    lines: Mapping[int, Line],
    plans: Mapping[str, Plan],
) -> Iterator[Wrong]:
    """Yield instruments that the review does not have, and metrics that no plan can use."""
    known = {i.slug: i.outcome.slug for i in instruments(session, review)}
    for numbered in rows:
        row, line = numbered.row, lines[numbered.line]
        for name in ("instrument", "with_instrument"):
            slug = getattr(row, name)
            if slug is not None and slug not in known:
                there = ", ".join(sorted(known)) or "none"
                message = f"this review has no instrument {slug} (it has: {there})"
                yield Wrong(located(line, name), (name,), message)
        x = row.numbers
        if x.metric is None or row.versus_arm is None or x.estimate is None:
            continue
        outcome = known.get(row.instrument or "")
        measures = {plan.measure for plan in plans.values() if outcome in plan.measured}
        reason = unknown_metric(x.metric) if Measure.GEN not in measures else None
        if reason is not None and (measures or "is it" in reason):
            yield Wrong(line.place, ("metric",), reason)


def check_form(
    session: Session,
    review: Review,
    number: int,
    *,
    kind: EntryKind,
    form: Form,
    made_from: Stored,
    viewer: str,
    preview: str | None = None,
) -> CheckedForm:
    """Return all that is to be said of a form.

    Parameters
    ----------
    session, review, number
        The study; nothing is written.
    kind
        Of the entry that the form is for.
    form, made_from
        What was typed, and what it was typed over.
    viewer
        Who types.
    preview
        An analysis to show with what was typed; where the review's choice hides that, there is
        none.
    """
    looked = look_at(session, review, number, kind, form, made_from, viewer)
    raised = findings_of(looked.items, looked.counting.items)
    shown = None
    if preview is not None and choices_of(session, review).previews(kind):
        try:
            shown = _preview(session, review, looked.study, looked.items, preview, raised)
        except (InvalidDataError, NotFoundError):
            shown = None  # why is among the effects
    own = [looked.entry.id] if looked.entry is not None else []
    dismissed = {d.key: d.reason for d in queries.dismissals(session, [looked.study.id], own)}
    ticked = {tick.key: tick.reason for tick in form.doubts if tick.reason.strip()}
    return CheckedForm(
        problems=tuple(looked.wrong),
        doubts=tuple(_doubt(f, looked.keys, {**dismissed, **ticked}) for f in raised),
        conversions=tuple(conversions_of(looked.items, looked.keys)),
        lacks=tuple(lacks_of(looked.items, looked.keys)),
        directions=tuple(directions_of(looked.items, looked.keys)),
        effects=tuple(_effects(looked)),
        empty=tuple(_empty(form, looked)),
        changes=tuple(looked.found.changes),
        conflicts=tuple(looked.found.clashes),
        preview=shown,
    )


def trial_preview(
    session: Session,
    review: Review,
    number: int,
    *,
    kind: EntryKind,
    form: Form,
    made_from: Stored,
    viewer: str,
    analysis: str,
) -> TrialPreview:
    """Return what an analysis would be with what was typed; nothing is stored.

    Raises NotAllowedError where the review's choice hides it, InvalidDataError where it cannot be
    pooled, NotFoundError for an analysis that is not there.
    """
    if not choices_of(session, review).previews(kind):
        raise NotAllowedError(
            "this review does not show what a trial would do to its analyses here, so that it "
            "steers nobody who enters it"
        )
    looked = look_at(session, review, number, kind, form, made_from, viewer)
    raised = findings_of(looked.items, looked.counting.items)
    return _preview(session, review, looked.study, looked.items, analysis, raised)


def _preview(
    session: Session,
    review: Review,
    study: Study,
    items: Sequence[Evidence],
    analysis: str,
    raised: Sequence[Finding],
) -> TrialPreview:
    counting = counting_of(session, review)
    if analysis not in counting.plans:
        raise NotFoundError(f"review {review.slug} has no analysis {analysis!r}")
    return preview_with(
        analysis, counting.ground(analysis, study.id), items, study.label,
        conflicts=counting.conflicts,
        withheld=any(finding.kind in WITHHOLDING for finding in raised),
    )  # fmt: skip


def previews_of(
    session: Session,
    review: Review,
    study: Study,
    items: Sequence[Evidence],
    raised: Sequence[Finding],
) -> list[TrialPreview]:
    """Return what results of a study would do to each analysis of one of their outcomes."""
    outcomes = {item.outcome for item in items}
    found = []
    for analysis, plan in counting_of(session, review).plans.items():
        if outcomes & set(plan.measured):
            with suppress(InvalidDataError):  # why is among the trial's effects
                found.append(_preview(session, review, study, items, analysis, raised))
    return found


def _doubt(finding: Finding, keys: Mapping[int, str], told: Mapping[str, str]) -> TypedDoubt:
    places = [Place("row", keys[n]) for n in finding.results if n in keys]
    return TypedDoubt(
        key=finding.key,
        kind=finding.kind.value,
        severity=finding.severity.value,
        message=finding.message,
        places=tuple(dict.fromkeys(places)) or (Place("study"),),
        fields=tuple(finding.numbers),
        ticked=finding.key in told,
        reason=told.get(finding.key),
    )


def _effects(looked: LookedAt) -> Iterator[TrialEffect]:
    """Yield what the trial gives to each analysis of an outcome that it has a result of."""
    outcomes = {item.outcome for item in looked.items}
    for analysis, plan in looked.counting.plans.items():
        if outcomes & set(plan.measured):
            yield effect_of(analysis, plan, looked.items, looked.keys)


def _empty(form: Form, looked: LookedAt) -> Iterator[Empty]:
    """Yield what is empty, for a person to look over before they finish."""
    blank = _blank(form.study.cells, STUDY_FACTS)
    if blank:
        yield Empty(Place("study"), blank, "nothing is said of these")
    for arm in form.arms:
        blank = _blank(arm.cells, ARM_FACTS)
        if blank:
            yield Empty(Place("arm", arm.key), blank, "nothing is said of these")
    for block in form.blocks:
        if not block.rows:
            yield Empty(Place("block", block.key), (), "it has no rows")
    for line in looked.found.lines:
        if line.what != "row":
            continue
        if not any((line.source.page, line.source.quote, line.source.pdf_page)):
            yield Empty(line.place, ("page", "quote"), "it does not say where its numbers stand")


def _blank(cells: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not cells.get(name, "").strip())
