"""What it costs to look at a form while it is typed: check, preview, keep and save a trial.

Synthetic trials, which say so: `python benchmarks/entering.py [--studies 200] [--times 20]`.
Processor milliseconds of this process, the median of several; the database is a file of SQLite.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from review.db import Database, database_at
from review.export.views.entering import check_form
from review.export.views.entering_page import entering_page
from review.extraction.actions import import_extraction
from review.extraction.drafts.actions import keep_draft, take_over
from review.extraction.drafts.form import Form
from review.extraction.queries import study_called
from review.extraction.rows import numbered
from review.extraction.vocabulary import EntryKind
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.people.actions import join_review, person_called
from review.people.rules import Role
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.schema import upgrade

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TIMES = ("post", "6 months")
PLAN = {
    "title": "Synthetic", "outcome": "mood", "measure": "SMD", "margin": 0.5, "timepoints": TIMES,
    "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
    "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
}  # fmt: skip


def filled(database: Database, studies: int) -> None:
    """Make a review of two-armed trials with two timepoints, a fifth of them with a third arm."""
    chance = random.Random(1)
    rows = []
    modes = ("videoconference", "face_to_face", "telephone")
    for study in range(1, studies + 1):
        for arm in modes[: 3 if study % 2 == 0 else 2]:
            for timepoint in TIMES:
                cells = {
                    "study": f"Synthetic {study:04}", "arm": arm, "treatment": "CBT",
                    "delivery_mode": arm, "instrument": "phq", "rater": "self",
                    "timepoint": timepoint, "n": str(chance.randint(20, 90)),
                    "mean": f"{chance.gauss(11, 1.2):.1f}", "sd": f"{chance.uniform(5, 7):.1f}",
                }  # fmt: skip
                rows.append(numbered(len(rows) + 2, cells, {})[0])
    with writing(database, Attribution(actor="ada", at=NOW, review="r")) as session:
        review = new_review(session, ReviewSpec(slug="r", title="Synthetic"), owner="ada")
        add_outcome(session, review, OutcomeSpec(slug="mood", name="Mood"))
        spec = InstrumentSpec(slug="phq", name="PHQ-9", outcome="mood", higher_is_better=False)
        add_instrument(session, review, spec)
        for name in ("one", "two", "three"):
            spec_ = AnalysisSpec(slug=name, plan=Plan.model_validate(PLAN))
            plan_analysis(session, review, spec_, now=NOW)
        new = numbered(len(rows) + 2, {"study": "New (synthetic)"}, {})[0]
        import_extraction(session, review, [*rows, new], file="synthetic", person="ada")
        anna = person_called(session, "anna")
        join_review(session, review_id=review.id, person=anna, role=Role.REVIEWER)
    repool(database, actor="ada", now=lambda: NOW)
    print(f"{studies} studies, {len(rows)} results")


def typed(mean: str) -> Form:
    """Return the new trial as typed: two arms, two timepoints."""
    arms = [{"key": f"a{n}", "label": mode, "cells": {"treatment": "CBT", "delivery_mode": mode}}
            for n, mode in enumerate(("videoconference", "face_to_face"), start=1)]  # fmt: skip
    cells = {"n": "50", "mean": mean, "sd": "6.1"}
    blocks = [
        {"key": f"b{n}", "instrument": "phq", "rater": "self", "timepoint": timepoint,
         "rows": [{"key": f"x{n}{arm}", "arm": f"a{arm}", "cells": cells} for arm in (1, 2)]}
        for n, timepoint in enumerate(TIMES, start=1)
    ]  # fmt: skip
    return Form.model_validate({"arms": arms, "blocks": blocks})


def measured(what: str, deed: Callable[[int], object], times: int) -> None:
    """Print the median processor time of a deed."""
    deed(0)
    found = []
    for number in range(1, times + 1):
        start = time.process_time()
        deed(number)
        found.append(1000 * (time.process_time() - start))
    print(f"{what:34} {statistics.median(found):7.1f} ms CPU (most {max(found):.1f})")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--times", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        database = database_at(f"sqlite:///{Path(place) / 'review.db'}")
        upgrade(database)
        filled(database, asked.studies)
        with database.reading() as session:
            number = study_called(session, review_called(session, "r"), "New (synthetic)").id

        def page(_: int) -> None:
            with database.reading() as session:
                entering_page(session, review_called(session, "r"), number, viewer="anna")

        with database.reading() as session:
            opened = entering_page(session, review_called(session, "r"), number, viewer="anna")

        def check(turn: int, preview: str | None = None) -> None:
            with database.reading() as session:
                check_form(
                    session, review_called(session, "r"), number, kind=EntryKind.SINGLE,
                    form=typed(f"{10 + turn / 10:.1f}"), made_from=opened.made_from,
                    viewer="anna", preview=preview,
                )  # fmt: skip

        version = 0

        def keep(turn: int) -> None:
            nonlocal version
            with writing(database, Attribution(actor="anna", at=NOW, review="r")) as session:
                review = review_called(session, "r")
                version = keep_draft(
                    session, review, study_called(session, review, "New (synthetic)"),
                    version=version, kind=EntryKind.SINGLE, form=typed(f"{10 + turn / 10:.1f}"),
                    made_from=opened.made_from, person="anna", now=NOW,
                ).version  # fmt: skip

        measured("open the page of a trial", page, asked.times)
        measured("check a form", check, asked.times)
        measured("check with the pooled preview", lambda t: check(t, "one"), asked.times)
        measured("keep a draft", keep, asked.times)
        start = time.process_time()
        with writing(database, Attribution(actor="anna", at=NOW, review="r")) as session:
            review = review_called(session, "r")
            study = study_called(session, review, "New (synthetic)")
            take_over(session, review, study, version=version, person="anna", now=NOW)
        print(f"{'take it over (4 results)':34} {1000 * (time.process_time() - start):7.1f} ms CPU")
        start = time.process_time()
        check(1, "one")
        took = 1000 * (time.process_time() - start)
        print(f"{'first check after a save':34} {took:7.1f} ms CPU")


if __name__ == "__main__":
    main()
