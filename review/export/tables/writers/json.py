"""Tables as JSON for programs: columns with their kinds, rows in full, and where each stands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from review.export.tables.cells import Cell, Interval, writable
from review.export.tables.model import Column, Table
from review.files import as_named, replace_file


def render_json(tables: Mapping[str, Table]) -> str:
    """The tables as one JSON object, by name.

    Parameters
    ----------
    tables : mapping of str to Table
        By name.

    Returns
    -------
    str
        Of each table its title, columns (key, header, kind, decimals), spanners, rows (a list of
        values each, an interval as ``[low, high]``, an empty cell as null), origins (one a row, or
        none), footnotes and source. Columns that are empty in every row have no place in the rows:
        ``empty`` describes them as ``columns`` does the others. Numbers have the digits that give
        back the same double; JSON has no infinity, which is the text ``"inf"`` or ``"-inf"``.
    """
    shown = ",\n".join(f"{_dumped(name)}: {_lines(_table(t))}" for name, t in tables.items())
    return f"{{\n{shown}\n}}\n"


def write_json(tables: Mapping[str, Table], path: str | Path) -> Path:
    """Write `render_json` as UTF-8, by gzip where the name says so; a file there is replaced."""
    return replace_file(path, as_named(path, render_json(tables).encode()))


def _lines(table: Mapping[str, Any]) -> str:
    """Return a table with a line for each column, row and note: short, and told apart by diff."""
    parts = []
    for key, value in table.items():
        items = value if isinstance(value, list | tuple) else ()
        lines = ",\n".join(f"  {_dumped(item)}" for item in items)
        parts.append(f" {_dumped(key)}: " + (f"[\n{lines}\n ]" if lines else _dumped(value)))
    return "{\n" + ",\n".join(parts) + "\n}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _table(table: Table) -> dict[str, Any]:
    empty = [
        bool(table.rows) and all(row[at] is None for row in table.rows)
        for at in range(len(table.columns))
    ]
    columns = list(map(_column, table.columns))
    return {
        "title": writable(table.title),
        "columns": [column for column, none in zip(columns, empty, strict=True) if not none],
        "empty": [column for column, none in zip(columns, empty, strict=True) if none],
        "spanners": [
            {"header": writable(spanner.header), "keys": spanner.keys} for spanner in table.spanners
        ],
        "rows": [
            [plain_value(cell) for cell, none in zip(row, empty, strict=True) if not none]
            for row in table.rows
        ],
        "origins": table.origins,
        "footnotes": [
            {
                "text": writable(note.text),
                "places": [{"row": place.row, "key": place.key} for place in note.places],
            }
            for note in table.footnotes
        ],
        "source": None if table.source is None else writable(table.source),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "key": column.key,
        "header": writable(column.header),
        "kind": column.kind.value,
        "decimals": column.places,
    }


def plain_value(cell: Cell) -> Any:
    """Return a cell as JSON has it."""
    if isinstance(cell, Interval):
        return [plain_value(cell.low), plain_value(cell.high)]
    if isinstance(cell, str):
        return writable(cell)
    if isinstance(cell, float) and math.isinf(cell):
        return repr(cell)
    return cell
