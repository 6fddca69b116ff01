"""Random effects of a database, computed again by metafor and by a Python of its own."""

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
from tests.living.levels import LATER, TRIALS, begin, enter, levels_plan
from tests.tiers import MOSTLY_ON_SQLITE

VARIED = ("fixed", "z_test", "leave_one_out", "by_rater")
PLANS = (
    levels_plan(margin=0.3, variants=(*VARIED, "itt_only")),
    levels_plan(title="Crossed", random=["study + instrument"], method="ML"),
    levels_plan(title="Nested in countries", random=["country / study / result"], test="z"),
    levels_plan(title="In time", phi=0.9, rho=0.3, level=0.9),
    levels_plan(title="Arms", several_arms="covariance", phi=0.8, random=["study + rater"]),
    levels_plan(title="Stated", correlations=["wai / haq = 0.2"], several_arms="covariance"),
    levels_plan(title="Shares", several_arms="split", measure="MD", variants=("leave_one_out",)),
)

pytestmark = MOSTLY_ON_SQLITE


@pytest.fixture
def folder(database: Database, by: Attribution, prepared: Prepared[None], tmp_path: Path) -> Path:
    def pooled() -> None:
        begin(database, by, *PLANS)
        enter(database, by, {**TRIALS, **LATER})
        assert repool(database, actor="t", now=lambda: NOW).failed == []

    prepared(pooled)
    return written(database, "levels", tmp_path)


def test_r_computes_every_number_again(folder: Path) -> None:
    done = rscript(folder / "reproduce.R")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    expected = expected_of(folder)
    assert f"{len(expected)} numbers of {len(expected)} compared" in done.stdout
    assert {row["part"] for row in expected} == {
        "pooled", "margins", "random", "levels", "assumed", *VARIED,
    }  # fmt: skip
    assert len({row["analysis"] for row in expected if row["part"] == "random"}) == 7
    assert len(expected) > 400
    assert furthest(done.stdout) < 1e-6


def test_python_computes_every_number_again(folder: Path) -> None:
    done = python(folder / "reproduce.py")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    count = len(expected_of(folder))
    assert f"{count} numbers of {count} compared" in done.stdout
    assert "all agree" in done.stdout


def test_variances_that_are_no_maximum_are_found(folder: Path) -> None:
    first_is_altered(folder / "variances_levels.csv")
    done = python(folder / "reproduce.py")
    assert done.returncode == 1
    assert "NOT ALL AGREE" in done.stdout
