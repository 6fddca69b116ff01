"""Proportions and means of single arms in plans, against metafor 3.8-1 on three data sets each."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan
from tests.living.estimates.test_counts import plan, pooled, side, trials

BY_METAFOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "alone" / "alone.json").read_text(encoding="utf-8")
)
CASES = [(name, measure) for name, one in BY_METAFOR.items() for measure in one["fits"]]


def planned(measure: str, **more: Any) -> Plan:
    return plan(measure, kind="single_arm", method="REML", test="z", **more)


def of_rows(rows: list[dict[str, Any]]) -> tuple[TrialInput, ...]:
    return tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "intervention": side(n=row["ni"], events=row["xi"])
                if "xi" in row
                else side(n=row["ni"], mean=row["mi"], sd=row["sdi"]),
                "comparator": (),
                "side": "Aspirin",
            }
        )
        for i, row in enumerate(rows, 1)
    )


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_single_arms_are_metafors_and_so_is_what_they_pool_to(name: str, measure: str) -> None:
    expected = BY_METAFOR[name]
    by_r = expected["fits"][measure]
    results = pooled(planned(measure), of_rows(expected["rows"]))
    assert [one.yi for one in results.effects] == pytest.approx(by_r["yi"], rel=1e-9)
    assert [one.vi for one in results.effects] == pytest.approx(by_r["vi"], rel=1e-9)
    line = results.pooled
    found = (line.estimate, line.se, line.tau2)
    assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["tau2"]), rel=1e-6)


def test_the_grid_of_reference_values_has_not_shrunk() -> None:
    assert len(CASES) == 12
    assert [len(one["rows"]) for one in BY_METAFOR.values()] == [14, 13, 35, 9, 102, 13]


def test_each_is_told_on_the_scale_that_people_read() -> None:
    rows = BY_METAFOR["pritz1997"]["rows"]
    share = scale_of_run(RunInputs(plan=planned("PR"), trials=of_rows(rows), left_out=()))
    assert (share.natural, share.as_ratio) == (None, False)
    for measure in ("PLN", "PAS"):
        chosen, given = planned(measure), of_rows(rows)
        natural = pooled(chosen, given).pooled.natural
        assert natural is not None
        low, high = (f([r["xi"] / r["ni"] for r in rows]) for f in (min, max))
        assert low < natural.estimate < high
        assert natural.scale == "proportion"
        assert not chosen.has_null
    by_r = BY_METAFOR["normand1999"]["fits"]["MNLN"]
    mean = pooled(planned("MNLN"), of_rows(BY_METAFOR["normand1999"]["rows"])).pooled.natural
    assert mean is not None
    assert mean.estimate == pytest.approx(math.exp(by_r["estimate"]), rel=1e-6)
