"""Reliability T6: one run for each input state, whoever competes and whenever a job is killed.

A few states; where everything is tried, 8 processes on 200 states and 100 kills.
"""

from __future__ import annotations

import os
import random
import signal
import time
from multiprocessing.synchronize import Event

import pytest
import sqlalchemy as sa

from review.db import Database, database_at
from review.history.actions import Attribution
from review.history.queries import verify
from review.living.job.recompute import recompute
from review.living.job.repool import repool
from review.living.runs import queries
from review.living.runs.models import Job, JobOutcome, Run
from review.protocol.queries import review_called
from tests.living.fixture import begin, enter
from tests.living.job.test_repool import arms, change, reviewed
from tests.loaded import LOADED, PATIENCE
from tests.tiers import WHOLE

__all__ = ["reviewed"]

STATES, PROCESSES, KILLS = (200, 8, 100) if WHOLE else (4, 3, 3)


def _compete(url: str, stop: Event) -> None:
    """Re-pool again and again, as many schedulers at once would."""
    database = database_at(url)
    while not stop.is_set():
        repool(database, actor="competitor")
        time.sleep(0.02)
    database.engine.dispose()


def test_competing_jobs_make_one_run_of_each_state(reviewed: Database, by: Attribution) -> None:
    url = reviewed.url.render_as_string(hide_password=False)
    stop = LOADED.Event()
    processes = [LOADED.Process(target=_compete, args=(url, stop)) for _ in range(PROCESSES)]
    reviewed.engine.dispose()
    for process in processes:
        process.start()
    try:
        for state in range(1, STATES + 1):
            change(reviewed, by, arms("A 2001", 5.0 + state / 1000, 5.1))
            _wait_for_state(reviewed, state)
    finally:
        stop.set()
        for process in processes:
            process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    with reviewed.reading() as session:
        runs = session.scalars(
            sa.select(Run).where(Run.analysis_id == 1).order_by(Run.number)
        ).all()
        assert [run.number for run in runs] == list(range(1, len(runs) + 1))
        assert len({run.fingerprint for run in runs}) == len(runs)
        # the state before the first change may or may not have been pooled by a quick competitor
        assert len(runs) in (STATES, STATES + 1)
        assert JobOutcome.RUNNING not in [job.outcome for job in queries.jobs(session, 10_000)]
        assert verify(session, queries.anchors(session)).intact


def _wait_for_state(database: Database, state: int) -> None:
    """Wait until the newest run holds the newest number."""
    wanted = 5.0 + state / 1000
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with database.reading() as session:
            newest = session.scalar(
                sa.select(Run).where(Run.analysis_id == 1).order_by(Run.number.desc()).limit(1)
            )
            if newest is not None:
                inputs, _ = queries.snapshot_of(newest)
                if inputs.trials[0].intervention[0].numbers.mean == pytest.approx(wanted):
                    return
        time.sleep(0.01)
    raise AssertionError(f"state {state} was not pooled")


def _repool_once(url: str, ready: Event) -> None:
    database = database_at(url)
    ready.set()
    repool(database, actor="victim")
    database.engine.dispose()


def test_a_job_killed_at_any_moment_leaves_nothing_half_or_stuck(
    reviewed: Database, by: Attribution
) -> None:
    url = reviewed.url.render_as_string(hide_password=False)
    chance = random.Random(6)
    repool(reviewed, actor="first")
    for kill in range(1, KILLS + 1):
        change(reviewed, by, arms("A 2001", 5.0 + kill / 1000, 5.1))
        reviewed.engine.dispose()
        ready = LOADED.Event()
        victim = LOADED.Process(target=_repool_once, args=(url, ready))
        victim.start()
        assert ready.wait(PATIENCE)
        time.sleep(chance.uniform(0.0, 0.12))
        if victim.pid is not None and victim.is_alive():
            os.kill(victim.pid, signal.SIGKILL)
        victim.join(PATIENCE)
        begun = time.monotonic()
        report = repool(reviewed, actor="next")
        while report.outcome is None and time.monotonic() - begun < PATIENCE:
            time.sleep(0.01)  # the database notices that a connection died, and frees its lock
            report = repool(reviewed, actor="next")
        assert report.outcome in (JobOutcome.RECOMPUTED, JobOutcome.NOTHING_NEW)
    with reviewed.reading() as session:
        review = review_called(session, None)
        runs = queries.runs(session, review, "alliance")
        assert [run.number for run in runs] == list(range(1, KILLS + 2))
        assert len({run.fingerprint for run in runs}) == KILLS + 1
        assert all(recompute(run).reproduced for run in runs)
        stuck = session.scalars(sa.select(Job).where(Job.outcome == JobOutcome.RUNNING)).all()
        assert stuck == []
        assert verify(session, queries.anchors(session)).intact


@pytest.mark.parametrize("statement", ["UPDATE run SET number = 9", "DELETE FROM run"])
def test_a_run_is_never_changed(database: Database, by: Attribution, statement: str) -> None:
    begin(database, by)
    enter(database, by, range(1, 5))
    repool(database, actor="t")
    with (
        pytest.raises((sa.exc.IntegrityError, sa.exc.InternalError, sa.exc.DatabaseError)),
        database.transaction() as session,
    ):
        session.execute(sa.text(statement))
