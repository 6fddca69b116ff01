"""The newest runs of cbt-delivery, read once for all tests of exports."""

from __future__ import annotations

import pytest

from review.db import Database
from review.export.runs import LatestRun, latest_runs
from review.protocol.queries import review_called


@pytest.fixture(scope="session")
def delivery_runs(delivery: Database) -> list[LatestRun]:
    """The newest run of each analysis."""
    with delivery.reading() as session:
        return latest_runs(session, review_called(session, "cbt-delivery"))
