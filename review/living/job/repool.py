"""The job: recompute exactly the analyses whose inputs changed, once, and say what moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.db import Database
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.queries import adopted_tools, judgements
from review.extraction.appraisal.rules import Settled
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence
from review.history.actions import Attribution, writing
from review.history.queries import head
from review.living.estimates.pooling import engine_versions
from review.living.inputs.variants import RISK_TOOL
from review.living.job import staleness
from review.living.job.report import AnalysisName, Recomputed, RepoolReport, Unpooled
from review.living.job.work import (
    Found,
    Made,
    NoTrial,
    Same,
    Task,
    Unfit,
    collector_paused,
    in_order,
)
from review.living.reports.acts import acts_between
from review.living.reports.attribution import Explanation, explain
from review.living.reports.changes import ChangeReport, compare
from review.living.reports.once import keep_digests
from review.living.runs import kept, queries
from review.living.runs.digests import WHAT as DIGEST
from review.living.runs.digests import Digest, content_of
from review.living.runs.models import Failure, Job, JobOutcome, Run
from review.protocol.models import AnalysisVersion
from review.protocol.queries import review_called
from review.protocol.rules import names_in
from review.protocol.vocabulary import Variant

CHUNK: Final = 400
"""Analyses that are read, computed and written together: enough for one batch of the engine, few
enough that a writer waits for a second at most."""

MOST_EXPLAINED: Final = 200
"""Changed runs of one job that are explained at once; the others by ``review runs diff``."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An analysis that is looked at, with its newest run."""

    name: AnalysisName
    version_id: int
    previous: queries.Newest | None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Analyses read together, and the head of the event chain at that moment."""

    anchor: tuple[int, str]
    candidates: tuple[_Candidate, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a job will look at: the analyses by review, and the newest event before it began."""

    watermark: int
    versions: tuple[tuple[int, ...], ...]
    """Ids of plan versions, a chunk each."""
    total: int


Tell = Callable[[Session, RepoolReport, datetime], None]


def repool(
    database: Database,
    *,
    actor: str,
    review: str | None = None,
    everything: bool = False,
    engine: bool = False,
    executor: Executor | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    outbox: Tell | None = None,
) -> RepoolReport:
    """Recompute the analyses (of one review) whose inputs changed since their last run.

    Inputs are read in short transactions, computed without any, and written in one transaction a
    chunk. Two jobs at once: the second one does nothing and says so. An analysis that cannot be
    pooled is recorded with its reason and does not stop the others.

    Parameters
    ----------
    everything : bool
        Compare every analysis with its inputs, and not only those that events touched.
    engine : bool
        Recompute what another version of the engine computed, although its inputs are the same;
        the change report says that the engine changed.
    executor : Executor or None
        What does the computing; None for this process. The runs are the same, bit for bit.
    outbox : callable or None
        Writes what people are to be told, in the transaction that ends the job.
    """
    with database.sole_job() as alone:
        if not alone:
            return RepoolReport(outcome=None)
        by = Attribution(actor=actor, review=review)
        job_id = _start(database, by, now())
        try:
            job = _Job(database, by, job_id, engine=engine)
            with database.reading() as session:
                plan = _look(session, review, everything=everything or engine)
            chunks = job.read_all(plan)
            for tasks, found in in_order(executor, chunks):
                job.take(tasks, found, now())
                progress(job.report.looked_at, plan.total)
            keep_digests(database)
            return job.finish(plan, now(), outbox)
        except BaseException as error:
            _close(database, by, job_id, now(), f"{type(error).__name__}: {error}")
            raise


def _start(database: Database, by: Attribution, at: datetime) -> int:
    """Record the start of a job; close jobs that died, since only one runs at a time."""
    with writing(database, replace(by, at=at)) as session:
        dead = sa.select(Job).where(Job.outcome == JobOutcome.RUNNING)
        for job in session.scalars(dead):
            job.outcome, job.finished, job.message = JobOutcome.FAILED, at, "the process died"
        job = Job(actor=by.actor, review=by.review, started=at, outcome=JobOutcome.RUNNING)
        session.add(job)
        session.flush()
        return job.id


def _close(database: Database, by: Attribution, job_id: int, at: datetime, message: str) -> None:
    with writing(database, replace(by, at=at)) as session:
        job = session.get_one(Job, job_id)
        job.outcome, job.finished, job.message = JobOutcome.FAILED, at, message


