"""Rating and reading the certainty of evidence of each analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import InvalidDataError
from review.extraction.appraisal.grade import Step, certainty, check_steps, sentence, start_of
from review.extraction.appraisal.models import CertaintyRating, CertaintyStep
from review.extraction.appraisal.vocabulary import Certainty, Consideration, Design
from review.people.queries import member_who_may
from review.people.rules import Deed
from review.protocol.models import Analysis, AnalysisVersion, Review
from review.protocol.queries import versions


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating with what follows from it."""

    analysis: str
    version: int
    run_number: int | None
    person: str
    rated_at: datetime
    design: Design
    start: Certainty
    steps: Mapping[Consideration, Step]
    certainty: Certainty
    sentence: str
    note: str | None
    outdated: bool
    """Whether the plan has a newer version than the one that was rated."""


def rate_certainty(
    session: Session,
    review: Review,
    analysis: str,
    *,
    handle: str,
    now: datetime,
    design: Design,
    steps: Mapping[Consideration, Step],
    robins_i: bool = False,
    run_number: int | None = None,
    note: str | None = None,
) -> CertaintyRating:
    """Rate the certainty of the evidence of an analysis; the newest rating counts.

    Parameters
    ----------
    session : Session
        To write with.
    review : Review
        Of the analysis.
    analysis : str
        Its slug; its newest version is rated.
    handle : str
        Who rates.
    now : datetime
        When.
    design : Design
        What most of the evidence comes from.
    steps : mapping of Consideration to Step
        Each that moves the certainty has a reason; those left out move nothing.
    robins_i : bool
        Whether risk of bias was judged with ROBINS-I, so that non-randomised evidence starts high.
    run_number : int, optional
        The run that was looked at.
    note : str, optional
        For the summary of findings.

    Returns
    -------
    CertaintyRating

    Raises
    ------
    NotFoundError
        For an unknown analysis.
    InvalidDataError
        For steps that GRADE does not have, or without a reason.
    """
    if run_number is not None and run_number < 1:
        raise InvalidDataError(f"runs are numbered from 1, not {run_number}")
    check_steps(design, steps)
    rating = CertaintyRating(
        analysis_version_id=versions(session, review, analysis)[0].id,
        person_id=member_who_may(session, review.id, handle, Deed.APPRAISE).id,
        design=design,
        start=start_of(design, robins_i=robins_i),
        run_number=run_number,
        note=note,
        rated_at=now,
    )
    session.add(rating)
    session.flush()
    session.add_all(
        CertaintyStep(rating_id=rating.id, consideration=c, levels=s.levels, reason=s.reason)
        for c, s in steps.items()
    )
    session.flush()
    return rating


def ratings(session: Session, review: Review, analysis: str | None = None) -> list[Rated]:
    """Return all ratings of a review (of one analysis), by analysis, the newest first."""
    query = (
        sa.select(CertaintyRating)
        .join(CertaintyRating.version)
        .join(AnalysisVersion.analysis)
        .where(Analysis.review_id == review.id)
        .options(
            joinedload(CertaintyRating.version).joinedload(AnalysisVersion.analysis),
            joinedload(CertaintyRating.person),
        )
        .order_by(Analysis.slug, CertaintyRating.id.desc())
    )
    if analysis is not None:
        versions(session, review, analysis)
        query = query.where(Analysis.slug == analysis)
    rows = session.scalars(query).all()
    steps: dict[int, dict[Consideration, Step]] = {row.id: {} for row in rows}
    for step in session.scalars(
        sa.select(CertaintyStep)
        .where(CertaintyStep.rating_id.in_(list(steps)))
        .order_by(CertaintyStep.id)
    ):
        steps[step.rating_id][step.consideration] = Step(step.levels, step.reason)
    slugs = {row.version.analysis.slug for row in rows}
    newest = {slug: versions(session, review, slug)[0].number for slug in slugs}
    return [_rated(row, steps[row.id], newest[row.version.analysis.slug]) for row in rows]


def _rated(row: CertaintyRating, steps: Mapping[Consideration, Step], newest: int) -> Rated:
    return Rated(
        analysis=row.version.analysis.slug,
        version=row.version.number,
        run_number=row.run_number,
        person=row.person.name,
        rated_at=row.rated_at,
        design=row.design,
        start=row.start,
        steps=steps,
        certainty=certainty(row.start, steps),
        sentence=sentence(row.start, steps),
        note=row.note,
        outdated=row.version.number < newest,
    )


def look_again(rated: Rated, newest: int | None) -> str | None:
    """Return why a rating asks for another look, None where it does not."""
    if rated.outdated:
        return "the plan has changed since"
    if newest is not None and rated.run_number != newest:
        return f"run {newest} is newer"
    return None


def certainties(session: Session, review: Review) -> dict[str, Rated]:
    """Return the newest rating of each analysis that has one, by slug."""
    found: dict[str, Rated] = {}
    for rated in ratings(session, review):
        found.setdefault(rated.analysis, rated)
    return found
