"""The extraction table as a CSV file: a template, and reading with every problem named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.rules import COLUMNS, ExtractionRow

MAX_BYTES: Final = 64 * 1024 * 1024
"""No review has an extraction table of this size; a larger file is another file."""

GUARD: Final = re.compile(r"^'(?='*[=+\-@\t\r\n＝＋－＠])")
"""The apostrophe that our CSV exports put before text a spreadsheet would take for a formula."""

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
    """A row and the line of the file it ends on."""

    line: int
    row: ExtractionRow


def template(*, example: bool = True) -> str:
    """Return the CSV template, with two example rows of an invented trial."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    if example:
        writer.writerows(EXAMPLE)
    return out.getvalue()


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
        raise FileError(str(path), [Problem(line, None, reason)]) from None


def decoded(content: bytes) -> str:
    """Return the text of a UTF-8 file without its byte order mark; raise UnicodeDecodeError."""
    return content.decode("utf-8-sig")


def _header_problems(header: Sequence[str]) -> list[Problem]:
    problems = [
        Problem(1, name, f"unknown column; the template has {', '.join(COLUMNS)}")
        for name in header
        if name not in COLUMNS
    ]
    problems += [
        Problem(1, name, "the column appears twice")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    if "study" not in header:
        problems.append(Problem(1, "study", "the column is missing"))
    return problems


def _row_problems(line: int, error: ValidationError) -> list[Problem]:
    return [
        Problem(
            line,
            str(detail["loc"][0]) if detail["loc"] else None,
            detail["msg"].removeprefix("Value error, "),
        )
        for detail in error.errors()
    ]


def _parse(reader: csv.DictReader[str]) -> tuple[list[NumberedRow], list[Problem]]:
    rows: list[NumberedRow] = []
    problems: list[Problem] = []
    for cells in reader:
        line = reader.line_num
        if None in cells:
            problems.append(Problem(line, None, "more cells than the header has columns"))
            continue
        if not any((value or "").strip() for value in cells.values()):
            continue
        try:
            given = {
                name: GUARD.sub("", clean_text(value))
                for name, value in cells.items()
                if value is not None
            }
            rows.append(NumberedRow(line, ExtractionRow.model_validate(given)))
        except ValidationError as error:
            problems += _row_problems(line, error)
        except InvalidDataError as error:
            problems.append(Problem(line, None, str(error)))
    return rows, problems


def read_extraction(path: Path) -> list[NumberedRow]:
    """Read an extraction table; raise FileError with every problem, by line and column."""
    reader = csv.DictReader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        problems = _header_problems(header)
        if problems:
            raise FileError(str(path), problems)
        reader.fieldnames = header
        rows, problems = _parse(reader)
    except csv.Error as error:
        raise FileError(str(path), [Problem(reader.reader.line_num, None, str(error))]) from None
    if not rows and not problems:
        problems = [Problem(None, None, "it holds no rows")]
    if problems:
        raise FileError(str(path), problems)
    return rows
