"""Many tables, many formats, one folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from review.errors import InvalidDataError
from review.export.csv import write_csv
from review.export.docx import write_docx
from review.export.latex import write_latex
from review.export.printing import NumberStyle
from review.export.tables import Table
from review.export.xlsx import write_xlsx

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


def write_tables(
    tables: Mapping[str, Table],
    directory: str | Path,
    formats: Iterable[Format] = tuple(Format),
    *,
    style: NumberStyle = NumberStyle.APA,
) -> list[Path]:
    """Write tables in each format asked for.

    Parameters
    ----------
    tables : mapping of str to Table
        By name, of letters, digits, hyphens and underscores.
    directory : str or Path
        Made if it is not there; files of the same names are replaced.
    formats : iterable of Format
        CSV and LaTeX: a file a table, ``<name>.csv`` and ``<name>.tex``. XLSX and DOCX: one file
        for all, ``tables.xlsx`` and ``tables.docx``.
    style : NumberStyle
        Of p values and intervals in DOCX and LaTeX.

    Returns
    -------
    list of Path
        The files, in the order of formats, then of tables.

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
    written: list[Path] = []
    for chosen in dict.fromkeys(formats):
        match chosen:
            case Format.CSV:
                written += [write_csv(t, folder / f"{name}.csv") for name, t in tables.items()]
            case Format.LATEX:
                for name, table in tables.items():
                    written.append(write_latex(table, folder / f"{name}.tex", style=style))
            case Format.XLSX:
                written.append(write_xlsx(tables, folder / f"{TOGETHER}.xlsx"))
            case Format.DOCX:
                written.append(write_docx(tables, folder / f"{TOGETHER}.docx", style=style))
    return written
