"""The extraction table: every problem is named by line and column, and nothing is stored."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FileError, InvalidDataError
from review.extraction.files import read_extraction, template
from review.extraction.numbers import NUMBER_FIELDS
from review.extraction.rules import COLUMNS, ExtractionRow, kind_of
from review.tabular.numbers import NUMBERS, Kind


def problems_of(tmp_path: Path, content: str | bytes) -> list[tuple[int | None, str | None, str]]:
    path = tmp_path / "trials.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError) as caught:
        read_extraction(path)
    return [(p.line, p.column, p.reason) for p in caught.value.problems]


def test_the_template_is_itself_a_valid_table(tmp_path: Path) -> None:
    path = tmp_path / "template.csv"
    path.write_text(template())
    rows = read_extraction(path)
    assert [row.line for row in rows] == [2, 3]
    assert [row.row.arm for row in rows] == ["Video", "In person"]
    assert template(example=False).strip().split(",") == list(COLUMNS)


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ("A,x,wai,abc,1,1", "n", "is not a number"),
        ("A,x,wai,10.5,1,1", "n", "not a whole number"),
        ("A,x,wai,0,1,1", "n", "at least 1"),
        ("A,x,wai,10,one,1", "mean", "is not a number"),
        ('A,x,wai,10,"5,678",1', "mean", "is it 5678 or 5.678?"),
        ('A,x,wai,"41,000",5,1', "n", "is it 41000 or 41.000?"),
        ("A,x,wai,10,n.r.,1", "mean", "write NR or nothing"),
        ("A,x,wai,10,5,-1", "sd", "at least 0"),
        ("A,x,wai,10,inf,1", "mean", "is not a number"),
        (",x,wai,10,5,1", "study", "it is empty"),
        ("A,,wai,10,5,1", "arm", "needs the arm"),
        ("A,x,,10,5,1", "instrument", "need an instrument"),
        ("A,x,WAI short,10,5,1", "instrument", "no short name"),
        ("A,x,wai,3000000000,5,1", "n", "at most 2147483647"),
        ("A,x,wai,99999999999999999999,5,1", "n", "at most 2147483647"),
        ("A,x,wai,1e300,5,1", "n", "at most 2147483647"),
        ("A,x,wai,10,5,1,7", None, "more cells than the header"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(
    tmp_path: Path, cells: str, column: str | None, words: str
) -> None:
    table = f"study,arm,instrument,n,mean,sd\nOK,x,wai,10,5,1\n{cells}\n"
    (problem,) = problems_of(tmp_path, table)
    assert problem[:2] == (3, column)
    assert words in problem[2]


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    table = "study,arm,instrument,n,mean,sd\nA,x,wai,no,5,1\nB,x,wai,3,no,-1\n"
    found = problems_of(tmp_path, table)
    assert [(line, column) for line, column, _ in found] == [(2, "n"), (3, "mean"), (3, "sd")]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"study,arm\nA,\x81\n", 2, "neither UTF-8 nor Windows-1252"),
        (b"study\n", None, "no rows"),
        (b"", None, "it is empty and holds no rows; review extract template prints the columns"),
        (b"study,weight\nA,1\n", 1, "unknown column; review extract template prints the columns"),
        (b"study,intrument\nA,bdi\n", 1, "unknown column; did you mean instrument?"),
        (b"study,DeliverMode\nA,text\n", 1, "unknown column; did you mean delivery_mode?"),
        (b"study,N,n\nA,1,2\n", 1, "unknown column; another column is n already"),
        (b"TY  - JOUR\n", 1, "no column study, so it is not the form of review extract template"),
        (b"PK\x03\x04\xff", None, "a ZIP archive, and no Excel workbook in it"),
        (b"study,arm,arm\nA,1,2\n", 1, "twice"),
        (b'study,arm\nA,"open\n', 2, "do not pair up"),
        (b"study,arm\nA,a\x00b\n", 2, "NUL"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, content: bytes, line: int | None, words: str
) -> None:
    (problem,) = problems_of(tmp_path, content)
    assert problem[0] == line
    assert words in problem[2]


def test_a_file_with_other_names_is_told_what_they_may_mean(tmp_path: Path) -> None:
    assert problems_of(tmp_path, '"author";"arm"\n"A";"1"\n') == [
        (1, "author", "unknown column; did you mean study?"),
        (1, "study", 'the column is missing; did you mean it by "author"?'),
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="cannot read"):
        read_extraction(tmp_path / "none.csv")


def test_byte_order_mark_blank_lines_and_windows_line_ends_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("\ufeffstudy,arm\r\n\r\nMüller 2020,x\r\n,\r\n".encode())
    (row,) = read_extraction(path)
    assert (row.line, row.row.study) == (3, "Müller 2020")


@pytest.mark.parametrize("cell", ["", "NR", "nr", "NA", "n/a", "not reported", " "])
def test_not_reported_is_not_zero(cell: str) -> None:
    row = ExtractionRow.model_validate({"study": "A", "arm": "x", "instrument": "i", "mean": cell})
    assert row.numbers.mean is None
    zero = ExtractionRow.model_validate({"study": "A", "arm": "x", "instrument": "i", "mean": "0"})
    assert zero.numbers.mean == 0.0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_it_was_written(value: float) -> None:
    cells = {"study": "A", "arm": "x", "instrument": "i", "mean": repr(value)}
    assert ExtractionRow.model_validate(cells).numbers.mean == value


@given(st.text(max_size=200))
def test_no_file_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "t.csv"
    out = io.StringIO()
    csv.writer(out).writerow(["study", "arm", "n"])
    path.write_text(out.getvalue() + text, encoding="utf-8", errors="surrogatepass")
    try:
        found = len(read_extraction(path))
    except FileError as error:
        found = len(error.problems)
    assert found > 0


def test_every_column_of_numbers_is_read_as_one() -> None:
    assert {kind_of(name) for name in NUMBER_FIELDS} <= NUMBERS
    assert kind_of("n") is Kind.COUNT
    assert kind_of("ci_level") is kind_of("p") is Kind.SHARE
    assert kind_of("quote") is Kind.TEXT
