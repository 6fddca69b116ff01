"""cbt-delivery for all tests of exports: its newest runs, and a copy to write in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.db import Database, database_at
from review.export.runs import LatestRun, latest_runs
from review.protocol.queries import review_called


@pytest.fixture(scope="session")
def delivery_runs(delivery: Database) -> list[LatestRun]:
    """The newest run of each analysis."""
    with delivery.reading() as session:
        return latest_runs(session, review_called(session, "cbt-delivery"))


@pytest.fixture
def delivered(delivery: Database, tmp_path: Path) -> Iterator[Database]:
    """cbt-delivery, pooled as of 2008 and with all trials; a copy to write in."""
    assert delivery.file is not None
    shutil.copy(delivery.file, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    yield database
    database.engine.dispose()
