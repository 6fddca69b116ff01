"""Custom fields: what each kind accepts, and that cells come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import FileError, InvalidDataError
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec, parsed, written
from review.extraction.files import guarded, read_extraction, table_text
from review.extraction.rules import COLUMNS
from review.extraction.workbook import table_workbook


def spec(kind: FieldKind, **given: Any) -> FieldSpec:
    return FieldSpec("x", FieldLevel.STUDY, "X", kind, **given)


CHOICES = {"choices": ("Clinic", "Home", "Work")}


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        (spec(FieldKind.TEXT), " words ", "words"),
        (spec(FieldKind.TEXT), " ", None),
        (spec(FieldKind.NUMBER), "1.5", 1.5),
        (spec(FieldKind.NUMBER, lowest=0.0), "0", 0.0),
        (spec(FieldKind.CHOICE, **CHOICES), "home", "Home"),
        (spec(FieldKind.MULTIPLE, **CHOICES), "work; clinic;work", ["Clinic", "Work"]),
        (spec(FieldKind.DATE), "2026-11-23", "2026-11-23"),
    ],
)
def test_a_cell_is_read_by_its_kind(field: FieldSpec, cell: str, value: object) -> None:
    assert parsed(field, cell) == value
    assert parsed(field, written(value)) == value


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        (spec(FieldKind.NUMBER), "1,5"),
        (spec(FieldKind.NUMBER), "nan"),
        (spec(FieldKind.NUMBER, lowest=0.0), "-0.1"),
        (spec(FieldKind.NUMBER, highest=1.0), "1.1"),
        (spec(FieldKind.CHOICE, **CHOICES), "garden"),
        (spec(FieldKind.MULTIPLE, **CHOICES), "home; garden"),
        (spec(FieldKind.DATE), "23.11.2026"),
        (spec(FieldKind.DATE), "2026-02-30"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused(field: FieldSpec, cell: str) -> None:
    with pytest.raises(InvalidDataError):
        parsed(field, cell)


@pytest.mark.parametrize(
    ("slug", "kind", "given"),
    [
        ("Place", FieldKind.TEXT, {}),
        ("x", FieldKind.CHOICE, {"choices": ("one",)}),
        ("x", FieldKind.CHOICE, {"choices": ("a;b", "c")}),
        ("x", FieldKind.TEXT, {"choices": ("a", "b")}),
        ("x", FieldKind.TEXT, {"lowest": 0.0}),
        ("x", FieldKind.NUMBER, {"lowest": 1.0, "highest": 1.0}),
    ],
)
def test_a_field_that_no_value_could_fit_is_refused(
    slug: str, kind: FieldKind, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidDataError):
        FieldSpec(slug, FieldLevel.ARM, "X", kind, **given)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_every_digit(value: float) -> None:
    assert parsed(spec(FieldKind.NUMBER), written(value)) == value


@given(st.floats(-1e12, 1e12), st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_rows_come_back_from_csv_and_xlsx_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, mean: float, text: str
) -> None:
    quote = " ".join(text.replace("\x00", "").split())
    quote = "".join(c for c in quote if c.isprintable()) or "=1+1"
    row = {"study": "A", "arm": "x", "instrument": "i", "mean": mean, "sd": "NR", "quote": quote}
    folder = tmp_path_factory.mktemp("tables")
    (folder / "t.csv").write_text(table_text([row]), encoding="utf-8")
    (folder / "t.xlsx").write_bytes(table_workbook(COLUMNS, [row], explained={}))
    first, second = (read_extraction(folder / name)[0].row for name in ("t.csv", "t.xlsx"))
    assert first == second
    assert (first.numbers.mean, first.numbers.sd, first.not_reported) == (mean, None, ("sd",))


@pytest.mark.parametrize("text", ["=1+1", "+4", "-x", "@a", "'=1", "plain", "'quoted"])
def test_no_cell_is_a_formula(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(("=", "+", "-", "@"))


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"study,arm\nA,x\n")
    with pytest.raises(FileError, match="not an Excel workbook"):
        read_extraction(path)
