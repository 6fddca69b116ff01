"""Several outcomes of a database, computed again by metafor and by a Python of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from review.db import Database
from review.history.actions import Attribution
from review.living.job.repool import repool
from tests.conftest import NOW, Prepared
from tests.export.reproduction.programs import (
    expected_of,
    first_is_altered,
    furthest,
    python,
    rscript,
    written,
)
from tests.living.joint import LATER, TRIALS, begin, enter, joint_plan
from tests.tiers import MOSTLY_ON_SQLITE, WHOLE

THREE = [
    {"label": "client", "raters": ["client"], "time": 1},
    {"label": "therapist", "raters": ["therapist"], "time": 2},
    {"label": "observer", "raters": ["observer"], "time": 4.5},
]
VARIED = ("fixed", "z_test", "leave_one_out")
VARIANTS = (*VARIED, "itt_only", "low_risk_only")
"""Those of several outcomes; no trial is by intention to treat here, or judged."""

PLANS = (
    joint_plan(margin=0.4, variants=VARIANTS),
    joint_plan(title="CS, ML", structure="CS", method="ML"),
    joint_plan(title="DIAG, normal", structure="DIAG", test="z", rho=0.3),
    joint_plan(title="HCS", structure="HCS", measure="MD"),
    joint_plan(
        title="Stated",
        outcomes=[{k: v for k, v in one.items() if k != "time"} for one in THREE],
        structure="CS",
        correlations=["therapist / client = 0.2"],
    ),
    joint_plan(title="Common", method="EE", test="z"),
    joint_plan(title="Three in time", outcomes=THREE, structure="CAR"),
    joint_plan(title="Three in steps", outcomes=THREE, structure="AR", level=0.9),
)


pytestmark = MOSTLY_ON_SQLITE


@pytest.fixture
def folder(database: Database, by: Attribution, prepared: Prepared[None], tmp_path: Path) -> Path:
    def pooled() -> None:
        begin(database, by, *PLANS)
        enter(database, by, {**TRIALS, **LATER})
        assert repool(database, actor="t", now=lambda: NOW).failed == []

    prepared(pooled)
    return written(database, "joint", tmp_path)


def test_r_computes_every_number_again(folder: Path) -> None:
    done = rscript(folder / "reproduce.R")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    expected = expected_of(folder)
    assert f"{len(expected)} numbers of {len(expected)} compared" in done.stdout
    assert {row["part"] for row in expected} == {
        "pooled", "margins", "outcomes", "differences", "equal", "joint", "assumed", *VARIED,
    }  # fmt: skip
    assert len(expected) > 400
    assert furthest(done.stdout) < 1e-6
    searched = len(PLANS) - 1 + 1 + len({**TRIALS, **LATER})  # and of z_test, without each trial
    assert done.stdout.count("searched freely") == searched


def test_python_computes_every_number_again(folder: Path) -> None:
    done = python(folder / "reproduce.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    count = len(expected_of(folder))
    assert f"{count} numbers of {count} compared" in done.stdout
    assert "all agree" in done.stdout


def test_covariances_that_are_no_maximum_are_found(folder: Path) -> None:
    first_is_altered(folder / "structure_joint.csv")
    by_r = [rscript(folder / "reproduce.R")] if WHOLE else []
    for done in (*by_r, python(folder / "reproduce.py")):
        assert done.returncode == 1
        assert "NOT ALL AGREE" in done.stdout
