"""Tables as CSV for scripts: keys as header, numbers in full, text that no spreadsheet runs."""

from __future__ import annotations

import re
from pathlib import Path

from review.export.tables.cells import writable
from review.export.tables.model import Table, flat_cells, flat_names
from review.files import as_named, replace_file

# Leading characters by which a spreadsheet takes a text for a formula (OWASP ASVS 5.0, 1.2.10, and
# OWASP's CSV Injection page for the full-width signs). Apostrophes before them are counted too, so
# that taking away one apostrophe gives back the text in every case.
_ACTIVE = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def guarded(text: str) -> str:
    """The text with a leading apostrophe if a spreadsheet would read it as a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if _ACTIVE.match(text) else text


def render_csv(table: Table, *, raw: bool = False) -> str:
    r"""The table as CSV text.

    Parameters
    ----------
    table : Table
        Title and notes are left out: every line but the first is data.
    raw : bool
        Leave text as it is, for programs that never open a spreadsheet.

    Returns
    -------
    str
        Lines end in ``\n``. All text is quoted, so that a spreadsheet which splits at semicolons
        still finds no formula inside it; numbers are not, and have the digits that give back the
        same double; empty cells are empty; infinities are ``inf``.
    """
    header = [_quoted(name, raw) for column in table.columns for name in flat_names(column)]
    lines = [",".join(header)]
    for row in table.rows:
        cells = [
            _field(value, raw)
            for column, cell in zip(table.columns, row, strict=True)
            for value in flat_cells(column, cell)
        ]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def write_csv(table: Table, path: str | Path, *, raw: bool = False) -> Path:
    """Write `render_csv` as UTF-8 without byte order mark, by gzip where the name ends so.

    An existing file is replaced.
    """
    return replace_file(path, as_named(path, render_csv(table, raw=raw).encode()))


def _field(value: str | int | float | None, raw: bool) -> str:
    if value is None:
        return ""
    return _quoted(value, raw) if isinstance(value, str) else repr(value)


def _quoted(text: str, raw: bool) -> str:
    text = writable(text)
    if not raw:
        text = guarded(text)
    return '"' + text.replace('"', '""') + '"'
