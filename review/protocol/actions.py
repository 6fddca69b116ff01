"""Writing protocols. Actions never commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import AlreadyExistsError, InvalidDataError, Remedy
from review.history.actions import record_step
from review.people.actions import join_review, person_called
from review.people.rules import Role
from review.protocol import queries
from review.protocol.characteristics import problems
from review.protocol.models import (
    Analysis,
    AnalysisVersion,
    Instrument,
    Outcome,
    PublishedResult,
    Review,
)
from review.protocol.rules import Plan
from review.protocol.specs import (
    AnalysisSpec,
    InstrumentSpec,
    OutcomeSpec,
    ProtocolFile,
    PublishedSpec,
    ReviewSpec,
)
from review.protocol.vocabulary import English


def new_review(session: Session, spec: ReviewSpec, *, owner: str) -> Review:
    """Make a review owned by the person called `owner`; raise AlreadyExistsError."""
    if session.scalar(sa.select(Review.id).where(Review.slug == spec.slug)) is not None:
        raise AlreadyExistsError(f"there is already a review {spec.slug!r}")
    review = Review(slug=spec.slug, title=spec.title, question=spec.question, english=spec.english)
    session.add(review)
    session.flush()
    person = person_called(session, owner)
    join_review(session, review_id=review.id, person=person, role=Role.LEAD)
    return review


def choose_english(session: Session, review: Review, english: English) -> bool:
    """Choose the spelling of what is printed; return whether it is another than before."""
    changed = (review.english or English.GB) is not english
    if changed:
        review.english = english
        session.flush()
    return changed


def add_outcome(session: Session, review: Review, spec: OutcomeSpec) -> Outcome:
    """Add an outcome; raise AlreadyExistsError."""
    if spec.slug in {outcome.slug for outcome in queries.outcomes(session, review)}:
        raise AlreadyExistsError(f"review {review.slug} already has an outcome {spec.slug!r}")
    outcome = Outcome(
        review_id=review.id, slug=spec.slug, name=spec.name, description=spec.description
    )
    session.add(outcome)
    session.flush()
    return outcome


def add_instrument(session: Session, review: Review, spec: InstrumentSpec) -> Instrument:
    """Add an instrument of an outcome; raise AlreadyExistsError or NotFoundError."""
    if spec.slug in {instrument.slug for instrument in queries.instruments(session, review)}:
        raise AlreadyExistsError(f"review {review.slug} already has an instrument {spec.slug!r}")
    instrument = Instrument(
        review_id=review.id,
        outcome_id=queries.outcome_called(session, review, spec.outcome).id,
        slug=spec.slug,
        name=spec.name,
        higher_is_better=spec.higher_is_better,
        lowest=spec.lowest,
        highest=spec.highest,
        step=spec.step,
    )
    session.add(instrument)
    session.flush()
    return instrument


def check_plan(session: Session, review: Review, plan: Plan, names: Collection[str]) -> None:
    """Raise NotFoundError or InvalidDataError for a plan that speaks of what a review has not.

    `names` as `plan_analysis`.
    """
    unknown = list(problems(plan.names, also=names))
    if unknown:
        raise InvalidDataError("; ".join(unknown))
    for part in (plan, *map(plan.of_outcome, plan.outcomes)):
        outcome = queries.outcome_called(session, review, part.outcome)
        for slug in part.instruments:
            instrument = queries.instrument_called(session, review, slug)
            if instrument.outcome_id != outcome.id:
                raise InvalidDataError(
                    f"instrument {slug!r} measures {instrument.outcome.slug!r}, not "
                    f"{part.outcome!r}"
                )


def _freeze(session: Session, analysis: Analysis, plan: Plan, number: int, at: datetime) -> None:
    session.add(
        AnalysisVersion(
            analysis_id=analysis.id,
            number=number,
            plan=plan.model_dump(mode="json"),
            sha256=plan.sha256,
            frozen_at=at,
        )
    )
    session.flush()


def plan_analysis(
    session: Session,
    review: Review,
    spec: AnalysisSpec,
    *,
    now: datetime,
    names: Collection[str] = (),
) -> None:
    """Plan a new analysis as its version 1; raise AlreadyExistsError or NotFoundError.

    `names` are the characteristics that the review has beyond those of every review: its custom
    fields, and the domains of its tools (`review.extraction.facts.names_of`). InvalidDataError for
    a plan that speaks of others.
    """
    check_plan(session, review, spec.plan, names)
    known = {v.analysis.slug for v in queries.current_versions(session, review)}
    if spec.slug in known:
        raise AlreadyExistsError(
            f"review {review.slug} already has an analysis {spec.slug!r}",
            remedy=Remedy("change it with", "review analysis revise"),
        )
    analysis = Analysis(review_id=review.id, slug=spec.slug)
    session.add(analysis)
    session.flush()
    _freeze(session, analysis, spec.plan, 1, now)


def revise_analysis(
    session: Session,
    review: Review,
    spec: AnalysisSpec,
    *,
    now: datetime,
    names: Collection[str] = (),
) -> int:
    """Freeze a changed plan as a new version and return its number; `names` as `plan_analysis`.

    Raises NotFoundError for an unknown analysis, InvalidDataError when nothing would change.
    """
    check_plan(session, review, spec.plan, names)
    newest = queries.versions(session, review, spec.slug)[0]
    if newest.sha256 == spec.plan.sha256:
        raise InvalidDataError(
            f"the plan equals version {newest.number} of {spec.slug!r}; nothing to revise"
        )
    _freeze(session, newest.analysis, spec.plan, newest.number + 1, now)
    return newest.number + 1


def add_published_result(session: Session, review: Review, spec: PublishedSpec) -> None:
    """Add a published pooled line; raise NotFoundError for an unknown outcome."""
    outcome = queries.outcome_called(session, review, spec.outcome)
    values = spec.model_dump(exclude={"outcome", "margins"})
    session.add(PublishedResult(outcome_id=outcome.id, margins=list(spec.margins), **values))
    session.flush()


def take_protocol(session: Session, file: ProtocolFile, *, owner: str, now: datetime) -> Review:
    """Make the review of a protocol file with everything the file plans."""
    review = new_review(session, file.review, owner=owner)
    for outcome in file.outcomes:
        add_outcome(session, review, outcome)
    for instrument in file.instruments:
        add_instrument(session, review, instrument)
    for analysis in file.analyses:
        plan_analysis(session, review, analysis, now=now)
    for line in file.published:
        add_published_result(session, review, line)
    return review


BETTER: Final = {
    True: "better",
    False: "worse",
    None: "neither better nor worse, as it is not said",
}
"""What a higher score of an instrument is."""


def edit_outcome(
    session: Session, review: Review, slug: str, changes: Mapping[str, Any]
) -> tuple[str, ...]:
    """Change name or description of an outcome; return what changed, in words.

    Raises NotFoundError, or InvalidDataError where nothing would change.
    """
    outcome = queries.outcome_called(session, review, slug)
    old = OutcomeSpec(slug=outcome.slug, name=outcome.name, description=outcome.description)
    new = old.model_copy(update=dict(changes))
    said = _changed(f"outcome {slug}", old.model_dump(), new.model_dump())
    outcome.name, outcome.description = new.name, new.description
    _keep_edit(session, "outcome", outcome.id, said)
    return said


def edit_instrument(
    session: Session, review: Review, slug: str, changes: Mapping[str, Any]
) -> tuple[str, ...]:
    """Change what an instrument is called, measures, which way is better, or its range.

    What analyses computed from it changes with the next re-pooling, whose report says why.

    Raises
    ------
    NotFoundError
        For an unknown instrument or outcome.
    InvalidDataError
        Where nothing would change, or a plan selects it for the outcome that it measured.
    """
    instrument = queries.instrument_called(session, review, slug)
    old = spec_of(instrument)
    new = InstrumentSpec.model_validate({**old.model_dump(), **changes})
    said = _changed(f"instrument {slug}", old.model_dump(), new.model_dump())
    if new.outcome != old.outcome:
        outcome = queries.outcome_called(session, review, new.outcome)
        planned = [
            version.analysis.slug
            for version in queries.current_versions(session, review)
            if slug in version.plan.get("instruments", ())
        ]
        if planned:
            raise InvalidDataError(
                f"the plan of {', '.join(planned)} selects {slug} for {old.outcome}",
                remedy=Remedy("revise it first, with", "review analysis revise"),
            )
        instrument.outcome_id = outcome.id
    for name in ("name", "higher_is_better", "lowest", "highest", "step"):
        setattr(instrument, name, getattr(new, name))
    _keep_edit(session, "instrument", instrument.id, said)
    return said


def spec_of(instrument: Instrument) -> InstrumentSpec:
    """Return an instrument as a value."""
    return InstrumentSpec(
        slug=instrument.slug,
        name=instrument.name,
        outcome=instrument.outcome.slug,
        higher_is_better=instrument.higher_is_better,
        lowest=instrument.lowest,
        highest=instrument.highest,
        step=instrument.step,
    )


def _changed(of: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs, in words; raise InvalidDataError where nothing does."""
    said = []
    for name, was in old.items():
        now = new[name]
        if was == now:
            continue
        if name == "higher_is_better":
            said.append(f"{of}: higher is now {BETTER[now]} (it was {BETTER[was]})")
        else:
            said.append(f"{of}: {name} is now {_text(now)} (it was {_text(was)})")
    if not said:
        raise InvalidDataError(f"{of} is like that already")
    return tuple(said)


def _text(value: object) -> str:
    if value is None or value == "":
        return "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _keep_edit(session: Session, entity: str, entity_id: int, said: tuple[str, ...]) -> None:
    session.flush()
    record_step(session, "edit", entity=entity, entity_id=entity_id, said="; ".join(said))
