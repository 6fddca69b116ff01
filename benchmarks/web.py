"""What pages cost: bytes, gzipped bytes, processor time of an answer. Prints JSON.

    python benchmarks/web.py [--studies 200] [--runs 100] [--records 20000] [--out FILE]

Nothing here is data: trials, records and decisions are drawn with a fixed seed and named synthetic.
Times are of this process, from the request to the last byte, the median of nine; `first` is the
first answer after a change, when what stands beside results is worked out anew.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import sqlalchemy as sa
from starlette.testclient import TestClient

from benchmarks import screening
from review.config import settings
from review.db import Database, database_at
from review.extraction.models import Arm, Entry, EntryKind, Level, Result, Study
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.reports.full import full_report
from review.people.queries import person_known
from review.protocol.actions import (
    add_instrument,
    add_outcome,
    new_review,
    plan_analysis,
)
from review.protocol.models import Instrument
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.schema import upgrade
from review.web.app import create_app
from review.web.settings import WebSettings

SLUG = "synthetic-trials"
WHO = "synthetic-lead"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
REPEATS = 9


def by() -> Attribution:
    """Who changes something."""
    return Attribution(actor=WHO, review=SLUG, reason="synthetic", at=NOW)


def make_trials(database: Database, studies: int) -> None:
    """Make a review of synthetic trials with one analysis against a margin."""
    chance = np.random.default_rng(studies)
    plan = Plan.model_validate(
        {
            "title": "Synthetic trials",
            "outcome": "symptoms",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            "margin": 0.5,
            "other_margins": [0.25, 0.3],
            "variants": ["fixed", "z_test", "dersimonian_laird"],
        }
    )
    with writing(database, by()) as session:
        review = new_review(session, ReviewSpec(slug=SLUG, title="Synthetic trials"), owner=WHO)
        add_outcome(session, review, OutcomeSpec(slug="symptoms", name="Symptoms"))
        add_instrument(
            session,
            review,
            InstrumentSpec(
                slug="scale", name="A scale", outcome="symptoms", higher_is_better=False
            ),
        )
        plan_analysis(session, review, AnalysisSpec(slug="main", plan=plan), now=NOW)
        person = person_known(session, WHO)
        assert person is not None
        scale = session.scalars(sa.select(Instrument)).one()
        for n in range(studies):
            year = 1990 + n % 35
            study = Study(review_id=review.id, label=f"Synthetic {n + 1} ({year})", year=year)
            session.add(study)
            session.flush()
            entry = Entry(study_id=study.id, person_id=person.id, kind=EntryKind.SINGLE)
            session.add(entry)
            arms = [
                Arm(study_id=study.id, label=mode.value, treatment=mode.value, delivery_mode=mode)
                for mode in (DeliveryMode.VIDEOCONFERENCE, DeliveryMode.FACE_TO_FACE)
            ]
            session.add_all(arms)
            session.flush()
            shift = float(chance.normal(0.1, 0.3))
            for side, arm in enumerate(arms):
                session.add(
                    Result(
                        entry_id=entry.id, level=Level.ARM, arm_id=arm.id,
                        instrument_id=scale.id, rater=Rater.CLIENT, timepoint="post",
                        analysis_set=AnalysisSet.ITT, n=int(chance.integers(20, 120)),
                        mean=10.0 + shift * side, sd=1.0, page="7",
                    )
                )  # fmt: skip


def make_runs(database: Database, runs: int) -> None:
    """Correct a trial before each run but the first."""
    for n in range(runs):
        if n:
            with writing(database, by()) as session:
                result = session.scalars(
                    sa.select(Result).order_by(Result.id).offset(n).limit(1)
                ).one()
                result.mean = (result.mean or 0.0) + 0.05
        report = repool(database, actor=WHO, review=SLUG, now=lambda n=n: NOW + timedelta(days=n))
        assert len(report.recomputed) == 1, report


def make_records(database: Database, records: int) -> None:
    """Make a review of synthetic records of which half are decided on by two people."""
    people = [WHO, "synthetic-second", "synthetic-third"]
    numbers = screening.make(database, records, people)
    screening.screen(database, numbers, records, people)


def cost(client: TestClient, path: str) -> dict[str, object]:
    """Return what a page costs."""
    begun = time.process_time()
    answer = client.get(path)
    first = 1000 * (time.process_time() - begun)
    assert answer.status_code == 200, (path, answer.status_code)
    spent = []
    for _ in range(REPEATS):
        begun = time.process_time()
        client.get(path)
        spent.append(1000 * (time.process_time() - begun))
    return {
        "kB": round(len(answer.content) / 1000, 1),
        "kB gzipped": round(len(gzip.compress(answer.content)) / 1000, 1),
        "CPU ms": round(statistics.median(spent), 1),
        "first, CPU ms": round(first, 1),
    }


def reports(database: Database, runs: int) -> dict[str, float]:
    """Return the processor time of a change report of the two newest runs, and of the second."""
    found = {}
    for name, last in (("of 2 runs", 2), (f"of {runs} runs", runs)):
        spent = []
        for _ in range(3):
            with database.reading() as session:
                review = review_called(session, SLUG)
                begun = time.process_time()
                full_report(session, review, "main", last - 1, last, outlook=False)
                spent.append(1000 * (time.process_time() - begun))
        found[name] = round(statistics.median(spent), 1)
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    os.environ["REVIEW_ACTOR"] = WHO
    settings.cache_clear()
    with tempfile.TemporaryDirectory() as folder:
        database = database_at(f"sqlite:///{folder}/synthetic.db")
        upgrade(database)
        make_trials(database, asked.studies)
        make_runs(database, asked.runs)
        if asked.records:
            make_records(database, asked.records)
        app = create_app(database, WebSettings(key="key"))
        analysis = f"/r/{SLUG}/a/main"
        pages = [
            "/", f"/r/{SLUG}", f"/r/{SLUG}/analyses", analysis, f"{analysis}?whatif=true&without=3",
            f"{analysis}/history", f"{analysis}/robustness", f"{analysis}/looks",
            f"{analysis}/selection", f"{analysis}/plan", f"{analysis}/row/3", f"{analysis}/all",
            f"/r/{SLUG}/studies", f"/r/{SLUG}/s/3", f"/r/{SLUG}/history",
        ]  # fmt: skip
        if asked.records:
            records = f"/r/{screening.SLUG}"
            pages += [
                records, f"{records}/records", f"{records}/records?after={asked.records - 100}",
                f"{records}/records?state=records_excluded", f"{records}/records?q=synthetic",
                f"{records}/records?box=records_screened", f"{records}/records/7",
                f"{records}/flow", f"{records}/history",
            ]  # fmt: skip
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            client.get("/enter?key=key")
            found = {
                "studies": asked.studies,
                "runs": asked.runs,
                "records": asked.records,
                "change report, CPU ms": reports(database, asked.runs),
                "pages": {path: cost(client, path) for path in pages},
            }
        database.engine.dispose()
    text = json.dumps(found, indent=1)
    print(text)
    if asked.out:
        asked.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
