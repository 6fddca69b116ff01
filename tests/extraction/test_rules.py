"""What a row of an extraction table may say, and what of it does not go together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from review.extraction.rules import ExtractionRow, cells_alone

ROW: dict[str, Any] = {"study": "A", "arm": "x", "instrument": "i"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"instrument": None, "n": 3}, "numbers need an instrument"),
        ({"arm": None, "n": 3}, "needs the arm it is about"),
        ({"versus_arm": "x"}, "versus_arm is the arm itself"),
        ({"versus_n": 3}, "versus_n needs versus_arm"),
        ({"positive": "higher", "versus_arm": "y"}, "of two arms means; there is none"),
        ({"positive": "higher", "estimate": 0.3, "se": 0.1}, "of two arms means; there is none"),
        ({"with_instrument": "j", "versus_arm": "y"}, "is not of two arms"),
        ({"events": 4, "n": 3}, "4 events among 3 participants"),
        ({"estimate": 0.3, "ci_low": 0.1}, "an interval needs both ci_low and ci_high"),
        ({"estimate": 0.3, "ci_low": 0.5, "ci_high": 0.1}, "ci_low is above ci_high"),
        ({"estimate": 0.3, "p": 0.04, "p_below": 0.05}, "give p, or p_below where"),
        ({"estimate": 0.3, "p_sides": 1}, "p_sides says how p was tested"),
        ({"n": 3, "df1": 1}, "df1 is of an F"),
        ({"q1": 2, "median": 1}, "q1 2 is above median 1"),
    ],
)
def test_cells_that_do_not_go_together_are_refused(cells: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ExtractionRow.model_validate({**ROW, **cells})


def test_a_row_that_was_read_is_taken_as_it_is() -> None:
    row = ExtractionRow.model_validate({**ROW, "n": "40", "mean": "2.5"})
    assert (row.numbers.n, row.numbers.mean) == (40, 2.5)
    again = ExtractionRow.model_validate(row.model_dump())
    assert again.numbers == row.numbers
    assert ExtractionRow.model_validate(row) == row


def test_of_cells_that_cannot_be_the_others_are_kept_and_each_is_named() -> None:
    row, problems = cells_alone({"study": "A", "n": "many", "mean": "2.5", "p": "<0.05"})
    assert (row.study, row.numbers.mean, row.numbers.n) == ("A", 2.5, None)
    assert [problem.fields for problem in problems] == [("n",)]
    alone, nothing = cells_alone({"study": "A", "versus_n": 3})
    assert (alone.numbers.versus_n, nothing) == (3, [])
    unnamed, lacks = cells_alone({"mean": "2.5"})
    assert (unnamed.numbers.mean, [problem.fields for problem in lacks]) == (2.5, [("study",)])


@pytest.mark.parametrize(
    ("printed", "p", "below"),
    [("0.04", 0.04, None), ("<0.05", None, 0.05), ("0.000", None, 0.0005), ("1", 1.0, None)],
)
def test_a_p_is_taken_as_it_is_printed(printed: str, p: float | None, below: float | None) -> None:
    numbers = ExtractionRow.model_validate({**ROW, "p": printed, "t": 2.0}).numbers
    assert (numbers.p, numbers.p_below) == (p, below)


def test_a_row_knows_the_columns_of_its_table() -> None:
    row = ExtractionRow.model_validate({**ROW, "q1": 1, "median": 2, "sd": None})
    assert [row.has(name) for name in ("arm", "median", "sd", "mean", "raters")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert (row.value("arm"), row.value("median"), row.value("mean")) == ("x", 2, None)
