"""Tables of any dialect; every unreadable place is named, and nothing is guessed."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FileError
from review.extraction.formats.metapsy import read_metapsy
from review.extraction.formats.table import read_table
from tests.extraction.formats.files import metapsy, trial
from tests.tabular.making import workbook

ROWS = [trial("A 2001"), trial("B 2002", **{".g": "0.25", "time_weeks": "6.5"})]


def problems(data: bytes) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(FileError) as caught:
        read_metapsy(data, file="f.csv")
    return [(p.line, p.column, p.reason) for p in caught.value.problems]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_all_dialects_give_the_same_rows(delimiter: str, comma: bool, encoding: str) -> None:
    data = metapsy(ROWS, delimiter=delimiter, comma=comma).decode().encode(encoding)
    table = read_metapsy(data, file="f.csv")
    assert [row.cells for row in table.rows] == [
        row.cells for row in read_metapsy(metapsy(ROWS), file="f.csv").rows
    ]
    assert [row.number(".g") for row in table.rows] == [-0.5, 0.25]
    assert [row.line for row in table.rows] == [2, 3]
    assert "" not in table.columns


def test_a_quoted_line_break_belongs_to_its_cell_and_lines_go_on() -> None:
    data = metapsy([trial("A 2001", country="one\nline"), trial("B 2002", **{".g": "x"})])
    assert problems(data) == [(4, ".g", '"x" is not a number')]
    (row, _) = read_metapsy(data.replace(b'"x"', b'"1"'), file="f.csv").rows
    assert row.cells["country"] == "one\nline"


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"study;condition_arm1\nA;b\n", 1, "condition_arm2", "missing"),
        (
            metapsy(ROWS).replace(b'"A 2001",', b'"A 2001",1,'),
            2,
            None,
            "more cells than the header has columns: 21",
        ),
        (metapsy(ROWS) + b'"3","C 2003', 4, None, "do not pair up"),
        (metapsy([trial("A", **{".g": "1,234"}), trial("B")]), 2, ".g", "is it 1234 or 1.234?"),
        (metapsy([trial("A"), trial("NA")]), 3, "study", "no name"),
        (metapsy(ROWS).replace(b'"country"', b'"rating"'), 1, "rating", "twice"),
        (b"", None, None, "empty"),
        (b"PK\x03\x04 a workbook", None, None, "ZIP"),
        (metapsy([]), None, None, "no rows"),
    ],
)
def test_what_cannot_be_read_is_named(
    data: bytes, line: int | None, column: str | None, words: str
) -> None:
    ((found_line, found_column, reason),) = problems(data)
    assert (found_line, found_column) == (line, column)
    assert words in reason


def test_every_problem_is_told_at_once() -> None:
    data = metapsy([trial("A", **{".g": "a", ".g_se": "b"}), trial("B", n_arm1="c")])
    assert [(line, column) for line, column, _ in problems(data)] == [
        (2, ".g"), (2, ".g_se"), (3, "n_arm1"),
    ]  # fmt: skip


def test_a_column_of_text_keeps_its_commas() -> None:
    table = read_table(b"a;b\n1,5;1,5\n2;about 3\n", file="f", required=[], numeric=())
    assert [line.cells for line in table.lines] == [
        {"a": "1.5", "b": "1,5"}, {"a": "2", "b": "about 3"},
    ]  # fmt: skip


def test_text_stays_in_columns_that_are_mostly_numbers() -> None:
    table = read_table(b"a;b\n1,5;x\nabout 3;y\n", file="f", required=[], numeric=(), mostly={"a"})
    assert [line.cells["a"] for line in table.lines] == ["1.5", "about 3"]
    with pytest.raises(FileError, match=r"is it 1234 or 1\.234"):
        read_table(b'a,b\n"1,234",x\n', file="f", required=[], numeric=(), mostly={"a"})


def test_a_workbook_is_read_as_its_text_is() -> None:
    text = metapsy(ROWS)
    rows = [*csv.reader(io.StringIO(text.decode()))]
    first, second = read_metapsy(text, file="f.csv"), read_metapsy(workbook(("d", rows)), file="f")
    assert [row.cells for row in first.rows] == [row.cells for row in second.rows]
    with pytest.raises(FileError, match="2 sheets: d, e"):
        read_metapsy(workbook(("d", rows), ("e", rows)), file="f")


def test_a_title_and_decimal_commas_are_said() -> None:
    data = b"Release of May\r\n" + metapsy(ROWS, delimiter=";", comma=True)
    remarks = [str(remark) for remark in read_metapsy(data, file="f.csv").remarks]
    assert '"Release of May" stands above the header and is skipped' in remarks[0]
    assert any('column .g: "-0,5" is read as -0.5 (decimal comma)' in told for told in remarks)


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_file_error(data: bytes) -> None:
    whole = b"study,condition_arm1,condition_arm2,.g\n" + data
    with suppress(FileError):
        assert read_metapsy(whole, file="f.csv").rows
