"""Subgroups and meta-regressions by facts, fields and judgements: R estimates the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.history.actions import Attribution
from tests.export.reproduction.programs import furthest, python, rscript
from tests.living.inputs.test_characteristics import planned, reviewed
from tests.tiers import sample

__all__ = ["reviewed"]

FORMULAE = (
    "sessions",
    "`pre-registered`",
    "center(year) * treatment + sessions",
    "treatment:sessions",
    "country + country:risk_of_bias.D2",
    "ns(year, df = 2) + log(sessions)",
    "0 + comparator.treatment",
    "0 + sessions",
    "poly(sessions, 2) + factor(treatment)",
    "bs(year, df = 4)",
    "country * scale(sessions)",
    "I((year - 2000)^2 / 10) + log2(sessions + 1)",
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_both_scripts_take_characteristics(
    reviewed: Database, by: Attribution, cli: Callable[..., Result], tmp_path: Path
) -> None:
    groups = ("country", "pre-registered", "risk_of_bias.D2", "comparator.treatment")
    planned(reviewed, by, subgroups=groups, moderators=FORMULAE, where=("year < 2010",))
    assert cli("repool").exit_code == 0
    cli("export", "script", "--out", tmp_path)
    by_python = python(tmp_path / "reproduce.py")
    assert by_python.returncode == 0, by_python.stdout + by_python.stderr
    assert by_python.stdout.count("meta-regression by treatment:sessions") == 3 * 6 + 2
    assert by_python.stdout.count("0 + sessions") == 6 + 2  # here R leaves it alone
    assert furthest(by_python.stdout) < 1e-6
    by_r = rscript(tmp_path / "reproduce.R")
    assert by_r.returncode == 0, by_r.stdout[-3000:] + by_r.stderr
    assert by_r.stdout.count("meta-regression by treatment:sessions") == 3 * 6 + 2
    assert (
        by_r.stdout.count(": not computed again") == 1
    )  # no constant: metafor's tau² is not right
    assert furthest(by_r.stdout) < 1e-6


SCALES = (
    "country",
    "sessions",
    "center(year) + treatment",
    "comparator.treatment * year",
    "risk_of_bias",
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "test"), sample([("ML", "z"), ("REML", "adhoc"), ("REML", "knha")], slice(1))
)
def test_both_scripts_model_heterogeneity(
    reviewed: Database, by: Attribution, cli: Callable[..., Result], tmp_path: Path,
    method: str, test: str,
) -> None:  # fmt: skip
    """Errors of metafor's scale are by differences: 0.002 there; the other script 1e-5."""
    planned(reviewed, by, heterogeneity=SCALES, method=method, test=test)
    assert cli("repool").exit_code == 0
    cli("export", "script", "--out", tmp_path)
    by_python = python(tmp_path / "reproduce.py")
    assert by_python.returncode == 0, by_python.stdout[-3000:] + by_python.stderr
    parts = [f"heterogeneity by {text}" for text in SCALES]
    ended = by_python.stdout.count("not computed again, a tau2 is at zero")
    assert 1 <= ended <= 2
    assert sum(by_python.stdout.count(part) >= 5 for part in parts) == len(parts) - ended
    assert furthest(by_python.stdout) < 1e-5
    by_r = rscript(tmp_path / "reproduce.R")
    assert by_r.returncode == 0, by_r.stdout[-3000:] + by_r.stderr
    assert by_r.stdout.count(": not computed again") == ended
    assert furthest(by_r.stdout) < 2e-3
