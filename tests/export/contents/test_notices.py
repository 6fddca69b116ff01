"""What stands beside results in print: alike things once, with every study."""

from __future__ import annotations

import shutil
from pathlib import Path

from review.db import database_at
from review.export.contents.notices import notices_data, notices_table
from review.protocol.queries import review_called


def test_print_says_alike_things_once_and_names_every_study(
    demonstration_file: Path, tmp_path: Path
) -> None:
    shutil.copy(demonstration_file, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    with database.reading() as session:
        review = review_called(session, "founding")
        printed, data = notices_table(session, review), notices_data(session, review)
    database.engine.dispose()
    titles = {row[0] for row in data.rows}
    assert (len(titles), len(data.rows)) == (3, 78)
    assert len(printed.rows) == 6  # awaited, or known by characteristics alone
    named = [study for row in printed.rows for study in str(row[2]).split("; ")]
    assert sorted(named) == sorted(str(row[2]) for row in data.rows)
    assert not any("extracted" in str(row[3]) and "no results" in str(row[3]) for row in data.rows)
