"""The sensitivity set: each variant is what the engine gives for the same trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.rules import Settled
from review.extraction.appraisal.vocabulary import State
from review.extraction.rows import NumberedRow
from review.history.actions import Attribution, writing
from review.living.inputs.variants import with_alternatives
from review.living.job.repool import repool
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import VariantLine
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant
from review.synthesis import Method, Test, aggregate, pet_peese, pool, trim_and_fill
from tests.living.fixture import V, Y, begin, enter, trial
from tests.living.job.test_repool import plan
from tests.living.reports.test_changes import run
from tests.tiers import MOSTLY_ON_SQLITE

ALL = (
    "fixed", "z_test", "dersimonian_laird", "leave_one_out", "trim_and_fill",
    "pet_peese", "without_influential", "by_rater", "itt_only", "aggregated", "three_level",
)  # fmt: skip


def rated(number: int, y: float, v: float, **changes: object) -> NumberedRow:
    row = trial(number, y, v)
    return NumberedRow(row.line, row.row.model_copy(update=changes))


@pytest.fixture
def lines(database: Database, by: Attribution) -> dict[str, VariantLine]:
    """All variants of the fixture, where two trials also have therapists' ratings."""
    begin(database, by, variants=ALL, raters=("client", "therapist"))
    with writing(database, by) as session:
        rows = [
            rated(n, y, v, rater="client") for n, (y, v) in enumerate(zip(Y, V, strict=True), 1)
        ]
        rows += [rated(n, Y[n - 1] + 0.3, V[n - 1], rater="therapist") for n in (2, 5)]
        import_extraction(session, review_called(session, None), rows, file="x", person="ada")
    repool(database, actor="t")
    with database.reading() as session:
        run = run_numbered(session, review_called(session, None), "alliance", None)
        found = snapshot_of(run)[1].variants
    return {line.label: line for line in found}


def test_each_variant_is_the_engines(lines: dict[str, VariantLine]) -> None:
    y, v = np.array(Y), np.array(V)
    expected = {
        "common effect": pool(y, v, method=Method.EE, test=Test.Z),
        "normal interval": pool(y, v, method=Method.DL, test=Test.Z),
        "trim and fill": trim_and_fill(y, v, method=Method.DL, test=Test.Z).fit,
        "without Synthetic 3": pool(
            np.delete(y, 2), np.delete(v, 2), method=Method.DL, test=Test.Z
        ),
        "rated by therapist": pool(y[[1, 4]] + 0.3, v[[1, 4]], method=Method.DL, test=Test.Z),
    }
    for label, pooled in expected.items():
        assert lines[label].k == pooled.k
        assert lines[label].estimate == pytest.approx(pooled.estimate, rel=1e-12)
        assert lines[label].ci == pytest.approx(pooled.ci, rel=1e-12)


def test_pet_peese_says_which_it_is_and_that_standard_errors_depend_on_the_effect(
    lines: dict[str, VariantLine],
) -> None:
    line, found = lines["PET-PEESE"], pet_peese(Y, V)
    assert (line.k, line.estimate, line.ci) == (8, found.estimate, found.ci)
    assert line.tau2 is None
    assert line.note is not None
    assert line.note.startswith(f"estimate of {found.conditional}; ")
    assert "depend on the effect" in line.note


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        ({1: (0.2, 0.1), 2: (0.3, 0.2)}, "at least three studies"),
        ({1: (0.3, 0.1), 2: (0.4, 0.1), 3: (0.5, 0.1)}, "of one size"),
        ({1: (0.1, 0.01), 2: (0.2, 0.04), 3: (0.3, 0.09)}, "no residual is left"),
    ],
)
def test_pet_peese_without_an_answer_says_why(
    trials: dict[int, tuple[float, float]], reason: str
) -> None:
    (line,) = run(trials, variants=(Variant.PET_PEESE,))[1].variants
    assert line.estimate is None
    assert line.note is not None
    assert reason in line.note


def test_dependent_results_are_averaged_and_modelled(lines: dict[str, VariantLine]) -> None:
    y = np.array([*Y, Y[1] + 0.3, Y[4] + 0.3])
    v = np.array([*V, V[1], V[4]])
    one = aggregate(y, v, [*range(8), 1, 4], rho=0.6)
    averaged = lines["results averaged within trials, rho 0.6"]
    expected = pool(one.yi, one.vi, method=Method.DL, test=Test.Z).estimate
    assert averaged.estimate == pytest.approx(expected, rel=1e-12)
    three = lines["three-level model, rho 0.6, robust (CR2)"]
    assert (three.k, three.note) == (8, "10 results of 8 trials")
    assert three.ci is not None


def test_a_variant_without_trials_says_so(lines: dict[str, VariantLine]) -> None:
    assert lines["intention to treat only"].note == "no trial"
    assert sum(label.startswith("without Synthetic") for label in lines) == 8


