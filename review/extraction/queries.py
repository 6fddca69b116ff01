"""Reading studies and what was entered of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import NotFoundError, Remedy
from review.extraction.entered import Entered, EnteredArm, EnteredResult, ResultKey
from review.extraction.models import (
    Arm,
    Dismissal,
    Entry,
    EntryValue,
    Note,
    Report,
    Resolution,
    Result,
    Study,
)
from review.extraction.rules import ARM_FACTS, RESULT_COLUMNS, STUDY_FACTS
from review.extraction.vocabulary import EXTRACTED, EntryKind
from review.independent import judgement as independent
from review.independent.judgement import Made
from review.people.models import Person, identity
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Instrument, Review
from review.wording import by_name


def studies(session: Session, review: Review) -> Sequence[Study]:
    """Return a review's studies in the order of their labels, as readers look for them."""
    found = session.scalars(sa.select(Study).where(Study.review_id == review.id))
    return sorted(found, key=lambda study: by_name(study.label))


def study_called(session: Session, review: Review, label: str) -> Study:
    """Return a study by its label; raise NotFoundError, naming labels that look like it."""
    study = session.scalar(
        sa.select(Study).where(Study.review_id == review.id, Study.label == label)
    )
    if study is None:
        near = [s.label for s in studies(session, review) if label.lower() in s.label.lower()]
        hint = f" (did you mean {', '.join(near[:5])}?)" if near else ""
        remedy = None if near else Remedy("see them with", "review study list")
        raise NotFoundError(f"review {review.slug} has no study {label!r}{hint}", remedy=remedy)
    return study


def study_numbered(session: Session, review: Review, number: int) -> Study:
    """Return a study by its number, which stays when its label changes; raise NotFoundError."""
    study = session.scalar(sa.select(Study).where(Study.review_id == review.id, Study.id == number))
    if study is None:
        raise NotFoundError(f"review {review.slug} has no study {number}")
    return study


def arms(session: Session, study_ids: Sequence[int], own: Collection[int] = ()) -> Sequence[Arm]:
    """Return the arms of some studies: everybody's first, then those of the entries `own`.

    What a blind entry names belongs to it until the consensus, and is for those who may see it.
    """
    return session.scalars(
        sa.select(Arm)
        .where(Arm.study_id.in_(study_ids), _is_seen(Arm, own))
        .order_by(Arm.study_id, sa.func.coalesce(Arm.entry_id, 0), Arm.label)
    ).all()


def _is_seen(
    table: type[Arm | Report | Note | Dismissal], own: Collection[int]
) -> sa.ColumnElement[bool]:
    everybody = table.entry_id.is_(None)
    return sa.or_(everybody, table.entry_id.in_(own)) if own else everybody


def arms_that_count(session: Session, study_ids: Sequence[int]) -> list[Arm]:
    """Return the arms of some studies that count in analyses, or that no result speaks of.

    An arm that only blind entries name is theirs: a losing one's after the consensus, and anybody's
    before it.
    """
    counted = _counted(session, study_ids)
    named = session.execute(
        sa.select(Result.entry_id, Result.arm_id, Result.versus_arm_id)
        .join(Result.entry)
        .where(Entry.study_id.in_(study_ids))
    ).all()
    count = {arm for row in named if row.entry_id in counted for arm in row[1:]}
    blind = {arm for row in named for arm in row[1:]} - count
    return [arm for arm in arms(session, study_ids) if arm.id not in blind]


