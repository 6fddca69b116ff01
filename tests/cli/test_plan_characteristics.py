"""``review analysis add`` with subgroups, moderators and conditions, down to the printed run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result

EXAMPLE = (
    "--title", "CBT", "--outcome", "depression", "--measure", "GEN",
    "--intervention", "CBT", "--intervention-treatment", "Multimedia CBT",
    "--intervention-treatment", "Face-to-face CBT", "--intervention-treatment", "Hybrid CBT",
    "--comparator", "control", "--comparator-treatment", "Wait list",
    "--comparator-treatment", "TAU", "--comparator-treatment", "No treatment",
    "--comparator-treatment", "Placebo",
)  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_example_of_the_pages_gives_what_they_say(cli: Callable[..., Result]) -> None:
    """docs/plan-a-review.md; `reproduce.R` gives the same numbers by metafor."""
    cli("seed", "load", "cbt-delivery")
    added = cli(
        "analysis", "add", "explained", *EXAMPLE, "--subgroup", "comparator.treatment",
        "--moderator", "center(year) * comparator.treatment",
        "--where", "comparator.treatment in Wait list, TAU", "--where", "year >= 1980",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert cli("repool").exit_code == 0
    told = " ".join(cli("runs", "show", "explained").output.split())
    assert "trials (k) 20" in told
    assert "Wait list 9 1.29 [0.89, 1.69] superior" in told
    assert "TAU 11 0.55 [0.21, 0.89] superior" in told
    assert "Subgroups by comparator.treatment: test 10.28, df 1, p 0.001" in told
    assert "center(year):comparator.treatment: 2.68, df 1, 16, p 0.121" in told
    assert "the plan takes only trials where comparator.treatment in" in told
    shown = cli("analysis", "show", "explained").output
    assert "where:" in shown
    assert "year >= 1980" in shown


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_unknown_names_are_refused_when_the_plan_is_added(cli: Callable[..., Result]) -> None:
    cli("seed", "load", "cbt-delivery")
    refused = cli("analysis", "add", "wrong", *EXAMPLE, "--subgroup", "diagnosys", status=1)
    told = " ".join(refused.output.split())
    assert "there is no characteristic 'diagnosys', did you mean diagnosis?" in told
    assert "therapist_training" in told
    known = cli("analysis", "add", "right", *EXAMPLE, "--subgroup", "diagnosis")
    assert known.exit_code == 0, known.output
