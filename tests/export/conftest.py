"""The review cbt-delivery with two runs an analysis, made once for all tests of exports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.db import Database, database_at
from review.export.run_tables import LatestRun, latest_runs
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, writing
from review.living.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW


@pytest.fixture(scope="session")
def delivery(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Read it only: 43 trials as of 2008, pooled, then all 76, pooled again."""
    path = tmp_path_factory.mktemp("delivery") / "review.db"
    shutil.copy(sqlite_template, path)
    database = database_at(f"sqlite:///{path}")
    by = Attribution(actor="tester", reason="test", at=NOW)
    for until in (2008, None):
        with writing(database, by) as session:
            load_seed(session, seed_called("cbt-delivery"), until=until, person="tester", now=NOW)
        repool(database, actor="tester", now=lambda: NOW)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def delivery_runs(delivery: Database) -> list[LatestRun]:
    """The newest run of each analysis."""
    with delivery.reading() as session:
        return latest_runs(session, review_called(session, "cbt-delivery"))
