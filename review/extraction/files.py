"""The extraction table as a CSV or Excel file: reading with every problem named, and writing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from review.errors import Problem
from review.extraction.fields import FieldKind, FieldSpec, written
from review.extraction.rows import CLEAR, NumberedRow, numbered
from review.extraction.rules import COLUMNS, FORM_COLUMNS, kind_of
from review.extraction.workbook import GUIDE
from review.tabular import formulas
from review.tabular.header import Columns
from review.tabular.numbers import Kind
from review.tabular.reading import bytes_of, read_table
from review.tabular.table import Line, Read, Table

EXAMPLE: Final = (
    {
        "study": "Example (2024)", "year": "2024", "doi": "10.1000/example",
        "citation": "An invented trial, to be replaced", "arm": "Video",
        "treatment": "CBT", "delivery_mode": "videoconference", "n_randomised": "52",
        "instrument": "wai", "rater": "client", "timepoint": "post", "analysis_set": "itt",
        "n": "50", "mean": "5.6", "sd": "0.9", "page": "Table 2",
    },
    {
        "study": "Example (2024)", "year": "2024", "doi": "10.1000/example",
        "citation": "An invented trial, to be replaced", "arm": "In person",
        "treatment": "CBT", "delivery_mode": "face_to_face", "n_randomised": "51",
        "instrument": "wai", "rater": "client", "timepoint": "post", "analysis_set": "itt",
        "n": "49", "mean": "5.8", "sd": "0.8", "page": "Table 2",
    },
)  # fmt: skip
"""Two rows that show the form; the trial is invented and says so."""


def template(*, example: bool = True, fields: Sequence[FieldSpec] = ()) -> str:
    """Return the CSV template with a review's custom fields, and an invented trial as example."""
    return table_text([dict(row) for row in EXAMPLE] if example else [], fields=fields)


def table_text(
    rows: Iterable[Mapping[str, Any]], *, fields: Sequence[FieldSpec] = (), form: bool = False
) -> str:
    """Return rows as CSV that `read_extraction` reads back as they are.

    `form` adds the columns that carry versions. Text that a spreadsheet would take for a formula
    gets an apostrophe, which reading takes away.
    """
    out = io.StringIO()
    columns = columns_of(fields, form=form)  # rows still have the values of retired fields
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def columns_of(fields: Sequence[FieldSpec], *, form: bool = False) -> list[str]:
    """Return the columns of a review's table: built-in, custom, and those of a form."""
    custom = [field.slug for field in fields if not field.retired]
    return [*COLUMNS, *custom, *(FORM_COLUMNS if form else ())]


def guarded(value: Any) -> str:
    """Return the cell of a value; text that looks like a formula gets an apostrophe."""
    cell = written(value)
    return formulas.guarded(cell) if isinstance(value, str) else cell


SYNONYMS: Final[Mapping[str, str]] = {
    "trial": "study", "author": "study", "study_id": "study", "id": "study", "group": "arm",
    "condition": "arm", "intervention": "treatment", "therapy": "treatment",
    "mode": "delivery_mode",
    "delivery": "delivery_mode", "format": "delivery_mode", "control": "versus_arm",
    "comparator": "versus_arm", "measure": "instrument", "scale": "instrument",
    "outcome": "instrument", "informant": "rater", "time": "timepoint", "timing": "timepoint",
    "time_point": "timepoint", "analysis": "analysis_set", "population_analysed": "analysis_set",
    "sample_size": "n", "total": "n", "n_total": "n", "m": "mean", "average": "mean", "std": "sd",
    "stdev": "sd", "std_dev": "sd", "standard_deviation": "sd", "sem": "se", "std_err": "se",
    "standard_error": "se", "var": "variance", "lower": "ci_low", "ci_lower": "ci_low",
    "ll": "ci_low", "upper": "ci_high", "ci_upper": "ci_high", "ul": "ci_high",
    "effect": "estimate",
    "effect_size": "estimate", "es": "estimate", "pvalue": "p", "p_value": "p", "t_value": "t",
    "f_value": "f", "r": "correlation", "pages": "page", "source": "page", "comment": "quote",
    "publication_year": "year", "min": "minimum", "max": "maximum", "responders": "events",
    "person_time": "person_years", "exposure": "person_years",
}  # fmt: skip
"""What people call our columns; asked about, and never taken for granted."""


