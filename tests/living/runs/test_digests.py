"""Runs are read one by one: what a report does not show, it does not read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.living.reports.full import full_report, panel_after, readiness_of
from review.living.reports.once import (
    firmness_kept,
    keep_digests,
    past_runs,
    work_out_firmness,
)
from review.living.runs.digests import digest_of
from review.living.runs.models import Kept
from review.living.runs.queries import newest_of_each, run_numbered, runs, snapshot_of
from review.living.runs.uses import uses
from review.protocol.models import Review
from review.protocol.queries import review_called
from tests.conftest import NOW, Prepared
from tests.living.fixture import begin, enter

RUNS = 6


@contextmanager
def counting(database: Database) -> Iterator[list[object]]:
    """Collect the queries that read what runs hold, a run each."""
    seen: list[object] = []

    def note(
        _conn: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if "run.inputs" in statement or "run.results" in statement:
            seen.append(parameters)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


def _later(days: int) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def pooled(database: Database, by: Attribution, prepared: Prepared[None]) -> Database:
    """One analysis of made-up trials that came one after another, a run each from the third on."""

    def make() -> None:
        begin(database, by)
        enter(database, by, range(1, 3))
        for i in range(RUNS):
            enter(database, by, range(3 + i, 4 + i))
            repool(database, actor="tester", now=partial(_later, i))

    prepared(make)
    return database


def _review(database: Database) -> Review:
    with database.reading() as session:
        return review_called(session, None)


def test_reports_read_the_runs_that_they_show_and_no_others(pooled: Database) -> None:
    review = _review(pooled)
    with counting(pooled) as read, pooled.reading() as session:
        run_numbered(session, review, "alliance", None)
        run_numbered(session, review, "alliance", 2)
        newest_of_each(session, review)
        runs(session, review)
        past_runs(session, review, "alliance")
        assert read == []
        readiness_of(session, review)
        assert len(read) == 1
        uses(session, review, [1])
        assert len(read) == 2
        full_report(session, review, "alliance", 2, 3, outlook=False)
        assert len(read) == 4


def test_a_digest_is_what_the_run_holds(pooled: Database) -> None:
    review = _review(pooled)
    with pooled.reading() as session:
        for run, past in zip(
            runs(session, review), past_runs(session, review, "alliance"), strict=True
        ):
            whole = digest_of(snapshot_of(run))
            why: dict[str, Any] = {"changed": past.digest.changed, "flipped": past.digest.flipped}
            assert past.digest == replace(whole, **why)
            assert past.digest.changed == ("first run" if run.number == 1 else "1 trial added")


def test_runs_of_older_software_get_their_digests_at_the_next_job(pooled: Database) -> None:
    review = _review(pooled)
    with pooled.reading() as session:
        before = past_runs(session, review, "alliance")
        panel = panel_after(session, review, "alliance", RUNS)
    with pooled.transaction() as session:
        session.execute(sa.delete(Kept).where(Kept.run_id > 2))
        session.execute(sa.update(Kept).values(engine="0.0.1"))
    with pooled.reading() as session:
        assert panel_after(session, review, "alliance", RUNS) == panel
    assert keep_digests(pooled) == RUNS
    assert keep_digests(pooled) == 0
    with pooled.reading() as session:
        assert past_runs(session, review, "alliance") == before


def test_firmness_is_worked_out_once(pooled: Database) -> None:
    review = _review(pooled)
    with pooled.reading() as session:
        run = run_numbered(session, review, "alliance", None).id
        asked = full_report(session, review, "alliance", None, None).explanation
    found = work_out_firmness(pooled, run)
    assert (found.outlook, found.fragility) == (asked.outlook, asked.fragility_after)
    with pooled.reading() as session:
        assert firmness_kept(session, [run]) == {run: found}
        assert full_report(session, review, "alliance", None, None).explanation == asked
    with counting(pooled) as read:
        assert work_out_firmness(pooled, run) == found
    assert read == []
