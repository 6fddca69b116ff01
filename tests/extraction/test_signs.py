"""Signs, directions, p values and metrics: said with file and line when they are entered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from scipy import stats

from review.effects import Measure
from review.extraction.conversion import contrast_effect, unknown_metric
from review.extraction.numbers import ReportedNumbers
from review.extraction.rules import ExtractionRow

PROTOCOL = """
review: {slug: stat, title: Invented}
outcomes: [{slug: symptoms, name: Symptoms}, {slug: dropout, name: Dropout}]
instruments:
  - {slug: bdi-ii, name: BDI-II, outcome: symptoms, higher_is_better: false}
  - {slug: drop, name: Dropout, outcome: dropout, higher_is_better: false}
analyses:
  - slug: g
    plan: {title: SMD, outcome: symptoms, margin: 0.5,
           intervention: {label: video, delivery_mode: [videoconference]},
           comparator: {label: f2f, delivery_mode: [face_to_face]}}
"""

HEADER = (
    "study,arm,delivery_mode,versus_arm,versus_delivery_mode,instrument,n,versus_n,mean,sd,"
    "mean_change,sd_change,baseline_mean,events,estimate,se,t,p,metric,favours,positive\n"
)
TWO = "Video,videoconference,Clinic,face_to_face"
ONE = "Video,videoconference,,"
OTHER = "Clinic,face_to_face,,"
SCORES = f"A,{ONE},bdi-ii,50,,20,8,,,,,,,,,,,\nA,{OTHER},bdi-ii,52,,23,9,,,,,,,,,,,\n"
EVENTS = f"A,{ONE},drop,100,,,,,,,10,,,,,,,\nA,{OTHER},drop,100,,,,,,,20,,,,,,,\n"


def _row(**cells: Any) -> ExtractionRow:
    return ExtractionRow(study="A", arm="x", instrument="i", **cells)


SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def entered(cli: Callable[..., Result], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Import rows below the header and return the report."""
    (tmp_path / "plan.yaml").write_text(PROTOCOL)
    cli("new", "--file", tmp_path / "plan.yaml")

    def enter(rows: str, *, status: int = 0) -> dict[str, Any]:
        (tmp_path / "rows.csv").write_text(HEADER + rows)
        ran = cli("extract", "import", tmp_path / "rows.csv", "--json", status=status)
        return json.loads(ran.stdout) if status == 0 else {"error": ran.stderr}

    return enter


