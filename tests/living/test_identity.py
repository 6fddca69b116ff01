"""What identifies a run never changes: old fingerprints are compared with new ones.

The digests are of runs as databases hold them already; a change of one would look like changed data
in every one of them.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from review.canonical import canonical_json, sha256_of
from review.db import Database
from review.history.actions import Attribution
from review.history.models import Event
from review.living.inputs.select import select
from review.living.inputs.variants import with_alternatives
from review.living.job.repool import repool
from review.living.runs.models import Run
from review.protocol.models import Analysis
from review.protocol.vocabulary import Rater
from tests.living.job.test_repool import plan
from tests.living.job.test_work import contrast
from tests.living.test_cbt_delivery import load
from tests.tiers import MOSTLY_ON_SQLITE

KEPT = {
    ("any-cbt", 1): ("7f5f052643843cac", "a851d69a0ea2d050", "6e90834c941b0de5"),
    ("any-cbt", 2): ("2dbe8d9957dee1b3", "bf1f48757d8fd7ef", "a886c511053d0441"),
    ("face-to-face", 1): ("f0879464dc43daa2", "fc6dd77d628d22c7", "106a814549a204bf"),
    ("face-to-face", 2): ("665b4441cd3761c5", "ae02a58c0ace93e7", "0e6b3f3db6e65d81"),
    ("multimedia", 1): ("1652bb94ab693f34", "9137d3ebf2abbc9a", "e58c1f86aedbdb9a"),
    ("multimedia", 2): ("9dbf01a64c53db1a", "2ee68c8c92ad64c6", "da5f2c06ad37de4b"),
}
"""Analysis and number: fingerprint, key, and SHA-256 of the stored inputs (16 digits of each)."""


@MOSTLY_ON_SQLITE
def test_runs_of_a_shipped_review_keep_fingerprint_key_and_inputs(
    database: Database, by: Attribution
) -> None:
    for until in (2008, None):
        load(database, by, until)
        repool(database, actor="t")
    query = (
        sa.select(
            Analysis.slug,
            Run.number,
            Run.fingerprint,
            Run.key,
            sa.type_coerce(Run.inputs, sa.Text),
        )
        .join(Analysis, Run.analysis_id == Analysis.id)
        .order_by(Analysis.slug, Run.number)
    )
    with database.reading() as session:
        found = {
            (slug, number): tuple(
                digest[:16]
                for digest in (fingerprint, key, hashlib.sha256(inputs.encode()).hexdigest())
            )
            for slug, number, fingerprint, key, inputs in session.execute(query)
        }
    assert found == KEPT


def test_variants_and_moderators_count_in_a_fingerprint() -> None:
    items = [
        contrast(study, 0.1 * study, 0.1, rater=rater, result_id=2 * study + turn)
        for study in (1, 2, 3)
        for turn, rater in enumerate((Rater.CLIENT, Rater.THERAPIST))
    ]
    planned = plan(
        raters=("client", "therapist"),
        variants=("leave_one_out", "by_rater", "three_level"),
        subgroups=("rater",),
    )
    inputs = with_alternatives(select(planned, items), items, {})
    words = {"not_used": True}  # of what was passed over; they may be said better
    aside: Any = {
        "trials": {"__all__": words},
        "alternatives": {"__all__": {"trials": {"__all__": words}}},
    }
    text = canonical_json(inputs.model_dump(mode="json", exclude=aside))
    digests = (inputs.fingerprint[:16], hashlib.sha256(text.encode()).hexdigest()[:16])
    assert digests == ("f66ce6912420ebff", "4d49b71bc2517623")


def test_the_event_of_a_run_tells_all_but_its_contents(database: Database, by: Attribution) -> None:
    load(database, by, None)
    repool(database, actor="t")
    with database.reading() as session:
        for run in session.scalars(sa.select(Run)):
            event = session.scalars(
                sa.select(Event).where(Event.entity == "run", Event.entity_id == run.id)
            ).one()
            assert (event.action, event.actor, event.review) == ("insert", "t", "cbt-delivery")
            assert event.old is None
            assert event.new == {
                "id": run.id,
                "analysis_id": run.analysis_id,
                "version_id": run.version_id,
                "number": run.number,
                "job_id": run.job_id,
                "created": event.new and event.new["created"],
                "fingerprint": run.fingerprint,
                "key": run.key,
                "software": run.software,
                "history_seq": run.history_seq,
                "history_hash": run.history_hash,
                "digests": {part: sha256_of(getattr(run, part)) for part in ("inputs", "results")},
            }
