"""Two studies, arms, instruments or reports become one. Never commits.

Everything of the one that goes is moved to the one that stays, and the one that goes is withdrawn
with the reason. Where both say something of one place and it differs, nothing is chosen unless a
person says whose values count; the other value stays in the history, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, Remedy
from review.extraction import queries
from review.extraction.appraisal.models import AppraisalRow
from review.extraction.linking.models import ReportLink
from review.extraction.mending.absorbing import absorb_results, absorb_values
from review.extraction.mending.acts import (
    Becoming,
    Mended,
    keep_step,
    needs_reason,
    which_counts,
)
from review.extraction.mending.renaming import (
    arm_called,
    not_compared,
    report_called,
    results_of_study,
)
from review.extraction.mending.typed import move_drafts
from review.extraction.mending.unseen import nothing_unseen
from review.extraction.models import Arm, Entry, Note, Report, Result, Study
from review.extraction.rules import ARM_FACTS, STUDY_FACTS
from review.extraction.spelling import identity
from review.extraction.twins import Answers, near
from review.extraction.vocabulary import EntryKind
from review.people.actions import person_called
from review.protocol.models import Review
from review.wording import counted


def merge_studies(
    session: Session,
    review: Review,
    *,
    goes: str,
    stays: str,
    reason: str,
    keep: str | None = None,
    answers: Answers | None = None,
    person: str,
    now: datetime,
) -> Mended:
    """Merge a study that was entered under two names; all of it moves to the one that stays.

    Parameters
    ----------
    goes, stays
        Labels.
    keep
        The label of the study whose values count where both have one and they differ.
    answers
        Which arms of the two are the same, or are not, where their names are nearly one.

    Raises
    ------
    InvalidDataError
        Where the two cannot become one, with what to do about it.
    DifferencesError
        Where both say something of one place, it differs, and `keep` is None.
    """
    why = needs_reason(reason)
    gone = queries.study_called(session, review, goes)
    kept = queries.study_called(session, review, stays)
    nothing_unseen(session, [gone, kept], person)
    _mergeable(session, gone, kept)
    becoming = Becoming(stays, goes, which_counts(keep, stays=stays, goes=goes))
    becoming.facts("study", kept, gone, STUDY_FACTS)
    arms = _arms(session, gone, kept, answers or Answers(), becoming)
    reports = _reports(session, gone, kept, becoming)
    entries = _entries(session, gone, kept)
    found, there = results_of_study(session, gone), results_of_study(session, kept)
    moves = {
        result.id: {
            "entry_id": entries.get(result.entry_id, result.entry_id),
            "arm_id": arms.get(result.arm_id, result.arm_id),
            "versus_arm_id": arms.get(result.versus_arm_id or 0, result.versus_arm_id),
            "report_id": reports.get(result.report_id or 0, result.report_id),
        }
        for result in found
    }
    _favoured(session, found, arms)
    held = absorb_results(session, found, there, moves, becoming, why)
    absorb_values(session, entries, arms, held, becoming, why)
    becoming.settle()
    for note in queries.notes(session, [gone.id]):
        note.study_id = kept.id
    move_drafts(session, gone, kept)
    links = _relink(session, gone, kept, reports, person=person, reason=why, now=now)
    session.flush()
    _withdraw_entries(session, gone, kept, why)
    _withdraw_arms(session, arms, f"the arm is one with that of {stays}: {why}")
    gone.withdrawn_because = f"merged into {stays}: {why}"
    details = [
        f"moved to {stays}: {counted(len(found), 'result')}, {counted(links, 'linked record')}",
        *becoming.details,
    ]
    return keep_step(
        session,
        "merge",
        entity="study",
        entity_id=kept.id,
        mended=Mended(f"study {goes} was merged into {stays}", tuple(details)),
    )


def _mergeable(session: Session, gone: Study, kept: Study) -> None:
    if gone is kept:
        raise InvalidDataError(f"{kept.label} is one study already")
    for study in (gone, kept):
        not_compared(session, study)
    if (gone.excluded_because is None) != (kept.excluded_because is None):
        out, other = (gone, kept) if gone.excluded_because is not None else (kept, gone)
        raise InvalidDataError(
            f"{out.label} is excluded ({out.excluded_because}) and {other.label} is not",
            remedy=Remedy("make them alike with", "review study readmit, or exclude"),
        )
    appraised = {
        study.id: session.scalar(
            sa.select(sa.func.count(AppraisalRow.id)).where(AppraisalRow.study_id == study.id)
        )
        or 0
        for study in (gone, kept)
    }
    if appraised[gone.id]:
        judged = counted(appraised[gone.id], "judgement")
        remedy = (
            f"and so has {kept.label}: exclude the one that counts no longer "
            f'(review study exclude "{gone.label}")'
            if appraised[kept.id]
            else f"merge the other way round, {kept.label} into {gone.label}, and rename it then"
        )
        raise InvalidDataError(
            f"{gone.label} has {judged} of risk of bias, which are sealed to it; {remedy}"
        )


def _entries(session: Session, gone: Study, kept: Study) -> dict[int, int]:
    """Return which entry of the one that stays each entry of the one that goes becomes."""
    mine = queries.entries(session, [gone.id])
    there = queries.entries(session, [kept.id])
    if not mine or not there:
        return {}
    if len(mine) == len(there) == 1 and {mine[0].kind, there[0].kind} == {EntryKind.SINGLE}:
        return {mine[0].id: there[0].id}
    raise InvalidDataError(
        f"{gone.label} was entered as {_kinds(mine)} and {kept.label} as {_kinds(there)}, which do "
        f"not become one: enter the numbers of {gone.label} into {kept.label} (review extract "
        f'import --entry …), and exclude {gone.label} then (review study exclude "{gone.label}")'
    )


def _kinds(entries: Sequence[Entry]) -> str:
    return " and ".join(sorted({entry.kind.value for entry in entries}))


def _arms(
    session: Session, gone: Study, kept: Study, answers: Answers, becoming: Becoming
) -> dict[int, int]:
    """Move the arms; return which arm of the one that stays an arm of the other becomes."""
    there = {identity(arm.label): arm for arm in queries.arms(session, [kept.id])}
    become: dict[int, int] = {}
    asked: list[str] = []
    for arm in queries.arms(session, [gone.id]):
        label = answers.called(arm.label)
        known = there.get(identity(label))
        if known is not None:
            becoming.facts(f"arm {known.label}", known, arm, ARM_FACTS)
            become[arm.id] = known.id
            if known.label != arm.label:
                becoming.details.append(f"arm {arm.label} becomes {known.label}")
            continue
        twin = next((o.label for o in there.values() if near(o.label, label)), None)
        if twin is not None and not answers.separates(arm.label):
            asked.append(
                f'  "{arm.label}" is nearly "{twin}": add --same "{arm.label}={twin}", or '
                f'--distinct "{arm.label}" if they differ'
            )
        arm.study_id = kept.id
        becoming.details.append(f"arm {arm.label} moves to {kept.label}")
    if asked:
        raise InvalidDataError(
            f"are these arms of {gone.label} and {kept.label} the same?\n" + "\n".join(asked)
        )
    return become


def _reports(session: Session, gone: Study, kept: Study, becoming: Becoming) -> dict[int, int]:
    """Move the reports; return which report of the one that stays one of the other becomes."""
    there = {identity(report.citation): report for report in queries.reports(session, [kept.id])}
    become: dict[int, int] = {}
    for report in queries.reports(session, [gone.id]):
        known = there.get(identity(report.citation))
        if known is None:
            report.study_id = kept.id
            becoming.details.append(f"report {report.citation} moves to {kept.label}")
            continue
        becoming.facts(f"report {known.citation}", known, report, ("doi", "year"))
        become[report.id] = known.id
    return become


def _favoured(session: Session, found: Sequence[Result], arms: Mapping[int, int]) -> None:
    """Call the arm that a report says did better as it is called from now on."""
    labels: dict[int, str] = {}
    for old, new in arms.items():
        one, other = session.get_one(Arm, old), session.get_one(Arm, new)
        labels[old] = other.label
        for result in found:
            if result.favours == one.label and old in (result.arm_id, result.versus_arm_id):
                result.favours = other.label


def _relink(
    session: Session,
    gone: Study,
    kept: Study,
    reports: Mapping[int, int],
    *,
    person: str,
    reason: str,
    now: datetime,
) -> int:
    """Link the records of the one that goes to the one that stays; the old links stay there."""
    newest: dict[int, ReportLink] = {
        link.record_id: link
        for link in session.scalars(sa.select(ReportLink).order_by(ReportLink.id))
    }
    mine = [
        link
        for link in newest.values()
        if link.study_id == gone.id and (gone is not kept or link.report_id in reports)
    ]
    who = person_called(session, person).id if mine else 0
    for link in mine:
        report = link.report_id or 0
        session.add(
            ReportLink(
                record_id=link.record_id,
                study_id=kept.id,
                report_id=reports.get(report, report),
                person_id=who,
                reason=reason,
                linked_at=now,
            )
        )
    session.flush()
    for old in reports:
        session.get_one(Report, old).withdrawn_because = f"one with a report of {kept.label}"
    return len(mine)


def _withdraw_entries(session: Session, gone: Study, kept: Study, reason: str) -> None:
    there = queries.entries(session, [kept.id])
    for entry in queries.entries(session, [gone.id]):
        if there:
            entry.withdrawn_because = f"one with the entry of {kept.label}: {reason}"
        else:
            entry.study_id = kept.id
            named: list[Arm | Report | Note] = [
                *session.scalars(sa.select(Arm).where(Arm.entry_id == entry.id)),
                *session.scalars(sa.select(Report).where(Report.entry_id == entry.id)),
                *session.scalars(sa.select(Note).where(Note.entry_id == entry.id)),
            ]
            for own in named:
                own.study_id = kept.id
    session.flush()


def _withdraw_arms(session: Session, arms: Mapping[int, int], reason: str) -> None:
    for old in arms:
        session.get_one(Arm, old).withdrawn_because = reason
    session.flush()


def merge_arms(
    session: Session,
    review: Review,
    *,
    study: str,
    goes: str,
    stays: str,
    reason: str,
    person: str,
    keep: str | None = None,
) -> Mended:
    """Merge an arm of a study that was entered under two names; raise as `merge_studies`."""
    why = needs_reason(reason)
    found = queries.study_called(session, review, study)
    nothing_unseen(session, [found], person)
    gone, kept = arm_called(session, found, goes), arm_called(session, found, stays)
    if gone is kept:
        raise InvalidDataError(f"{stays} is one arm already")
    not_compared(session, found)
    becoming = Becoming(stays, goes, which_counts(keep, stays=stays, goes=goes))
    becoming.facts(f"arm {stays}", kept, gone, ARM_FACTS)
    every = results_of_study(session, found)
    mine = [r for r in every if gone.id in (r.arm_id, r.versus_arm_id)]
    against = [r for r in mine if {r.arm_id, r.versus_arm_id} == {gone.id, kept.id}]
    if against:
        raise InvalidDataError(
            f"{counted(len(against), 'result')} of {study} compare {goes} with {stays}; two arms "
            "that were compared are not one. Withdraw the result first if it is "
            "wrong",
            remedy=Remedy("withdraw it with", "review extract withdraw"),
        )
    arms = {gone.id: kept.id}
    moves = {
        r.id: {
            "arm_id": arms.get(r.arm_id, r.arm_id),
            "versus_arm_id": arms.get(r.versus_arm_id or 0, r.versus_arm_id),
        }
        for r in mine
    }
    _favoured(session, mine, arms)
    others = [r for r in every if r not in mine]
    held = absorb_results(session, mine, others, moves, becoming, why)
    absorb_values(session, {}, arms, held, becoming, why)
    becoming.settle()
    _withdraw_arms(session, arms, f"one with arm {stays}: {why}")
    details = (f"moved to {stays}: {counted(len(mine), 'result')}", *becoming.details)
    return keep_step(
        session,
        "merge",
        entity="arm",
        entity_id=kept.id,
        mended=Mended(f"arm {goes} of {study} was merged into {stays}", details),
    )


def merge_reports(
    session: Session,
    review: Review,
    *,
    study: str,
    goes: str,
    stays: str,
    reason: str,
    person: str,
    now: datetime,
) -> Mended:
    """Merge a report that was entered under two citations; results and links move."""
    why = needs_reason(reason)
    found = queries.study_called(session, review, study)
    nothing_unseen(session, [found], person)
    gone, kept = report_called(session, found, goes), report_called(session, found, stays)
    if gone is kept:
        raise InvalidDataError(f"{kept.citation} is one report already")
    becoming = Becoming(kept.citation, gone.citation, keep_stays=True)
    becoming.facts(f"report {kept.citation}", kept, gone, ("doi", "year"))
    cited = [r for r in results_of_study(session, found) if r.report_id == gone.id]
    for result in cited:
        result.report_id = kept.id
    reports = {gone.id: kept.id}
    links = _relink(session, found, found, reports, person=person, reason=why, now=now)
    gone.withdrawn_because = f"one with {kept.citation}: {why}"
    details = (
        f"moved: {counted(len(cited), 'result')}, {counted(links, 'linked record')}",
        *becoming.details,
    )
    return keep_step(
        session,
        "merge",
        entity="report",
        entity_id=kept.id,
        mended=Mended(
            f"report {gone.citation} of {study} was merged into {kept.citation}", details
        ),
    )
