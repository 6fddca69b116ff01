"""What a job that changed very many analyses prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.history.actions import Attribution, writing
from review.protocol.actions import plan_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW
from tests.living.fixture import begin, enter
from tests.living.job.test_repool import plan


def test_more_than_twenty_changed_analyses_are_a_table_with_the_reports_in_a_file(
    database: Database,
    by: Attribution,
    cli: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not database.is_sqlite:
        pytest.skip("what is printed does not depend on the database")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    begin(database, by)
    with writing(database, by) as session:
        review = review_called(session, None)
        for number in range(20):
            plan_analysis(session, review, AnalysisSpec(slug=f"a{number}", plan=plan()), now=NOW)
    enter(database, by, range(1, 5))
    told = cli("repool").output
    assert "The reports: " in told
    assert len(told.splitlines()) < 40
    (file,) = (tmp_path / "state").rglob("job-*.md")
    text = file.read_text()
    assert all(f"# fixture / a{number}, run 1" in text for number in range(20))
