"""A small review, pooled twice, and the folder that its authors take away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review.db import Database, database_at
from review.export.manuscript.bundle import write_bundle
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.living.fixture import begin, enter

BY = Attribution(actor="tester", reason="test", at=NOW)


@pytest.fixture(scope="session")
def small(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Read it only: eight made-up trials, pooled after five and after eight."""
    path = tmp_path_factory.mktemp("small") / "review.db"
    shutil.copy(sqlite_template, path)
    database = database_at(f"sqlite:///{path}")
    begin(database, BY, variants=("fixed", "leave_one_out"))
    for numbers in (range(1, 6), range(6, 9)):
        enter(database, BY, numbers)
        repool(database, actor="tester", now=lambda: NOW)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def bundle(small: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    with small.reading() as session:
        for part in write_bundle(session, review_called(session, "fixture"), folder):
            assert all(path.stat().st_size for path in part)
    return folder
