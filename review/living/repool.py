"""The job: recompute exactly the analyses whose inputs changed, once, and say what moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.db import Database
from review.errors import InvalidDataError
from review.extraction.evidence import Evidence
from review.extraction.queries import evidence
from review.history.actions import Attribution, writing
from review.history.queries import head
from review.living import queries
from review.living.changes import ChangeReport, Snapshot, compare
from review.living.effects import TrialEffects, trial_effects
from review.living.models import Failure, Job, JobOutcome, Run
from review.living.pooling import engine_versions, pool_inputs
from review.living.selection import select_inputs
from review.living.snapshot import RunInputs, RunResults
from review.protocol.queries import current_versions, plan_of, review_called


@dataclass(frozen=True, slots=True)
class AnalysisName:
    """An analysis and its review, as outputs name them."""

    review: str
    analysis: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A new run and how it differs from the one before."""

    name: AnalysisName
    number: int
    report: ChangeReport


@dataclass(frozen=True, slots=True)
class Unpooled:
    """An analysis without a new run, and why."""

    name: AnalysisName
    reason: str


@dataclass
class RepoolReport:
    """What a job did. `outcome` is None when another job was running."""

    outcome: JobOutcome | None
    job_id: int | None = None
    recomputed: list[Recomputed] = field(default_factory=list)
    unchanged: list[AnalysisName] = field(default_factory=list)
    waiting: list[Unpooled] = field(default_factory=list)
    """Analyses that no trial can enter yet."""
    failed: list[Unpooled] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stale:
    name: AnalysisName
    analysis_id: int
    version_id: int
    previous: queries.Newest | None
    before: Snapshot | None
    inputs: RunInputs
    effects: TrialEffects


@dataclass
class _Found:
    """The state of the database that one job works on."""

    anchor: tuple[int, str]
    stale: list[_Stale] = field(default_factory=list)
    unchanged: list[AnalysisName] = field(default_factory=list)
    waiting: list[Unpooled] = field(default_factory=list)
    failed: list[tuple[int, Unpooled]] = field(default_factory=list)


def repool(
    database: Database,
    *,
    actor: str,
    review: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RepoolReport:
    """Recompute the analyses (of one review) whose inputs changed since their last run.

    Inputs are read in one short transaction, computed without any, and all new runs are written
    in one. Two jobs at once: the second one does nothing and says so. An analysis that cannot be
    pooled is recorded with its reason and does not stop the others.
    """
    with database.sole_job() as alone:
        if not alone:
            return RepoolReport(outcome=None)
        by = Attribution(actor=actor, review=review)
        job_id = _start(database, by, now())
        try:
            with database.reading() as session:
                found = _look(session, review)
            analyses = [(stale.inputs, stale.effects) for stale in found.stale]
            results = pool_inputs(analyses, advance=lambda done: progress(done, len(analyses)))
            report = _write(database, by, job_id, found, results, now())
        except BaseException as error:
            _close(database, by, job_id, now(), f"{type(error).__name__}: {error}")
            raise
        return report


def _start(database: Database, by: Attribution, at: datetime) -> int:
    """Record the start of a job; close jobs that died, since only one runs at a time."""
    with writing(database, by) as session:
        dead = sa.select(Job).where(Job.outcome == JobOutcome.RUNNING)
        for job in session.scalars(dead):
            job.outcome, job.finished, job.message = JobOutcome.FAILED, at, "the process died"
        job = Job(actor=by.actor, review=by.review, started=at, outcome=JobOutcome.RUNNING)
        session.add(job)
        session.flush()
        return job.id


def _close(database: Database, by: Attribution, job_id: int, at: datetime, message: str) -> None:
    with writing(database, by) as session:
        job = session.get_one(Job, job_id)
        job.outcome, job.finished, job.message = JobOutcome.FAILED, at, message


def _look(session: Session, review_slug: str | None) -> _Found:
    review = review_called(session, review_slug) if review_slug is not None else None
    found = _Found(anchor=head(session))
    newest = queries.newest_runs(session, review)
    planned = current_versions(session, review)
    of_review: dict[int, list[Evidence]] = defaultdict(list)
    for review_id, item in evidence(session, sorted({v.analysis.review_id for v in planned})):
        of_review[review_id].append(item)
    for version in planned:
        name = AnalysisName(version.analysis.review.slug, version.analysis.slug)
        previous = newest.get(version.analysis_id)
        try:
            inputs = select_inputs(plan_of(version), of_review[version.analysis.review_id])
            if not inputs.trials:
                _none_left(found, version.analysis_id, name, previous)
                continue
            if previous is not None and previous.fingerprint == inputs.fingerprint:
                found.unchanged.append(name)
                continue
            effects = trial_effects(inputs)
        except InvalidDataError as error:
            found.failed.append((version.analysis_id, Unpooled(name, str(error))))
            continue
        before = queries.snapshot(session, previous.run_id) if previous else None
        found.stale.append(
            _Stale(name, version.analysis_id, version.id, previous, before, inputs, effects)
        )
    return found


def _none_left(
    found: _Found, analysis_id: int, name: AnalysisName, previous: queries.Newest | None
) -> None:
    if previous is None:
        found.waiting.append(Unpooled(name, "no study has the numbers it needs yet"))
        return
    reason = f"no trial is left to pool; run {previous.number} is of an earlier state"
    found.failed.append((analysis_id, Unpooled(name, reason)))


def _write(
    database: Database,
    by: Attribution,
    job_id: int,
    found: _Found,
    results: list[RunResults],
    at: datetime,
) -> RepoolReport:
    recomputed = []
    with writing(database, by) as session:
        for stale, result in zip(found.stale, results, strict=True):
            number = stale.previous.number + 1 if stale.previous else 1
            if queries.newest_number(session, stale.analysis_id) != number - 1:
                continue  # a job that did not hold the lock was faster; its run stands
            session.info["attribution"] = replace(by, review=stale.name.review)
            session.add(_run(stale, result, number, job_id, found.anchor, at))
            session.flush()
            report = compare(stale.before, (stale.inputs, result))
            recomputed.append(Recomputed(stale.name, number, report))
        for analysis_id, failure in found.failed:
            session.add(Failure(job_id=job_id, analysis_id=analysis_id, reason=failure.reason))
        job = session.get_one(Job, job_id)
        job.finished = at
        job.outcome = _outcome(found, recomputed)
    return RepoolReport(
        outcome=_outcome(found, recomputed),
        job_id=job_id,
        recomputed=recomputed,
        unchanged=found.unchanged,
        waiting=found.waiting,
        failed=[failure for _, failure in found.failed],
    )


def _outcome(found: _Found, recomputed: list[Recomputed]) -> JobOutcome:
    if found.failed:
        return JobOutcome.FAILED
    return JobOutcome.RECOMPUTED if recomputed else JobOutcome.NOTHING_NEW


def _run(
    stale: _Stale,
    results: RunResults,
    number: int,
    job_id: int,
    anchor: tuple[int, str],
    at: datetime,
) -> Run:
    fingerprint = stale.inputs.fingerprint
    return Run(
        analysis_id=stale.analysis_id,
        version_id=stale.version_id,
        number=number,
        job_id=job_id,
        created=at,
        fingerprint=fingerprint,
        key=sha256_of(
            {
                "analysis": stale.analysis_id,
                "inputs": fingerprint,
                "after": stale.previous.key if stale.previous else None,
            }
        ),
        inputs=stale.inputs.model_dump(mode="json"),
        results=results.model_dump(mode="json"),
        software=dict(engine_versions()),
        history_seq=anchor[0],
        history_hash=anchor[1],
    )
