"""Double arcsines and double roots go back to proportions and rates by sizes, against metafor."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result

from review.export.drawings.forest import forest_of
from review.figures.forest_values import ForestRow, value_of
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import RunResults
from review.living.runs.scales import scale_of_run
from review.living.runs.sizes import caution, size_of
from review.measures import Measure
from tests.living.estimates.test_counts import plan, side, trials
from tests.tiers import MOSTLY_ON_SQLITE

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "sizes" / "expected.json").read_text(encoding="utf-8")
)


def alone(number: int, measure: str, x: float, size: float) -> TrialInput:
    told = {"n": size} if measure == "PFT" else {"person_years": 100 * size}
    return trials()[0].model_copy(
        update={
            "study_id": number,
            "study": f"Trial {number}",
            "intervention": side(events=int(x), **told),
            "comparator": (),
            "side": "Aspirin",
        }
    )


def run_of(by_r: dict[str, Any], **more: Any) -> tuple[RunInputs, RunResults]:
    measure = by_r["measure"]
    chosen = plan(measure, kind="single_arm", method="REML", test="z", **more)
    rows = zip(by_r["x"], by_r["size"], strict=True)
    given = [alone(i, measure, x, size) for i, (x, size) in enumerate(rows, 1)]
    inputs = RunInputs(plan=chosen, trials=tuple(given), left_out=())
    return inputs, pool_inputs([(inputs, trial_effects(inputs))])[0]


def test_each_measure_has_three_data_sets() -> None:
    measures = [found["measure"] for found in SETS.values()]
    assert sorted(measures) == ["IRFT"] * 3 + ["PFT"] * 3


@pytest.mark.parametrize("name", SETS)
def test_runs_go_back_as_metafor_does(name: str) -> None:
    by_r = SETS[name]
    inputs, results = run_of(by_r)
    line, scale = results.pooled, scale_of_run(inputs)
    assert line.natural is not None
    assert line.pi is not None
    assert line.natural.estimate == pytest.approx(by_r["estimate"], rel=1e-6)
    assert line.natural.ci == pytest.approx(by_r["ci"], rel=1e-6)
    assert scale.back(line.pi) == pytest.approx(by_r["pi"], rel=1e-6, abs=1e-9)
    assert line.natural.scale == scale.read_as
    own = [scale.of_trial(trial) for trial in inputs.trials]
    ends = [one.back(effect.ci) for one, effect in zip(own, results.effects, strict=True)]
    each = [one.back((e.yi, e.yi)) for one, e in zip(own, results.effects, strict=True)]
    assert [found[0] for found in each if found] == pytest.approx(by_r["each"], rel=1e-9, abs=1e-12)
    assert [end[0] for end in ends if end] == pytest.approx(by_r["low"], rel=1e-9, abs=1e-12)
    assert [end[1] for end in ends if end] == pytest.approx(by_r["high"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_the_caution_stands_in_the_notes_of_the_run_and_of_the_figure(name: str) -> None:
    inputs, results = run_of(SETS[name])
    (told,) = caution(inputs)
    assert told in results.pooled.notes
    assert f"{told} Studies' numbers go back by their own sizes" in forest_of(inputs, results).note
    least, most = (float(x) for x in re.findall(r"\((\S+) to (\S+)\)", told)[0])
    unit = 1 if SETS[name]["measure"] == "PFT" else 100
    assert least == pytest.approx(unit * min(SETS[name]["size"]), rel=1e-5)
    assert most == pytest.approx(unit * max(SETS[name]["size"]), rel=1e-5)
    assert "Schwarzer et al. 2019" in told


def test_measures_that_need_no_size_have_no_caution() -> None:
    inputs, results = run_of({**SETS["pritz1997"], "measure": "PFT"})
    other = inputs.model_copy(update={"plan": plan("PLO", kind="single_arm", method="REML")})
    assert list(caution(other)) == []
    scale = scale_of_run(other)
    assert scale.of_trial(other.trials[0]) is scale
    assert results.pooled.natural is not None


def test_a_figure_writes_what_each_study_observed() -> None:
    by_r = SETS["pritz1997"]
    forest = forest_of(*run_of(by_r))
    rows = [row for row in forest.rows if isinstance(row, ForestRow)]
    assert len(rows) == len(by_r["each"])
    for row in rows:
        observed = by_r["each"][int(row.label.removeprefix("Trial ")) - 1]
        assert float(value_of(forest, row).split()[0]) == pytest.approx(observed, abs=0.0051)
    pooled = value_of(forest, forest.summaries[0])
    assert pooled.startswith("0.80 [0.70, 0.89]")
    assert forest.effect_label == "Proportion"


def test_of_results_that_are_one_effect_it_is_their_harmonic_mean() -> None:
    parts = tuple(alone(1, "PFT", 5, size) for size in (20, 60))
    joined = parts[0].model_copy(update={"parts": parts, "joined": "aggregate"})
    assert size_of(Measure.PFT, joined) == pytest.approx(30)
    without = alone(1, "PFT", 5, 20).model_copy(update={"intervention": side(events=5)})
    assert size_of(Measure.PFT, without) is None


def test_the_plans_own_logarithm_is_written_as_it_is() -> None:
    inputs, _ = run_of(SETS["pritz1997"], effect="Logarithm of something")
    assert scale_of_run(inputs).natural is None


@MOSTLY_ON_SQLITE
def test_by_command_it_is_in_print_json_and_tables(
    cli: Callable[..., Result], tmp_path: Path
) -> None:
    by_r = SETS["pritz1997"]
    lines = ["study,arm,treatment,instrument,timepoint,n,events"]
    for i, (x, size) in enumerate(zip(by_r["x"], by_r["size"], strict=True), 1):
        lines.append(f"Trial {i},a,video,remitted,end,{size},{x}")
    (tmp_path / "arms.csv").write_text("\n".join(lines), encoding="utf-8")
    file = tmp_path / "protocol.yaml"
    file.write_text(yaml.safe_dump({
        "review": {"slug": "shares", "title": "Shares"},
        "outcomes": [{"slug": "remission", "name": "Remission"}],
        "instruments": [
            {"slug": "remitted", "name": "Remitted", "outcome": "remission",
             "higher_is_better": True}
        ],
        "analyses": [{
            "slug": "shares", "plan": {
                "title": "Remission", "outcome": "remission", "kind": "single_arm",
                "measure": "PFT", "test": "z",
                "intervention": {"label": "Video", "treatment": ["video"]},
            },
        }],
    }), encoding="utf-8")  # fmt: skip
    cli("new", "--file", str(file))
    cli("extract", "import", tmp_path / "arms.csv")
    cli("repool")
    shown = " ".join(cli("runs", "show", "shares").stdout.split())
    assert "0.94 [0.76, 1.00]" in shown
    assert "0.80 [0.70, 0.89]" in shown
    assert "goes back by the harmonic mean of the sizes (5 to 68)" in shown
    line = json.loads(cli("runs", "show", "shares", "--json").stdout)["results"]["pooled"]
    assert line["natural"]["estimate"] == pytest.approx(by_r["estimate"], rel=1e-6)
    out = tmp_path / "tables"
    cli("export", "tables", "--out", out, "--format", "json")
    text = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.json"))
    assert "harmonic mean of the sizes (5 to 68)" in text
    assert "0.9411764" in text
