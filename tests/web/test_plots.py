"""Plots as tables: nothing vanishes beyond the axis, and every number is there as text."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any, TypeAlias

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review import web
from review.figures.estimates import EstimateRow, Estimates
from review.figures.forest import reach_of
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.scale import Notation
from review.web.plot_axis import WIDTH, Axis
from review.web.plots import Addresses, estimates_table, forest_table

Element: TypeAlias = Any
"""An element of lxml.html, whose stubs know little of it."""


def _table(html: str) -> Element:
    return lxml.html.fragment_fromstring(html)


def _rows(table: Element, part: str = "tbody") -> list[Element]:
    return list(table.findall(f"{part}/tr"))


@st.composite
def _forests(draw: st.DrawFn) -> Forest:
    number = st.floats(-50, 50)
    rows = []
    for i in range(draw(st.integers(0, 12))):
        middle = draw(number)
        low = draw(st.one_of(st.just(-math.inf), st.floats(middle - 60, middle)))
        high = draw(st.one_of(st.just(math.inf), st.floats(middle, middle + 60)))
        rows.append(ForestRow(f"Trial <{i}>", middle, low, high, draw(st.floats(0, 100))))
    middle = draw(st.floats(-3, 3))
    half = draw(st.floats(0.01, 5))
    notation = draw(st.sampled_from(Notation))
    margin = draw(st.none() | st.floats(0.1, 2))
    return Forest(
        "Made-up trials",
        tuple(rows),
        (Diamond("Pooled", middle, middle - half, middle + half),),
        margin=margin,
        notation=notation,
    )


@given(_forests())
def test_limits_beyond_the_axis_end_in_arrows(forest: Forest) -> None:
    low, high = reach_of(forest)
    rows = _rows(_table(forest_table(forest)))
    assert len(rows) == max(len(forest.rows), 0)
    for row, item in zip(rows, forest.rows, strict=True):
        assert isinstance(item, ForestRow)
        assert item.ci_low is not None
        assert item.ci_high is not None
        beyond = (item.ci_low < low or item.ci_low > high) + (
            item.ci_high > high or item.ci_high < low
        )
        assert len(row.xpath(".//path[@class='cut']")) == beyond
        assert len(row.xpath(".//path[@class='ci']")) == 1


@given(_forests())
def test_nothing_is_drawn_outside_the_picture(forest: Forest) -> None:
    for x in re.findall(r'd="M(-?[\d.]+)', forest_table(forest)):
        assert -8 <= float(x) <= WIDTH + 8


def test_every_row_says_its_numbers() -> None:
    forest = Forest(
        "Trials",
        (Heading("Group"), ForestRow("A & B (2001)", 0.5, 0.25, 0.75, 100.0, ("12",))),
        (Diamond("Pooled (k = 1)", 0.5, 0.25, 0.75, -1.0, 2.0),),
        column_headers=("n",),
    )
    table = _table(forest_table(forest, Addresses((None, 7), "/s/")))
    group, study = _rows(table)
    assert group.text_content() == "Group"
    assert [cell.text_content().replace("\xa0", " ") for cell in study] == [
        "A & B (2001)", "12", "", "0.50 [0.25, 0.75]", "100.0%",
    ]  # fmt: skip
    assert study.find(".//a").get("href") == "/s/7"
    words = table.find("tfoot").text_content()
    assert "Pooled (k = 1)" in words
    assert "[−1.00,\xa02.00]" in words


def test_an_axis_of_ratios_where_lower_is_better_runs_the_other_way() -> None:
    plain = Axis((-1.0, 3.0), Notation.RATIO)
    turned = Axis((-1.0, 3.0), Notation.INVERSE)
    assert [plain.at(x) for x in (-1.0, 0.0, 3.0)] == [0, WIDTH / 4, WIDTH]
    assert [turned.at(x) for x in (-1.0, 0.0, 3.0)] == [WIDTH, 3 * WIDTH / 4, 0]
    drawn = turned.ruler(("favours control", "favours intervention"))
    assert drawn.index("favours intervention") < drawn.index("favours control")


@pytest.mark.parametrize("text", ["<script>", '"', "&"])
def test_names_are_escaped(text: str) -> None:
    rows = (EstimateRow(text, 0.0, -1.0, 1.0, (text,)),)
    html = estimates_table(Estimates(text, rows, text, (text,)))
    assert "<script>" not in html
    label, before, *_ = (cell.text_content() for cell in _rows(_table(html))[0])
    assert (label, before) == (text, text)


def test_a_plot_without_rows_says_so() -> None:
    assert "No studies" in forest_table(Forest("None", ()))
    assert "No studies" in estimates_table(Estimates("None", ()))


def test_a_picture_that_the_page_has_already_is_drawn_from_there() -> None:
    rows = tuple(ForestRow(f"Trial {i}", i / 10, i / 10 - 0.2, i / 10 + 0.2, 1.0) for i in range(9))
    pictures = set[str]()
    first, second = (
        _table(
            forest_table(
                Forest("Made-up", shown),
                Addresses(studies=places, study="#alliance-trial-"),
                pictures=pictures,
            )
        )
        for shown, places in ((rows, range(9)), (rows[::-1], range(8, -1, -1)))
    )
    drawn = {one.get("id"): one for one in first.iter("g") if one.get("id", "").startswith("row-")}
    assert len(drawn) == 9
    for row, again in zip(_rows(first), _rows(second)[::-1], strict=True):
        (use,) = again.find(".//svg")
        name = use.get("href").removeprefix("#")
        assert row.find(".//svg/g").get("id") == name
        assert drawn[name].find("path[@class='ci']") is not None
        assert row.text_content() == again.text_content()


def test_two_hundred_studies_are_less_than_eighty_kilobytes() -> None:
    rows = tuple(
        ForestRow(f"Made-up trial {i} (2001)", i / 100 - 1, i / 100 - 1.5, i / 100 - 0.5, 0.5)
        for i in range(200)
    )
    forest = Forest("Many", rows, (Diamond("Pooled", 0.0, -0.1, 0.1),))
    assert len(forest_table(forest, Addresses(range(200), "/r/cbt/s/"))) < 80_000


def test_diamonds_have_the_totals_of_their_studies_below_the_columns() -> None:
    rows = (
        Heading("Video"),
        ForestRow("A (2001)", 0.1, -0.3, 0.5, 60.0, columns=("12", "14", "NL")),
        ForestRow("B (2002)", 0.2, -0.3, 0.7, 40.0, columns=("30", "31", "DE")),
        Diamond("Subgroup (k = 2)", 0.1, -0.1, 0.3, columns=("42", "45", ""), weight=100.0),
    )
    pooled = Diamond(
        "Pooled <k = 2>", 0.1, -0.1, 0.3, -0.5, 0.7, columns=("42", "45", ""), weight=100.0
    )
    headers = ("n video", "n control", "country")
    plot = Forest("Made-up trials", rows, (pooled,), column_headers=headers)
    for to in (Addresses(), Addresses(switches=True, studies=(None, 1, 2, None))):
        table = _table(forest_table(plot, to))
        (heads,) = _rows(table, "thead")
        subgroup, total = _rows(table)[-1], _rows(table, "tfoot")[0]
        prediction = _rows(table, "tfoot")[1]
        for row, says in (
            (subgroup, ["42", "45", "", "100.0%"]),
            (total, ["42", "45", "", "100.0%"]),
            (prediction, ["", "", "", ""]),
        ):
            assert len(row) == len(heads)
            said = [cell.text_content() for cell in row]
            at = [[cell.text_content() for cell in heads].index(name) for name in headers]
            assert [*(said[place] for place in at), said[-1]] == says


def test_no_style_of_a_picture_depends_on_what_stands_around_it() -> None:
    """What `use` draws again has no ancestors on the page: it would be black."""
    css = (Path(web.__file__).parent / "static" / "css" / "review.css").read_text("utf-8")
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", css) for one in rule.split(",")]
    axis = Axis((-1.0, 1.0), Notation.PLAIN, 0.5, 0.0)
    drawn = axis.interval(-2, 2) + axis.square(0.0, 1.0) + axis.diamond(-0.5, 0.0, 0.5)
    for name in set(re.findall(r'<path class="([\w-]+)"', drawn + axis.landmarks())):
        assert {f"path.{name}", f".{name}"} & set(selectors), name
