"""A review for tests of tables. Synthetic: only the counts of Fleiss 1993 are real."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from review.db import Database, Session
from review.export.contents.registry import collect
from review.export.runs import LatestRun, latest_runs
from review.export.tables.model import Table
from review.extraction.actions import exclude_study, import_extraction
from review.extraction.appraisal.certainty import rate_certainty
from review.extraction.appraisal.grade import Step
from review.extraction.appraisal.vocabulary import Consideration, Design
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.joining import joined
from tests.living.estimates.test_counts import COUNTS

SIDES: Mapping[str, Any] = {
    "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
    "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
}

MOOD = (
    ("Synthetic 1", "bdi", (40, 12.5, 8.0), (42, 14.0, 8.5), 2001),
    ("Synthetic 2", "bdi", (30, 13.25, 9.0), (28, 13.0, 7.5), 2005),
    ("Synthetic 3", "ham", (55, 9.0, 5.0), (50, 11.5, 5.5), 2009),
    ("Synthetic 4", "bdi", (60, 11.0, 8.2), (61, 12.9, 9.1), 2013),
)
"""Trial, instrument, and n, mean and SD of video and of in person, year."""

FACTS: Mapping[str, Any] = {
    "year": 2001, "design": "RCT, two arms", "country": "Norway", "setting": "clinic",
    "population": "adults", "diagnosis": "depression", "funding": "public", "randomised": "cluster",
    "registration": "NCT00000001", "cluster_size": "8.5", "icc": "0.02", "therapists": "crossed",
    "citation": "Synthetic 1 main report",
}  # fmt: skip
CLUSTERED = {**FACTS, "study": "Synthetic 9", "citation": "Synthetic 9 main report"}


def row(line: int, **values: Any) -> NumberedRow:
    return NumberedRow(line, ExtractionRow.model_validate(values))


def arm(mode: str) -> dict[str, Any]:
    label, delivery = {"v": ("Video", "videoconference"), "p": ("In person", "face_to_face")}[mode]
    return {"arm": label, "treatment": "CBT", "delivery_mode": delivery}


def mood_rows() -> list[NumberedRow]:
    return [
        row(
            2, study=study, year=year, instrument=instrument, rater="client", analysis_set="itt",
            n=n, mean=mean, sd=sd, page="p. 3", **arm(mode),
        )
        for study, instrument, video, person, year in MOOD
        for mode, (n, mean, sd) in (("v", video), ("p", person))
    ]  # fmt: skip


def death_rows() -> list[NumberedRow]:
    """The trials of Fleiss 1993, with aspirin as video."""
    return [
        row(2, study=f"Fleiss {i}", instrument="death", events=events, n=n, **arm(mode))
        for i, (a, n1, c, n2) in enumerate(COUNTS, start=1)
        for mode, events, n in (("v", a, n1), ("p", c, n2))
    ]


def clustered_rows() -> list[NumberedRow]:
    """A study with every fact, one silent result, one contrast and one arm without a result."""
    base = {**CLUSTERED, "instrument": "wai"}
    return [
        row(2, **base, **arm("v"), role="intervention", sessions="8.5", n_randomised=52,
            therapist_training="two days", n=50, mean="4.125", sd="0.5", page="p. 7"),
        row(3, **base, **arm("v"), timepoint="late", mean="NR"),
        row(4, **base, **arm("v"), versus_arm="In person", versus_treatment="CBT",
            versus_delivery_mode="face_to_face", versus_n=49, timepoint="follow-up", t="-2.31",
            p="0.023", n=50),
        row(5, **CLUSTERED, arm="Waiting", treatment="none", role="wait_list", n_randomised=20),
    ]  # fmt: skip


def plans() -> list[AnalysisSpec]:
    shared = {**SIDES, "level": 0.95}
    every = ["fixed", "z_test", "dersimonian_laird", "leave_one_out", "itt_only", "by_rater"]
    return [
        AnalysisSpec(slug=slug, plan=Plan.model_validate({**shared, **more}))
        for slug, more in (
            ("death", {"title": "Death", "outcome": "death", "measure": "OR", "method": "MH"}),
            (
                "mood",
                {
                    "title": "Mood", "outcome": "mood", "measure": "SMD", "margin": 0.5,
                    "variants": every, "subgroups": ["instrument"], "moderators": ["year"],
                },
            ),
        )
    ]  # fmt: skip


def begin(database: Database, by: Attribution, *, more: Sequence[AnalysisSpec] = ()) -> None:
    """Make the review with its plans and all its trials, one of them excluded later."""
    with writing(database, by) as session:
        spec = ReviewSpec(slug="synthetic", title="Synthetic review")
        review = new_review(session, spec, owner="tester")
        for who in ("ben", "tester"):
            joined(session, review, who)
        for slug in ("mood", "death", "alliance"):
            add_outcome(session, review, OutcomeSpec(slug=slug, name=slug.capitalize()))
        for slug, name, outcome, up in (
            ("bdi", "Beck Depression Inventory", "mood", False),
            ("ham", "Hamilton Scale", "mood", False),
            ("death", "Death", "death", False),
            ("wai", "Working Alliance Inventory", "alliance", True),
        ):
            found = InstrumentSpec(slug=slug, name=name, outcome=outcome, higher_is_better=up)
            add_instrument(session, review, found)
        for planned in (*plans(), *more):
            plan_analysis(session, review, planned, now=NOW)
        rows = [*mood_rows(), *death_rows(), *clustered_rows()]
        rows.append(row(9, study="Synthetic 8", instrument="bdi", n=9, mean=1, sd=1, **arm("v")))
        import_extraction(session, review, rows, file="synthetic", person="ada")
        exclude_study(session, review, label="Synthetic 8", reason="synthetic retraction")


def pooled(database: Database, by: Attribution, *, more: Sequence[AnalysisSpec] = ()) -> Database:
    begin(database, by, more=more)
    repool(database, actor="tester")
    return database


def rate(database: Database, by: Attribution) -> None:
    """Rate the certainty of `mood` on its first run: low."""
    with writing(database, by) as session:
        rate_certainty(
            session, the_review(session), "mood", handle="tester", now=NOW, run_number=1,
            design=Design.RANDOMISED,
            steps={
                Consideration.IMPRECISION: Step(-1, "interval includes none and moderate"),
                Consideration.RISK_OF_BIAS: Step(-1, "no blinding."),
            },
        )  # fmt: skip


def tables(
    database: Database, *names: str, review: str = "synthetic"
) -> tuple[Mapping[str, Table], Mapping[str, Table]]:
    """The tables of some contents, for print and as data."""
    with database.reading() as session:
        found = review_called(session, review)
        made = collect(session, found, latest_runs(session, found), names)
    return made.printed, made.data


def runs_of(database: Database) -> dict[str, LatestRun]:
    with database.reading() as session:
        return {run.analysis: run for run in latest_runs(session, the_review(session))}


def the_review(session: Session) -> Review:
    return review_called(session, "synthetic")


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.keys, row, strict=True)) for row in table.rows]


def carried(table: Table, *keys: str) -> list[dict[str, Any]]:
    """The rows of a table for print, with what is said once said in each row."""
    rows = records(table)
    for above, below in itertools.pairwise(rows):
        for key in keys:
            if below[key] is None:
                below[key] = above[key]
    return rows


def asked(database: Database, query: str) -> list[tuple[Any, ...]]:
    """The answer of the database itself."""
    with database.reading() as session:
        return [tuple(found) for found in session.execute(sa.text(query))]
