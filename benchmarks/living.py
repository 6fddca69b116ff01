"""Time the job on generated databases: full re-pool, nothing new, one corrected number.

Nothing here is data: reviews, trials and numbers are drawn with a fixed seed and named
"generated". Run: python benchmarks/living.py [--sizes 20,200,2000] [--processes 2]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from review.db import Database, database_at
from review.extraction.models import Arm, Entry, EntryKind, Level, Result, Study
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.job.workers import executor_for
from review.people.models import Person
from review.protocol.models import Analysis, AnalysisVersion, Instrument, Outcome, Review
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.schema import upgrade

STUDIES, OUTCOMES = 15, 25
"""A review: 15 trials of two arms, 25 outcomes; two analyses an outcome make 50."""

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def generate(database: Database, reviews: int) -> dict[str, int]:
    """Fill a database; rows go in by table, without events, as a restored backup would."""
    upgrade(database)
    chance = np.random.default_rng(reviews)
    with database.engine.begin() as connection:
        person = Person.__table__
        connection.execute(sa.insert(person), [{"id": 1, "handle": "generated"}])
        for start in range(1, reviews + 1, 50):
            _fill(connection, range(start, min(start + 50, reviews + 1)), chance)
        count = {
            table: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
            for table in ("review", "analysis", "study", "result")
        }
    return {name: int(value or 0) for name, value in count.items()}


def _fill(connection: sa.Connection, ids: range, chance: np.random.Generator) -> None:
    rows: dict[type, list[dict[str, object]]] = {
        kind: []
        for kind in (Review, Outcome, Instrument, Analysis, AnalysisVersion, Study, Arm, Entry)
    }
    results: list[dict[str, object]] = []
    for review in ids:
        slug = f"generated-{review}"
        rows[Review].append({"id": review, "slug": slug, "title": slug, "question": ""})
        for n in range(OUTCOMES):
            outcome = review * OUTCOMES + n
            rows[Outcome].append(
                {
                    "id": outcome,
                    "review_id": review,
                    "slug": f"o{n}",
                    "name": "x",
                    "description": "",
                }
            )
            rows[Instrument].append(
                {
                    "id": outcome,
                    "review_id": review,
                    "outcome_id": outcome,
                    "slug": f"i{n}",
                    "name": "x",
                    "higher_is_better": True,
                }
            )
            for which, method in enumerate(("REML", "DL")):
                analysis = outcome * 2 + which
                rows[Analysis].append(
                    {"id": analysis, "review_id": review, "slug": f"a{n}-{method.lower()}"}
                )
                plan = _plan(f"o{n}", method)
                rows[AnalysisVersion].append(
                    {
                        "id": analysis,
                        "analysis_id": analysis,
                        "number": 1,
                        "plan": plan.model_dump(mode="json"),
                        "sha256": plan.sha256,
                        "frozen_at": NOW,
                    }
                )
        for n in range(STUDIES):
            study = review * STUDIES + n
            rows[Study].append({"id": study, "review_id": review, "label": f"generated {n}"})
            rows[Entry].append(
                {"id": study, "study_id": study, "person_id": 1, "kind": EntryKind.SINGLE}
            )
            for side, mode in enumerate((DeliveryMode.VIDEOCONFERENCE, DeliveryMode.FACE_TO_FACE)):
                arm = study * 2 + side
                rows[Arm].append(
                    {
                        "id": arm,
                        "study_id": study,
                        "label": mode.value,
                        "treatment": mode.value,
                        "delivery_mode": mode,
                    }
                )
                means = chance.normal(0.0, 0.4, OUTCOMES)
                results += [
                    {
                        "entry_id": study,
                        "level": Level.ARM,
                        "arm_id": arm,
                        "instrument_id": review * OUTCOMES + outcome,
                        "rater": Rater.CLIENT,
                        "timepoint": "post",
                        "analysis_set": AnalysisSet.ITT,
                        "n": 40,
                        "mean": float(means[outcome]),
                        "sd": 1.0,
                        "version": 1,
                    }
                    for outcome in range(OUTCOMES)
                ]
    for kind, values in rows.items():
        connection.execute(sa.insert(kind.__table__), values)
    connection.execute(sa.insert(Result.__table__), results)


def _plan(outcome: str, method: str) -> Plan:
    return Plan.model_validate(
        {
            "title": "generated",
            "outcome": outcome,
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            "method": method,
            "margin": 0.5,
        }
    )


def _timed(database: Database, processes: int = 1) -> dict[str, float]:
    """Time one job, its workers' start and end too; what else runs lengthens only the seconds."""
    begun = time.perf_counter()
    own, workers = map(_cpu, _PROCESSES)
    with executor_for(processes=processes) as executor:
        report = repool(database, actor="benchmark", executor=executor)
    seconds = time.perf_counter() - begun
    own_after, workers_after = map(_cpu, _PROCESSES)
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(own_after - own, 3),
        "cpu_seconds_of_workers": round(workers_after - workers, 3),
        "looked_at": report.looked_at,
        "recomputed": len(report.recomputed),
    }


_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _correct(database: Database) -> None:
    with writing(database, Attribution("benchmark", reason="generated correction")) as session:
        result = session.scalars(sa.select(Result).limit(1)).one()
        result.mean = (result.mean or 0.0) + 0.1


def measure(folder: Path, reviews: int, processes: int) -> dict[str, object]:
    """Generate one database and time the jobs on it."""
    database = database_at(f"sqlite:///{folder / f'{reviews}.db'}")
    begun = time.perf_counter()
    size = generate(database, reviews)
    generated = time.perf_counter() - begun
    load = os.getloadavg()[0]
    full = _timed(database, processes)
    nothing = _timed(database)
    corrected = []
    for _ in range(3):
        _correct(database)
        corrected.append(_timed(database))
    database.close()
    usage, children = (resource.getrusage(who).ru_maxrss for who in _PROCESSES)
    return {
        **size,
        "generated_seconds": round(generated, 1),
        "load_before": round(load, 1),
        "full": full,
        "nothing_new": nothing,
        "one_correction": corrected,
        "file_mb": round(database.file.stat().st_size / 1e6),
        "peak_mb": round(usage / 1024),
        "peak_mb_of_a_worker": round(children / 1024),
    }


def main() -> None:
    """Print one JSON object a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="20,200,2000", help="numbers of reviews")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for reviews in map(int, options.sizes.split(",")):
            print(json.dumps(measure(Path(folder), reviews, options.processes)), flush=True)


if __name__ == "__main__":
    main()