def _columns(
    fields: Sequence[FieldSpec], earlier: Sequence[FieldSpec]
) -> tuple[Columns, dict[str, list[FieldSpec]]]:
    """Return what the table may have, and the versions of each custom field, the newest first."""
    versions = {f.slug: [f, *(e for e in earlier if e.slug == f.slug)] for f in fields}
    known = {name: kind_of(name) for name in (*COLUMNS, *FORM_COLUMNS)}
    known |= {slug: _custom_kind(specs) for slug, specs in versions.items()}
    columns = Columns(
        known,
        ("study",),
        synonyms=SYNONYMS,
        form=("the form of review extract template; other programs' files are taken with --format"),
        listed_by="review extract template prints the columns there are",
        bounds=("p",),
        kept=frozenset({CLEAR}),
    )
    return columns, versions


def _custom_kind(versions: Sequence[FieldSpec]) -> Kind:
    kinds = {spec.kind for spec in versions}
    if kinds == {FieldKind.NUMBER}:
        return Kind.NUMBER
    if versions[0].kind is FieldKind.NUMBER:
        return Kind.EITHER  # what an earlier version took may stand
    return Kind.DATE if versions[0].kind is FieldKind.DATE else Kind.TEXT


def read_extraction(path: Path, fields: Sequence[FieldSpec] = (), **how: Any) -> Read[NumberedRow]:
    """Read an extraction table, CSV or XLSX, as `read_rows` does; raise FileError."""
    return read_rows(bytes_of(path), fields, file=str(path), **how)


def read_rows(
    data: bytes,
    fields: Sequence[FieldSpec] = (),
    *,
    file: str,
    earlier: Sequence[FieldSpec] = (),
    sheet: str | None = None,
    refuse: bool = True,
) -> Read[NumberedRow]:
    """Read the bytes of an extraction table, CSV or XLSX.

    Parameters
    ----------
    data
        The file.
    file
        What the person who sent it calls it, for messages.
    fields
        Custom fields of the review, retired ones too: older files still have their columns.
    earlier
        Their earlier versions, the newest first: what was entered by one of them may stand.
    sheet
        Which sheet of a workbook with several.
    refuse
        Raise where cells are wrong; else they come back as problems, for an import to say them
        beside its own.

    Raises
    ------
    FileError
        With every problem, by line or cell.
    """
    columns, versions = _columns(fields, earlier)
    table = read_table(data, columns, file=file, sheet=sheet, guides=(GUIDE,))
    rows: list[NumberedRow] = []
    problems: list[Problem] = []
    for line in table.lines:
        row, found = _numbered(table, line, versions)
        problems += found
        rows.append(row)
    beyond_rows = any(problem.line in (None, table.header_line) for problem in table.problems)
    if (refuse or beyond_rows) and (problems or table.problems):
        table.refuse(problems)
    return Read(tuple(rows), table.remarks, (*table.problems, *problems))


def _numbered(
    table: Table, line: Line, versions: Mapping[str, Sequence[FieldSpec]]
) -> tuple[NumberedRow, list[Problem]]:
    """Return the row of the cells that can be, and what is wrong with the others, once read."""
    cleared = {n for n, cell in line.cells.items() if cell.strip().casefold() == CLEAR}
    row, found = numbered(
        line.line, {**line.cells, **dict.fromkeys(cleared, "")}, versions,
        bad=frozenset(line.wrong), cleared=frozenset(cleared),
    )  # fmt: skip
    return row, [table.problem(line.line, ", ".join(p.fields), p.reason) for p in found]
