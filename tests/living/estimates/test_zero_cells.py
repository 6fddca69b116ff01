"""Cells without events in planned analyses: the rule is planned, said, and as in metafor."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from pydantic import ValidationError

from review.db import Database
from review.living.estimates.effects import trial_effects
from review.living.estimates.zero_cells import rule_words, zero_cell_lines
from review.living.reports.zero_cells import zero_cell_notices
from review.living.runs import queries
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.scales import scale_of_run
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from tests.faults import POOL
from tests.living.estimates.test_counts import plan, pooled, side, trials
from tests.tiers import MOSTLY_ON_SQLITE

HERE = Path(__file__).parent / "zero_cells"
(HAHN, *OTHERS) = json.loads((HERE / "zero_cells.json").read_text())["sets"]
NO_EVENTS = "Banhladesh 1996a; India 1984a; Panama 1982"
BASE = {
    "outcome": "iv",
    "intervention": {"label": "reduced", "treatment": ["reduced"]},
    "comparator": {"label": "who", "treatment": ["who"]},
    "method": "DL",
    "test": "z",
}


def protocol(analyses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "review": {"slug": "hahn", "title": "Oral rehydration"},
        "outcomes": [{"slug": "iv", "name": "Unscheduled infusion"}],
        "instruments": [
            {"slug": "iv", "name": "Infusion", "outcome": "iv", "higher_is_better": True}
        ],
        "analyses": [
            {"slug": slug, "plan": {**BASE, "title": slug, **more}}
            for slug, more in analyses.items()
        ],
    }


@pytest.fixture
def begun(
    cli: Callable[..., Result], tmp_path: Path
) -> Callable[[dict[str, dict[str, Any]]], Callable[..., Result]]:
    def begin(analyses: dict[str, dict[str, Any]]) -> Callable[..., Result]:
        file = tmp_path / "protocol.yaml"
        file.write_text(yaml.safe_dump(protocol(analyses)), encoding="utf-8")
        cli("new", "--file", str(file))
        cli("extract", "import", POOL / "hahn2001_extract_import.csv")
        cli("repool")
        return cli

    return begin


@MOSTLY_ON_SQLITE
def test_every_rule_gives_metafors_numbers(
    begun: Callable[..., Callable[..., Result]], database: Database
) -> None:
    expected = {f"a{i}": e for i, e in enumerate(HAHN["pooled"])}
    assert len(expected) == 24
    rules = {
        slug: {
            "measure": e["measure"],
            "zero_cells": {"add": e["add"], "to": e["to"], "drop00": e["drop00"]},
        }
        for slug, e in expected.items()
    }
    begun(rules)
    with database.reading() as session:
        runs = queries.runs(session, review_called(session, None))
        found = {run.version.analysis.slug: queries.snapshot_of(run) for run in runs}
    for slug, e in expected.items():
        inputs, results = found[slug]
        line = results.pooled
        assert line.k == len(e["entered"]), (slug, e)
        assert len(inputs.left_out) == 12 - line.k
        assert [x.yi for x in results.effects] == pytest.approx(e["yi"], abs=1e-12)
        assert [x.vi for x in results.effects] == pytest.approx(e["vi"], abs=1e-12)
        assert line.estimate == pytest.approx(e["estimate"], rel=1e-9)
        assert line.se == pytest.approx(e["se"], rel=1e-9)
        assert line.tau2 == pytest.approx(e["tau2"], rel=1e-9, abs=1e-12)


def test_the_rule_and_the_trials_without_events_are_said(
    begun: Callable[..., Callable[..., Result]],
) -> None:
    cli = begun(
        {
            "plain": {"measure": "OR"},
            "dropped": {"measure": "OR", "zero_cells": {"drop00": True}},
            "mh": {"measure": "OR", "method": "MH"},
        }
    )
    shown = " ".join(cli("runs", "show", "plain").stdout.split())
    assert "metafor's default; the plan names no rule" in shown
    assert "4 trials with a cell without events, 3 of them without events in either arm" in shown
    assert f"{NO_EVENTS}: no events in either arm; kept, 0.5 added to each cell" in shown
    assert "USA 1982: a cell without events; 0.5 added to each cell" in shown
    assert "Mantel-Haenszel OR 0.61 [0.46, 0.80]; Peto OR 0.61 [0.47, 0.81]" in shown
    dropped = " ".join(cli("runs", "show", "dropped").stdout.split())
    both = "trials without events (or with events only) in both arms are left out (as planned)"
    assert f"0.5 is added; {both}" in dropped
    assert f"{NO_EVENTS}: no events in either arm: the plan leaves such trials out" in dropped
    mh = " ".join(cli("runs", "show", "mh").stdout.split())
    assert f"{NO_EVENTS}: no events in either arm; counted among the trials, adds nothing" in mh
    found = json.loads(cli("runs", "show", "plain", "--json").stdout)
    recipes = {e["study"]: e["recipe"] for e in found["results"]["effects"]}
    assert sum("0.5 added to each cell" in recipe for recipe in recipes.values()) == 4
    lines = {line["variant"]: line for line in found["zero_cell_lines"]}
    for name, expected in (("mantel_haenszel", HAHN["mh"][0]), ("peto", HAHN["peto"])):
        assert lines[name]["estimate"] == pytest.approx(expected["estimate"], rel=1e-9)
    exact = HAHN["exact"]
    assert lines["exact"]["estimate"] == pytest.approx(exact["estimate"], abs=2e-3)
    assert lines["exact"]["p"] == pytest.approx(exact["p"], rel=1e-9)
    dropped_line = next(e for e in HAHN["pooled"] if e["measure"] == "OR" and e["drop00"])
    assert lines["drop00"]["estimate"] == pytest.approx(dropped_line["estimate"], rel=1e-9)


def test_a_plan_without_a_rule_is_stored_and_known_as_before() -> None:
    assert "zero_cells" not in plan("OR", method="DL", test="z").model_dump(mode="json")
    assert "zero_cells" not in plan("OR", method="DL", test="z").content
    ruled = plan("OR", method="DL", test="z", zero_cells={"to": "all"})
    assert ruled.content["zero_cells"] == {"add": 0.5, "to": "all", "drop00": False}
    assert type(ruled).model_validate(ruled.model_dump(mode="json")) == ruled


@pytest.mark.parametrize(
    ("measure", "more", "words"),
    [
        ("OR", {"zero_cells": {}}, "MH, which adds nothing"),
        ("SMD", {"method": "DL", "test": "z", "zero_cells": {}}, "measures of counts"),
        ("OR", {"method": "DL", "test": "z", "zero_cells": {"add": -1}}, "greater than or equal"),
        ("OR", {"method": "DL", "test": "z", "zero_cells": {"to": "some"}}, "only0"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(measure: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(measure, **more)


def given(*counts: tuple[int, int, int, int]) -> tuple[Any, ...]:
    return tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "higher_is_better": False,
                "intervention": side(n=n1, events=a),
                "comparator": side(n=n2, events=c),
            }
        )
        for i, (a, n1, c, n2) in enumerate(counts, 1)
    )


def told(inputs: RunInputs) -> str:
    return " ".join(notice.sentence for notice in zero_cell_notices(inputs))


@pytest.mark.parametrize(
    ("measure", "shown"), [("OR", 0.48), ("RR", 0.50), ("RD", 0.03)], ids=["OR", "RR", "RD"]
)
def test_other_ways_are_told_as_all_numbers_of_the_run_are(measure: str, shown: float) -> None:
    """Fewer events are better: a difference is turned, as in the table; a ratio is as measured."""
    counts = given((0, 100, 3, 100), (3, 100, 6, 100), (4, 100, 5, 100))
    inputs = RunInputs(plan=plan(measure, method="DL", test="z"), trials=counts, left_out=())
    (line, *_) = zero_cell_lines(inputs)
    assert line.estimate is not None
    assert line.estimate > 0, "the intervention did better"
    scale = scale_of_run(inputs)
    assert scale.value(line.estimate) == pytest.approx(shown, abs=0.02)
    assert line.ci is not None
    assert f"{line.label} {scale.alone(line.estimate, line.ci)}" in told(inputs)


def test_peto_warns_of_unequal_arms_and_of_large_effects() -> None:
    inputs = RunInputs(
        plan=plan("PETO"), trials=given((1, 400, 2, 100), (1, 100, 9, 100)), left_out=()
    )
    assert "arms of 2 to 1 or more (Trial 1) and a large effect" in told(inputs)
    assert "Mantel-Haenszel gives OR 0.1" in told(inputs)
    quiet = RunInputs(
        plan=plan("PETO"), trials=given((4, 100, 5, 100), (6, 100, 7, 100)), left_out=()
    )
    assert not told(quiet)


def test_no_line_is_infinite() -> None:
    """All events on one side: no estimate, and a sentence instead of one."""
    inputs = RunInputs(
        plan=plan("OR", method="REML", test="adhoc"),
        trials=given((0, 40, 3, 10), (0, 50, 9, 60)),
        left_out=(),
    )
    lines = {line.variant: line for line in zero_cell_lines(inputs)}
    for name in ("mantel_haenszel", "exact"):
        assert lines[name].estimate is None
        assert lines[name].note == "no finite estimate and interval"
    peto = lines["peto"].estimate
    assert peto is not None
    assert math.isfinite(peto)
    json.dumps([line.model_dump(mode="json") for line in lines.values()], allow_nan=False)


def test_analyses_without_zero_cells_say_nothing() -> None:
    inputs = RunInputs(plan=plan("OR", method="DL", test="z"), trials=trials(), left_out=())
    assert not told(inputs)
    assert rule_words(plan("OR", method="DL", test="z")) is not None
    assert rule_words(plan("SMD", method="DL", test="z")) is None


BY_ARM: dict[str, Any] = json.loads((HERE / "by_arm.json").read_text(encoding="utf-8"))


def of_counts(rows: Any) -> tuple[TrialInput, ...]:
    return tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "intervention": side(n=int(n1), events=int(a)),
                "comparator": side(n=int(n2), events=int(c)),
            }
        )
        for i, (a, n1, c, n2) in enumerate(rows, 1)
    )


@pytest.mark.parametrize("name", BY_ARM)
def test_a_correction_by_arm_follows_metafor_on_cells_corrected_in_r(name: str) -> None:
    expected = BY_ARM[name]
    assert expected["zeros"] >= 1
    given = of_counts(expected["counts"])
    for told, by_r in expected["fits"].items():
        measure, to = told.split()
        rule = {"to": to, "by_arm": True}
        chosen = plan(measure, method="DL", test="z", zero_cells=rule)
        line = pooled(chosen, given).pooled
        found = (line.estimate, line.se, line.tau2)
        assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["tau2"]), rel=1e-9)


def test_a_correction_by_arm_is_planned_said_and_kept() -> None:
    chosen = plan("OR", method="REML", test="z", zero_cells={"by_arm": True})
    assert Plan.model_validate(chosen.model_dump(mode="json")) == chosen
    plain = plan("OR", method="REML", test="z", zero_cells={})
    assert "by_arm" not in str(plain.model_dump(mode="json"))
    assert rule_words(chosen) == (
        "to each cell of the trials that have a cell without events 0.5 is added, on average of "
        "both arms: to each by its share of the participants; trials without events (or with "
        "events only) in both arms are kept"
    )
    inputs = RunInputs(plan=chosen, trials=of_counts([(0, 100, 0, 300), (3, 50, 5, 50)]),
                       left_out=())  # fmt: skip
    told = " ".join(notice.what for notice in zero_cell_notices(inputs))
    assert "(as planned)" in told
    assert "0.5 added to each cell, on average of both arms: to each by its share" in told
    effects = trial_effects(inputs)
    assert effects.yi[0] == pytest.approx(0, abs=1e-12), "no events in either arm: no effect"
    assert "0.25 and 0.75 added to each cell of the two arms" in effects.recipes[0]
