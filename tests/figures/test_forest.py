import csv
import math
from dataclasses import replace

import pytest

from review.errors import InvalidDataError
from review.figures import Diamond, Forest, ForestRow, Heading, forest_plot, render
from review.figures.saving import FigureFormat
from tests.figures.artists import TRIALS, by_gid, overlaps, path_numbers, point, words

# metafor, REML with adhoc test: shared/cbt_delivery/expected.json, multimedia, all trials.
POOLED = Diamond("Random effects", 0.799661, 0.504509, 1.094814, -0.316519, 1.915841)


def trials() -> tuple[ForestRow, ...]:
    with TRIALS.open() as file:
        lines = list(csv.DictReader(file))
    weights = [1 / (float(x["vi"]) + 0.257842) for x in lines]
    rows = []
    for x, w in zip(lines, weights, strict=True):
        y, half = float(x["yi"]), 1.959964 * math.sqrt(float(x["vi"]))
        share = 100 * w / sum(weights)
        rows.append(ForestRow(x["study"], y, y - half, y + half, share, (x["n1"], x["n2"])))
    return tuple(rows)


def forest(**changes: object) -> Forest:
    plain = Forest(
        "Multimedia CBT against control",
        trials(),
        (POOLED,),
        effect_label="Hedges g",
        favours_left="favours control",
        favours_right="favours CBT",
        column_headers=("n CBT", "n control"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_squares_stand_at_the_estimates_and_intervals_reach_the_limits() -> None:
    rows = trials()
    drawn = by_gid(forest_plot(forest()))
    assert len(rows) == 17
    for i, row in enumerate(rows):
        assert point(drawn[f"square-{i}"]) == (row.estimate, i)
        assert list(drawn[f"interval-{i}"].get_xdata()) == [row.ci_low, row.ci_high]
        assert drawn[f"label-{i}"].get_text() == row.label


def test_areas_of_squares_are_proportional_to_weights() -> None:
    rows = trials()
    drawn = by_gid(forest_plot(forest()))
    per_cent = [drawn[f"square-{i}"].get_markersize() ** 2 / r.weight for i, r in enumerate(rows)]
    assert max(per_cent) == pytest.approx(min(per_cent), rel=1e-9)


def test_the_diamond_spans_the_interval_and_the_prediction_interval_its_limits() -> None:
    drawn = by_gid(forest_plot(forest()))
    corners = drawn["diamond-summary-0"].get_xy()
    assert corners[:, 0].min() == POOLED.ci_low
    assert corners[:, 0].max() == POOLED.ci_high
    assert corners[1, 0] == corners[3, 0] == POOLED.estimate
    assert list(drawn["prediction-summary-0"].get_xdata()) == [POOLED.pi_low, POOLED.pi_high]
    assert drawn["prediction-summary-0"].get_ydata()[0] == corners[0, 1]


def test_numbers_are_printed_with_a_real_minus_sign() -> None:
    said = words(forest_plot(forest()))
    assert said["value-summary-0"] == "0.80 [0.50, 1.09]"
    assert said["value-summary-0-prediction"] == "[−0.32, 1.92]"
    assert said["value-6"] == "−0.08 [−0.30, 0.14]"  # Gilbody (2007)
    assert not any("-0" in text or "-1" in text for text in said.values())


def test_text_and_square_of_one_study_are_on_one_height() -> None:
    figure = forest_plot(forest())
    drawn, axes = by_gid(figure), figure.axes[0]
    for i in range(17):
        x, y = point(drawn[f"square-{i}"])
        square = figure.transFigure.inverted().transform(axes.transData.transform((x, y)))[1]
        assert drawn[f"label-{i}"].get_position()[1] == pytest.approx(square, abs=1e-12)
        assert drawn[f"value-{i}"].get_position()[1] == pytest.approx(square, abs=1e-12)


def test_the_svg_itself_has_the_squares_where_the_numbers_say() -> None:
    figure = forest_plot(forest(margin=0.5))
    svg = render(figure, FigureFormat.SVG).decode()
    # Two lines of known value fix the scale of the file; a third must fall into place.
    null = path_numbers(svg, "null-line")[0]
    edge = path_numbers(svg, "margin-line")[0]
    per_unit = (null - edge) / 0.5
    for i, row in enumerate(trials()):
        start, _, stop, _ = path_numbers(svg, f"interval-{i}")
        assert (start - null) / per_unit == pytest.approx(row.ci_low, abs=1e-3)
        assert (stop - null) / per_unit == pytest.approx(row.ci_high, abs=1e-3)


def test_the_zone_ends_at_minus_the_margin() -> None:
    figure = forest_plot(forest(margin=0.5))
    drawn = by_gid(figure)
    zone = drawn["margin-zone"].get_bbox()
    assert zone.x1 == -0.5
    assert zone.x0 == figure.axes[0].get_xlim()[0] < -0.5
    assert words(figure)["margin-label"] == "margin −0.50"
    assert "margin-zone" not in by_gid(forest_plot(forest()))


def test_directions_stand_on_their_sides_of_no_effect() -> None:
    figure = forest_plot(forest())
    axes = figure.axes[0]
    null = figure.transFigure.inverted().transform(axes.transData.transform((0, 0)))[0]
    drawn = by_gid(figure)
    left, right = drawn["favours-left-0"], drawn["favours-right-0"]
    assert left.get_text() == "← favours control"
    assert right.get_text() == "favours CBT →"
    assert left.get_ha() == "right"
    assert left.get_position()[0] < null < right.get_position()[0]


def test_an_interval_beyond_the_axis_is_cut_with_an_arrow() -> None:
    wide = ForestRow("Wide (2020)", 0.2, -math.inf, 90.0, 1.0, ("5", "5"))
    far = ForestRow("Far (2020)", 80.0, 60.0, 100.0, 1.0, ("5", "5"))
    figure = forest_plot(forest(rows=(*trials(), wide, far)))
    drawn = by_gid(figure)
    low, high = figure.axes[0].get_xlim()
    assert -5 < low < high < 5
    assert list(drawn["interval-17"].get_xdata()) == [low, high]
    assert {"interval-17-cut-low", "interval-17-cut-high", "interval-18-cut-high"} <= set(drawn)
    assert "interval-18-cut-low" not in drawn
    assert "square-18" not in drawn
    assert drawn["value-17"].get_text() == "0.20 [−∞, 90.00]"


def test_a_study_without_effect_keeps_its_line() -> None:
    row = ForestRow("Zero (2020)", None, None, None, None, ("5", "5"))
    drawn = by_gid(forest_plot(forest(rows=(*trials(), row))))
    assert drawn["value-17"].get_text() == "not estimable"
    assert "square-17" not in drawn
    assert "interval-17" not in drawn


def test_subgroups_have_headings_and_diamonds_of_their_own() -> None:
    rows = trials()
    part = Diamond("Guided, pooled", 0.9, 0.5, 1.3)
    drawn = by_gid(forest_plot(forest(rows=(Heading("Guided"), *rows[:3], part, *rows[3:]))))
    assert drawn["label-0"].get_text() == "Guided"
    assert drawn["diamond-4"].get_xy()[0, 0] == 0.5
    assert point(drawn["square-5"])[0] == rows[3].estimate


def test_no_studies_is_said() -> None:
    said = words(forest_plot(Forest("Nothing yet", ())))
    assert said["label-none"] == "No studies"


def long_rows(k: int) -> tuple[ForestRow, ...]:
    names = ("Smith (2001)", "Müller-Lüdenscheidt, O'Brien & the Very Long Named Group (1999b)")
    return tuple(
        ForestRow(
            names[i % 2], (-1) ** i * 0.01 * i, -1.0 - 0.01 * i, 1.0 + 0.01 * i, 100 / k,
            (str(10**(i % 4)), "n. r." if i == 1 else str(i)),
        )
        for i in range(k)
    )  # fmt: skip


@pytest.mark.parametrize("k", [0, 1, 3, 20, 70, 200])
def test_no_text_overlaps_or_leaves_the_page(k: int) -> None:
    figure = forest_plot(
        forest(
            rows=long_rows(k),
            margin=0.5,
            note="Positive values favour CBT. " * 12,
            title="A title that is long enough to need a second line in any plot of this width, "
            "even the widest one that there is with all of its columns",
            favours_left="favours the usual face-to-face delivery in a clinic",
        )
    )
    assert overlaps(figure) == []


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e8])
def test_any_scale_of_effects_fits(scale: float) -> None:
    rows = tuple(
        ForestRow(f"Study {i}", i * scale, (i - 2) * scale, (i + 2) * scale) for i in range(4)
    )
    figure = forest_plot(Forest("Scale", rows, (Diamond("P", scale, -30 * scale, 40 * scale),)))
    assert overlaps(figure) == []
    assert point(by_gid(figure)["square-3"])[0] == 3 * scale


