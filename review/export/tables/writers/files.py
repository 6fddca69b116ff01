"""Many tables, many formats, one folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from review.errors import InvalidDataError
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle
from review.export.tables.writers.csv import write_csv
from review.export.tables.writers.docx import write_docx
from review.export.tables.writers.html import write_html
from review.export.tables.writers.json import write_json
from review.export.tables.writers.latex import write_latex
from review.export.tables.writers.markdown import write_markdown
from review.export.tables.writers.xlsx import write_xlsx
from review.files import GZIP

# Names become file names: nothing in them may lead to another folder or upset a shell or TeX.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# File that holds all tables in the formats that can.
TOGETHER = "tables"


class Format(StrEnum):
    """A kind of file that tables are written to."""

    CSV = "csv"
    XLSX = "xlsx"
    DOCX = "docx"
    LATEX = "latex"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


DATA = frozenset({Format.CSV, Format.XLSX, Format.JSON})
"""Formats for programs: nothing is rounded, and tables may be wide."""


def write_tables(
    tables: Mapping[str, Table],
    directory: str | Path,
    formats: Iterable[Format] = tuple(Format),
    *,
    style: NumberStyle = NumberStyle.APA,
    together: str = TOGETHER,
    zipped: bool = False,
) -> dict[Path, tuple[str, ...]]:
    """Write tables in each format asked for.

    Parameters
    ----------
    tables : mapping of str to Table
        By name, of letters, digits, hyphens and underscores.
    directory : str or Path
        Made if it is not there; files of the same names are replaced.
    formats : iterable of Format
        CSV, LaTeX and Markdown: a file a table, ``<name>.csv``, ``<name>.tex``, ``<name>.md``.
        XLSX, DOCX, HTML and JSON: one file for all.
    style : NumberStyle
        Of all numbers in DOCX, LaTeX, HTML and Markdown.
    together : str
        What a file for all is called: ``tables.xlsx`` and so on.
    zipped : bool
        Whether JSON is compressed by gzip: ``tables.json.gz``.

    Returns
    -------
    dict of Path to tuple of str
        The files, in the order of formats, then of tables, with the names of their tables.

    Raises
    ------
    InvalidDataError
        For a name that cannot be a file's, before anything is written.
    """
    for name in tables:
        if not _NAME.fullmatch(name):
            raise InvalidDataError(
                f'"{name}" cannot name a table: use letters, digits, hyphens and underscores.'
            )
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[Path, tuple[str, ...]] = {}
    for chosen in dict.fromkeys(formats):
        if chosen in _APART:
            for name, table in tables.items():
                written[_write_one(chosen, table, folder / name, style)] = (name,)
        else:
            place = folder / together
            written[_write_all(chosen, tables, place, style, zipped=zipped)] = tuple(tables)
    return written


_APART = frozenset({Format.CSV, Format.LATEX, Format.MARKDOWN})


def _write_one(chosen: Format, table: Table, place: Path, style: NumberStyle) -> Path:
    match chosen:
        case Format.CSV:
            return write_csv(table, place.with_suffix(".csv"))
        case Format.LATEX:
            return write_latex(table, place.with_suffix(".tex"), style=style)
        case _:
            return write_markdown(table, place.with_suffix(".md"), style=style)


def _write_all(
    chosen: Format, tables: Mapping[str, Table], place: Path, style: NumberStyle, *, zipped: bool
) -> Path:
    match chosen:
        case Format.XLSX:
            return write_xlsx(tables, place.with_suffix(".xlsx"))
        case Format.DOCX:
            return write_docx(tables, place.with_suffix(".docx"), style=style)
        case Format.HTML:
            return write_html(tables, place.with_suffix(".html"), style=style)
        case _:
            return write_json(tables, place.with_suffix(f".json{GZIP if zipped else ''}"))
