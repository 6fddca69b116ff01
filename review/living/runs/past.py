"""Earlier runs of an analysis, in short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.living.runs import kept
from review.living.runs.digests import WHAT, Digest, digest_from, digest_of
from review.living.runs.models import Run
from review.living.runs.queries import runs, snapshot_of
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of an analysis, in short."""

    run_id: int
    number: int
    created: datetime
    job_id: int
    plan_version: int
    plan_frozen: datetime
    digest: Digest


def digests(session: Session, found: Iterable[Run]) -> list[PastRun]:
    """Return runs in short; the whole of a run is read only where no digest of it is kept yet."""
    listed = list(found)
    known = kept.contents(session, [run.id for run in listed], WHAT)
    return [
        PastRun(
            run_id=run.id,
            number=run.number,
            created=run.created,
            job_id=run.job_id,
            plan_version=run.version.number,
            plan_frozen=run.version.frozen_at,
            digest=digest_from(known[run.id]) if run.id in known else digest_of(snapshot_of(run)),
        )
        for run in listed
    ]


def past_runs(session: Session, review: Review, analysis: str) -> Sequence[PastRun]:
    """Return the runs of an analysis in short, the oldest first; raise NotFoundError."""
    return digests(session, runs(session, review, analysis))
