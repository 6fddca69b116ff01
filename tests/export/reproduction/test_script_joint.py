"""Several outcomes of a database, computed again by metafor and by a Python of its own."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from review.db import Database
from review.export.reproduction.script import write_scripts
from review.export.runs import latest_runs
from review.history.actions import Attribution
from review.living.job.repool import repool
from review.protocol.queries import review_called
from tests.conftest import NOW, Prepared
from tests.export.reproduction.programs import furthest, python, rscript
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
    with database.reading() as session:
        write_scripts("joint", latest_runs(session, review_called(session, "joint")), tmp_path)
    return tmp_path


def expected_of(folder: Path) -> list[dict[str, str]]:
    with gzip.open(folder / "expected.csv.gz", "rt", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


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
    place = folder / "structure_joint.csv"
    lines = place.read_text("utf-8-sig").splitlines()
    cells = lines[1].split(",")
    cells[-1] = str(float(cells[-1]) + 0.2)
    place.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    by_r = [rscript(folder / "reproduce.R")] if WHOLE else []
    for done in (*by_r, python(folder / "reproduce.py")):
        assert done.returncode == 1
        assert "NOT ALL AGREE" in done.stdout
