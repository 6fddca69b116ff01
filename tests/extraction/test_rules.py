"""What a row of an extraction table may say, and what of it does not go together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from review.extraction.rules import ExtractionRow

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