@SQLITE
@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        (SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,-3,1.69,,,MD,Video,\n", []),
        (SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,3,1.69,,,MD,,\n", ["sign_conflict"]),
        (SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,0.35,0.2,,,SMD,,\n", ["sign_conflict"]),
        (SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,0.35,0.2,,,SMD,Video,better\n", []),
        (SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,-0.35,0.2,,,SMD,,better\n", ["sign_conflict"]),
        (EVENTS + f"A,{TWO},drop,100,100,,,,,,,0.5,,,0.06,RR,Video,\n", []),
        (EVENTS + f"A,{TWO},drop,100,100,,,,,,,2.0,,,0.06,RR,,\n", ["sign_conflict"]),
        (EVENTS + f"A,{TWO},drop,100,100,,,,,,,0.69,0.4,,,log RR,,\n", ["sign_conflict"]),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,0.35,0.2,,,SMD,Video,\n", ["direction"]),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,,,1.78,,,Video,\n", ["direction"]),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,,,-1.78,,,Clinic,\n", ["direction"]),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,,,-1.78,,,Video,\n", []),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,,,,0.03,,Vidoe,\n", ["favours_unknown"]),
        (f"A,{TWO},bdi-ii,50,52,,,,,,,,,,0.7,,neither,\n", []),
        (f"A,{ONE},bdi-ii,50,,,,12.5,7,,,,,,,,,\n", ["change_direction"]),
        (f"A,{ONE},bdi-ii,50,,,,-12.5,7,,,,,,,,,\n", []),
        (f"A,{ONE},bdi-ii,50,,,,0.8,7,,,,,,,,,\n", []),  # a waiting list may worsen a little
        (f"A,{ONE},bdi-ii,50,,15,7,12.5,7,27.5,,,,,,,,\n", ["change_direction"]),
    ],
)  # fmt: skip
def test_contradictions_are_said_with_their_line(
    entered: Callable[..., dict[str, Any]], rows: str, kinds: list[str]
) -> None:
    report = entered(rows)
    assert [doubt["kind"] for doubt in report["doubts"]] == kinds
    for doubt in report["doubts"]:
        assert doubt["line"] in range(2, 3 + rows.count("\n"))
        assert "{" not in doubt["why"]
    assert entered(rows)["doubts"] == []  # nothing was entered anew


@SQLITE
def test_a_conflict_withholds_until_it_is_dismissed_or_corrected(
    entered: Callable[..., dict[str, Any]], cli: Callable[..., Result]
) -> None:
    report = entered(SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,3,1.69,,,MD,,\n")
    told = cli("repool").stdout
    assert "No conclusion until this is settled" in told
    (key,) = [d["key"] for d in report["doubts"]]
    cli("extract", "dismiss", key, "--reason", "the means are of another sample")
    assert "No conclusion" not in cli("repool").stdout
    entered(SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,4,1.69,,,MD,,\n")
    assert "No conclusion" in cli("repool").stdout
    entered(SCORES + f"A,{TWO},bdi-ii,50,52,,,,,,,-4,1.69,,,MD,,\n")
    assert "No conclusion" not in cli("repool").stdout


@pytest.mark.parametrize(
    ("printed", "p", "p_below"),
    [
        ("0.000", None, 0.0005), (".00", None, 0.005), ("<0.001", None, 0.001),
        ("< .05", None, 0.05), ("≤0.01", None, 0.01), ("0.0001", 0.0001, None), ("1.000", 1, None),
        ("1", 1, None), ("0.03", 0.03, None),
    ],
)  # fmt: skip
def test_p_is_taken_as_what_it_says(printed: str, p: float | None, p_below: float | None) -> None:
    row = _row(versus_arm="y", p=printed)
    assert (row.numbers.p, row.numbers.p_below) == (p, p_below)
    assert bool(row.asides) is (p_below is not None)


@pytest.mark.parametrize("printed", ["0", "0.0", ">0.05", "n.s."])
def test_a_p_that_says_nothing_is_refused_with_the_remedy(printed: str) -> None:
    with pytest.raises(ValueError, match=r"write|leave|NR"):
        _row(versus_arm="y", p=printed)


@SQLITE
def test_p_values_at_the_ends_give_effects(
    entered: Callable[..., dict[str, Any]], cli: Callable[..., Result]
) -> None:
    """p 1.000 is no difference; p 0.000 the bound 0.0005, by the t distribution with 98 df."""
    report = entered(
        f"P0,{TWO},bdi-ii,50,50,,,,,,,,,,0.000,,Video,\n"
        f"P1,{TWO},bdi-ii,50,50,,,,,,,,,,1.000,,neither,\n"
    )
    assert report["asides"] == [[2, "p 0.000 is taken as p < 0.0005 (p_below)"]]
    cli("repool")
    run = json.loads(cli("runs", "show", "g", "--json").stdout)
    p0, p1 = run["results"]["effects"]
    d = stats.t.isf(0.00025, 98) * (1 / 50 + 1 / 50) ** 0.5
    assert p0["yi"] == pytest.approx(d * 0.99232, rel=1e-4)  # J(98) of Hedges 1981
    assert (p1["yi"], p1["vi"]) == (0.0, pytest.approx(0.04))


@pytest.mark.parametrize(
    ("metric", "meant"),
    [
        ("MD", None), ("mean difference", None), ("Cohen's d", None), ("log OR", None),
        ("ln RR", None), ("standardized mean difference", None), ("HR", None),
        ("mean diff", "MD"), ("odds ratios", "OR"), ("Hedge's g", "SMD"), ("Cohens'd", "d"),
        ("hazard rato", "HR"), ("points", ""),
    ],
)  # fmt: skip
def test_metrics(metric: str, meant: str | None) -> None:
    reason = unknown_metric(metric)
    if meant is None:
        assert reason is None
    else:
        assert reason is not None
        assert (f"is it {meant}?" in reason) is bool(meant)


@SQLITE
def test_a_metric_that_no_planned_measure_can_use_is_refused(
    entered: Callable[..., dict[str, Any]],
) -> None:
    error = entered(f"A,{TWO},bdi-ii,50,52,,,,,,,-3,1.69,,,mean diff,,\n", status=1)["error"]
    assert "line 2, column metric" in error
    assert "is it MD?" in error


def test_positive_goes_with_an_estimate_of_two_arms() -> None:
    with pytest.raises(ValueError, match="positive says what"):
        _row(mean="3", positive="better")


def test_a_p_of_one_needs_no_direction() -> None:
    found = contrast_effect(ReportedNumbers(n=20, versus_n=30, p=1.0), Measure.SMD)
    assert found is not None
    assert found.estimate == 0.0
    assert found.variance == pytest.approx(1 / 20 + 1 / 30)
    assert contrast_effect(ReportedNumbers(n=20, versus_n=30, p=0.5), Measure.SMD) is None
