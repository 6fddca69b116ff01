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


EXPLAINED: dict[str, Any] = json.loads(
    (ROOT / "tests" / "synthesis" / "network" / "moderated.json").read_text(encoding="utf-8")
)
"""By metafor: five networks of metadat explained by the year of trials."""


@pytest.fixture
def arms(tmp_path: Path) -> Path:
    """Smoking cessation: estimates of arms, the year of trials, and before or after the median."""
    case = EXPLAINED["hasselblad1998"]
    lines = ["study,treatment,estimate,variance,year,era"]
    for row in case["arms"]:
        era = "early" if row["year"] < case["groups"]["cut"] else "late"
        cells = (row["study"], row["treatment"], row["estimate"], row["variance"], row["year"], era)
        lines.append(",".join(map(str, cells)))
    path = tmp_path / "arms.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


ASKED = ("--reference", "no_contact", "--test", "z", "--mods", "year", "--mods", "0 + era",
         "--subgroup", "era")  # fmt: skip


def test_a_network_is_explained_as_metafor_does(arms: Path) -> None:
    case = EXPLAINED["hasselblad1998"]
    groups, slope, under_one = told(str(arms), *ASKED)["explained"]
    expected = case["regressions"][0]
    (found,) = slope["slopes"]
    assert (found["estimate"], found["se"]) == pytest.approx(
        (expected["slope"], expected["se"]), rel=1e-3
    )
    assert [one["estimate"] for one in slope["each"]] == pytest.approx(expected["slopes"], rel=1e-3)
    assert slope["alike"]["stat"] == pytest.approx(expected["alike"], rel=1e-3)
    for group in groups["groups"]:
        theirs = case["groups"]["groups"][group["label"]]
        assert [d["estimate"] for d in group["effects"]] == pytest.approx(
            theirs["effects"], rel=1e-3, abs=1e-4
        )
    assert groups["together"]["stat"] == pytest.approx(case["groups"]["together"]["stat"], rel=1e-3)
    assert under_one["tau2"] == pytest.approx(case["levels"]["tau2"], rel=1e-3)
    assert under_one["untold"] == ["self_help: eraearly"]


def test_what_explains_a_network_is_printed(arms: Path) -> None:
    result = run(str(arms), *ASKED)
    assert result.exit_code == 0
    for words in (
        "Subgroups by era, a network each, against no_contact:", "Groups differ in any comparison:",
        "the same coefficient for every treatment against no_contact:",
        "One coefficient is enough:",
        "A coefficient for each treatment", "0 + era, one tau²", "All effects of self_help zero:",
    ):  # fmt: skip
        assert words in result.output


def test_trials_without_one_value_are_named(arms: Path) -> None:
    lines = arms.read_text(encoding="utf-8").splitlines()
    first, second = lines[1].rsplit(",", 1)[0], lines[2].rsplit(",", 1)[0]
    third = lines[3].rsplit(",", 1)[0]
    arms.write_text(
        "\n".join([lines[0], f"{first},late", f"{second},early", f"{third},", *lines[4:]]), "utf-8"
    )
    output = run(str(arms), "--subgroup", "era", "--reference", "no_contact").output
    assert "Without it: 1: its arms differ in era" in output
    assert "Without it: 2: its arms differ in era" in output
    refused = run(str(arms), "--mods", "decade")
    assert refused.exit_code != 0
    assert "there is no such column" in refused.output


def test_groups_without_a_common_comparison_have_no_test(tmp_path: Path) -> None:
    path = tmp_path / "arms.csv"
    rows = [
        ("1", "a", 0.1, "x", ""), ("1", "b", 0.4, "x", ""), ("2", "b", 0.2, "y", ""),
        ("2", "c", 0.3, "y", ""), ("3", "a", 0.2, "x", ""), ("3", "b", 0.6, "x", ""),
    ]  # fmt: skip
    text = [f"{s},{t},{e},0.05,{place},{none}" for s, t, e, place, none in rows]
    path.write_text("\n".join(["study,treatment,estimate,variance,place,none", *text]), "utf-8")
    output = run(str(path), "--subgroup", "place", "--reference", "a").output
    assert "a is not in the network; it has b, c." in output
    assert "No comparison is in two groups, so that there is no test." in output
    levels = run(str(path), "--mods", "0 + place", "--reference", "a").output
    assert "No trials tell: c: placex; b: placey; c: placey." in levels
    nobody = run(str(path), "--subgroup", "none")
    assert "no trial has one value of none" in nobody.output
