"""Exported numbers are followed to their run, and on to the results that went in."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.export.contents.registry import collect
from review.export.runs import LatestRun
from review.export.tables.writers.docx_origins import digest_of
from review.export.tracing.numbers import Runs, recorded, stated_at, trace_number
from review.export.tracing.origins import origin
from review.figures.numbers import with_minus
from review.protocol.queries import review_called
from tests.conftest import NOW


@pytest.fixture
def session(delivery: Database) -> Iterator[Session]:
    with delivery.reading() as session:
        yield session


@pytest.fixture
def multimedia(delivery_runs: list[LatestRun]) -> LatestRun:
    return next(run for run in delivery_runs if run.analysis == "multimedia")


def test_every_number_of_every_table_is_what_its_origin_says(
    session: Session, delivery_runs: list[LatestRun]
) -> None:
    runs = Runs(session)
    collected = collect(session, review_called(session, "cbt-delivery"), delivery_runs)
    seen = 0
    for table in (*collected.printed.values(), *collected.data.values()):
        for r, row in enumerate(table.rows):
            for at, cell in enumerate(row):
                where = table.origin(r, at)
                if where is None:
                    continue
                traced = stated_at(runs, where)
                if traced.column is None:
                    value = traced.value
                    if isinstance(value, dict):  # a cell that tells a line of a run in words
                        told = with_minus(f"{value['estimate']:.2f}")
                        assert told in str(cell), where
                        assert f"{value['k']} trial" in str(cell), where
                        continue
                    assert (tuple(value) if isinstance(value, list) else value) == cell, where
                    seen += 1
    assert seen > 2000


def test_a_pooled_estimate_has_all_its_trials(session: Session, multimedia: LatestRun) -> None:
    traced = trace_number(Runs(session), origin(multimedia.key, "pooled", "estimate"))
    assert traced.value == multimedia.results.pooled.estimate
    assert (traced.run.review, traced.run.analysis) == ("cbt-delivery", "multimedia")
    assert (traced.run.number, traced.run.newest, traced.run.key) == (2, 2, multimedia.key)
    assert traced.run.created == NOW
    assert "living-review" in traced.run.software
    assert {item.study for item in traced.inputs} == {t.study for t in multimedia.inputs.trials}
    results = {item.result_id for item in traced.inputs}
    assert results == set().union(*(t.result_ids for t in multimedia.inputs.trials))


def test_an_effect_has_only_its_trial_and_its_reports(
    session: Session, multimedia: LatestRun
) -> None:
    runs = Runs(session)
    traced = trace_number(runs, origin(multimedia.key, "effects", 3, "yi"))
    trial = multimedia.inputs.trials[3]
    assert traced.value == multimedia.results.effects[3].yi
    assert {item.study for item in traced.inputs} == {trial.study}
    arm = trial.intervention[0]
    (first, *_) = traced.inputs
    assert (first.side, first.arm, first.page) == ("intervention", arm.arm, arm.source.page)
    assert first.reported["estimate"] == arm.numbers.estimate
    found = recorded(session, traced, runs, "tester")
    assert {item.result_id for item in found} == trial.result_ids
    assert {item.page for item in found} == {item.page for item in traced.inputs}
    pooled = trace_number(runs, origin(multimedia.key, "pooled"))
    assert recorded(session, pooled, runs, "tester") == []


def test_a_reported_number_has_only_its_arm(session: Session, multimedia: LatestRun) -> None:
    at = origin(multimedia.key, "trials", 0, "comparator", 0, "numbers", "n")
    traced = trace_number(Runs(session), at)
    arm = multimedia.inputs.trials[0].comparator[0]
    assert traced.value == arm.numbers.n
    assert [item.result_id for item in traced.inputs] == [arm.source.result_id]


def test_before_and_after_are_of_two_runs(session: Session, multimedia: LatestRun) -> None:
    runs = Runs(session)
    change = multimedia.change
    assert change.before is not None
    at = origin(multimedia.key, "pooled", "estimate")
    assert trace_number(runs, f"{at}/before_number").value == change.before.estimate
    assert trace_number(runs, f"{at}/after_number").value == change.after.estimate
    assert trace_number(runs, f"{at}/run_before").value == 1


def test_a_mark_without_its_list_is_found_in_the_run(
    session: Session, multimedia: LatestRun
) -> None:
    runs = Runs(session)
    for path in (("readings", 0, "ci"), ("effects", 5, "vi"), ("trials", 2, "intervention", 0)):
        at = origin(multimedia.key, *path)
        assert trace_number(runs, f"{multimedia.key[:12]}/#{digest_of(at)}").origin == at
    with pytest.raises(NotFoundError, match="no number of the mark"):
        trace_number(runs, f"{multimedia.key[:12]}/#000000000000")


def test_a_column_that_a_table_computed_leads_to_its_row(
    session: Session, multimedia: LatestRun
) -> None:
    traced = trace_number(Runs(session), origin(multimedia.key, "effects", 0, "percent_of_all"))
    assert traced.column == "percent_of_all"
    assert traced.value["yi"] == multimedia.results.effects[0].yi


def test_what_is_no_origin_or_not_here_is_refused(session: Session, multimedia: LatestRun) -> None:
    runs = Runs(session)
    for text in ("tables.docx", "1f0c/pooled", "", f"{multimedia.key[:12]}/", "x" * 12):
        with pytest.raises(InvalidDataError, match="neither a file nor an origin"):
            trace_number(runs, text)
    with pytest.raises(NotFoundError, match="begins with 000000000000"):
        trace_number(runs, "000000000000/pooled")
    with pytest.raises(NotFoundError, match="run 2 of multimedia has nothing at effects/99/yi"):
        trace_number(runs, origin(multimedia.key, "effects", 99, "yi"))
