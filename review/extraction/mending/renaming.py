"""New names for studies, arms, treatments, timepoints, instruments and reports. Never commits.

A name is a label: no number changes, what was decided on the thing stays decided, and plans that
select by a name are never left naming something that is no longer there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError, Remedy
from review.extraction import queries
from review.extraction.doubts import doubts
from review.extraction.mending.acts import Mended, keep_step, plans_naming
from review.extraction.models import Arm, Dismissal, Entry, EntryValue, Report, Result, Study
from review.extraction.plausibility import Finding
from review.extraction.spelling import identity
from review.extraction.vocabulary import EntryKind
from review.protocol.frozen import Slug
from review.protocol.models import Review
from review.protocol.queries import instrument_called, instruments
from review.wording import counted


def new_name(to: str) -> str:
    """Return a name on one line; raise InvalidDataError for one that is empty or too long."""
    name = " ".join(to.split())
    if not name or len(name) > 500:
        raise InvalidDataError("a name is one line of 1 to 500 characters")
    return name


def not_compared(session: Session, study: Study) -> None:
    """Refuse while two blind entries of a study are compared: what is settled names its cells."""
    entries = queries.entries(session, [study.id])
    agreed = any(e.kind is EntryKind.CONSENSUS and e.finished_at is not None for e in entries)
    if queries.resolutions(session, study) and not agreed:
        raise InvalidDataError(
            f"the two entries of {study.label} are being compared; finish the consensus first",
            remedy=Remedy("see what differs with", f'review extract compare "{study.label}"'),
        )


def arm_called(session: Session, study: Study, label: str, own: Collection[int] = ()) -> Arm:
    """Return an arm of a study, of the entries `own` first; raise NotFoundError."""
    found = {arm.label: arm for arm in queries.arms(session, [study.id], own)}
    if label not in found:
        raise NotFoundError(
            f"{study.label} has no arm {label!r} (it has: {', '.join(found) or 'none'})"
        )
    return found[label]


def report_called(session: Session, study: Study, citation: str) -> Report:
    """Return a report by its citation, the beginning of it, or its DOI; raise NotFoundError."""
    every = queries.reports(session, [study.id])
    found = [r for r in every if citation in (r.citation, r.doi)] or [
        r for r in every if r.citation.startswith(citation)
    ]
    if len(found) != 1:
        known = "; ".join(r.citation for r in every) or "none"
        which = "several reports that begin with" if found else "no report"
        raise NotFoundError(f"{study.label} has {which} {citation!r} (it has: {known})")
    return found[0]


def rename_study(session: Session, review: Review, *, label: str, to: str) -> Mended:
    """Call a study otherwise; raise AlreadyExistsError where another one is called so."""
    study = queries.study_called(session, review, label)
    name = new_name(to)
    others = [s.label for s in queries.studies(session, review) if s.id != study.id]
    _free("study", name, others, old=label)
    not_compared(session, study)

    def act() -> None:
        study.label = name

    kept = _with_dismissals(session, review, act, label, name)
    details = (f"still dismissed: {counted(kept, 'doubt')}",) if kept else ()
    return keep_step(
        session,
        "rename",
        entity="study",
        entity_id=study.id,
        mended=Mended(f"study {label} is now called {name}", details),
    )


def rename_arm(session: Session, review: Review, *, study: str, label: str, to: str) -> Mended:
    """Call an arm of a study otherwise, also where reports say in words which arm did better."""
    found = queries.study_called(session, review, study)
    arm = arm_called(session, found, label)
    name = new_name(to)
    others = [a.label for a in queries.arms(session, [found.id]) if a.id != arm.id]
    _free("arm", name, others, old=label)
    not_compared(session, found)

    def act() -> None:
        arm.label = name
        for result in results_of_study(session, found):
            if result.favours == label:
                result.favours = name

    _with_dismissals(session, review, act, label, name)
    return keep_step(
        session,
        "rename",
        entity="arm",
        entity_id=arm.id,
        mended=Mended(f"arm {label} of {study} is now called {name}"),
    )


def rename_report(
    session: Session, review: Review, *, study: str, citation: str, to: str
) -> Mended:
    """Cite a report of a study otherwise."""
    found = queries.study_called(session, review, study)
    report = report_called(session, found, citation)
    name = new_name(to)
    others = [r.citation for r in queries.reports(session, [found.id]) if r.id != report.id]
    _free("report", name, others, old=report.citation)
    old, report.citation = report.citation, name
    return keep_step(
        session,
        "rename",
        entity="report",
        entity_id=report.id,
        mended=Mended(f"report {old} of {study} is now cited as {name}"),
    )


def rename_treatment(
    session: Session, review: Review, *, name: str, to: str, known: bool = False
) -> Mended:
    """Call a treatment otherwise in every arm; one that is there already becomes one with it.

    `known` asks that it be there already.
    """
    ids = [study.id for study in queries.studies(session, review)]
    arms = queries.arms(session, ids)
    mine = [arm for arm in arms if arm.treatment == name]
    wanted = new_name(to)
    if not mine:
        there = sorted({arm.treatment for arm in arms})
        raise NotFoundError(
            f"no arm of {review.slug} has the treatment {name!r} (there is: {', '.join(there)})"
        )
    if wanted == name:
        raise InvalidDataError(f"the treatment is called {name} already")
    if known and all(arm.treatment != wanted for arm in arms):
        raise NotFoundError(
            f"no arm has the treatment {wanted!r}",
            remedy=Remedy("it is made with", "review treatment rename"),
        )
    _not_planned(session, review, "treatment", name, wanted)
    for arm in mine:
        arm.treatment = wanted
    entries = {e.id for e in queries.entries(session, ids) if e.kind is not EntryKind.BLIND}
    for value in session.scalars(
        sa.select(EntryValue).where(
            EntryValue.name == "treatment", EntryValue.arm_id.in_([arm.id for arm in mine])
        )
    ):
        if value.entry_id in entries and value.value == name:
            value.value = wanted
    merged = any(arm.treatment == wanted for arm in arms if arm not in mine)
    label_of = {s.id: s.label for s in queries.studies(session, review)}
    mended = Mended(
        f"treatment {name} is now called {wanted}"
        + (", as others were already" if merged else "")
        + f" ({counted(len(mine), 'arm')})",
        tuple(f"{label_of[arm.study_id]}, arm {arm.label}" for arm in mine),
    )
    return keep_step(session, "rename", entity="review", entity_id=review.id, mended=mended)


def rename_instrument(session: Session, review: Review, *, slug: str, to: str) -> Mended:
    """Give an instrument another short name; raise where the newest plan of an analysis has it."""
    instrument = instrument_called(session, review, slug)
    try:
        name: str = TypeAdapter(Slug).validate_python(to)
    except ValidationError:
        raise InvalidDataError(
            f"{to!r} is no short name: small letters, digits and single hyphens, such as phq-9"
        ) from None
    _free("instrument", name, [i.slug for i in instruments(session, review)], old=slug)
    _not_planned(session, review, "instrument", slug, name)

    def act() -> None:
        instrument.slug = name

    _with_dismissals(session, review, act, slug, name)
    return keep_step(
        session,
        "rename",
        entity="instrument",
        entity_id=instrument.id,
        mended=Mended(f"instrument {slug} is now called {name}"),
    )


def results_of_study(session: Session, study: Study) -> list[Result]:
    """Return the results of all entries of a study."""
    return list(
        session.scalars(
            sa.select(Result)
            .join(Entry, Result.entry_id == Entry.id)
            .where(Entry.study_id == study.id)
            .order_by(Result.id)
        )
    )


def _free(kind: str, name: str, others: list[str], *, old: str) -> None:
    if name == old:
        raise InvalidDataError(f"the {kind} is called {name} already")
    for other in others:
        if identity(other) == identity(name):
            raise AlreadyExistsError(
                f"there is a {kind} {other} already; if they are one: review {kind} merge"
            )


def _not_planned(session: Session, review: Review, kind: str, name: str, to: str) -> None:
    planned = plans_naming(session, review, name)
    if planned:
        raise InvalidDataError(
            f"the plan of {', '.join(planned)} selects the {kind} {name}, and would find nothing; "
            f"revise the plan first so that it names {to} too",
            remedy=Remedy("revise it with", "review analysis revise"),
        )


def _with_dismissals(
    session: Session,
    review: Review,
    act: Callable[[], None],
    old: str,
    new: str,
) -> int:
    """Do something that changes names in doubts, and keep those dismissed that were."""
    ids = [study.id for study in queries.studies(session, review)]
    before = {(d.study_id, d.key): d for d in queries.dismissals(session, ids)}
    act()
    session.flush()
    if not before:
        return 0
    kept = 0
    for doubt in doubts(session, review):
        finding = doubt.finding
        if doubt.dismissal is not None:
            continue
        dismissed = before.get((finding.study_id, _as_it_was(finding, old, new).key))
        if dismissed is not None:
            session.add(
                Dismissal(
                    study_id=finding.study_id,
                    key=finding.key,
                    kind=finding.kind.value,
                    message=finding.message,
                    reason=dismissed.reason,
                    person_id=dismissed.person_id,
                    dismissed_at=dismissed.dismissed_at,
                )
            )
            kept += 1
    return kept


def _as_it_was(finding: Finding, old: str, new: str) -> Finding:
    """Return a finding as it was called before a renaming."""

    def was(text: str) -> str:
        return text.replace(new, old)

    return replace(
        finding,
        study=was(finding.study),
        place=was(finding.place),
        numbers={
            name: was(value) if isinstance(value, str) else value
            for name, value in finding.numbers.items()
        },
    )
