"""A file's own pooled lines, computed again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review.extraction.formats.revman import read_revman
from review.extraction.formats.revman_csv import read_revman_csv
from review.extraction.formats.source import SourceTable
from review.living.estimates.revman_lines import recompute
from tests.extraction.formats.files import rm5, sample


def stated(table: SourceTable, **changes: object) -> SourceTable:
    (pool,) = table.pools
    return replace(table, pools=(replace(pool, **changes),))  # type: ignore[arg-type]


@pytest.fixture
def table() -> SourceTable:
    return read_revman(rm5(), file="r.rm5")


def test_a_line_that_its_numbers_do_not_give_is_seen(table: SourceTable) -> None:
    (line,) = recompute(table)
    # (4*40/98 + 3*26/61) / (46*8/98 + 27*5/61)
    assert line.estimate == pytest.approx((160 / 98 + 78 / 61) / (368 / 98 + 135 / 61))
    assert (line.agrees, line.k) == (False, 2)
    right = stated(table, estimate=line.estimate, q=line.q, ci_low=None, ci_high=None)
    assert recompute(right)[0].agrees is True


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"random": True}, "own tau²"),
        ({"kind": "CONT", "measure": "SMD", "method": "IV"}, "own variance"),
        ({"kind": "OTHER", "method": ""}, "no formula"),
        ({"kind": "CONT", "measure": "MD", "method": "IV"}, "no mean_1"),
    ],
)
def test_what_is_not_computed_says_why(
    table: SourceTable, changes: dict[str, object], words: str
) -> None:
    (line,) = recompute(stated(table, **changes))
    assert (line.agrees, line.estimate) == (None, None)
    assert line.reason is not None
    assert words in line.reason


@pytest.mark.parametrize("method", ["MH", "Peto", "IV"])
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_all_ways_lie_near_each_other(table: SourceTable, method: str, measure: str) -> None:
    name = "PETO_OR" if method == "Peto" else measure
    (line,) = recompute(stated(table, method=method, measure=name))
    assert line.estimate is not None
    low, high = (-0.15, 0.0) if name == "RD" else (0.35, 0.6)
    assert low < line.estimate < high


def test_the_published_lines_agree() -> None:
    """OR 0.8968656 (0.8405144, 0.9569947), chi² 9.946056, of RevMan's own file."""
    rm5_table = read_revman(sample("revman/meta_Fleiss1993.rm5").read_bytes(), file="rm5")
    csv_table = read_revman_csv(sample("revman/meta_Fleiss1993_CR.csv").read_bytes(), file="csv")
    lines = [*recompute(rm5_table), *recompute(csv_table)]
    assert [line.agrees for line in lines] == [True, True, True]
    assert lines[0].estimate == pytest.approx(0.8968656, abs=5e-8)
    assert lines[0].ci == pytest.approx((0.8405144, 0.9569947), abs=5e-8)
    assert lines[0].q == pytest.approx(9.946056, abs=5e-7)
