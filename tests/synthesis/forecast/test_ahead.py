"""One more trial of four real data sets: metafor's class with it, and where its effect is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.synthesis.forecast import forecast
from review.synthesis.methods import Method, Test
from review.synthesis.noninferiority import classify

AHEAD: dict[str, Any] = json.loads(
    (Path(__file__).parent / "ahead.json").read_text(encoding="utf-8")
)
MARGIN = 0.2


@pytest.mark.parametrize("test", ["z", "knha"])
@pytest.mark.parametrize("name", AHEAD)
def test_the_class_with_one_more_trial_is_metafors(name: str, test: str) -> None:
    case = AHEAD[name]
    rows = [row for row in case["after"] if row["test"] == test]
    assert len(rows) == 15
    trials = forecast(
        case["yi"], case["vi"], case["v_new"], margin=MARGIN, method=Method.REML, test=Test(test)
    ).trials
    for row in rows:
        regions = trials[case["v_new"].index(row["v"])].regions
        inside = next(r for r in regions if r.low <= row["y"] <= r.high)
        assert inside.conclusion is classify((row["low"], row["high"]), MARGIN)


@pytest.mark.parametrize("name", AHEAD)
def test_the_band_of_its_effect_is_that_of_integration(name: str) -> None:
    case = AHEAD[name]
    trials = forecast(
        case["yi"], case["vi"], case["v_new"], margin=MARGIN, method=Method.REML
    ).trials
    for trial, band in zip(trials, case["bands"], strict=True):
        assert trial.band == pytest.approx(band, abs=1e-6 * float(np.ptp(band)))
