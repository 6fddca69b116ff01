"""Tables of networks: each number stands where its origin says, and each treatment by variant."""

from __future__ import annotations

from review.export.contents.moderators import moderators_data
from review.export.contents.network import sensitivity_table
from review.export.contents.variants import variants_data
from review.export.runs import LatestRun
from review.export.tables.model import Kind, Table
from review.export.tracing.origins import found_at
from review.figures.numbers import MINUS
from review.living.reports.changes import compare
from review.living.runs.results import Snapshot
from review.living.runs.scales import scale_of_run
from tests.living.estimates.test_network_moderators import items
from tests.living.networks import network_plan, run_of

KEY = 64 * "a"


def latest(**changes: object) -> LatestRun:
    snapshot = run_of(network_plan(**changes), items())
    return LatestRun("network", 1, *snapshot, compare(None, snapshot), KEY)


def numbers_at_their_origins(table: Table, snapshot: Snapshot) -> int:
    """Check each number of a table against what the run holds there; return how many."""
    scale, seen = scale_of_run(snapshot[0]), 0
    for row, at in zip(table.rows, table.origins, strict=True):
        assert at is not None
        _, *path = at.split("/")
        for column, cell in zip(table.columns, row, strict=True):
            if column.kind is Kind.TEXT or cell is None or column.key == "run":
                continue
            value = found_at(snapshot, [*path, column.key])
            if column.key == "estimate":
                assert cell == scale.value(value)  # type: ignore[arg-type]  # a number
            elif column.key != "ci":
                assert cell == value
            seen += 1
    return seen


def test_moderators_have_the_others_and_coefficients_of_each_treatment() -> None:
    run = latest(subgroups=["country"], moderators=["year"])
    table = moderators_data("t", [run])
    assert numbers_at_their_origins(table, (run.inputs, run.results)) > 60
    labels = [row[4] for row in table.rows]
    assert "Japan: wait list against in person" in labels
    assert "test of wait list - in person" in labels
    assert "test of one coefficient for all treatments" in labels
    assert "video: year" in labels
    assert sum(str(label).startswith("effect at the mean") for label in labels) == 3


def test_variants_have_the_others() -> None:
    run = latest(variants=["fixed", "leave_one_out"])
    table = variants_data("t", [run])
    assert numbers_at_their_origins(table, (run.inputs, run.results)) > 60
    labels = [row[4] for row in table.rows]
    assert "common effect: book against in person" in labels


def test_each_treatment_stands_by_variant_with_what_moves_it_most() -> None:
    run = latest(variants=["fixed", "leave_one_out"])
    assert run.results.network is not None
    table = sensitivity_table(run, run.results.network)
    assert [column.header for column in table.columns] == ["Variant", "wait list", "book", "video"]
    assert [row[0] for row in table.rows[:2]] == ["planned", "common effect"]
    single = [line for line in run.results.variants if line.variant == "leave_one_out"]
    for name in ("wait list", "book"):
        by_estimate = sorted(
            (other.estimate, line.label)
            for line in single
            for other in line.others
            if other.treatment == name
        )
        shown = {row[0] for row in table.rows}
        assert {by_estimate[0][1], by_estimate[-1][1]} <= shown
    pooled = run.results.pooled
    assert str(table.rows[0][3]).startswith(f"{pooled.estimate:.2f}".replace("-", MINUS))
    note = table.footnotes[0].text
    left_out = len(single) - (len(table.rows) - 2)
    assert f"{left_out} others are in the file of the variants" in note
