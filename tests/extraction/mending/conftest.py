"""A review of invented trials, and what it amounts to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result as Ran

from review.db import Database
from review.extraction.evidence_queries import evidence
from review.history.queries import verify
from review.living.runs.models import Run
from review.protocol.queries import review_called
from tests.conftest import Prepared
from tests.faults import TABLES as DATA

Cli = Callable[..., Ran]


@pytest.fixture
def trials(cli: Cli, prepared: Prepared[None]) -> Cli:
    """The command line on a review with eight trials."""

    def make() -> None:
        cli("new", "--file", DATA / "protocol.yaml")
        cli("extract", "import", DATA / "truth.csv")

    prepared(make)
    return cli


@pytest.fixture
def pooled(trials: Cli, prepared: Prepared[None]) -> Cli:
    """The command line on that review, pooled."""

    def make() -> None:
        trials("repool")

    prepared(make)
    return trials


def shown(ran: Ran) -> Any:
    return json.loads(ran.stdout)


def evidence_of(database: Database, *, names: bool = True) -> list[Any]:
    """Return all that analyses select from; without names what no renaming may change."""
    with database.reading() as session:
        assert verify(session).intact
        found = [item for _, item in evidence(session, [review_called(session, None).id])]
    if names:
        return sorted(found, key=lambda item: item.result_id)
    hidden: dict[str, Any] = {"study": "", "report": "", "favours": None, "instrument": ""}
    return [
        item._replace(
            **hidden,
            arm=item.arm._replace(label="", treatment=""),
            versus=item.versus._replace(label="", treatment="") if item.versus else None,
        )
        for item in sorted(found, key=lambda item: item.result_id)
    ]


def fingerprints(database: Database) -> list[tuple[int, int, str]]:
    with database.reading() as session:
        runs = session.query(Run).order_by(Run.id)
        return [(run.analysis_id, run.number, run.fingerprint) for run in runs]
