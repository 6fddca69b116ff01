"""Workbooks: sheets, merged cells, dates, formulas, errors; what cannot be known is refused."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest

from review.errors import FileError
from tests.tabular.making import HEADER, ROWS, cells, read, rewritten, workbook

TABLE = (HEADER, *ROWS)


def problems(data: bytes, sheet: str | None = None) -> list[str]:
    with pytest.raises(FileError) as caught:
        read(data, sheet)
    return [str(problem) for problem in caught.value.problems]


def test_a_sheet_is_read_as_the_same_table_as_text() -> None:
    table = read(workbook())
    assert cells(table) == [
        {"study": "A 2001", "n": "20", "mean": "9.5", "note": "first"},
        {"study": "B 2002", "n": "31", "mean": "8.25", "note": "second"},
    ]
    assert ([line.line for line in table.lines], table.remarks) == ([2, 3], ())


def test_of_two_filled_sheets_one_must_be_named() -> None:
    data = workbook(("alliance", TABLE), ("Notes", [["by Anna"]]), ("symptoms", TABLE[:2]))
    assert problems(data) == [
        (
            "it has 3 sheets: alliance, Notes (without the columns of this table), symptoms; say "
            "which one is meant with --sheet NAME"
        )
    ]
    assert len(read(data, "symptoms").lines) == len(read(data, " SYMPTOMS ").lines) == 1
    assert problems(data, "other") == [
        'there is no sheet "other"; there is: alliance, Notes, symptoms'
    ]


def test_an_empty_or_hidden_sheet_is_left_with_a_remark() -> None:
    def hide(book: Any) -> None:
        book["lists"].sheet_state = "hidden"

    data = workbook(("t", TABLE), ("Sheet2", []), ("lists", [["video"]]), change=hide)
    assert [remark.reason for remark in read(data).remarks] == [
        'hidden sheet lists is not read; --sheet "lists" reads it',
        "empty sheet Sheet2 is not read",
    ]


def test_a_table_that_is_hidden_itself_is_asked_about() -> None:
    def hide(book: Any) -> None:
        book["t"].sheet_state = "hidden"

    data = workbook(("t", TABLE), ("Sheet2", []), change=hide)
    assert "its only sheet is hidden: t (hidden)" in problems(data)[0]
    assert len(read(data, "t").lines) == 2


def test_the_sheet_that_explains_our_own_workbook_is_no_candidate() -> None:
    guide = [["study", "which trial"], ["mean", "the mean"]]
    assert len(read(workbook(("results", TABLE), ("columns", guide))).lines) == 2
    assert "2 sheets" in problems(workbook(("results", TABLE), ("columns", TABLE)))[0]


def test_merged_cells_are_refused_where_they_are_read_and_harmless_above_the_header() -> None:
    def merge(book: Any) -> None:
        book["t"].merge_cells("A1:D1")
        book["t"].merge_cells("A3:A4")
        book["t"].merge_cells("H3:H4")

    title = (["Extraction"], *TABLE)
    (problem,) = problems(workbook(("t", title), change=merge))
    assert problem.startswith("sheet t, cells A3:A4, column study: they are merged")


def test_dates_in_columns_of_numbers_are_refused_and_in_text_remarked() -> None:
    rows = [HEADER, ("A", 20, dt.datetime(2026, 5, 9), "x"), ("B", dt.time(9, 5), 8.9, "y")]
    found = problems(workbook(("t", rows)))
    assert [problem.partition(":")[0] for problem in found] == [
        "sheet t, cell C2, column mean", "sheet t, cell B3, column n",
    ]  # fmt: skip
    assert all("Excel holds a date here" in problem for problem in found)
    table = read(workbook(("t", [HEADER, ("A", 20, 9.5, dt.date(2026, 4, 3))])))
    assert cells(table)[0]["note"] == "2026-04-03"
    assert "sheet t, cell D2, column note: Excel holds a date here" in str(table.remarks[0])


def test_a_formula_counts_by_its_result_and_without_one_is_refused() -> None:
    data = workbook(("t", [HEADER, ("A", 20, "=C4/2", "x"), ("B", 2, 19, '="y"')]))
    found = problems(data)
    assert [problem.partition(":")[0] for problem in found] == [
        "sheet t, cell C2, column mean", "sheet t, cell D3, column note",
    ]  # fmt: skip
    assert "has no result in the file: open it in Excel, save it" in found[0]
    calculated = rewritten(
        data,
        "sheet1.xml",
        lambda xml: (
            xml.replace("<f>C4/2</f><v></v>", "<f>C4/2</f><v>9.5</v>")
            .replace("<f>C4/2</f><v />", "<f>C4/2</f><v>9.5</v>")
            .replace('<c r="D3"><f>"y"</f><v></v>', '<c r="D3" t="str"><f>"y"</f><v></v>')
            .replace('<c r="D3"><f>"y"</f><v />', '<c r="D3" t="str"><f>"y"</f><v></v>')
        ),
    )
    assert [(c["mean"], c["note"]) for c in cells(read(calculated))] == [("9.5", "x"), ("19", "")]


def test_errors_booleans_and_percentages_are_told_from_numbers() -> None:
    def shape(book: Any) -> None:
        book["t"]["C2"].value, book["t"]["C2"].data_type = "#N/A", "e"
        book["t"]["C4"].number_format = "0.0%"

    rows = [HEADER, ("A", 20, 1, "x"), ("B", True, 2, "y"), ("C", 3, 0.125, "z")]
    assert problems(workbook(("t", rows), change=shape)) == [
        "sheet t, cell C2, column mean: #N/A is the error of a formula, not a value",
        "sheet t, cell B3, column n: it holds TRUE, not a number",
        (
            "sheet t, cell C4, column mean: Excel shows 12.5% and holds 0.125; format the cell as "
            "a plain number that says which is meant"
        ),
    ]
    share = workbook(
        ("t", [("study", "level", "n"), ("A", 0.95, 2), ("B", "90%", 2)]),
        change=lambda book: setattr(book["t"]["B2"], "number_format", "0%"),
    )
    assert [c["level"] for c in cells(read(share))] == ["0.95", "0.9"]


def test_numbers_typed_as_text_are_numbers_by_the_habit_of_the_sheet() -> None:
    rows = [HEADER, ("A", "20", "9,5", "1"), ("B", "n = 21", "1,234", 2), ("C", 22, 1.234, "3")]
    table = read(workbook(("t", rows)))
    assert [(c["n"], c["mean"], c["note"]) for c in cells(table)] == [
        ("20", "9.5", "1"), ("21", "1.234", "2"), ("22", "1.234", "3"),
    ]  # fmt: skip
    alone = workbook(("t", [HEADER, ("A", 20, "1,234", "x")]))
    assert 'cell C2, column mean: "1,234": is it 1234 or 1.234?' in problems(alone)[0]


def test_what_a_file_says_of_its_own_size_loses_no_cell() -> None:
    data = rewritten(
        workbook(("t", TABLE)), "sheet1.xml", lambda xml: xml.replace('ref="A1:D3"', 'ref="A1"')
    )
    assert len(read(data).lines) == 2
    assert set(read(data).columns) == set(HEADER)


def test_a_dialect_that_openpyxl_does_not_see_is_refused_as_what_it_is() -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = rewritten(
        workbook(),
        "xml$",
        lambda xml: xml.replace(main, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    )
    assert problems(data) == ["it is a Strict Open XML workbook; save it as Excel Workbook (.xlsx)"]


def test_hidden_rows_are_read_and_said() -> None:
    def hide(book: Any) -> None:
        book["t"].row_dimensions[3].hidden = True

    table = read(workbook(("t", TABLE), change=hide))
    assert len(table.lines) == 2
    assert "1 hidden row (a filter?) is read like the others" in table.remarks[0].reason


def test_a_damaged_workbook_is_refused_and_a_bomb_not_unpacked() -> None:
    data = workbook()
    for place in range(40, len(data) - 40, max(1, len(data) // 60)):
        broken = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        with suppress(FileError):
            assert read(broken).lines
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        for n in range(5):
            archive.writestr(f"xl/{n}.xml", b"0" * (60 * 1024 * 1024))
    assert problems(out.getvalue()) == ["it unpacks to over 256 MiB"]
