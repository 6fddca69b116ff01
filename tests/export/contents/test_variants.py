"""Planned analyses, variants and moderators: the runs' own numbers, and metafor's."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from review.db import Database
from review.export.tables.model import Kind, Table
from review.export.tracing.origins import found_at
from review.history.actions import Attribution, writing
from review.living.runs.results import Snapshot
from review.living.runs.scales import scale_of_run
from review.protocol.actions import plan_analysis
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.synthesis import Method, Test, pool
from tests.conftest import NOW
from tests.export.contents.synthetic import (
    SIDES,
    pooled,
    records,
    runs_of,
    tables,
    the_review,
)
from tests.living.estimates.test_counts import METAFOR


def _stands_at_its_origin(table: Table, runs: dict[str, Snapshot]) -> int:
    """Check each number of a table against what the run holds there; return how many."""
    seen = 0
    for row, at in zip(table.rows, table.origins, strict=True):
        assert at is not None
        key, *path = at.split("/")
        for column, cell in zip(table.columns, row, strict=True):
            if column.kind is not Kind.TEXT and cell is not None and column.key != "run":
                assert (
                    _shown(runs[key], column.key, found_at(runs[key], [*path, column.key])) == cell
                )
                seen += 1
    return seen


def _shown(run: Snapshot, name: str, value: object) -> object:
    """Return a number of a run as tables show it: a ratio as it was measured."""
    scale = scale_of_run(run[0])
    if name == "estimate" and isinstance(value, float):
        return scale.value(value)
    if name in ("ci", "pi") and isinstance(value, tuple):
        return scale.pair(value)
    return value


def test_every_line_of_every_run_is_a_row_with_its_numbers(
    database: Database, by: Attribution
) -> None:
    pooled(database, by)
    runs = runs_of(database)
    snapshots = {run.key[:12]: (run.inputs, run.results) for run in runs.values()}
    printed, data = tables(database, "variants", "moderators")
    for name in ("variants", "moderators"):
        assert _stands_at_its_origin(data[name], snapshots) > 20
        assert _stands_at_its_origin(printed[name], snapshots) > 20
    rows = records(data["variants"])
    mood = [r for r in rows if r["analysis"] == "mood"]
    results = runs["mood"].results
    assert len(mood) == 1 + len(results.variants) == 11
    assert [r["label"] for r in mood[1:]] == [line.label for line in results.variants]
    levels = [r for r in records(data["moderators"]) if r["k"] is not None]
    at_means = [found.at_mean for found in results.moderators if found.at_mean is not None]
    assert len(levels) == sum(len(found.lines) for found in results.moderators) + len(at_means)
    assert len(at_means) == 1  # year; instruments are categories


def test_pooled_rows_are_metafors(database: Database, by: Attribution) -> None:
    pooled(database, by)
    rows = records(tables(database, "variants")[1]["variants"])
    (death,) = (r for r in rows if r["analysis"] == "death")
    # Mantel-Haenszel by metafor, as measured although events are worse.
    assert death["estimate"] == pytest.approx(exp(METAFOR["OR"][0]), abs=1e-10)
    results = runs_of(database)["mood"].results
    yi = np.array([effect.yi for effect in results.effects])
    vi = np.array([effect.vi for effect in results.effects])
    common = next(r for r in rows if r["variant"] == "fixed")
    assert common["estimate"] == pytest.approx(float(np.average(yi, weights=1 / vi)), abs=1e-12)
    third = next(r for r in rows if r["label"] == "without Synthetic 3")
    without = pool(np.delete(yi, 2), np.delete(vi, 2), method=Method.REML, test=Test.ADHOC)
    assert (third["estimate"], third["k"]) == (pytest.approx(without.estimate, abs=1e-12), 3)


def test_a_planned_analysis_without_a_run_says_so(database: Database, by: Attribution) -> None:
    pooled(database, by)
    with writing(database, by) as session:
        plan = Plan.model_validate({**SIDES, "title": "Alliance", "outcome": "alliance"})
        plan_analysis(
            session, the_review(session), AnalysisSpec(slug="alliance", plan=plan), now=NOW
        )
    table = tables(database, "variants")[0]["variants"]
    assert records(table)[-1]["note"] == "no run yet"
    assert table.origins[-1] is None


def test_levels_are_called_by_the_instruments_names(database: Database, by: Attribution) -> None:
    pooled(database, by)
    rows = records(tables(database, "moderators")[0]["moderators"])
    assert [r["label"] for r in rows[:3]] == [
        "test for differences", "Beck Depression Inventory", "Hamilton Scale",
    ]  # fmt: skip
    between = runs_of(database)["mood"].results.moderators[0]
    assert (rows[0]["stat"], rows[0]["df"], rows[0]["p"]) == (between.stat, between.df, between.p)
    assert rows[0]["estimate"] is None
