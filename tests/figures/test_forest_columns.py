import math
from dataclasses import replace

import pytest

from review.errors import InvalidDataError
from review.figures import Diamond, Forest, ForestRow, Heading, forest_plot
from review.figures.layouts import Layout
from review.figures.paper import MM, Paper, on_paper
from review.figures.risk_of_bias import BiasDomain, Blank, Category
from review.figures.scale import Notation
from tests.figures.artists import by_gid, point, words

SCALE = (Category("Low risk", "+", "green"), Category("High risk", "−", "vermillion"))
DOMAINS = (BiasDomain("D1", "Randomisation"), BiasDomain("Overall", "Overall"))


def forest(**changes: object) -> Forest:
    rows = (
        Heading("client"),
        ForestRow("A (2001)", 0.2, -0.1, 0.5, 60.0, ("40", "12/40"), (0, Blank.NOT_ASKED)),
        ForestRow("B (2002)", -0.7, -1.2, -0.2, 40.0, ("22", "3/22"), (1, Blank.NOT_ASSESSED)),
        Diamond("Subgroup (k = 2)", -0.1, -0.6, 0.4),
    )
    plain = Forest(
        "Dropout", rows, (Diamond("Pooled (k = 2)", -0.1, -0.6, 0.4, -1.0, 0.8),),
        column_headers=("n", "Events/total"), column_groups=(("videoconferencing", 2),),
        domains=DOMAINS, categories=SCALE, margin=0.5,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_a_subgroup_has_its_heading_its_rows_and_its_diamond_in_order() -> None:
    drawn = by_gid(forest_plot(forest()))
    heights = [drawn[f"label-{i}"].get_position()[1] for i in range(4)]
    assert heights == sorted(heights, reverse=True)
    corners = drawn["diamond-3"].get_xy()
    assert (corners[:, 0].min(), corners[1, 0], corners[:, 0].max()) == (-0.6, -0.1, 0.4)
    assert corners[0, 1] == point(drawn["square-2"])[1] + 1


ARMS = ("Mean", "SD", "Total") * 2
REVMAN = {
    "column_headers": ARMS, "column_groups": (("video", 3), ("in person", 3)), "domains": (),
    "categories": (),
    "rows": (
        ForestRow("Generated 12 (2001)", 0.2, -0.1, 0.5, 100.0, ("10.25", "11.25", "117") * 2),
    ),
}  # fmt: skip


def test_means_sds_and_totals_of_both_arms_stand_on_two_columns_of_a_journal() -> None:
    with on_paper(Paper(174 * MM)):
        told = words(forest_plot(forest(**REVMAN), Layout.REVMAN5))
    assert [told[f"header-column-{i}-0"] for i in range(6)] == list(ARMS)
    assert "Not shown" not in " ".join(told.values())


def test_on_one_column_means_go_with_their_sds_before_the_sizes() -> None:
    with on_paper(Paper(85 * MM)):
        told = words(forest_plot(forest(**REVMAN), Layout.REVMAN5))
    heads = {text for gid, text in told.items() if gid.startswith("header-column-")}
    assert heads <= {"Total"}
    said = " ".join(text for gid, text in told.items() if gid.startswith("note-"))
    assert "Not shown for want of width" in said


def test_a_light_carries_the_colour_and_the_sign_of_its_judgement() -> None:
    drawn = by_gid(forest_plot(forest()))
    assert drawn["bias-0-1"].get_text() == "+"
    assert drawn["light-bias-0-1"].get_markerfacecolor() == "#009E73"
    assert drawn["bias-0-2"].get_text() == "−"
    assert drawn["bias-1-1"].get_text() == "–"  # not part of the study's tool: no light
    assert "light-bias-1-1" not in drawn
    assert "bias-1-2" not in drawn  # a ring without a sign: not judged yet
    assert drawn["light-bias-1-2"].get_markerfacecolor() == "#FFFFFF"


def test_lights_stand_on_the_height_of_their_study() -> None:
    figure = forest_plot(forest())
    drawn = by_gid(figure)
    square = figure.axes[0].transData.transform(point(drawn["square-1"]))[1]
    light = figure.transFigure.transform(
        (drawn["light-bias-0-1"].get_xdata()[0], drawn["light-bias-0-1"].get_ydata()[0])
    )[1]
    assert light == pytest.approx(square, abs=1e-6)


def test_every_category_and_domain_is_named_under_the_plot() -> None:
    said = words(forest_plot(forest()))
    assert [said[f"legend-{i}"] for i in range(4)] == [
        "Low risk", "High risk", "No judgement yet", "Not part of the study's tool",
    ]  # fmt: skip
    assert "D1 Randomisation" in said["note-0"]


def test_a_heading_stands_over_the_middle_of_its_columns() -> None:
    drawn = by_gid(forest_plot(forest()))
    start, stop = drawn["group-rule-0"].get_xdata()
    assert drawn["group-0-0"].get_text() == "videoconferencing"
    assert drawn["group-0-0"].get_position()[0] == pytest.approx((start + stop) / 2)
    assert drawn["column-1-1"].get_position()[0] == pytest.approx(stop)


def test_ratios_are_drawn_as_logarithms_and_read_as_ratios() -> None:
    figure = forest_plot(forest(notation=Notation.RATIO))
    drawn, said = by_gid(figure), words(figure)
    assert point(drawn["square-1"])[0] == 0.2
    assert said["value-1"] == f"{math.exp(0.2):.2f} [{math.exp(-0.1):.2f}, {math.exp(0.5):.2f}]"
    assert said["margin-label"] == "margin 0.61"  # exp(-0.5)
    for tick, label in zip(
        figure.axes[0].get_xticks(), figure.axes[0].get_xticklabels(), strict=True
    ):
        assert math.exp(tick) == pytest.approx(float(label.get_text()), abs=1e-12)


def test_headings_judgements_and_columns_must_fit() -> None:
    with pytest.raises(InvalidDataError, match="not over all"):
        forest(column_groups=(("videoconferencing", 1),))
    with pytest.raises(InvalidDataError, match="1 judgements"):
        forest(rows=(ForestRow("A", 0.0, -1.0, 1.0, None, ("1", "2"), (0,)),))
    with pytest.raises(InvalidDataError, match="off the scale"):
        forest(rows=(ForestRow("A", 0.0, -1.0, 1.0, None, ("1", "2"), (0, 2)),))
