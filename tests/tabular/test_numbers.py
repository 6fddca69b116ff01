"""Numbers as people type them: the right one, or refused with the reason; never another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.tabular.numbers import Kind, NotANumber, Number, as_text, decimal_sign, read_number


def value(cell: str, kind: Kind = Kind.NUMBER, decimal: str | None = ".", column: str = "x") -> str:
    found = read_number(cell, kind, column=column, decimal=decimal)
    assert isinstance(found, Number), found
    return found.text


def reason(
    cell: str, kind: Kind = Kind.NUMBER, decimal: str | None = ".", column: str = "x"
) -> str:
    found = read_number(cell, kind, column=column, decimal=decimal)
    assert isinstance(found, NotANumber), found
    return found.reason


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("12", "12"), (" 12 ", "12"), ("0.35", "0.35"), (".35", ".35"), ("-.3", "-.3"),
        ("+0.3", "+0.3"), ("1e-3", "1e-3"), ("41.0", "41.0"), ("−0.3", "-0.3"),
        ("\u00a012\u00a0", "12"),
    ],
)  # fmt: skip
def test_a_plain_number_is_read_without_a_remark(cell: str, text: str) -> None:
    assert read_number(cell, Kind.NUMBER, column="x", decimal=".") == Number(text)


@pytest.mark.parametrize(
    ("cell", "text", "how"),
    [
        ("9,5", "9.5", "decimal comma"), ("0,234", "0.234", "decimal comma"),
        (",5", ".5", "decimal comma"), ("–0.3", "-0.3", "no plain one"),
        ("- 0.3", "-0.3", "no plain one"), ("1 234", "1234", "thousands"),
        ("1\u00a0234,5", "1234.5", "thousands"), ("12\u202f345.6", "12345.6", "thousands"),
        ("1'234.5", "1234.5", "thousands"), ("1,234.5", "1234.5", "thousands"),
        ("1.234,5", "1234.5", "thousands"), ("1,234,567", "1234567", "thousands"),
        ("1.234.567", "1234567", "thousands"), ("0·35", "0.35", "middle"),
        ("·35", "0.35", "middle"), ("１２", "12", "no plain one"), ("x = 12", "12", "name"),
    ],
)  # fmt: skip
def test_one_reading_is_taken_with_a_remark(cell: str, text: str, how: str) -> None:
    found = read_number(cell, Kind.NUMBER, column="x", decimal=".")
    assert isinstance(found, Number)
    assert found.text == text
    assert how in (found.how or "")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1,234", "is it 1234 or 1.234?"), ("9.5 (5.2)", "it holds two"),
        ("9.5 ± 5.2", "it holds two"), ("3 to 4", "it holds two"), ("4.9*", "the mark after it"),
        ("4.9a", "the mark after it"), ("<0.001", "but a bound"), ("~40", "about one"),
        ("12.5%", "is 12.5 meant, or 0.125?"), ("May 9", "like a date"), ("09.05.2026", "a date"),
        ("5-Sep", "a date"), ("#N/A", "error of a spreadsheet's formula"), ("inf", "not a number"),
        ("#DIV/0!", "error of a spreadsheet"), ("m = 9.5", "gives m"), ("1e999", "beyond all size"),
        ("ns", "not a number"), ("12 34", "not a number"), ("1,23,456", "not a number"),
        ("0x10", "not a number"), ("1_000", "not a number"), ("½", "not a number"),
        ("(0.3)", "not a number"), ("0.3-", "not a number"),
    ],
)  # fmt: skip
def test_what_may_be_two_numbers_or_none_is_refused_with_the_reason(cell: str, words: str) -> None:
    assert words in reason(cell)


def test_the_habit_of_the_column_decides_on_one_group() -> None:
    assert value("1,234", decimal=",") == "1.234"
    assert value("1.234", decimal=".") == value("1.234", decimal=None) == "1.234"
    assert "is it 1234 or 1.234?" in reason("1.234", decimal=",")
    assert "is it 1234 or 1.234?" in reason("1,234", decimal=None)


def test_a_count_has_no_decimals() -> None:
    assert value("1,041", Kind.COUNT) == value("1.041", Kind.COUNT, None) == "1041"
    assert value("1.041", Kind.COUNT, ",") == "1041"
    assert "is it 41000 or 41.000?" in reason("41,000", Kind.COUNT)
    assert "is it 1041 or 1.041?" in reason("1,041", Kind.COUNT, ",")
    assert value("n=40", Kind.COUNT, column="n") == value("N = 40", Kind.COUNT, column="n") == "40"


def test_a_percentage_of_a_share_means_hundredths() -> None:
    assert value("95%", Kind.SHARE) == value("95 %", Kind.SHARE) == "0.95"
    assert value("0,5%", Kind.SHARE) == "0.005"


def test_the_habit_is_that_of_most_cells_of_certain_size() -> None:
    assert decimal_sign(["1,234", "12", "abc"]) is None
    assert decimal_sign(["1,234", "12,5", "0,1", "0.1"]) == ","
    assert decimal_sign(["1,234.5"]) == "."
    assert decimal_sign(["12,5", "12.5"]) is None


def grouped(digits: str, sign: str) -> str:
    head = len(digits) % 3 or 3
    return sign.join([digits[:head], *(digits[i : i + 3] for i in range(head, len(digits), 3))])


@given(
    st.integers(0, 10**9),
    st.text("0123456789", max_size=4),
    st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("'", ".")]),
    st.sampled_from(["", "-", "−"]),
    st.sampled_from([".", ",", None]),
)
def test_no_number_is_ever_read_as_another_one(
    whole: int, decimals: str, style: tuple[str, str], sign: str, habit: str | None
) -> None:
    """Either the number that was written, or refused. What cannot be told is left to the habit."""
    thousands, point = style
    digits = grouped(str(whole), thousands) if thousands else str(whole)
    cell = sign + digits + (point + decimals if decimals else "")
    true = float(f"{'-' if sign else ''}{whole}.{decimals or 0}")
    told_apart = not (habit != "," and thousands == "." and not decimals and whole < 10**6)
    told_apart &= not (habit == "," and thousands == "," and not decimals and whole < 10**6)
    found = read_number(cell, Kind.NUMBER, column="x", decimal=habit)
    if isinstance(found, Number) and told_apart:
        assert float(found.text) == true
    right_habit = habit == point
    if right_habit and len(decimals) != 3 and not (thousands and not decimals):
        assert isinstance(found, Number)


@given(st.text(max_size=30), st.sampled_from([*Kind]), st.sampled_from([".", ",", None]))
def test_any_text_is_a_number_that_python_reads_or_a_reason(
    cell: str, kind: Kind, habit: str | None
) -> None:
    found = read_number(cell, kind, column="x", decimal=habit)
    if isinstance(found, Number):
        assert float(found.text) == float(found.text)
        assert any(sign.isdigit() for sign in cell)
    else:
        assert found.reason


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_so_that_it_is_read_back(number: float) -> None:
    assert float(as_text(number)) == number


@pytest.mark.parametrize(
    "cell",
    ["1 " * 50_000, "a b." * 30_000 + "=", "1," * 50_000, "(" * 50_000, "a " * 50_000 + "= 3"],
    ids=["digits", "words", "commas", "brackets", "a name"],
)
def test_a_cell_as_long_as_a_swallowed_file_is_refused_and_not_pondered(cell: str) -> None:
    """Where quotation marks do not pair up a cell holds the rest of a file: this took minutes."""
    for kind in Kind:
        assert isinstance(read_number(cell, kind, column="n", decimal=None), NotANumber)