def _look(session: Session, review_slug: str | None, *, everything: bool) -> _Plan:
    """Decide what to look at; whole reviews stay together so that their evidence is read once."""
    review = review_called(session, review_slug) if review_slug is not None else None
    since = None if everything else staleness.last_look(session, review)
    wanted = staleness.to_look_at(session, since)
    rows = staleness.versions_by_review(session, review, wanted)
    chunks: list[list[int]] = []
    for _, of_review in groupby(rows, key=lambda row: row[0]):
        ids = [version_id for _, version_id in of_review]
        if chunks and len(chunks[-1]) + len(ids) <= CHUNK:
            chunks[-1].extend(ids)
        else:
            chunks.append(ids)
    return _Plan(head(session)[0], tuple(tuple(chunk) for chunk in chunks), len(rows))


class _Job:
    """One job at work: reads chunks, takes what they came to, writes the runs."""

    def __init__(self, database: Database, by: Attribution, job_id: int, *, engine: bool):
        self.database = database
        self.by = by
        self.job_id = job_id
        self.engine = engine
        self.software = dict(engine_versions())
        self.report = RepoolReport(outcome=None, job_id=job_id)
        self.reading: dict[int, _Chunk] = {}
        self.explained = 0

    def read_all(self, plan: _Plan) -> Iterator[Sequence[Task]]:
        """Read the chunks one after another, each from one state of the database."""
        for ids in plan.versions:
            with self.database.reading() as session:
                chunk = self._read(session, ids)
            self.reading[id(chunk.tasks)] = chunk
            yield chunk.tasks

    @collector_paused()
    def _read(self, session: Session, ids: Sequence[int]) -> _Chunk:
        versions = staleness.versions_numbered(session, ids)
        newest = queries.newest_runs(session, [v.analysis_id for v in versions])
        by_outcome: dict[tuple[int, str], list[Evidence]] = defaultdict(list)
        reviews = sorted({v.analysis.review_id for v in versions})
        names = {name for v in versions for name in names_in(v.plan)}
        for review_id, item in evidence(session, reviews, names=names):
            by_outcome[review_id, item.outcome].append(item)
        asked = {
            version.analysis.review_id: version.analysis.review
            for version in versions
            if Variant.LOW_RISK_ONLY in version.plan.get("variants", ())
        }
        settled = {
            i: judgements(session, review, RISK_TOOL)
            for i, review in asked.items()
            if any(tool.family == RISK_TOOL for tool in adopted_tools(session, review))
        }
        candidates, tasks = [], []
        for version in versions:
            previous = newest.get(version.analysis_id)
            candidates.append(
                _Candidate(
                    AnalysisName(version.analysis.review.slug, version.analysis.slug),
                    version.id,
                    previous,
                )
            )
            risk = settled.get(version.analysis.review_id, {})
            tasks.append(self._task(version, previous, by_outcome, risk))
        return _Chunk(head(session), tuple(candidates), tuple(tasks))

    def _task(
        self,
        version: AnalysisVersion,
        previous: queries.Newest | None,
        by_outcome: dict[tuple[int, str], list[Evidence]],
        settled: dict[Target, Settled],
    ) -> Task:
        review_id = version.analysis.review_id
        outcomes = sorted(staleness.outcomes_of(version.plan))
        return Task(
            analysis_id=version.analysis_id,
            plan=version.plan,
            evidence=tuple(
                item for outcome in outcomes for item in by_outcome.get((review_id, outcome), ())
            ),
            fingerprint=previous.fingerprint if previous else None,
            forced=self.engine and previous is not None and previous.software != self.software,
            settled=settled,
        )

    @collector_paused()
    def take(self, tasks: Sequence[Task], found: Sequence[Found], at: datetime) -> None:
        """Write the runs and failures of one chunk and add them to the report."""
        chunk = self.reading.pop(id(tasks))
        made, failed = [], []
        for candidate, task, what in zip(chunk.candidates, tasks, found, strict=True):
            self.report.looked_at += 1
            if isinstance(what, Made):
                made.append((candidate, task.analysis_id, what))
            elif isinstance(what, Unfit):
                failed.append((task.analysis_id, Unpooled(candidate.name, what.reason)))
            elif isinstance(what, NoTrial) and candidate.previous is not None:
                number = candidate.previous.number
                reason = f"no trial is left to pool; run {number} is of an earlier state"
                failed.append((task.analysis_id, Unpooled(candidate.name, reason)))
            else:
                assert isinstance(what, Same | NoTrial)
        if made or failed:
            self._write(chunk.anchor, made, failed, at)

    def _write(
        self,
        anchor: tuple[int, str],
        made: Sequence[tuple[_Candidate, int, Made]],
        failed: Sequence[tuple[int, Unpooled]],
        at: datetime,
    ) -> None:
        told = self._reports(made, anchor[0])
        by = replace(self.by, at=at)
        with writing(self.database, by) as session:
            numbers = queries.newest_numbers(session, [analysis_id for _, analysis_id, _ in made])
            written = []
            digests: list[tuple[Run, Digest]] = []
            for review, group in groupby(told, key=lambda item: item[0][0].name.review):
                session.info["attribution"] = replace(by, review=review)
                for (candidate, analysis_id, what), report, explanation in group:
                    number = candidate.previous.number + 1 if candidate.previous else 1
                    if numbers.get(analysis_id, 0) != number - 1:
                        continue  # a job that did not hold the lock was faster; its run stands
                    run = self._run(candidate, analysis_id, what, number, anchor, at)
                    session.add(run)
                    written.append(Recomputed(candidate.name, number, report, explanation))
                    digest = replace(what.digest, changed=report.in_brief, flipped=report.flipped)
                    digests.append((run, digest))
                session.flush()
            session.info["attribution"] = by
            kept.keep(session, DIGEST, {run.id: content_of(digest) for run, digest in digests})
            for analysis_id, failure in failed:
                reason = failure.reason
                session.add(Failure(job_id=self.job_id, analysis_id=analysis_id, reason=reason))
        self.report.recomputed += written
        self.report.failed += [failure for _, failure in failed]

    def _reports(
        self, made: Sequence[tuple[_Candidate, int, Made]], head_seq: int
    ) -> list[tuple[tuple[_Candidate, int, Made], ChangeReport, Explanation | None]]:
        """Compare with the runs before and explain, outside the writing transaction.

        Left out is what differs from the run before in nothing but the names of studies.
        """
        with self.database.reading() as session:
            reports: list[tuple[tuple[_Candidate, int, Made], ChangeReport, Explanation | None]]
            reports = []
            for item in made:
                candidate, _, what = item
                before = candidate.previous
                if what.report is not None:
                    reports.append((item, what.report, None))
                    continue
                assert before is not None
                old, new = queries.snapshot(session, before.run_id), (what.inputs, what.results)
                same = old[0].by_study.fingerprint == new[0].by_study.fingerprint
                if same and (not self.engine or before.software == self.software):
                    continue
                report = replace(
                    compare(old, new, engines=(before.software, self.software)),
                    because=acts_between(
                        session,
                        candidate.name.review,
                        since=before.history_seq,
                        until=head_seq,
                        inputs=(old[0], new[0]),
                    ),
                )
                explanation = None
                if self.explained < MOST_EXPLAINED:
                    self.explained += 1
                    explanation = explain(old, new, outlook=False)
                reports.append((item, report, explanation))
            return reports

    def _run(
        self,
        candidate: _Candidate,
        analysis_id: int,
        what: Made,
        number: int,
        anchor: tuple[int, str],
        at: datetime,
    ) -> Run:
        fingerprint = what.fingerprint
        after = candidate.previous.key if candidate.previous else None
        return Run(
            analysis_id=analysis_id,
            version_id=candidate.version_id,
            number=number,
            job_id=self.job_id,
            created=at,
            fingerprint=fingerprint,
            key=sha256_of({"analysis": analysis_id, "inputs": fingerprint, "after": after}),
            inputs=what.inputs_json,
            results=what.results_json,
            software=self.software,
            history_seq=anchor[0],
            history_hash=anchor[1],
        )

    def finish(self, plan: _Plan, at: datetime, outbox: Tell | None) -> RepoolReport:
        """Close the job and keep what it has seen of the event log.

        Where nobody wrote meanwhile, its own runs' events count as seen too, so that the next job
        need not read them.
        """
        report = self.report
        failed = {failure.name for failure in report.failed}
        with writing(self.database, replace(self.by, at=at)) as session:
            review = review_called(session, self.by.review) if self.by.review else None
            for slug, analysis, _ in staleness.without_run(session, review):
                name = AnalysisName(slug, analysis)
                if name not in failed:
                    reason = "no study has the numbers it needs yet"
                    report.waiting.append(Unpooled(name, reason))
            total = staleness.count_analyses(session, review)
            report.unchanged = (
                total - len(report.recomputed) - len(report.failed) - len(report.waiting)
            )
            report.outcome = (
                JobOutcome.FAILED
                if report.failed
                else JobOutcome.RECOMPUTED
                if report.recomputed
                else JobOutcome.NOTHING_NEW
            )
            seen = plan.watermark
            if not staleness.stirred(session, seen):
                seen = head(session)[0]
            job = session.get_one(Job, self.job_id)
            job.finished, job.outcome, job.watermark = at, report.outcome, seen
            if outbox is not None:
                outbox(session, report, at)
        return report
