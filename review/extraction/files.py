"""The extraction table as a CSV or Excel file: reading with every problem named, and writing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.fields import GUARD, FieldSpec, parsed_or_outgrown, written
from review.extraction.rules import COLUMNS, FORM_COLUMNS, ExtractionRow
from review.extraction.workbook import xlsx_lines
from review.wording import plainly

MAX_BYTES: Final = 64 * 1024 * 1024
"""No review has an extraction table of this size; a larger file is another file."""

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


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row, the line of the file it ends on, and the values of its custom columns."""

    line: int
    row: ExtractionRow
    custom: Mapping[str, Any] = field(default_factory=dict)
    """Parsed values by field; an empty cell is None, an absent column is not there."""


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


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file; raise InvalidDataError where it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidDataError(f"cannot write {path}: {error.strerror}") from None


def columns_of(fields: Sequence[FieldSpec], *, form: bool = False) -> list[str]:
    """Return the columns of a review's table: built-in, custom, and those of a form."""
    custom = [field.slug for field in fields if not field.retired]
    return [*COLUMNS, *custom, *(FORM_COLUMNS if form else ())]


def guarded(value: Any) -> str:
    """Return the cell of a value; text that looks like a formula gets an apostrophe."""
    cell = written(value)
    return f"'{cell}" if isinstance(value, str) and GUARD.match(f"'{cell}") else cell


_ZIP: Final = b"PK\x03\x04"
"""How an Excel file begins, whatever its name."""


def text_of(path: Path) -> str:
    """Return the text of a UTF-8 file; raise FileError or InvalidDataError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(str(path), [Problem(None, None, "it is larger than 64 MiB")])
        return decoded(path.read_bytes())
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        reason = "it is not UTF-8 text; save it as CSV UTF-8"
        if error.object.startswith(_ZIP):
            reason += ", or let its name end in .xlsx where it is an Excel file"
        raise FileError(str(path), [Problem(line, None, reason)]) from None


def decoded(content: bytes) -> str:
    """Return the text of a UTF-8 file without its byte order mark; raise UnicodeDecodeError."""
    return content.decode("utf-8-sig")


_SEPARATORS: Final[Mapping[str, str]] = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _no_table(header: Sequence[str]) -> list[Problem]:
    """Say why a file whose header has no column ``study`` is not the template's form."""
    if not any(header):
        return [Problem(None, None, "it is empty; review extract template prints the form")]
    for sign, name in _SEPARATORS.items():
        if len(header) == 1 and "study" in _names(header[0].split(sign)):
            return [Problem(1, None, f"it is separated by {name}; save it with commas")]
    reason = (
        "the first line has no column study, so it is not the form of review extract template; "
        "other programs' files are taken with --format"
    )
    return [Problem(1, None, reason)]


def _names(cells: Iterable[str]) -> list[str]:
    return [cell.strip().strip('"') for cell in cells]


def _header_problems(header: Sequence[str], fields: Mapping[str, FieldSpec]) -> list[Problem]:
    if "study" not in header:
        return _no_table(header)
    known = [*COLUMNS, *FORM_COLUMNS, *fields]
    problems = [
        Problem(1, name, f"unknown column{_like(name, known)}")
        for name in header
        if name not in known
    ]
    return problems + [
        Problem(1, name, "the column appears twice")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]


def _like(name: str, known: Sequence[str]) -> str:
    """Return what a column was likely meant to be, or where the columns are listed."""
    wanted = name.casefold().replace(" ", "_")
    likely = [wanted] if wanted in known else get_close_matches(wanted, known, n=2, cutoff=0.8)
    if likely:
        return f"; is it {' or '.join(likely)}?"
    return "; review extract template prints those there are"


def _row_problems(line: int, error: ValidationError) -> list[Problem]:
    return [
        Problem(
            line,
            str(detail["loc"][0]) if detail["loc"] else None,
            plainly(detail),
        )
        for detail in error.errors()
    ]


def _numbered(
    line: int, cells: Mapping[str, str], fields: Mapping[str, Sequence[FieldSpec]]
) -> tuple[NumberedRow | None, list[Problem]]:
    """Return the checked row, or what is wrong with it."""
    problems: list[Problem] = []
    custom: dict[str, Any] = {}
    given: dict[str, str] = {}
    for name, value in cells.items():
        try:
            cell = GUARD.sub("", clean_text(value))
            if name in fields:
                newest, *earlier = fields[name]
                custom[name] = parsed_or_outgrown(newest, earlier, cell)
            else:
                given[name] = cell
        except InvalidDataError as error:
            problems.append(Problem(line, name, str(error)))
    try:
        row = ExtractionRow.model_validate(given)
    except ValidationError as error:
        return None, problems + _row_problems(line, error)
    return (None if problems else NumberedRow(line, row, custom)), problems


def _parse(
    lines: Iterable[tuple[int, Sequence[str]]],
    header: Sequence[str],
    fields: Mapping[str, Sequence[FieldSpec]],
) -> tuple[list[NumberedRow], list[Problem]]:
    rows: list[NumberedRow] = []
    problems: list[Problem] = []
    for line, cells in lines:
        if len(cells) > len(header):
            problems.append(Problem(line, None, "more cells than the header has columns"))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        row, found = _numbered(line, dict(zip(header, cells, strict=False)), fields)
        problems += found
        if row is not None:
            rows.append(row)
    return rows, problems


def read_extraction(
    path: Path, fields: Sequence[FieldSpec] = (), *, earlier: Sequence[FieldSpec] = ()
) -> list[NumberedRow]:
    """Read an extraction table (CSV, or the first sheet of an ``.xlsx``).

    Parameters
    ----------
    path
        The file.
    fields
        Custom fields of the review, retired ones too: older files still have their columns.
    earlier
        Their earlier versions, the newest first: what was entered by one of them may stand.

    Raises
    ------
    FileError
        With every problem, by line and column.
    """
    lines = xlsx_lines(path) if path.suffix.lower() == ".xlsx" else _csv_lines(path)
    _, first = next(lines, (1, []))
    header = [name.strip() for name in first]
    problems = _header_problems(header, {field.slug: field for field in fields})
    if problems:
        raise FileError(str(path), problems)
    versions = {f.slug: [f, *(e for e in earlier if e.slug == f.slug)] for f in fields}
    rows, problems = _parse(lines, header, versions)
    if not rows and not problems:
        problems = [Problem(None, None, "it holds no rows")]
    if problems:
        raise FileError(str(path), problems)
    return rows


def _csv_lines(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    text = text_of(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        problems = [Problem(reader.line_num, None, f"its quotation marks do not pair up ({error})")]
        header = text.partition("\n")[0]
        if reader.line_num == 1 and "study" not in _names(header.split(",")):
            problems = _no_table([header])
        raise FileError(str(path), problems) from None
