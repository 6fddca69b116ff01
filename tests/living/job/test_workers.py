"""Whoever computes, the runs are the same, bit for bit."""

from __future__ import annotations

import gc
import os
import socket
import time
from concurrent.futures import CancelledError, Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from review.canonical import canonical_json
from review.db import Database, database_at
from review.errors import InvalidDataError
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.living.job.work import work_off
from review.living.job.workers import SELDOM, begun, executor_for, helpers_for
from review.living.runs.models import Run
from review.schema import upgrade
from review.synthesis import PermutationTest, design, gosh, permutation_test
from tests.living.job.test_work import contrast, task
from tests.living.test_cbt_delivery import load


def made(path: Path, by: Attribution, executor: Executor | None) -> list[tuple[int, str, str]]:
    """Analysis, inputs and results of every run of the two states of cbt-delivery."""
    database = database_at(f"sqlite:///{path}")
    upgrade(database)
    for until in (2008, None):
        load(database, by, until)
        repool(database, actor="t", executor=executor)
    with database.reading() as session:
        found = [
            (run.analysis_id, canonical_json(run.inputs), canonical_json(run.results))
            for run in session.scalars(sa.select(Run).order_by(Run.analysis_id, Run.number))
        ]
    database.close()
    return found


RNG = np.random.default_rng(6)
Y, V, X = RNG.normal(0.3, 0.4, 14), RNG.uniform(0.02, 0.2, 14), RNG.normal(size=14)


def permuted(executor: Executor | None) -> PermutationTest:
    rows = design("x", {"x": list(X)})
    return permutation_test(Y, V, rows, iterations=4000, seed=3, executor=executor)


def subsets_of(executor: Executor | None) -> dict[str, Any]:
    """All 16,383 subsets of fourteen studies: parts enough for two workers."""
    return asdict(gosh(Y, V, method="DL", executor=executor))


def test_refits_in_processes_are_those_of_one() -> None:
    with executor_for(processes=2) as executor:
        assert permuted(executor) == permuted(None)
        here = subsets_of(None)
        for name, values in subsets_of(executor).items():
            assert np.array_equal(values, here[name])


def test_two_dask_workers_give_the_same_runs_bit_for_bit(tmp_path: Path, by: Attribution) -> None:
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    here = made(tmp_path / "here.db", by, None)
    tested, displayed = permuted(None), subsets_of(None)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        executor_for(dask=cluster.scheduler_address) as executor,
    ):
        assert made(tmp_path / "dask.db", by, executor) == here
        assert permuted(executor) == tested
        for name, values in subsets_of(executor).items():
            assert np.array_equal(values, displayed[name])
    assert len(here) == 6


def test_processes_give_the_same_runs_bit_for_bit(tmp_path: Path, by: Attribution) -> None:
    with executor_for(processes=2) as executor:
        assert executor is not None
        assert made(tmp_path / "two.db", by, executor) == made(tmp_path / "one.db", by, None)


def test_work_leaves_no_cycles_behind_since_workers_do_not_collect_them() -> None:
    variants = ("leave_one_out", "trim_and_fill", "by_rater", "aggregated", "three_level")
    good = [contrast(study, 0.1 * study, 0.1) for study in range(1, 6)]
    tasks = [task(*good, variants=variants), task(contrast(1, 1.0, -1.0)), task()]
    for _ in range(2):  # what the first call imports may hold cycles
        gc.collect()
        work_off(tasks)
        found = gc.collect()
    assert found == 0


class Slow:
    """Takes long to give back."""

    def __del__(self) -> None:
        time.sleep(SLOW)


SLOW = 30.0
HELD: list[Slow] = []


def hold() -> None:
    HELD.append(Slow())


def test_a_worker_ends_without_giving_back_object_by_object() -> None:
    before = gc.get_threshold()
    with helpers_for(2) as executor:
        assert executor is not None
        assert gc.get_threshold() == SELDOM
        executor.submit(hold).result()
        done = time.monotonic()
    assert time.monotonic() - done < SLOW
    assert gc.get_threshold() == before, "this process collects as it did"


def told(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def test_work_that_no_worker_took_up_is_done_by_who_asks_for_it() -> None:
    with helpers_for(2) as executor:
        assert executor is not None
        results = begun(executor, told, range(200))
        found = [result() for result in reversed(results)]
        assert [result() for result in reversed(results)] == found, "asked twice"
    assert [square for square, _ in reversed(found)] == [n * n for n in range(200)]
    assert found[0][1] == os.getpid(), "the last one was taken back"
    assert {pid for _, pid in found} > {os.getpid()}, "a worker did some"


def test_of_two_processes_one_is_this_one() -> None:
    with helpers_for(1) as executor:
        assert executor is None
    assert [result() for result in begun(None, told, [3])] == [(9, os.getpid())]
    with helpers_for(2) as executor:
        assert executor is not None
        assert len({executor.submit(os.getpid).result() for _ in range(9)}) == 1


def test_one_process_needs_no_executor_and_two_answers_are_refused() -> None:
    with executor_for(processes=1) as executor:
        assert executor is None
    with pytest.raises(InvalidDataError, match="not both"), executor_for(processes=2, dask="x"):
        pass


def test_a_cluster_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")

    def nobody(*_: object, **__: object) -> None:
        raise OSError("refused")

    monkeypatch.setattr(distributed, "Client", nobody)
    with (
        pytest.raises(InvalidDataError, match="no Dask cluster answers"),
        executor_for(dask="tcp://127.0.0.1:9"),
    ):
        pass


def test_who_says_nothing_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the dask extra is not installed")
    monkeypatch.setattr("review.living.job.workers.HEAR_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(InvalidDataError, match="no Dask cluster answers"),
            executor_for(dask=address),
        ):
            pass


@pytest.mark.parametrize("status", ["closed", "running"])
def test_a_cluster_that_goes_away_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")

    class Lost:
        def get_executor(self, **_: object) -> None: ...

        def close(self) -> None: ...

    lost = Lost()
    lost.status = status  # type: ignore[attr-defined]  # as a client of the package has it
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: lost)
    monkeypatch.setattr("review.living.job.workers._hear", lambda _: None)
    expected = InvalidDataError if status == "closed" else CancelledError
    with pytest.raises(expected), executor_for(dask="tcp://h:1"):
        raise CancelledError


def test_a_job_reports_what_it_looked_at(database: Database, by: Attribution) -> None:
    load(database, by, None)
    seen: list[tuple[int, int]] = []
    report = repool(database, actor="t", progress=lambda done, total: seen.append((done, total)))
    assert (report.looked_at, seen[-1]) == (3, (3, 3))
