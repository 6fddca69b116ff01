"""Every measure that can be planned goes through everything that handles measures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from review.export.contents.findings import finding
from review.export.contents.pooled import pooled_data
from review.export.drawings.axis import axis_label
from review.export.drawings.forest import forest_of
from review.export.manuscript.document import filled
from review.export.manuscript.methods import CITED
from review.export.manuscript.results import effect_words
from review.export.reproduction.revman import data_rows, settings
from review.export.reproduction.script import write_scripts
from review.export.runs import LatestRun
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.vocabulary import Level
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.select import select
from review.living.reports.changes import compare
from review.living.runs.contents import RunInputs
from review.measures import AnalysisKind, Family, Measure, measure_named, measures_of
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.export.reproduction.programs import furthest, python, rscript
from tests.extraction.reported import evidence_with

CASES = [(kind, measure) for kind in AnalysisKind for measure in sorted(measures_of(kind))]
MEANS = ((41, 5.1, 1.9, 39, 4.0, 2.1), (25, 6.2, 2.4, 28, 6.0, 2.0), (60, 4.9, 1.7, 57, 5.3, 1.8))
EVENTS = ((4, 41, 9, 39), (0, 25, 3, 28), (12, 60, 17, 57))


def planned(kind: AnalysisKind, measure: Measure) -> Plan:
    side = {"label": "video", "treatment": ["video"]}
    given: dict[str, Any] = {"comparator": {"label": "in person", "treatment": ["in person"]}}
    if kind is AnalysisKind.ASSOCIATION:
        given["predicts"] = "mood"
    if kind is AnalysisKind.NETWORK:
        given["other_treatments"] = [{"label": "a book", "treatment": ["book"]}]
    if kind is AnalysisKind.SINGLE_ARM:
        given = {}
    return Plan.model_validate(
        {
            "title": f"{kind.value} {measure.value}", "outcome": "alliance", "kind": kind,
            "measure": measure, "intervention": side, **given,
        }
    )  # fmt: skip


def reported(kind: AnalysisKind, measure: Measure, study: int, side: int) -> dict[str, Any]:
    """What a report gives of one arm for a measure, by the family of the measure."""
    n, mean, sd = MEANS[study - 1][3 * side : 3 * side + 3]
    events, total = EVENTS[study - 1][2 * side : 2 * side + 2]
    if kind is AnalysisKind.ASSOCIATION:
        return {"n": n, "estimate": mean / 10, "metric": "r"}
    match measure.facts.family:
        case Family.READY:
            return {"n": n, "estimate": mean, "variance": sd**2 / n, "metric": "points"}
        case Family.EVENTS | Family.EVENTS_OF_ONE:
            return {"n": total, "events": events}
        case Family.RATES | Family.RATE_OF_ONE:
            return {"events": events, "person_years": total / 2}
        case Family.MEANS | Family.MEAN_OF_ONE:
            return {"n": n, "mean": mean, "sd": sd}
        case Family.CHANGES:
            both = {"baseline_mean": mean - 1, "baseline_sd": sd, "correlation": 0.5}
            return {"n": n, "mean": mean, "sd": sd, **both}
        case other:
            pytest.fail(
                f"a family that can be planned and that this test has no numbers for: {other}"
            )


def evidence(kind: AnalysisKind, measure: Measure) -> Iterator[Evidence]:
    associated = kind is AnalysisKind.ASSOCIATION
    for study in (1, 2, 3):
        for side, treatment in enumerate(("video", "in person")):
            yield evidence_with(
                result_id=10 * study + side, entry_kind="single", study_id=study,
                study=f"Synthetic {study}", year=2019 + study, excluded_because=None,
                outcome="alliance", instrument="wai", instrument_name="WAI",
                higher_is_better=True, rater=Rater.CLIENT, timepoint="post",
                analysis_set=AnalysisSet.ITT,
                arm=ArmSide(10 * study + side, treatment, treatment, None), versus=None,
                level=Level.ASSOCIATION if associated else Level.ARM,
                **({"with_instrument": "bdi", "with_outcome": "mood",
                    "with_higher_is_better": False} if associated else {}),
                **reported(kind, measure, study, side),
            )  # fmt: skip


def latest(kind: AnalysisKind, measure: Measure) -> LatestRun:
    chosen = select(planned(kind, measure), list(evidence(kind, measure)))
    assert len({trial.study_id for trial in chosen.trials}) == 3, chosen.left_out
    inputs = RunInputs.model_validate_json(chosen.model_dump_json())
    assert inputs.fingerprint == chosen.fingerprint
    (results,) = pool_inputs([(inputs, trial_effects(inputs))])
    slug = f"{kind.value.replace('_', '-')}-{measure.value.lower()}"
    return LatestRun(slug, 1, inputs, results, compare(None, (inputs, results)), "0" * 64)


@pytest.mark.parametrize(("kind", "measure"), CASES)
def test_figures_sentences_and_tables_know_it(kind: AnalysisKind, measure: Measure) -> None:
    run = latest(kind, measure)
    assert run.results.pooled.se > 0
    assert axis_label(run.inputs)
    assert forest_of(run.inputs, run.results) is not None
    assert effect_words(run.inputs.plan, run.scale).strip()
    assert "".join(map(str, filled(measure.facts.methods, **CITED)))
    (row,) = pooled_data("Synthetic", [run]).rows
    assert run.scale.shown in row or measure.value in row
    natural = run.results.pooled.natural
    goes_back = measure.facts.natural or measure.facts.by_size
    assert (natural is None) == (goes_back is None)
    if kind is AnalysisKind.CONTRAST:
        assert finding(run, None).effect is not None
        assert len(data_rows([run]).rows) == len(run.inputs.trials)
        assert len(settings([run]).rows) == 1


@pytest.mark.parametrize("measure", Measure)
def test_the_facts_of_a_measure_agree_with_each_other(measure: Measure) -> None:
    facts = measure.facts
    assert measure_named(measure.value) is measure
    assert measure_named(measure.scale) is measure
    assert bool(facts.methods) == bool(facts.planned)
    assert not (facts.standardized and facts.ratio)
    assert measure.scale.startswith("log ") == (facts.ratio is not None)
    assert (facts.null == 1.0) == (facts.ratio is not None)
    if facts.natural is not None:
        assert facts.natural.back(0.0) in (0.0, 0.5, 1.0)


def test_both_scripts_compute_every_measure_again(tmp_path: Path) -> None:
    runs = [latest(kind, measure) for kind, measure in CASES]
    write_scripts("Synthetic", runs, tmp_path)
    by_python, by_r = python(tmp_path / "reproduce.py"), rscript(tmp_path / "reproduce.R")
    for done in (by_python, by_r):
        assert done.returncode == 0, done.stdout + done.stderr
        assert "all agree" in done.stdout
        assert furthest(done.stdout) < 1e-6
        for run in runs:
            assert any(
                line.startswith(run.analysis) and "effects, the worst" in line
                for line in done.stdout.splitlines()
            ), run.analysis


def test_a_script_does_not_take_an_unknown_measure_for_another(tmp_path: Path) -> None:
    write_scripts("Synthetic", [latest(AnalysisKind.SINGLE_ARM, Measure.PLO)], tmp_path)
    for name, words, program in (
        ("reproduce.py", "this script does not know the measure XYZ", python),
        ("reproduce.R", "Unknown 'measure' specified", rscript),
    ):
        script = tmp_path / name
        text = script.read_text(encoding="utf-8")
        place = text.rindex("plan <- list(" if program is rscript else "plan = Row(")
        head, call = text[:place], text[place:]
        script.write_text(head + call.replace("PLO", "XYZ", 1), encoding="utf-8")
        done = program(script)
        assert done.returncode == 1
        assert words in done.stdout + done.stderr
