"""Reading protocols."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import InvalidDataError, NotFoundError
from review.history.kept import kept
from review.history.once import once
from review.history.withdrawal import prepared
from review.people.models import Membership, Person, identity
from review.people.rules import Role
from review.protocol.models import (
    Analysis,
    AnalysisVersion,
    Instrument,
    Outcome,
    PublishedResult,
    Review,
)

if TYPE_CHECKING:
    from review.protocol.rules import Plan


def reviews(session: Session) -> Sequence[Review]:
    """Return all reviews in order of slug."""
    return session.scalars(sa.select(Review).order_by(Review.slug)).all()


@once(Review)
def review_called(session: Session, slug: str | None) -> Review:
    """Return the review of that slug, or the only one when no slug is given.

    Raises NotFoundError, with the slugs there are; InvalidDataError when a slug is needed.
    """
    if slug is not None:
        called = session.scalar(_called(), {"slug": slug})
        if called is not None:
            return called
    found = reviews(session)
    names = (
        ", ".join(review.slug for review in found) or "none yet: review new, or review seed load"
    )
    if slug is None:
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(f"there is no review ({names})")
        raise InvalidDataError(f"say which review with --review SLUG ({names})")
    raise NotFoundError(f"there is no review {slug!r} (there is: {names})")


@cache
def _called() -> sa.Select[Review]:
    return prepared(sa.select(Review).where(Review.slug == sa.bindparam("slug")))


@kept(Review, Person, Membership)
def role_in(session: Session, slug: str, handle: str) -> Role | None:
    """Return a person's role in a review; None where either is not there, or they are not in it."""
    person = sa.select(identity).where(Person.handle == handle).scalar_subquery()
    return session.scalar(
        sa.select(Membership.role)
        .join(Review, Review.id == Membership.review_id)
        .where(Review.slug == slug, Membership.person_id == person)
    )


def outcomes(session: Session, review: Review) -> Sequence[Outcome]:
    """Return a review's outcomes in order of slug."""
    return session.scalars(
        sa.select(Outcome).where(Outcome.review_id == review.id).order_by(Outcome.slug)
    ).all()


def instruments(session: Session, review: Review) -> Sequence[Instrument]:
    """Return a review's instruments in order of slug, outcomes loaded."""
    return session.scalars(
        sa.select(Instrument)
        .where(Instrument.review_id == review.id)
        .options(joinedload(Instrument.outcome))
        .order_by(Instrument.slug)
    ).all()


def outcome_called(session: Session, review: Review, slug: str) -> Outcome:
    """Return an outcome of a review; raise NotFoundError with the slugs there are."""
    found = {outcome.slug: outcome for outcome in outcomes(session, review)}
    if slug not in found:
        raise NotFoundError(
            f"review {review.slug} has no outcome {slug!r} (it has: {', '.join(found) or 'none'})"
        )
    return found[slug]


def instrument_called(session: Session, review: Review, slug: str) -> Instrument:
    """Return an instrument of a review; raise NotFoundError with the slugs there are."""
    found = {instrument.slug: instrument for instrument in instruments(session, review)}
    if slug not in found:
        raise NotFoundError(
            f"review {review.slug} has no instrument {slug!r} "
            f"(it has: {', '.join(found) or 'none'})"
        )
    return found[slug]


def _is_newest() -> sa.ColumnElement[bool]:
    newer = sa.orm.aliased(AnalysisVersion)
    return ~sa.exists().where(
        newer.analysis_id == AnalysisVersion.analysis_id, newer.number > AnalysisVersion.number
    )


def current_versions(session: Session, review: Review | None = None) -> Sequence[AnalysisVersion]:
    """Return the newest version of every analysis (of one review), by review and slug."""
    query = (
        sa.select(AnalysisVersion)
        .join(AnalysisVersion.analysis)
        .join(Analysis.review)
        .where(_is_newest())
        .options(joinedload(AnalysisVersion.analysis).joinedload(Analysis.review))
        .order_by(Review.slug, Analysis.slug)
    )
    if review is not None:
        query = query.where(Analysis.review_id == review.id)
    return session.scalars(query).all()


def versions(session: Session, review: Review, slug: str) -> Sequence[AnalysisVersion]:
    """Return all versions of an analysis, the newest first; raise NotFoundError."""
    found = session.scalars(
        sa.select(AnalysisVersion)
        .join(AnalysisVersion.analysis)
        .where(Analysis.review_id == review.id, Analysis.slug == slug)
        .options(joinedload(AnalysisVersion.analysis).joinedload(Analysis.review))
        .order_by(AnalysisVersion.number.desc())
    ).all()
    if not found:
        known = ", ".join(v.analysis.slug for v in current_versions(session, review))
        raise NotFoundError(
            f"review {review.slug} has no analysis {slug!r} (it has: {known or 'none'})"
        )
    return found


def plan_of(version: AnalysisVersion) -> Plan:
    """Return the frozen plan."""
    from review.protocol.rules import Plan  # what lists reviews validates no plan

    return Plan.model_validate(version.plan)


def published_results(session: Session, review: Review) -> Sequence[PublishedResult]:
    """Return the published pooled lines of a review, outcomes loaded."""
    return session.scalars(
        sa.select(PublishedResult)
        .join(PublishedResult.outcome)
        .where(Outcome.review_id == review.id)
        .options(joinedload(PublishedResult.outcome))
        .order_by(Outcome.slug, PublishedResult.label)
    ).all()
