"""The job: exactly what changed, once, whoever runs it at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from review.db import Database, database_at
from review.errors import NotFoundError
from review.extraction.actions import exclude_study, import_extraction, readmit_study
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.history.queries import verify
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.runs import queries
from review.living.runs.models import Failure, Job, JobOutcome, Run
from review.protocol.actions import (
    add_instrument,
    add_outcome,
    new_review,
    plan_analysis,
    revise_analysis,
)
from review.protocol.queries import plan_of, review_called, versions
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW, Prepared
from tests.loaded import LOADED, PATIENCE


def plan(**changes: object) -> Plan:
    return Plan.model_validate(
        {
            "title": "Alliance",
            "outcome": "alliance",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            "measure": "SMD",
            "margin": 0.5,
            **changes,
        }
    )


def arms(study: str, video: float, person: float, *, instrument: str = "wai") -> list[NumberedRow]:
    return [
        NumberedRow(
            line,
            ExtractionRow.model_validate(
                {
                    "study": study,
                    "arm": mode,
                    "delivery_mode": mode,
                    "instrument": instrument,
                    "n": 40,
                    "mean": mean,
                    "sd": 1.0,
                }
            ),
        )
        for line, mode, mean in ((2, "videoconference", video), (3, "face_to_face", person))
    ]


@pytest.fixture
def reviewed(database: Database, by: Attribution, prepared: Prepared[None]) -> Database:
    """A review of the alliance with two analyses and three synthetic trials."""
    prepared(lambda: _enter_all(database, by))
    return database


def _enter_all(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        review = new_review(
            session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester"
        )
        for outcome, instrument, direction in (
            ("alliance", "wai", True),
            ("symptoms", "bdi", False),
        ):
            add_outcome(session, review, OutcomeSpec(slug=outcome, name=outcome))
            spec = InstrumentSpec(
                slug=instrument, name=instrument, outcome=outcome, higher_is_better=direction
            )
            add_instrument(session, review, spec)
        for name in ("alliance", "symptoms"):
            planned = AnalysisSpec(slug=name, plan=plan(title=name, outcome=name))
            plan_analysis(session, review, planned, now=NOW)
        rows = [*arms("A 2001", 5.0, 5.1), *arms("B 2002", 4.8, 5.2), *arms("C 2003", 5.3, 5.1)]
        import_extraction(session, review, rows, file="synthetic", person="ada")
        symptoms = arms("A 2001", 10.0, 12.0, instrument="bdi")
        import_extraction(session, review, symptoms, file="synthetic", person="ada")


def change(database: Database, by: Attribution, rows: list[NumberedRow]) -> None:
    with writing(database, by) as session:
        review = review_called(session, "synthetic")
        import_extraction(session, review, rows, file="synthetic", person="ada")


def names(report: RepoolReport) -> list[tuple[str, int]]:
    return [(item.name.analysis, item.number) for item in report.recomputed]


def test_only_what_changed_is_recomputed(reviewed: Database, by: Attribution) -> None:
    assert names(repool(reviewed, actor="t")) == [("alliance", 1), ("symptoms", 1)]
    assert names(repool(reviewed, actor="t")) == []
    change(reviewed, by, arms("D 2004", 5.0, 5.0))
    assert names(repool(reviewed, actor="t")) == [("alliance", 2)]
    change(reviewed, by, arms("A 2001", 9.0, 12.0, instrument="bdi"))
    assert names(repool(reviewed, actor="t")) == [("symptoms", 2)]


def test_lower_is_better_turns_the_sign(reviewed: Database) -> None:
    repool(reviewed, actor="t")
    with reviewed.reading() as session:
        review = review_called(session, None)
        _, results = queries.snapshot_of(queries.run_numbered(session, review, "symptoms", None))
    assert results.pooled.estimate > 0  # video 10, in person 12, and fewer symptoms are better
    assert "lower is better" in results.effects[0].recipe


def test_a_correction_is_told_with_old_and_new_value(reviewed: Database, by: Attribution) -> None:
    repool(reviewed, actor="t")
    change(reviewed, by, arms("B 2002", 4.9, 5.2))
    (item,) = repool(reviewed, actor="t").recomputed
    (told,) = item.report.corrected
    assert (told.where, told.what, told.old, told.new) == (
        "B 2002",
        "videoconference mean",
        "4.8",
        "4.9",
    )
    assert "1 trial corrected" in item.report.sentence


def test_a_removed_trial_is_told_with_its_reason_and_can_come_back(
    reviewed: Database, by: Attribution
) -> None:
    repool(reviewed, actor="t")
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        exclude_study(session, review, label="C 2003", reason="retracted")
    (item,) = repool(reviewed, actor="t").recomputed
    (removed,) = item.report.removed
    assert (removed.study, removed.reason) == ("C 2003", "excluded: retracted")
    with writing(reviewed, by) as session:
        readmit_study(session, review_called(session, None), label="C 2003")
    (back,) = repool(reviewed, actor="t").recomputed
    assert (back.number, back.report.added) == (3, ("C 2003",))
    with reviewed.reading() as session:
        review = review_called(session, None)
        first, _, third = queries.runs(session, review, "alliance")
        assert first.fingerprint == third.fingerprint
        assert first.key != third.key
        assert first.results == third.results


def test_a_changed_plan_is_told_and_recomputed(reviewed: Database, by: Attribution) -> None:
    repool(reviewed, actor="t")
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        spec = AnalysisSpec(slug="alliance", plan=plan(title="alliance", method="DL", margin=0.3))
        assert revise_analysis(session, review, spec, now=NOW) == 2
    (item,) = repool(reviewed, actor="t").recomputed
    told = {(c.what, c.old, c.new) for c in item.report.plan_changes}
    assert told == {("method", "REML", "DerSimonian-Laird"), ("margin", "0.5", "0.3")}
    assert {r.margin for r in item.report.readings} == {0.3, 0.5}


def test_what_cannot_be_pooled_is_recorded_and_does_not_stop_the_others(
    reviewed: Database, by: Attribution
) -> None:
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        spec = InstrumentSpec(slug="vas", name="A scale", outcome="symptoms")
        add_instrument(session, review, spec)
        rows = arms("E 2005", 1.0, 2.0, instrument="vas")
        import_extraction(session, review, rows, file="synthetic", person="ada")
    report = repool(reviewed, actor="t")
    assert report.outcome is JobOutcome.FAILED
    assert names(report) == [("alliance", 1)]
    (failed,) = report.failed
    assert failed.name.analysis == "symptoms"
    assert "does not say whether higher is better" in failed.reason
    with reviewed.reading() as session:
        (kept,) = session.scalars(sa.select(Failure))
        assert kept.reason == failed.reason


def test_ambiguous_results_are_never_chosen_silently(reviewed: Database, by: Attribution) -> None:
    rows = [
        NumberedRow(r.line, r.row.model_copy(update={"timepoint": "follow-up"}))
        for r in arms("A 2001", 5.5, 5.0)
    ]
    change(reviewed, by, rows)
    report = repool(reviewed, actor="t")
    (failed,) = report.failed
    assert "A 2001 offers 2 results" in failed.reason
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        spec = AnalysisSpec(
            slug="alliance", plan=plan(title="alliance", timepoints=["follow-up", "post"])
        )
        revise_analysis(session, review, spec, now=NOW)
    report = repool(reviewed, actor="t")
    assert (names(report), report.failed) == ([("alliance", 1)], [])


def test_an_analysis_that_lost_its_last_trial_fails_and_keeps_its_run(
    reviewed: Database, by: Attribution
) -> None:
    repool(reviewed, actor="t")
    with writing(reviewed, by) as session:
        exclude_study(session, review_called(session, None), label="A 2001", reason="retracted")
    report = repool(reviewed, actor="t")
    assert names(report) == [("alliance", 2)]
    (failed,) = report.failed
    assert "no trial is left" in failed.reason


def test_an_unknown_review_is_an_error_and_the_job_says_so(reviewed: Database) -> None:
    with pytest.raises(NotFoundError, match="synthetic"):
        repool(reviewed, actor="t", review="other")
    with reviewed.reading() as session:
        (row,) = queries.jobs(session, 10)
        assert row.outcome is JobOutcome.FAILED
        assert "there is no review 'other'" in (row.message or "")


def test_a_running_job_keeps_another_from_starting(reviewed: Database) -> None:
    other = Database(reviewed.url)
    with other.sole_job() as alone:
        assert alone
        report = repool(reviewed, actor="t")
    assert (report.outcome, report.recomputed) == (None, [])
    other.engine.dispose()
    assert names(repool(reviewed, actor="t")) == [("alliance", 1), ("symptoms", 1)]


def test_a_job_that_died_is_closed_by_the_next(reviewed: Database) -> None:
    with reviewed.transaction() as session:
        session.add(Job(actor="t", started=NOW, outcome=JobOutcome.RUNNING))
    repool(reviewed, actor="t")
    with reviewed.reading() as session:
        newest, died = queries.jobs(session, 10)
        assert (newest.outcome, died.outcome) == (JobOutcome.RECOMPUTED, JobOutcome.FAILED)
        assert died.message == "the process died"


def test_a_crash_between_computing_and_writing_leaves_no_run(
    reviewed: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(queries, "newest_numbers", crash)
    with pytest.raises(KeyboardInterrupt):
        repool(reviewed, actor="t")
    monkeypatch.undo()
    with reviewed.reading() as session:
        assert session.scalars(sa.select(Run)).all() == []
        assert [j.outcome for j in queries.jobs(session, 10)] == [JobOutcome.FAILED]
    assert names(repool(reviewed, actor="t")) == [("alliance", 1), ("symptoms", 1)]


def test_runs_anchor_the_history(reviewed: Database) -> None:
    repool(reviewed, actor="t")
    with reviewed.reading() as session:
        anchors = queries.anchors(session)
        assert len(anchors) == 2
        assert verify(session, anchors).intact


def _repool_in_process(url: str, start: str) -> None:
    database = database_at(url)
    gate = Path(start)
    while not gate.exists():
        pass
    for _ in range(3):
        repool(database, actor="t", now=lambda: datetime.now(UTC))
    database.engine.dispose()


def test_jobs_at_once_make_one_run_of_each_state(reviewed: Database, tmp_path: Path) -> None:
    url = reviewed.url.render_as_string(hide_password=False)
    reviewed.engine.dispose()
    start = tmp_path / "start"
    processes = [
        LOADED.Process(target=_repool_in_process, args=(url, str(start))) for _ in range(3)
    ]
    for process in processes:
        process.start()
    start.touch()
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    with reviewed.reading() as session:
        made = [(run.analysis_id, run.number) for run in session.scalars(sa.select(Run))]
        assert len(made) == len(set(made)) == 2
        assert JobOutcome.RUNNING not in [j.outcome for j in queries.jobs(session, 50)]


class Unlocked(Database):
    """A database whose jobs do not wait for each other, as behind a connection that dropped."""

    @contextmanager
    def sole_job(self, job: str = "") -> Iterator[bool]:
        del job
        yield True


class Slow(Executor):
    """An executor that lets another job finish first."""

    def __init__(self, meanwhile: Callable[[], object]):
        self.meanwhile = meanwhile

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.meanwhile()
        future: Future[Any] = Future()
        future.set_result(function(*args, **kwargs))
        return future


def test_without_the_lock_the_unique_number_still_makes_one_run(reviewed: Database) -> None:
    slow = Unlocked(reviewed.url)
    fast: list[RepoolReport] = []
    executor = Slow(lambda: fast.append(repool(reviewed, actor="t")))
    report = repool(slow, actor="late", executor=executor)
    assert names(fast[0]) == [("alliance", 1), ("symptoms", 1)]
    assert (report.outcome, report.recomputed) == (JobOutcome.NOTHING_NEW, [])
    with slow.reading() as session:
        assert len(session.scalars(sa.select(Run)).all()) == 2
    slow.engine.dispose()


def test_the_plan_in_force_is_the_newest_version(reviewed: Database, by: Attribution) -> None:
    with writing(reviewed, by) as session:
        review = review_called(session, None)
        spec = AnalysisSpec(slug="alliance", plan=plan(title="alliance", level=0.9))
        revise_analysis(session, review, spec, now=NOW)
    with reviewed.reading() as session:
        found = versions(session, review_called(session, None), "alliance")
        assert [version.number for version in found] == [2, 1]
        assert plan_of(found[0]).level == 0.9
