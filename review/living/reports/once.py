"""What is worked out of a run once and kept: its digest, and how firm it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from review.db import Database
from review.living.reports.changes import compare
from review.living.reports.forecast import Firmness, firmness_of
from review.living.reports.whole_forecast import whole_firmness
from review.living.runs import kept
from review.living.runs.digests import WHAT as DIGEST
from review.living.runs.digests import Digest, content_of, digest_from, digest_of
from review.living.runs.models import Kept, Run
from review.living.runs.numbers import numbers_of
from review.living.runs.past import PastRun
from review.living.runs.queries import runs, snapshot, snapshot_of
from review.living.runs.results import Snapshot
from review.protocol.models import Review

FIRMNESS = "firmness"

_FIRMNESS = TypeAdapter(Firmness)


def firmness_kept(session: Session, run_ids: Sequence[int]) -> dict[int, Firmness]:
    """Return how firm some runs are, as far as it was worked out already."""
    found = kept.contents(session, run_ids, FIRMNESS)
    return {run_id: _FIRMNESS.validate_json(content) for run_id, content in found.items()}


def firmness_of_run(of: Snapshot) -> Firmness:
    """Work out how firm a run is; the notes say why where nothing can be said."""
    if not of[1].of_one_mean:
        return whole_firmness(of)
    notes: list[str] = []
    numbers = numbers_of(*of, notes)
    return firmness_of(numbers) if numbers is not None else Firmness(None, None, tuple(notes))


def work_out_firmness(database: Database, run_id: int) -> Firmness:
    """Return how firm a run is, and keep it where nobody had worked it out.

    The working out, a second for some 20 trials, blocks nobody: no transaction is open meanwhile.
    """
    with database.reading() as session:
        found = firmness_kept(session, [run_id]).get(run_id)
        if found is not None:
            return found
        of = snapshot(session, run_id)
    found = firmness_of_run(of)
    with database.transaction() as session:
        kept.keep(session, FIRMNESS, {run_id: _FIRMNESS.dump_python(found, mode="json")})
    return found


def past_runs(session: Session, review: Review, analysis: str | None = None) -> list[PastRun]:
    """Return the runs of a review (of one analysis) in short, by analysis and number.

    Whole runs are read only where one of their analysis has no digest of this version yet.
    Raises NotFoundError for an analysis that the review does not have.
    """
    listed = runs(session, review, analysis)
    known = kept.contents(session, [run.id for run in listed], DIGEST)
    found: dict[int, Digest] = {}
    for _, of_analysis in groupby(listed, key=lambda run: run.analysis_id):
        together = list(of_analysis)
        if all(run.id in known for run in together):
            found.update((run.id, digest_from(known[run.id])) for run in together)
        else:
            found.update(_digested(together))
    return [
        PastRun(
            run_id=run.id,
            analysis=run.version.analysis.slug,
            number=run.number,
            created=run.created,
            job_id=run.job_id,
            plan_version=run.version.number,
            plan_frozen=run.version.frozen_at,
            digest=found[run.id],
        )
        for run in listed
    ]


def _digested(of_analysis: Iterable[Run]) -> Iterator[tuple[int, Digest]]:
    """Yield the digests of an analysis' runs, made from the whole of each."""
    before = None
    for run in of_analysis:
        now = snapshot_of(run)
        report = compare(before, now)
        yield run.id, digest_of(now, changed=report.in_brief, flipped=report.flipped)
        before = now


def keep_digests(database: Database) -> int:
    """Keep the digest of every run that has none of this version; return of how many.

    A job makes the digest of each run with it; older runs, and all of them after an update of the
    software, get theirs here, so that no report reads a whole run for a few of its numbers.
    """
    with database.reading() as session:
        has = sa.exists().where(
            Kept.run_id == Run.id, Kept.what == DIGEST, Kept.engine == kept.ENGINE
        )
        lacking = sa.select(Run.analysis_id).where(~has)
        found = session.scalars(
            sa.select(Run).where(Run.analysis_id.in_(lacking)).order_by(Run.analysis_id, Run.number)
        )
        made: dict[int, object] = {
            run_id: content_of(digest)
            for _, of_analysis in groupby(found, key=lambda run: run.analysis_id)
            for run_id, digest in _digested(of_analysis)
        }
    if made:
        with database.transaction() as session:
            kept.keep(session, DIGEST, made)
    return len(made)
