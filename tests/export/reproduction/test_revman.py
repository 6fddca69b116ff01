"""RevMan's files: what our own reader makes of them is what was pooled."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.export import Table, render_csv
from review.export.reproduction.revman import data_rows, data_type, settings
from review.export.runs import LatestRun
from review.extraction.formats.cochrane import cochrane_content
from review.extraction.formats.revman_csv import read_revman_csv
from review.extraction.formats.source import Content, Directions
from review.extraction.spelling import identity
from review.synthesis import pool
from tests.export.reproduction.synthetic import events, means, plan, run, synthetic_runs


def again(table: Table) -> Content:
    """What the reader takes from a table."""
    read = read_revman_csv(render_csv(table).encode(), file="data-rows.csv")
    return cochrane_content(read.rows, Directions())


def called(slug: str) -> LatestRun:
    return next(r for r in synthetic_runs() if r.analysis == slug)


@pytest.mark.parametrize("measure", ["SMD", "MD"])
def test_means_come_back_as_they_were_reported(measure: str) -> None:
    one = run("means", plan(measure), means())
    assert data_type(one) == "Continuous"
    found = again(data_rows([one]))
    assert len(found.results) == 2 * len(one.inputs.trials)
    for trial in one.inputs.trials:
        for label, (arm,) in (("video", trial.intervention), ("in person", trial.comparator)):
            (values,) = [
                v.numbers for p, v in found.results.items()
                if (p.study, p.arm) == (identity(trial.study), label)
            ]  # fmt: skip
            x = arm.numbers
            assert (values.n, values.mean, values.sd) == (x.n, x.mean, x.sd)


def test_events_come_back_as_they_were_reported() -> None:
    one = run("events", plan("OR", method="MH"), events())
    assert data_type(one) == "Dichotomous"
    found = again(data_rows([one]))
    for trial in one.inputs.trials:
        got = {
            p.arm: (v.numbers.events, v.numbers.n)
            for p, v in found.results.items()
            if p.study == identity(trial.study)
        }
        a, b = trial.intervention[0].numbers, trial.comparator[0].numbers
        assert got == {"video": (a.events, a.n), "in person": (b.events, b.n)}


@pytest.mark.parametrize("slug", ["contrasts", "every-variant", "covariance-or", "split"])
def test_ready_effects_pool_to_the_same_estimate(slug: str) -> None:
    one = called(slug)
    assert data_type(one) == "Contrast level"
    found = again(data_rows([one]))
    assert len(found.results) == len(one.inputs.trials)
    effects = {p.study: v.numbers for p, v in found.results.items()}
    values = [effects[identity(trial.study)] for trial in one.inputs.trials]
    yi = [v.estimate for v in values if v.estimate is not None]
    vi = [v.se**2 for v in values if v.se is not None]
    assert yi == [effect.yi for effect in one.results.effects]
    pooled = pool(yi, vi, method=one.inputs.plan.method, test=one.inputs.plan.test)
    assert pooled.estimate == pytest.approx(one.results.pooled.estimate, rel=1e-9)
    assert pooled.ci == pytest.approx(one.results.pooled.ci, rel=1e-9)
    metric = {"GEN": None, "OR": "log ODDS RATIO", "SMD": "SMD"}[one.inputs.plan.measure]
    assert {v.metric for v in values} == {metric}


def test_ratios_are_printed_as_ratios_with_the_side_they_favour() -> None:
    one = run("events", plan("OR", method="MH"), events(higher=False))
    table = settings([one])
    row = dict(zip(table.keys, table.rows[0], strict=True))
    line = one.results.pooled
    assert row["Mean"] == pytest.approx(math.exp(-line.estimate))
    assert (row["CI start"], row["CI end"]) == pytest.approx(
        (math.exp(-line.ci[1]), math.exp(-line.ci[0]))
    )
    assert (row["Graph label (left)"], row["Log-scale data"]) == ("Favours video", "TRUE")
    assert (row["Statistical method"], row["Data type"]) == ("Mantel-Haenszel", "Dichotomous")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_bundle_of_cbt_delivery(cli: Callable[..., Result], tmp_path: Path) -> None:
    cli("seed", "load", "cbt-delivery")
    assert "review repool" in cli("export", "bundle", "revman", "--out", tmp_path, status=1).stderr
    cli("repool")
    cli("export", "bundle", "revman", "--out", tmp_path / "one")
    cli("export", "bundle", "revman", "--out", tmp_path / "two")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [
        "data-rows.csv", "overall-estimates-and-settings.csv", "provenance.json",
        "study-information.csv",
    ]  # fmt: skip
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    read = read_revman_csv((tmp_path / "one" / "data-rows.csv").read_bytes(), file="x")
    assert len(read.rows) == 70 + 51 + 17
    told = cli("export", "bundle", "metapsy", "--out", tmp_path, status=1).stderr
    assert "172 results are of other kinds" in told
