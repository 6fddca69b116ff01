"""The forest plot of a network by subgroup: a heading each treatment, what each group says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review.errors import InvalidDataError, NotFoundError
from review.export.drawings.forest import Sort, forest_of
from review.figures import Diamond, ForestRow, Heading
from review.figures.forest import forest_plot
from review.figures.paper import DEEPEST, MM, Paper, on_paper, width_called
from tests.figures.test_paper import faults
from tests.living.estimates.test_network_moderators import YEARS, items
from tests.living.networks import network_plan, run_of


def test_each_treatment_has_a_line_a_subgroup_and_the_whole_network_below() -> None:
    of = {i: "Kenya" if i == 5 else "Japan" if i % 2 else "Chile" for i in YEARS}
    run = run_of(network_plan(subgroups=["country"]), items(of))
    (group,), network = run[1].moderators, run[1].network
    assert network is not None
    forest = forest_of(*run, by="country")
    headings = [row.label for row in forest.rows if isinstance(row, Heading)]
    assert headings == [f"{name} against in person" for name in ("video", "wait list", "book")]
    rows = [row for row in forest.rows if isinstance(row, ForestRow)]
    assert [row.label for row in rows[:3]] == [line.label for line in group.lines]
    assert [row.estimate for row in rows[:3]] == [line.estimate for line in group.lines]
    assert rows[2].estimate is None  # in Kenya no trial has the reference
    assert [row.columns for row in rows[:3]] == [(str(line.k),) for line in group.lines]
    below = [row.estimate for row in forest.rows if isinstance(row, Diamond)]
    whole = {c.treatment: c.estimate for c in network.against_reference}
    assert below == [whole[name] for name in ("video", "wait list", "book")]
    assert group.p is not None
    assert f"video χ²(1) = {group.stat:.2f}, p" in forest.note
    assert "all comparisons χ²" in forest.note
    assert "New trial" not in forest.note


def test_an_instrument_has_its_name_and_no_test_is_said() -> None:
    run = run_of(network_plan(subgroups=["instrument"]), items())
    forest = forest_of(*run, by="instrument", instruments={"bdi": "Beck"})
    assert forest.note.endswith("No comparison is in two subgroups, so that there is no test.")


def test_what_is_not_planned_or_of_trials_is_refused() -> None:
    run = run_of(network_plan(subgroups=["country"]), items())
    with pytest.raises(NotFoundError, match="no planned subgroups by year"):
        forest_of(*run, by="year")
    with pytest.raises(InvalidDataError, match="are of trials"):
        forest_of(*run, by="country", sort=Sort.NAME)


@pytest.mark.parametrize("column", ["single", "double"])
@pytest.mark.parametrize("by", [None, "country"])
def test_it_fits_a_journals_column(column: str, by: str | None) -> None:
    of = {i: "Democratic Republic of the Congo" if i % 2 else "Chile" for i in YEARS}
    run = run_of(network_plan(subgroups=["country"], measure="SMD", margin=0.3), items(of))
    forest = replace(forest_of(*run, by=by), effect_label="Standardized mean change")
    with on_paper(Paper(width_called(column), height=DEEPEST * MM, title=False)):
        figure = forest_plot(forest)
        assert faults(figure, column, DEEPEST * MM) == []
    if column == "double" and by is None:
        (axes,) = figure.axes
        assert axes.get_position().width > 0.35