def results_that_count(session: Session, study_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return study and result ids of what counts in analyses, of some studies."""
    counted = _counted(session, study_ids)
    rows = session.execute(
        sa.select(Entry.study_id, Result.id).join(Result.entry).where(Entry.id.in_(counted))
    )
    return [(study, result) for study, result in rows]


def _counted(session: Session, study_ids: Sequence[int]) -> set[int]:
    """Return the ids of the entries that analyses use, of some studies."""
    of_study: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries(session, study_ids):
        of_study[entry.study_id].append(entry)
    chosen = (counting(found) for found in of_study.values())
    return {entry.id for entry in chosen if entry is not None}


def treatments(session: Session, review: Review) -> list[dict[str, Any]]:
    """Return the treatments of a review's arms with how many arms and studies have them."""
    found: dict[str, list[int]] = defaultdict(list)
    for arm in arms(session, [study.id for study in studies(session, review)]):
        found[arm.treatment].append(arm.study_id)
    return [
        {"treatment": name, "arms": len(ids), "studies": len(set(ids))}
        for name, ids in sorted(found.items(), key=lambda item: item[0].casefold())
    ]


def reports(
    session: Session, study_ids: Sequence[int], own: Collection[int] = ()
) -> Sequence[Report]:
    """Return the reports of some studies, as `arms` does."""
    return session.scalars(
        sa.select(Report)
        .where(Report.study_id.in_(study_ids), _is_seen(Report, own))
        .order_by(sa.func.coalesce(Report.entry_id, 0), Report.id)
    ).all()


def notes(session: Session, study_ids: Sequence[int], own: Collection[int] = ()) -> Sequence[Note]:
    """Return the notes on some studies, as `arms` does."""
    return session.scalars(
        sa.select(Note).where(Note.study_id.in_(study_ids), _is_seen(Note, own)).order_by(Note.id)
    ).all()


def entries(session: Session, study_ids: Sequence[int]) -> Sequence[Entry]:
    """Return all entries of some studies, in the order in which they were begun."""
    return session.scalars(
        sa.select(Entry)
        .where(Entry.study_id.in_(study_ids))
        .options(joinedload(Entry.person), joinedload(Entry.study))
        .order_by(Entry.id)
    ).all()


def entry_values(session: Session, entries: Sequence[Entry]) -> Sequence[EntryValue]:
    """Return what entries say beside the columns of their results."""
    return session.scalars(
        sa.select(EntryValue)
        .where(EntryValue.entry_id.in_([entry.id for entry in entries]))
        .order_by(EntryValue.id)
    ).all()


def extraction_states(session: Session, review: Review) -> dict[int, str]:
    """Return how far the extraction of each study is, by study id."""
    every = [study.id for study in studies(session, review)]
    of_study: dict[int, list[Entry]] = {study_id: [] for study_id in every}
    for entry in entries(session, every):
        of_study[entry.study_id].append(entry)
    return {study_id: _state(found) for study_id, found in of_study.items()}


def _state(found: Sequence[Entry]) -> str:
    counted = counting(found)
    if counted is not None:
        agreed = counted.kind is EntryKind.CONSENSUS
        return EXTRACTED[0 if agreed else 1]
    blind = [entry for entry in found if entry.kind is EntryKind.BLIND]
    finished = sum(entry.finished_at is not None for entry in blind)
    if not blind:
        return "awaiting extraction"
    if len(blind) > 1 and finished == len(blind):
        return "awaiting consensus"
    return f"being entered twice ({finished} of 2 finished)"


def counting(entries: Sequence[Entry]) -> Entry | None:
    """Return the entry of one study that analyses use: the consensus, or else the single one."""
    agreed = [e for e in entries if e.kind is EntryKind.CONSENSUS and e.finished_at is not None]
    single = [e for e in entries if e.kind is EntryKind.SINGLE]
    return next(iter(agreed or single), None)


ENTERED_BY: Final = 2
"""How many persons enter a study blind before their entries are compared."""


def visible(entries: Sequence[Entry], viewer: str | None) -> list[Entry]:
    """Return the entries of one study that a person may see.

    Another person's blind entry is hidden until there are two and all are finished; then both may
    be compared. Entries that are not blind are seen by all. No viewer sees only those.
    """
    blind = [
        Made(e.id, e.person.name, e.finished_at is not None)
        for e in entries
        if e.kind is EntryKind.BLIND
    ]
    unfinished = any(not one.stands for one in blind)
    required = len(blind) + 1 if unfinished else ENTERED_BY
    seen = {one.id for one in independent.visible(blind, viewer, required=required)}
    return [e for e in entries if e.kind is not EntryKind.BLIND or e.id in seen]


def visible_entries(session: Session, study_ids: Sequence[int], viewer: str | None) -> list[Entry]:
    """Return the entries of some studies that a person may see: what pages and scripts ask for."""
    of_study: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries(session, study_ids):
        of_study[entry.study_id].append(entry)
    return [entry for found in of_study.values() for entry in visible(found, viewer)]


def names_seen(found: Sequence[Entry], viewer: str | None) -> list[int]:
    """Return the entries of one study whose own arms and reports a person sees beside all's.

    None once one counts: what it names is everybody's.
    """
    return [] if counting(found) is not None else [entry.id for entry in visible(found, viewer)]


def extractor(session: Session, review: Review, handle: str) -> Person:
    """Return a person of the review who may enter blind, compare and settle.

    Raises NotAllowedError for somebody who did not join, and for viewers.
    """
    return member_who_may(session, review.id, handle, Deed.EXTRACT)


def entered_twice(session: Session, review: Review, person: int) -> list[str]:
    """Return the studies with blind entries of one person under two names."""
    rows = session.execute(
        sa.select(Study.label)
        .join(Entry, Entry.study_id == Study.id)
        .join(Entry.person)
        .where(Study.review_id == review.id, Entry.kind == EntryKind.BLIND, identity == person)
        .group_by(Study.id, Study.label)
        .having(sa.func.count() > 1)
        .order_by(Study.label)
    )
    return [label for (label,) in rows]


def entered(session: Session, chosen: Sequence[Entry]) -> list[Entered]:
    """Return all that some entries say, in their order."""
    ids = list({entry.study_id for entry in chosen})
    own = [entry.id for entry in chosen]
    arms_of = {arm.id: arm for arm in arms(session, ids, own)}
    slugs = {row.id: row.slug for row in session.execute(sa.select(Instrument.id, Instrument.slug))}
    reports_of = {report.id: report for report in reports(session, ids, own)}
    values: dict[int, list[EntryValue]] = defaultdict(list)
    for value in entry_values(session, chosen):
        values[value.entry_id].append(value)
    found: dict[int, list[Result]] = defaultdict(list)
    for result in results(session, chosen):
        found[result.entry_id].append(result)
    return [_entered(e, arms_of, slugs, reports_of, values[e.id], found[e.id]) for e in chosen]


def _entered(
    entry: Entry,
    arms_of: Mapping[int, Arm],
    slugs: Mapping[int, str],
    reports_of: Mapping[int, Report],
    values: Sequence[EntryValue],
    found: Sequence[Result],
) -> Entered:
    own = entry.kind is EntryKind.BLIND
    study = entry.study
    facts = {} if own else {name: getattr(study, name) for name in STUDY_FACTS}
    arm_facts: dict[int, dict[str, Any]] = {
        arm.id: {} if own else {name: getattr(arm, name) for name in ARM_FACTS}
        for arm in arms_of.values()
        if arm.study_id == study.id and arm.entry_id == (entry.id if own else None)
    }
    of_result: dict[int, dict[str, Any]] = defaultdict(dict)
    for value in values:
        if value.result_id is not None:
            of_result[value.result_id][value.name] = value.value
        elif value.arm_id is not None:
            arm_facts.setdefault(value.arm_id, {})[value.name] = value.value
        else:
            facts[value.name] = value.value
    for result in found:
        for arm_id in (result.arm_id, result.versus_arm_id):
            if arm_id is not None:
                arm_facts.setdefault(arm_id, {})
    keyed = {
        _result_key(result, arms_of, slugs): EnteredResult(
            result_id=result.id,
            version=result.version,
            values=_given(
                {name: getattr(result, name) for name in RESULT_COLUMNS}
                | _source(result, reports_of)
                | of_result[result.id]
            ),
            not_reported=tuple(result.not_reported or ()),
        )
        for result in found
    }
    return Entered(
        entry_id=entry.id,
        study=study.label,
        kind=entry.kind,
        person=entry.person.name,
        finished=entry.finished_at is not None,
        version=None if own else study.version,
        values=_given(facts),
        arms={
            arms_of[i].label: EnteredArm(None if own else arms_of[i].version, _given(told))
            for i, told in sorted(arm_facts.items(), key=lambda item: arms_of[item[0]].label)
        },
        results=dict(sorted(keyed.items(), key=lambda item: tuple(map(str, item[0])))),
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.value if isinstance(value, StrEnum) else value
        for name, value in values.items()
        if value is not None
    }


def _source(result: Result, reports_of: Mapping[int, Report]) -> dict[str, Any]:
    report = reports_of.get(result.report_id) if result.report_id is not None else None
    return {"citation": report.citation, "doi": report.doi} if report is not None else {}


def _result_key(result: Result, arms_of: Mapping[int, Arm], slugs: Mapping[int, str]) -> ResultKey:
    return ResultKey(
        arm=arms_of[result.arm_id].label,
        versus_arm=arms_of[result.versus_arm_id].label if result.versus_arm_id else None,
        instrument=slugs[result.instrument_id],
        rater=result.rater.value,
        timepoint=result.timepoint,
        analysis_set=result.analysis_set.value,
        with_instrument=slugs[result.with_instrument_id] if result.with_instrument_id else None,
    )


def dismissals(
    session: Session, study_ids: Sequence[int], own: Collection[int] = ()
) -> Sequence[Dismissal]:
    """Return the dismissed doubts about some studies, as `arms` does."""
    return session.scalars(
        sa.select(Dismissal)
        .where(Dismissal.study_id.in_(study_ids), _is_seen(Dismissal, own))
        .options(joinedload(Dismissal.person))
        .order_by(Dismissal.id)
    ).all()


def resolutions(session: Session, study: Study) -> Sequence[Resolution]:
    """Return what was decided of a study's differing cells, in that order."""
    return session.scalars(
        sa.select(Resolution)
        .where(Resolution.study_id == study.id)
        .options(joinedload(Resolution.person))
        .order_by(Resolution.id)
    ).all()


def results(session: Session, entries: Sequence[Entry]) -> Sequence[Result]:
    """Return the results of some entries."""
    return session.scalars(
        sa.select(Result).where(Result.entry_id.in_([entry.id for entry in entries]))
    ).all()


UNDONE: Final = "the import was undone"
"""How the reason begins of what went with an undone import, and may simply come again."""


def withdrawn_results(session: Session, entries: Sequence[Entry]) -> Sequence[Result]:
    """Return the results of some entries that a person withdrew."""
    return session.scalars(
        sa.select(Result)
        .where(
            Result.entry_id.in_([entry.id for entry in entries]),
            Result.withdrawn_because.is_not(None),
            ~Result.withdrawn_because.startswith(UNDONE),
        )
        .order_by(Result.id)
        .execution_options(withdrawn=True)
    ).all()


def numbers_of_results(session: Session, review: Review) -> dict[int, int]:
    """Return how many results of each study count, by study id; of blind entries none does."""
    ids = [study.id for study in studies(session, review)]
    of_study: dict[int, list[Entry]] = {study_id: [] for study_id in ids}
    for entry in entries(session, ids):
        of_study[entry.study_id].append(entry)
    counted = {study_id: counting(found) for study_id, found in of_study.items()}
    rows = session.execute(
        sa.select(Result.entry_id, sa.func.count(Result.id))
        .where(Result.entry_id.in_([entry.id for entry in counted.values() if entry]))
        .group_by(Result.entry_id)
    )
    numbers = {row[0]: row[1] for row in rows}
    return {study_id: numbers.get(e.id, 0) if e else 0 for study_id, e in counted.items()}