def test_a_variants_own_numbers_make_an_analysis_stale(database: Database, by: Attribution) -> None:
    begin(database, by, variants=("by_rater",), raters=("client",))
    with writing(database, by) as session:
        rows = [rated(n, Y[n - 1], V[n - 1], rater="client") for n in (1, 2, 3)]
        import_extraction(session, review_called(session, None), rows, file="x", person="ada")
    assert len(repool(database, actor="t").recomputed) == 1
    with writing(database, by) as session:
        rows = [rated(1, 0.1, V[0], rater="therapist")]
        import_extraction(session, review_called(session, None), rows, file="x", person="ada")
    assert len(repool(database, actor="t").recomputed) == 1


def test_choices_added_later_leave_older_plans_as_they_were() -> None:
    assert plan().sha256 == Plan.model_validate(plan().model_dump(mode="json")).sha256
    assert "variants" not in plan().content
    assert plan(variants=("fixed",)).sha256 != plan().sha256


def test_subgroups_and_regressions_as_planned(database: Database, by: Attribution) -> None:
    begin(database, by, subgroups=("rater",), moderators=("year",))
    with writing(database, by) as session:
        rows = [
            rated(n, Y[n - 1], V[n - 1], year=2000 + n, rater="client" if n % 2 else "therapist")
            for n in range(1, 9)
        ]
        import_extraction(session, review_called(session, None), rows, file="x", person="ada")
    repool(database, actor="t")
    with database.reading() as session:
        run = run_numbered(session, review_called(session, None), "alliance", None)
        groups, regression = snapshot_of(run)[1].moderators
    assert [(g.label, g.k) for g in groups.lines] == [("client", 4), ("therapist", 4)]
    assert groups.p is not None
    assert [line.label for line in regression.lines] == ["intrcpt", "year"]
    assert regression.p is not None


def test_the_multiverse_holds_the_planned_analysis(
    cli: Callable[..., Result], database: Database, by: Attribution
) -> None:
    begin(database, by)
    enter(database, by, range(1, 9))
    cli("repool")
    found = json.loads(cli("runs", "multiverse", "alliance", "--json").stdout)
    (planned,) = [line for line in found["lines"] if line["planned"]]
    assert planned["estimate"] == pytest.approx(-0.1145352, abs=6e-8)
    # no trial is influential: without influential ones each model would be counted twice
    assert len(found["lines"]) == 6
    estimates = [line["estimate"] for line in found["lines"]]
    assert estimates == sorted(estimates)
    assert "6 combinations" in cli("runs", "multiverse", "alliance").output


@MOSTLY_ON_SQLITE
def test_runs_are_recomputed_from_their_own_inputs(
    cli: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> None:
    begin(database, by, variants=ALL)
    for numbers in (range(1, 5), range(5, 9)):
        enter(database, by, numbers)
        cli("repool")
    told = json.loads(cli("runs", "recompute", "--json").stdout)
    assert [(item["number"], item["reproduced"], item["largest"]) for item in told] == [
        (1, True, 0.0),
        (2, True, 0.0),
    ]
    assert "2 of 2 runs reproduced" in cli("runs", "recompute").output
    for suffix in ("md", "html"):
        path = tmp_path / f"change.{suffix}"
        cli("runs", "diff", "alliance", "1", "2", "--out", path)
        text = path.read_text()
        for heading in (
            "Who moved it",
            "Signals",
            "How firm it is",
            "The next trial",
            "Sensitivity",
        ):
            assert heading in text
    shown = json.loads(cli("runs", "diff", "alliance", "1", "2", "--json").stdout)
    assert shown["explanation"]["shares"]["exact"]
    assert shown["panel"]["looks"][0]["k"] == 4
    assert "Repeated looks" in cli("runs", "looks", "alliance").output
    assert "Sensitivity:" in cli("runs", "show", "alliance").output


def test_low_risk_only_keeps_what_was_judged_so() -> None:
    inputs, _ = run(
        {1: (0.1, 0.04), 2: (0.2, 0.04), 3: (0.3, 0.04)}, variants=(Variant.LOW_RISK_ONLY,)
    )
    settled = {
        Target(name): Settled(Target(name), 1, "rob2-parallel", "1", judgement, "x", State.AGREED)
        for name, judgement in (("Synthetic 1", "low"), ("Synthetic 2", "high"))
    }
    (found,) = with_alternatives(inputs, [], settled).alternatives
    assert [trial.study for trial in found.trials] == ["Synthetic 1"]


def test_low_risk_only_before_anybody_judged(database: Database, by: Attribution) -> None:
    begin(database, by, variants=("low_risk_only",))
    enter(database, by, range(1, 5))
    assert repool(database, actor="t").failed == []
    with database.reading() as session:
        run_ = run_numbered(session, review_called(session, None), "alliance", None)
        (line,) = snapshot_of(run_)[1].variants
    assert (line.label, line.note) == ("low risk of bias only", "no trial")
