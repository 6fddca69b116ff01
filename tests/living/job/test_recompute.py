"""A stored number that does not come out again is found."""

from __future__ import annotations

from review.db import Database
from review.history.actions import Attribution
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.runs.models import Run
from review.living.runs.queries import run_numbered
from review.protocol.queries import review_called
from tests.living.fixture import begin, enter


def test_a_number_that_was_tampered_with_is_named(database: Database, by: Attribution) -> None:
    begin(database, by)
    enter(database, by, range(1, 5))
    repool(database, actor="t")
    with database.reading() as session:
        run = run_numbered(session, review_called(session, None), "alliance", None)
        results = {**run.results, "pooled": {**run.results["pooled"], "estimate": -0.30}}
        forged = Run(
            version=run.version,
            number=run.number,
            fingerprint="0" * 64,
            inputs=run.inputs,
            results=results,
            software=run.software,
        )
        session.expunge_all()
        found = recompute(forged)
    assert not found.reproduced
    assert not found.inputs_intact
    (deviation,) = found.deviations
    assert (deviation.where, deviation.stored) == ("pooled.estimate", "-0.3")
    assert 4e-4 < found.largest < 5e-4
