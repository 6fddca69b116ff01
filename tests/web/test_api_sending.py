"""Tables that spreadsheets open: texts stay texts, numbers keep their digits."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from review.web.api.sending import table


def _read(value: object) -> str:
    text = bytes(table([{"a": value}], ["a"]).body).decode()
    (_, row) = csv.reader(io.StringIO(text, newline=""))
    return row[0] if row else ""


def test_a_text_that_a_spreadsheet_would_compute_stays_a_text() -> None:
    for text in ("=1+1", "@SUM(A1)", "+cmd|x", "-2+3", "\t=1"):
        assert _read(text) == f"'{text}"
    for text in ("-0.45", "+3", "1e-5", "a=b", "Adams (2015)"):
        assert _read(text) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_as_they_were(number: float) -> None:
    assert float(_read(number)) == number