def test_a_number_is_never_shortened() -> None:
    row = ForestRow("A", -1234567.0, -9876543.0, 1234567.0)
    said = words(forest_plot(Forest("Raw", (row,))))
    assert said["value-0"] == "−1234567.00 [−9876543.00, 1234567.00]"


@pytest.mark.parametrize("label", ["$x$ \\alpha {", "王 (2010)", "a\tb\nc", "\x00\x07", "", "🧠"])
def test_any_label_can_be_drawn(label: str) -> None:
    figure = forest_plot(Forest(label, (ForestRow(label, 0.0, -1.0, 1.0),), note=label))
    assert b"</svg>" in render(figure, FigureFormat.SVG)


def test_the_readers_own_settings_change_nothing() -> None:
    import matplotlib

    plain = render(forest_plot(forest()), FigureFormat.SVG)
    with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.grid": True}):
        assert render(forest_plot(forest()), FigureFormat.SVG) == plain
        assert matplotlib.rcParams["font.size"] == 30


@pytest.mark.parametrize(
    ("estimate", "low", "high", "weight"),
    [
        (math.nan, 0.0, 1.0, None),
        (2.0, 0.0, 1.0, None),
        (0.5, 1.0, 0.0, None),
        (0.5, math.nan, 1.0, None),
        (math.inf, 0.0, math.inf, None),
        (0.5, 0.0, 1.0, 101.0),
        (0.5, 0.0, 1.0, -1.0),
        (0.5, 0.0, 1.0, math.nan),
        (0.5, None, 1.0, None),
    ],
)
def test_impossible_rows_are_refused(
    estimate: float, low: float | None, high: float, weight: float | None
) -> None:
    with pytest.raises(InvalidDataError, match="A \\(2001\\)"):
        ForestRow("A (2001)", estimate, low, high, weight)


def test_impossible_plots_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="margin"):
        Forest("T", (), margin=-0.5)
    with pytest.raises(InvalidDataError, match="2 data columns"):
        Forest("T", trials(), column_headers=("n",))
    with pytest.raises(InvalidDataError, match="prediction"):
        Diamond("P", 0.0, -1.0, 1.0, pi_low=-2.0)
    with pytest.raises(InvalidDataError, match="between"):
        Diamond("P", 0.0, -1.0, 1.0, 0.1, 2.0)
