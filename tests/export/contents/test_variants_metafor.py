"""Rows of variants, from arms in the database, against metafor's results for Normand 1999."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from review.db import Database
from review.extraction.actions import import_extraction
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.export.contents.synthetic import SIDES, arm, records, row, tables

REFERENCE = Path(__file__).parents[2] / "reference"
TOLERANCE = 1e-6


def _metafor() -> dict[str, Any]:
    text = (REFERENCE / "expected" / "normand1999.json").read_text()
    (found,) = (a for a in json.loads(text)["analyses"] if a["measure"] == "SMD")
    assert isinstance(found, dict)
    return found


@pytest.fixture
def normand(database: Database, by: Attribution) -> Database:
    """Length of stay in nine trials of stroke care, higher counted as better to keep the sign."""
    with (REFERENCE / "data" / "normand1999.csv").open(newline="") as file:
        trials = list(csv.DictReader(file))
    plan = Plan.model_validate(
        {
            **SIDES, "title": "Stay", "outcome": "stay", "measure": "SMD", "test": "z",
            "variants": ["fixed", "dersimonian_laird", "leave_one_out", "trim_and_fill"],
        }
    )  # fmt: skip
    with writing(database, by) as session:
        review = new_review(
            session, ReviewSpec(slug="normand", title="Normand 1999"), owner="tester"
        )
        add_outcome(session, review, OutcomeSpec(slug="stay", name="Stay"))
        spec = InstrumentSpec(slug="days", name="Days", outcome="stay", higher_is_better=True)
        add_instrument(session, review, spec)
        plan_analysis(session, review, AnalysisSpec(slug="stay", plan=plan), now=NOW)
        rows = [
            row(2, study=f"{t['study']} {t['source']}", instrument="days", n=t[f"n{i}i"],
                mean=t[f"m{i}i"], sd=t[f"sd{i}i"], **arm(mode))
            for t in trials
            for i, mode in ((1, "v"), (2, "p"))
        ]  # fmt: skip
        import_extraction(session, review, rows, file="normand1999", person="ada")
    repool(database, actor="tester")
    return database


def test_every_variant_row_is_metafors(normand: Database) -> None:
    expected = _metafor()
    models = {(p["method"], p["test"]): p for p in expected["pool"]}
    rows = {
        r["label"]: r for r in records(tables(normand, "variants", review="normand")[1]["variants"])
    }
    for label, model in (
        ("primary", models["REML", "z"]),
        ("common effect", models["EE", "z"]),
        ("DerSimonian-Laird, normal interval", models["DL", "z"]),
    ):
        assert rows[label]["estimate"] == pytest.approx(model["estimate"], abs=TOLERANCE)
        assert rows[label]["ci"] == pytest.approx(tuple(model["ci"]), abs=TOLERANCE)
        if label == "common effect":  # metafor prints 0; the model has none
            assert rows[label]["tau2"] is None
        else:
            assert rows[label]["tau2"] == pytest.approx(model["tau2"], abs=TOLERANCE)
        assert rows[label]["p"] == pytest.approx(model["p"], abs=TOLERANCE)
    without = expected["diagnostics"]["leave_one_out"]
    left = [r for label, r in rows.items() if label.startswith("without ")]
    assert [r["estimate"] for r in left] == pytest.approx(without["estimate"], abs=TOLERANCE)
    assert [r["ci"][0] for r in left] == pytest.approx(without["ci_lb"], abs=TOLERANCE)
    # metafor's trimfill() itself takes the right side here, on which nothing is missing.
    filled = next(
        t
        for t in expected["diagnostics"]["trimfill"]
        if (t["side"], t["estimator"]) == ("right", "L0")
    )
    assert rows["trim and fill"]["estimate"] == pytest.approx(filled["estimate"], abs=TOLERANCE)
    assert rows["trim and fill"]["k"] == 9 + filled["k0"]
