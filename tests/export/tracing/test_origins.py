"""Each number of the tables of a run is found again at its origin."""

import pytest

from review.errors import NotFoundError
from review.export.contents.changes import changes_data
from review.export.contents.effects import results_table
from review.export.contents.pooled import pooled_data, pooled_table
from review.export.contents.reported import reported_table
from review.export.runs import LatestRun
from review.export.tables.cells import Kind
from review.export.tables.model import Table
from review.export.tracing.origins import found_at

BESIDE = {"run", "run_before", "run_after"}
"""Numbers of runs, which are no numbers of a run."""


def tables(runs: list[LatestRun]) -> list[Table]:
    data = (pooled_data("T", runs), reported_table("T", runs))
    return [pooled_table("T", runs), *map(results_table, runs), *data]


def test_every_number_stands_at_its_origin(delivery_runs: list[LatestRun]) -> None:
    runs = {run.key[:12]: (run.inputs, run.results) for run in delivery_runs}
    seen = 0
    for table in tables(delivery_runs):
        for row, at in zip(table.rows, table.origins, strict=True):
            assert at is not None
            key, *path = at.split("/")
            for column, cell in zip(table.columns, row, strict=True):
                if column.kind is Kind.TEXT or cell is None or column.key in BESIDE:
                    continue
                assert found_at(runs[key], [*path, column.key]) == cell
                seen += 1
    assert seen > 1000


def test_a_change_stands_at_the_number_that_changed(delivery_runs: list[LatestRun]) -> None:
    table = changes_data("T", delivery_runs)
    runs = {run.key[:12]: (run.inputs, run.results) for run in delivery_runs}
    numbers = 0
    for row, at in zip(table.rows, table.origins, strict=True):
        if at is None:  # shares and signals are computed of two runs and stand in neither
            assert str(row[table.keys.index("what")]).startswith(("share of the change", "signal"))
            continue
        key, since, number, *path = at.split("/")
        assert (since, number) == ("since", "1")
        after = row[table.keys.index("after_number")]
        found = found_at(runs[key], path)
        if after is not None:
            assert found == after
            numbers += 1
    assert numbers == 33


def test_a_path_that_leads_nowhere_is_refused(delivery_runs: list[LatestRun]) -> None:
    snapshot = (delivery_runs[0].inputs, delivery_runs[0].results)
    for path in (["nothing"], ["effects", "999"], ["pooled", "ci_middle"], ["effects", "-1"]):
        with pytest.raises(NotFoundError):
            found_at(snapshot, path)
