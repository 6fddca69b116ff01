"""Reading studies and the evidence that analyses select from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from review.errors import NotFoundError
from review.extraction.dossier import Dossier, KnownArm, KnownNote, KnownReport, KnownResult
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.models import Arm, Entry, EntryKind, Note, Report, Result, Study
from review.extraction.rules import NUMBER_COLUMNS
from review.protocol.models import Instrument, Outcome, Review


def studies(session: Session, review: Review) -> Sequence[Study]:
    """Return a review's studies in order of label."""
    return session.scalars(
        sa.select(Study).where(Study.review_id == review.id).order_by(Study.label)
    ).all()


def study_called(session: Session, review: Review, label: str) -> Study:
    """Return a study by its label; raise NotFoundError, naming labels that look like it."""
    study = session.scalar(
        sa.select(Study).where(Study.review_id == review.id, Study.label == label)
    )
    if study is None:
        near = [s.label for s in studies(session, review) if label.lower() in s.label.lower()]
        hint = f" (did you mean {', '.join(near[:5])}?)" if near else ""
        raise NotFoundError(f"review {review.slug} has no study {label!r}{hint}")
    return study


def arms(session: Session, study_ids: Sequence[int]) -> Sequence[Arm]:
    """Return the arms of some studies."""
    return session.scalars(
        sa.select(Arm).where(Arm.study_id.in_(study_ids)).order_by(Arm.study_id, Arm.label)
    ).all()


def reports(session: Session, study_ids: Sequence[int]) -> Sequence[Report]:
    """Return the reports of some studies."""
    return session.scalars(
        sa.select(Report).where(Report.study_id.in_(study_ids)).order_by(Report.id)
    ).all()


def notes(session: Session, study_ids: Sequence[int]) -> Sequence[Note]:
    """Return the notes on some studies."""
    return session.scalars(
        sa.select(Note).where(Note.study_id.in_(study_ids)).order_by(Note.id)
    ).all()


def single_entries(session: Session, study_ids: Sequence[int]) -> Sequence[Entry]:
    """Return the single entries of some studies, one a study at most."""
    return session.scalars(
        sa.select(Entry).where(Entry.study_id.in_(study_ids), Entry.kind == EntryKind.SINGLE)
    ).all()


def results(session: Session, entries: Sequence[Entry]) -> Sequence[Result]:
    """Return the results of some entries."""
    return session.scalars(
        sa.select(Result).where(Result.entry_id.in_([entry.id for entry in entries]))
    ).all()


def numbers_of_results(session: Session, review: Review) -> dict[int, int]:
    """Return how many results each study of a review has, by study id."""
    rows = session.execute(
        sa.select(Study.id, sa.func.count(Result.id))
        .outerjoin(Entry, Entry.study_id == Study.id)
        .outerjoin(Result, Result.entry_id == Entry.id)
        .where(Study.review_id == review.id)
        .group_by(Study.id)
    )
    return {row[0]: row[1] for row in rows}


def evidence(session: Session, review_ids: Sequence[int]) -> Iterator[tuple[int, Evidence]]:
    """Yield ``(review id, evidence)`` of some reviews, excluded studies marked as such.

    Blind entries never count; a single entry counts only where there is no consensus.
    """
    versus = aliased(Arm)
    consensus = aliased(Entry)
    decided = sa.or_(
        Entry.kind == EntryKind.CONSENSUS,
        sa.and_(
            Entry.kind == EntryKind.SINGLE,
            ~sa.exists().where(
                consensus.study_id == Entry.study_id, consensus.kind == EntryKind.CONSENSUS
            ),
        ),
    )
    query = (
        sa.select(Result, Entry.kind, Study, Arm, versus, Instrument, Outcome.slug, Report.citation)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .join(Arm, Result.arm_id == Arm.id)
        .outerjoin(versus, Result.versus_arm_id == versus.id)
        .join(Instrument, Result.instrument_id == Instrument.id)
        .join(Outcome, Instrument.outcome_id == Outcome.id)
        .outerjoin(Report, Result.report_id == Report.id)
        .where(Study.review_id.in_(review_ids), decided)
        .order_by(Study.review_id, Study.label, Arm.label, Result.id)
    )
    for result, kind, study, arm, other, instrument, outcome, citation in session.execute(query):
        yield (
            study.review_id,
            Evidence(
                result_id=result.id,
                entry_kind=kind.value,
                study_id=study.id,
                study=study.label,
                year=study.year,
                excluded_because=study.excluded_because,
                outcome=outcome,
                instrument=instrument.slug,
                instrument_name=instrument.name,
                higher_is_better=instrument.higher_is_better,
                rater=result.rater,
                timepoint=result.timepoint,
                analysis_set=result.analysis_set,
                arm=_side(arm),
                versus=_side(other) if other is not None else None,
                metric=result.metric,
                n=result.n,
                versus_n=result.versus_n,
                mean=result.mean,
                sd=result.sd,
                events=result.events,
                estimate=result.estimate,
                se=result.se,
                variance=result.variance,
                ci_low=result.ci_low,
                ci_high=result.ci_high,
                report=citation,
                page=result.page,
            ),
        )


def _side(arm: Arm) -> ArmSide:
    return ArmSide(arm.id, arm.label, arm.treatment, arm.delivery_mode)


def dossier(session: Session, review: Review, label: str) -> Dossier:
    """Return all that is known of a study; raise NotFoundError."""
    study = study_called(session, review, label)
    entered = session.scalars(
        sa.select(Result)
        .join(Result.entry)
        .where(Entry.study_id == study.id)
        .options(
            joinedload(Result.entry).joinedload(Entry.person),
            joinedload(Result.arm),
            joinedload(Result.versus_arm),
            joinedload(Result.instrument),
        )
        .order_by(Result.id)
    ).all()
    return Dossier(
        study=study.label,
        year=study.year,
        registration=study.registration,
        design=study.design,
        country=study.country,
        population=study.population,
        excluded_because=study.excluded_because,
        reports=tuple(KnownReport(r.citation, r.doi) for r in reports(session, [study.id])),
        arms=tuple(
            KnownArm(a.label, a.treatment, a.delivery_mode, a.n_randomised)
            for a in arms(session, [study.id])
        ),
        results=tuple(_known_result(result) for result in entered),
        notes=tuple(
            KnownNote(n.topic, n.text, n.certainty, n.source) for n in notes(session, [study.id])
        ),
    )


def _known_result(result: Result) -> KnownResult:
    given = {name: getattr(result, name) for name in NUMBER_COLUMNS}
    return KnownResult(
        arm=result.arm.label,
        versus=result.versus_arm.label if result.versus_arm else None,
        instrument=result.instrument.name,
        rater=result.rater,
        timepoint=result.timepoint,
        analysis_set=result.analysis_set,
        numbers={name: value for name, value in given.items() if value is not None},
        page=result.page,
        entry=f"{result.entry.kind.value}, {result.entry.person.handle}",
    )
