"""``review network``: the shipped trials against metafor, the ways in, and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from review.cli import main

ROOT = Path(__file__).parents[2]
TRIALS = str(ROOT / "seeds" / "cbt-delivery" / "results.csv")
CBT: dict[str, Any] = json.loads(
    (ROOT / "tests" / "synthesis" / "network" / "cbt_delivery.json").read_text(encoding="utf-8")
)
MERGE = ("--merge", "Control=Wait list|TAU|No treatment|Placebo")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["network", *arguments])


def told(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("name", "merges"), [("separate", ()), ("controls_merged", MERGE)])
def test_the_shipped_trials_follow_metafor(name: str, merges: tuple[str, ...]) -> None:
    expected = CBT[name]
    first, *_ = expected["treatments"]
    found = told(TRIALS, "--test", "z", "--reference", first, *merges)
    assert (found["k"], found["arms"]) == (expected["k"], expected["arms"])
    assert found["treatments"] == expected["treatments"]
    assert found["tau2"] == pytest.approx(expected["tau2"], rel=1e-5)
    assert found["effects"][1:] == pytest.approx(expected["beta"], rel=1e-4)
    assert [found["vcov"][i][i] ** 0.5 for i in range(1, len(found["effects"]))] == pytest.approx(
        expected["se"], rel=1e-5
    )
    assert found["q"] == pytest.approx(expected["Q"], rel=1e-9)
    assert found["q_df"] == expected["Q_df"]


def test_what_is_merged_and_left_out_is_said() -> None:
    output = run(TRIALS, *MERGE, "--better", "lower").output
    assert (
        "Left out: Zettle (1989): all its arms are F2F CBT, so that it compares nothing" in output
    )
    assert "Note: Brown (1984): its 3 arms of F2F CBT count as one." in output
    assert "Note: TAU counts as Control." in output
    assert "one small trial can put a treatment first" in output
    assert "P-score" not in run(TRIALS).output


def written(at: Path, text: str) -> str:
    file = at / "arms.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_counts_with_an_empty_cell_have_half_an_event_in_every_arm_of_the_trial(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, "study,treatment,events,n\n1,a,0,10\n1,b,4,10\n")
    found = told(file, "--measure", "OR", "--reference", "a", "--test", "z")
    from math import log

    assert found["effects"][1] == pytest.approx(log((4.5 / 6.5) / (0.5 / 10.5)))
    assert found["vcov"][1][1] == pytest.approx(1 / 4.5 + 1 / 6.5 + 1 / 0.5 + 1 / 10.5)
    ratio = told(file, "--measure", "RR", "--reference", "a", "--test", "z")
    assert ratio["effects"][1] == pytest.approx(log((4.5 / 11) / (0.5 / 11)))
    assert ratio["vcov"][1][1] == pytest.approx(1 / 4.5 - 1 / 11 + 1 / 0.5 - 1 / 11)


def test_means_are_standardized_by_default_and_kept_in_points_when_asked(tmp_path: Path) -> None:
    file = written(tmp_path, "study,treatment,n,mean,sd\n1,a,20,5,2\n1,b,20,7,2\n")
    assert told(file)["measure"] == "SMD"
    found = told(file, "--measure", "MD", "--reference", "a")
    assert (found["effects"][1], found["vcov"][1][1]) == pytest.approx((2.0, 0.4))


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("study,treatment,n\n1,a,2\n", (), "has no columns estimate and variance"),
        ("trial,treatment,estimate,variance\n1,a,2,1\n", (), "there is no such column"),
        (
            "study,treatment,estimate,variance\n1,a,0,1\n1,b,1,1\n2,c,0,1\n2,d,1,1\n",
            (),
            "falls into 2 parts that no trial joins: a, b; c, d",
        ),
        (
            "study,treatment,estimate,variance\n1,a,0,1\n1,b,1,1\n",
            ("--merge", "x=y"),
            "--merge names y, which no arm has",
        ),
        (
            "study,treatment,estimate,variance\n1,a,0,1\n1,a,0,1\n1,b,1,1\n",
            (),
            "several arms of a; give n of each",
        ),
        ("study,treatment,events,n\n1,a,5,4\n1,b,1,4\n", (), "5 events among 4 of a cannot be"),
        (
            "study,treatment,n,mean,sd\n1,a,0,5,1\n1,b,9,4,1\n",
            ("--measure", "MD"),
            "1: 0 participants of a cannot be",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    tmp_path: Path, text: str, arguments: tuple[str, ...], said: str
) -> None:
    result = run(written(tmp_path, text), *arguments)
    assert result.exit_code == 1
    assert said in result.output


def test_a_star_says_that_nothing_could_disagree(tmp_path: Path) -> None:
    rows = "".join(f"{t}{i},a,0,1\n{t}{i},{t},1,1\n" for t in "bc" for i in (1, 2))
    output = run(written(tmp_path, f"study,treatment,estimate,variance\n{rows}")).output
    assert "Inconsistency cannot be assessed" in output
