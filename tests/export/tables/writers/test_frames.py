"""A table as a data frame: typed columns, nothing rounded."""

from __future__ import annotations

import pandas as pd

from review.export.tables.model import Column, Interval, Kind, Table
from review.export.tables.writers.frames import frame


def test_a_table_becomes_typed_columns() -> None:
    table = Table(
        title="t",
        columns=(
            Column("study", "Study"),
            Column("n", "n", Kind.INTEGER),
            Column("yi", "Effect", Kind.NUMBER),
            Column("ci", "CI", Kind.INTERVAL),
        ),
        rows=(("A", 12, 0.1 + 0.2, Interval(-1.0, 2.0)), (None, None, None, None)),
    )
    found = frame(table)
    assert list(found.columns) == ["study", "n", "yi", "ci_low", "ci_high"]
    assert [str(kind) for kind in found.dtypes] == ["str", "Int64", "float64", "float64", "float64"]
    assert list(found.iloc[0]) == ["A", 12, 0.1 + 0.2, -1.0, 2.0]
    assert pd.isna(found.loc[1]).all()


def test_a_table_without_rows_keeps_its_columns() -> None:
    table = Table(title="t", columns=(Column("ci", "CI", Kind.INTERVAL),), rows=())
    assert list(frame(table).columns) == ["ci_low", "ci_high"]
