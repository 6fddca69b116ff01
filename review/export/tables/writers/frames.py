"""Tables as pandas data frames, for analysts."""

from __future__ import annotations

import pandas as pd

from review.export.tables.model import Cell, Interval, Kind, Table


def frame(table: Table) -> pd.DataFrame:
    """Return a table with one column a key; an interval becomes ``<key>_low`` and ``<key>_high``.

    Integers have pandas' nullable ``Int64``, other numbers ``float64`` with NaN for empty.
    """
    data: dict[str, pd.Series] = {}
    for index, column in enumerate(table.columns):
        cells = [row[index] for row in table.rows]
        if column.kind is Kind.INTERVAL:
            for name, side in ((f"{column.key}_low", 0), (f"{column.key}_high", 1)):
                data[name] = pd.Series([_limit(cell, side) for cell in cells], dtype="float64")
        elif column.kind is Kind.INTEGER:
            data[column.key] = pd.Series(cells, dtype="Int64")
        elif column.kind is Kind.TEXT:
            data[column.key] = pd.Series(cells, dtype="str")
        else:
            data[column.key] = pd.Series(cells, dtype="float64")
    return pd.DataFrame(data)


def _limit(cell: Cell, side: int) -> float | None:
    return cell[side] if isinstance(cell, Interval) else None
