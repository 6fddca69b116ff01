"""The trials pass on a sound installation, and a failing one is seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.keeping import trust
from review.keeping.trust import Ground, control, tampers
from tests.tiers import WHOLE

Cli = Callable[..., Result]


@pytest.fixture
def ground(practice: Database, tmp_path: Path) -> Ground:
    practice.close()
    shutil.copy(practice.file, tmp_path / "killed.db")
    return Ground(tmp_path, seed=1, kills=0)


def test_tampers_are_named_and_the_control_is_seen(ground: Ground) -> None:
    found = tampers(ground)
    assert found.passed, found.found
    assert int(found.found.split()[0]) > 100
    assert control(ground).passed
    with pytest.MonkeyPatch.context() as patch:  # a check that sees nothing fails its control
        patch.setattr(trust, "verify_all", lambda *_, **__: type("Sound", (), {"sound": True}))
        assert not control(ground).passed


@pytest.mark.skipif(not WHOLE, reason="make trust runs it; it takes minutes")
def test_the_whole_report(cli: Cli, tmp_path: Path, database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the command tries PostgreSQL with --postgres")
    cli("trust", "--kills", "1", "--report", str(tmp_path))
    told = json.loads((tmp_path / "trust.json").read_text())
    assert told["passed"]
    assert "every trial passed" in (tmp_path / "trust.html").read_text()
