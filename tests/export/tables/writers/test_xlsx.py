import io
import math
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from review.errors import InvalidDataError
from review.export import Column, Table, render_xlsx, write_xlsx
from review.export.contents.effects import results_table
from review.export.contents.pooled import pooled_data
from review.export.contents.reported import reported_table
from review.export.runs import LatestRun
from review.export.tables.model import flat_names
from review.export.tables.writers.xlsx import sheet_names
from review.export.tracing.origins import found_at
from tests.export.tables.writers.samples import HOSTILE, NASTY, POOLED, UNWRITABLE


def opened(*tables: Table) -> Any:
    content = render_xlsx({f"table_{i}": table for i, table in enumerate(tables)})
    return openpyxl.load_workbook(io.BytesIO(content))


def test_values_come_back_to_15_digits_as_numbers() -> None:
    sheet = opened(POOLED)["table_0"]
    header, *rows = list(sheet.iter_rows(values_only=True))
    assert header == (
        "Analysis", "k", "Random effects: Hedges g", "Random effects: 95% CI, lower",
        "Random effects: 95% CI, upper", "Random effects: p", "Prediction interval, lower",
        "Prediction interval, upper", "I²",
    )  # fmt: skip
    assert len(rows) == 3
    for row, (name, k, estimate, ci, p, pi, i2) in zip(rows[:2], POOLED.rows[:2], strict=True):
        assert row[:2] == (name, k)
        numbers = (estimate, *ci, p, *pi, i2)  # type: ignore[misc]
        for read, given in zip(row[2:], numbers, strict=True):
            assert isinstance(read, float)
            assert f"{read:.15g}" == f"{given:.15g}"
    assert rows[2][2] == pytest.approx(-1.5e-17, rel=1e-15, abs=0)
    assert rows[2][3] == "−∞"
    assert rows[2][6:] == (None, None, None)


def test_there_is_no_formula_and_no_link_whatever_the_text() -> None:
    book = opened(HOSTILE, POOLED)
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)
    read = [row[0].value for row in book["table_0"].iter_rows(min_row=2)]
    # Line ends are XML's (a lone CR becomes LF), and openpyxl undoes Excel's _x...._ escapes.
    expected = [text.replace("\r", "\n") for text in NASTY]
    assert [(x or "").replace("_x000D_", "\n").replace("\r", "\n") for x in read] == expected
    assert [cell.value for cell in book["table_0"][1]] == ["=Text", "-y"]


def test_the_header_stays_in_view_and_notes_have_their_sheet() -> None:
    book = opened(POOLED)
    assert book["table_0"].freeze_panes == "B2"
    assert book["table_0"].auto_filter.ref == book["table_0"].dimensions
    notes = list(book["Notes"].iter_rows(values_only=True))
    assert ("table_0", "title", POOLED.title) in notes
    assert ("table_0", "note", "Positive values favour CBT.") in notes
    assert ("table_0", "note a (Hedges g, k, line 3)", "REML & Hartung-Knapp.") in notes
    assert ("table_0", "source", POOLED.source) in notes


def test_numbers_are_shown_rounded() -> None:
    sheet = opened(POOLED)["table_0"]
    shown = [cell.number_format for cell in sheet[2]]
    assert shown[1:4] == ["0", "0.00", "0.00"]
    assert shown[5] == "0.000"
    assert shown[8] == '0.0"%"'


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first = write_xlsx({"a": POOLED, "b": HOSTILE}, tmp_path / "a.xlsx").read_bytes()
    second = write_xlsx({"a": POOLED, "b": HOSTILE}, tmp_path / "b.xlsx").read_bytes()
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
        core = archive.read("docProps/core.xml").decode()
    assert "1980-01-01T00:00:00Z" in core
    assert "202" not in core


@pytest.mark.parametrize("text", UNWRITABLE)
def test_what_no_document_can_hold_is_replaced(text: str) -> None:
    sheet = opened(Table(text, (Column("a", text),), ((text,),)))["table_0"]
    assert "\N{REPLACEMENT CHARACTER}" in sheet["A2"].value


def test_a_text_excel_cannot_hold_is_refused_not_cut() -> None:
    def table(text: str) -> Table:
        return Table("T", (Column("a", "A"),), ((text,),))

    assert len(opened(table("x" * 32_767))["table_0"]["A2"].value) == 32_767
    with pytest.raises(InvalidDataError, match="32767"):
        render_xlsx({"t": table("x" * 32_768)})
    with pytest.raises(InvalidDataError, match="32767"):
        render_xlsx({"t": table("🧠" * 16_384)})


def test_sheet_names_are_what_excel_takes() -> None:
    names = sheet_names(["a" * 40, "A" * 40, "x/y[z]", "'", "", "history", "Notes", "Notes"])
    assert len({name.lower() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 for name in names)
    assert names[2] == "x-y-z-"
    assert names[-2:] == ["Notes", "Notes (2)"]
    assert opened()["Notes"].max_row == 1


def test_every_number_of_the_database_is_read_back_to_15_digits(
    delivery_runs: list[LatestRun],
) -> None:
    stored = {run.key[:12]: (run.inputs, run.results) for run in delivery_runs}
    tables = {
        "pooled": pooled_data("T", delivery_runs),
        "reported": reported_table("T", delivery_runs),
        **{run.analysis: results_table(run) for run in delivery_runs},
    }
    book = openpyxl.load_workbook(io.BytesIO(render_xlsx(tables)))
    seen = 0
    for name, table in tables.items():
        columns = [(at, part) for at, c in enumerate(table.columns) for part in flat_names(c)]
        for r, row in enumerate(book[name].iter_rows(min_row=2, values_only=True)):
            for (at, part), read in zip(columns, row, strict=True):
                origin = table.origin(r, at)
                if origin is None or part == "run":
                    continue
                key, *path, _ = origin.split("/")
                number = found_at(stored[key], [*path, part])
                assert isinstance(read, int | float)
                assert math.isclose(read, float(str(number)), rel_tol=1e-15, abs_tol=0)
                seen += 1
    assert seen > 1000
