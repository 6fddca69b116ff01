"""Databases that pages begin with, beside `delivery`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.cli import main
from review.config import settings
from review.db import Database, database_at
from tests.faults import TABLES


@pytest.fixture(scope="session")
def practice(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A review of eight invented trials with two analyses, pooled once."""
    path = tmp_path_factory.mktemp("practice") / "review.db"
    shutil.copy(sqlite_template, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("REVIEW_ACTOR", "ada")
        settings.cache_clear()
        for words in (
            ("new", "--file", TABLES / "protocol.yaml"),
            ("extract", "import", TABLES / "truth.csv"),
            ("repool",),
        ):
            ran = CliRunner().invoke(main, [str(word) for word in words])
            assert ran.exit_code == 0, ran.output
    settings.cache_clear()
    database = database_at(f"sqlite:///{path}")
    yield database
    database.engine.dispose()
