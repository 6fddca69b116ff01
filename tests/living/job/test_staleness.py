"""What a job looks at: only what events since the last one can have touched."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from review.db import Database
from review.extraction.actions import exclude_study
from review.history.actions import Attribution, record_step, writing
from review.living.estimates import pooling
from review.living.job import repool as job
from review.living.job.repool import repool
from review.living.runs.models import Job, JobOutcome
from review.protocol.actions import add_instrument, revise_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec, InstrumentSpec
from tests.conftest import NOW, Prepared
from tests.living.job.test_repool import arms, change, names, plan, reviewed

__all__ = ["reviewed"]


@pytest.fixture
def pooled(reviewed: Database, prepared: Prepared[None]) -> Database:
    """Both analyses pooled once."""

    def make() -> None:
        repool(reviewed, actor="t")

    prepared(make)
    return reviewed


def test_nothing_is_compared_when_nothing_happened(pooled: Database) -> None:
    report = repool(pooled, actor="t")
    assert (report.looked_at, report.unchanged, report.outcome) == (0, 2, JobOutcome.NOTHING_NEW)


def test_a_correction_leads_to_the_analyses_of_its_outcome(
    pooled: Database, by: Attribution
) -> None:
    change(pooled, by, arms("A 2001", 9.0, 12.0, instrument="bdi"))
    report = repool(pooled, actor="t")
    assert (report.looked_at, names(report)) == (1, [("symptoms", 2)])


def test_an_exclusion_leads_to_all_outcomes_of_the_study(pooled: Database, by: Attribution) -> None:
    change(pooled, by, arms("B 2002", 9.0, 12.0, instrument="bdi"))
    repool(pooled, actor="t")
    with writing(pooled, by) as session:
        exclude_study(session, review_called(session, None), label="B 2002", reason="retracted")
    report = repool(pooled, actor="t")
    assert report.looked_at == 2
    assert {name for name, _ in names(report)} == {"alliance", "symptoms"}


def test_a_plan_leads_to_its_analysis(pooled: Database, by: Attribution) -> None:
    with writing(pooled, by) as session:
        spec = AnalysisSpec(slug="symptoms", plan=plan(title="s", outcome="symptoms", method="DL"))
        revise_analysis(session, review_called(session, None), spec, now=NOW)
    report = repool(pooled, actor="t")
    assert (report.looked_at, names(report)) == (1, [("symptoms", 2)])


def test_a_step_that_nobody_classified_leads_to_everything(
    pooled: Database, by: Attribution
) -> None:
    with writing(pooled, by) as session:
        record_step(session, "import", entity="something_new", entity_id=1)
    report = repool(pooled, actor="t")
    assert (report.looked_at, report.recomputed) == (2, [])


def test_what_failed_is_looked_at_until_it_is_mended(pooled: Database, by: Attribution) -> None:
    with writing(pooled, by) as session:
        spec = InstrumentSpec(slug="vas", name="A scale", outcome="symptoms")
        add_instrument(session, review_called(session, None), spec)
    change(pooled, by, arms("E 2005", 1.0, 2.0, instrument="vas"))
    for _ in range(2):
        report = repool(pooled, actor="t")
        assert (report.outcome, report.looked_at) == (JobOutcome.FAILED, 1)


def test_a_job_of_one_review_leaves_the_others_to_the_next(
    pooled: Database, by: Attribution
) -> None:
    change(pooled, by, arms("A 2001", 9.0, 12.0, instrument="bdi"))
    assert names(repool(pooled, actor="t", review="synthetic")) == [("symptoms", 2)]
    report = repool(pooled, actor="t")  # it goes on from the last job of all reviews
    assert (report.looked_at, report.recomputed) == (1, [])
    assert repool(pooled, actor="t").looked_at == 0


def test_a_job_that_died_is_made_up_for(
    pooled: Database, by: Attribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(pooled, by, arms("A 2001", 9.0, 12.0, instrument="bdi"))

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "compare", dies)
    with pytest.raises(KeyboardInterrupt):
        repool(pooled, actor="t")
    monkeypatch.undo()
    with pooled.reading() as session:
        assert session.scalars(sa.select(Job.watermark).order_by(Job.id.desc())).first() is None
    assert names(repool(pooled, actor="t")) == [("symptoms", 2)]


def test_a_new_engine_recomputes_on_request_only_and_is_named(
    pooled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = {**pooling.engine_versions(), "scipy": "99.0"}
    monkeypatch.setattr(job, "engine_versions", lambda: newer)
    assert repool(pooled, actor="t", everything=True).recomputed == []
    report = repool(pooled, actor="t", engine=True)
    assert names(report) == [("alliance", 2), ("symptoms", 2)]
    (told,) = report.recomputed[0].report.engine
    assert (told.what, told.new) == ("scipy", "99.0")
    assert "another version of the engine" in report.recomputed[0].report.sentence
    assert repool(pooled, actor="t", engine=True).recomputed == []
