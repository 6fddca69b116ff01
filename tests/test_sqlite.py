"""SQLite is opened as the recipe has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from review.db import database_at
from review.sqlite import wal_is_safe


def test_sqlite_pragmas_are_in_force(tmp_path: Path) -> None:
    database = database_at(f"sqlite:///{tmp_path / 'p.db'}")
    with database.transaction() as session:
        asked = {
            pragma: session.execute(sa.text(f"PRAGMA {pragma}")).scalar_one()
            for pragma in ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        }
    database.engine.dispose()
    safe = wal_is_safe()
    assert asked == {
        "foreign_keys": 1,
        "journal_mode": "wal" if safe else "truncate",
        "synchronous": 2 if safe else 3,
        "busy_timeout": 30_000,
    }


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_wal_only_where_the_corruption_bug_is_fixed(
    version: tuple[int, int, int], safe: bool
) -> None:
    assert wal_is_safe(version) is safe
