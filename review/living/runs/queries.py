"""Reading runs, jobs and failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from review.errors import NotFoundError, Remedy
from review.history.rules import Anchor
from review.living.runs.contents import RunInputs
from review.living.runs.models import Failure, Job, Run
from review.living.runs.results import RunResults, Snapshot
from review.protocol.models import Analysis, AnalysisVersion, Review
from review.protocol.queries import versions


@dataclass(frozen=True, slots=True)
class Newest:
    """What a job needs to know of an analysis' newest run."""

    run_id: int
    number: int
    fingerprint: str
    key: str
    software: dict[str, str]
    history_seq: int
    """Head of the event chain when its inputs were read."""


def _is_newest() -> sa.ColumnElement[bool]:
    newer = aliased(Run)
    return ~sa.exists().where(newer.analysis_id == Run.analysis_id, newer.number > Run.number)


def newest_runs(session: Session, analysis_ids: Sequence[int]) -> dict[int, Newest]:
    """Return the newest run of some analyses, by analysis id."""
    query = sa.select(
        Run.analysis_id, Run.id, Run.number, Run.fingerprint, Run.key, Run.software, Run.history_seq
    ).where(_is_newest(), Run.analysis_id.in_(analysis_ids))
    return {
        row.analysis_id: Newest(
            row.id, row.number, row.fingerprint, row.key, row.software, row.history_seq
        )
        for row in session.execute(query)
    }


def newest_numbers(session: Session, analysis_ids: Sequence[int]) -> dict[int, int]:
    """Return the number of the newest run of some analyses; those without a run are absent."""
    query = (
        sa.select(Run.analysis_id, sa.func.max(Run.number))
        .where(Run.analysis_id.in_(analysis_ids))
        .group_by(Run.analysis_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def snapshot(session: Session, run_id: int) -> Snapshot:
    """Return inputs and results of a run."""
    run = session.get_one(Run, run_id)
    return snapshot_of(run)


def snapshot_of(run: Run) -> Snapshot:
    """Return inputs and results of a run as values."""
    return RunInputs.model_validate(run.inputs), RunResults.model_validate(run.results)


def _with_plan() -> sa.Select[Run]:
    """Return the query of runs with their plans and analyses."""
    return (
        sa.select(Run)
        .join(Run.version)
        .join(AnalysisVersion.analysis)
        .options(joinedload(Run.version).joinedload(AnalysisVersion.analysis))
    )


def runs(session: Session, review: Review, analysis: str | None = None) -> Sequence[Run]:
    """Return the runs of a review (of one analysis) by analysis and number.

    Raises NotFoundError for an analysis that the review does not have.
    """
    query = _with_plan().where(Analysis.review_id == review.id).order_by(Analysis.slug, Run.number)
    if analysis is not None:
        query = query.where(Run.analysis_id == versions(session, review, analysis)[0].analysis_id)
    return session.scalars(query).all()


def run_numbered(session: Session, review: Review, analysis: str, number: int | None) -> Run:
    """Return a run by its number, the newest one for None; raise NotFoundError."""
    analysis_id = versions(session, review, analysis)[0].analysis_id
    last = newest_numbers(session, [analysis_id]).get(analysis_id)
    if last is None:
        raise NotFoundError(
            f"{analysis!r} has no run yet", remedy=Remedy("make one with", "review repool")
        )
    found = session.scalar(
        _with_plan().where(Run.analysis_id == analysis_id, Run.number == (number or last))
    )
    if found is None:
        raise NotFoundError(f"{analysis!r} has runs 1 to {last}, not {number}")
    return found


def newest_of_each(session: Session, review: Review) -> Sequence[Run]:
    """Return the newest run of each analysis of a review, by slug."""
    query = _with_plan().where(Analysis.review_id == review.id, _is_newest())
    return session.scalars(query.order_by(Analysis.slug)).all()


def pooled_studies(session: Session, review: Review) -> set[int]:
    """Return the ids of the studies that entered the newest run of any analysis of a review."""
    query = sa.select(Run.results).join(Analysis, Run.analysis_id == Analysis.id)
    found = session.scalars(query.where(Analysis.review_id == review.id, _is_newest()))
    return {effect["study_id"] for results in found for effect in results["effects"]}


def anchors(session: Session) -> list[Anchor]:
    """Return the heads of the event chain that runs keep."""
    rows = session.execute(sa.select(Run.id, Run.history_seq, Run.history_hash).order_by(Run.id))
    return [Anchor(row.history_seq, row.history_hash, f"run {row.id}") for row in rows]


def jobs(session: Session, limit: int) -> Sequence[Job]:
    """Return the latest jobs, the newest first."""
    return session.scalars(sa.select(Job).order_by(Job.id.desc()).limit(limit)).all()


def failures(session: Session, job_id: int) -> Sequence[Failure]:
    """Return what a job could not pool."""
    return session.scalars(
        sa.select(Failure).where(Failure.job_id == job_id).order_by(Failure.id)
    ).all()
