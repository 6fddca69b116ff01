import pytest

from review.errors import InvalidDataError
from review.figures.paper import COLUMNS, MM, Paper, on_paper
from review.figures.risk_of_bias import (
    COLOURS,
    BiasDomain,
    BiasRow,
    Blank,
    Category,
    RiskOfBias,
    shares,
    summary_plot,
    traffic_light_plot,
)
from review.figures.saving import FigureFormat, render
from tests.figures.artists import by_gid, overlaps, words

ROB2 = (
    Category("Low", "+", "green"),
    Category("Some concerns", "!", "yellow"),
    Category("High", "×", "vermillion"),
    Category("No information", "?", "grey"),
)
DOMAINS = (
    BiasDomain("D1", "Randomisation process"),
    BiasDomain("D1b", "Timing of identification and recruitment"),
    BiasDomain("D2", "Deviations from intended interventions"),
    BiasDomain("D3", "Missing outcome data"),
    BiasDomain("D4", "Measurement of the outcome"),
    BiasDomain("D5", "Selection of the reported result"),
    BiasDomain("Overall", "Overall"),
)


def rows(n: int) -> tuple[BiasRow, ...]:
    """Rows that use every category but the last, with a cluster trial every third."""
    return tuple(
        BiasRow(
            f"A trial with a rather long name, number {i} ({1990 + i % 30})",
            (
                i % 3,
                1 if i % 3 == 0 else Blank.NOT_ASKED,
                0,
                (i + 1) % 3,
                Blank.NOT_ASSESSED if i % 7 == 3 else 0,
                1,
                2,
            ),
            weight=100 / n,
        )
        for i in range(n)
    )


def plot(n: int) -> RiskOfBias:
    return RiskOfBias("Risk of bias: alliance", DOMAINS, ROB2, rows(n), "RoB 2, two assessors.")


def face(artist: object) -> str:
    from matplotlib.colors import to_hex

    return str(to_hex(artist.get_markerfacecolor())).upper()  # type: ignore[attr-defined]


def test_every_judgement_has_its_light_with_colour_and_sign() -> None:
    drawn = by_gid(traffic_light_plot(plot(9)))
    for i, row in enumerate(rows(9)):
        for j, judgement in enumerate(row.judgements):
            if judgement is Blank.NOT_ASKED:
                assert f"light-{i}-{j}" not in drawn
                assert drawn[f"symbol-{i}-{j}"].get_text() == "–"
            elif isinstance(judgement, Blank):
                assert face(drawn[f"light-{i}-{j}"]) == "#FFFFFF"
                assert f"symbol-{i}-{j}" not in drawn
            else:
                category = ROB2[judgement]
                assert face(drawn[f"light-{i}-{j}"]) == COLOURS[category.colour][0]
                assert drawn[f"symbol-{i}-{j}"].get_text() == category.symbol


@pytest.mark.parametrize("draw", [traffic_light_plot, summary_plot])
def test_every_category_is_in_the_legend_used_or_not(draw: object) -> None:
    drawn = by_gid(draw(plot(9)))  # type: ignore[operator]
    labels = [drawn[f"legend-{c}"].get_text() for c in range(len(ROB2))]
    assert labels == ["Low", "Some concerns", "High", "No information"]
    assert [drawn[f"symbol-legend-{c}"].get_text() for c in range(len(ROB2))] == list("+!×?")
    assert drawn["legend-not-assessed"].get_text() == "No judgement yet"


def test_what_no_row_left_blank_is_not_in_the_legend() -> None:
    full = RiskOfBias("T", DOMAINS[:1], ROB2, (BiasRow("A", (0,)),))
    assert "legend-not-assessed" not in words(traffic_light_plot(full))
    assert "legend-not-asked" not in words(traffic_light_plot(full))


@pytest.mark.parametrize("n", [0, 1, 9, 40, 120])
def test_no_text_overlaps_in_the_lights(n: int) -> None:
    assert overlaps(traffic_light_plot(plot(n))) == []


@pytest.mark.parametrize("n", [0, 1, 9, 120])
def test_no_text_overlaps_in_the_bars(n: int) -> None:
    assert overlaps(summary_plot(plot(n))) == []


@pytest.mark.parametrize("column", ["one-and-a-half", "double"])
def test_the_lights_fill_a_column_of_a_journal(column: str) -> None:
    wide = COLUMNS[column] * MM
    with on_paper(Paper(wide)):
        figure = traffic_light_plot(plot(12))
    assert figure.get_figwidth() == pytest.approx(wide)
    last = by_gid(figure)["head-6"].get_position()[0]
    assert last > 0.88


def test_shares_add_up_and_leave_out_rows_whose_tool_does_not_ask() -> None:
    content = plot(9)
    low, concerns, high, nothing, blank = shares(content, 0)
    assert [s.count for s in (low, concerns, high, nothing, blank)] == [3, 3, 3, 0, 0]
    assert sum(s.percent for s in shares(content, 0)) == pytest.approx(100)
    cluster = shares(content, 1)
    assert [s.count for s in cluster] == [0, 3, 0, 0, 0]
    assert cluster[1].percent == 100
    measured = shares(content, 4)
    assert (measured[0].count, measured[-1].count) == (8, 1)
    assert measured[-1].percent == pytest.approx(100 / 9)
    assert {s.percent for s in shares(plot(0), 0)} == {0.0}


def test_bars_by_weight_follow_the_weights() -> None:
    content = RiskOfBias(
        "T", DOMAINS[:1], ROB2, (BiasRow("A", (0,), 75.0), BiasRow("B", (2,), 25.0))
    )
    assert [s.percent for s in shares(content, 0, weighted=True)] == [75, 0, 25, 0, 0]
    assert [s.percent for s in shares(content, 0)] == [50, 0, 50, 0, 0]
    drawn = by_gid(summary_plot(content, weighted=True))
    assert drawn["bar-0-0"].get_width() == pytest.approx(3 * drawn["bar-0-2"].get_width())
    assert drawn["bar-0-2"].get_x() == pytest.approx(
        drawn["bar-0-0"].get_x() + drawn["bar-0-0"].get_width()
    )
    assert drawn["bar-symbol-0-0"].get_text() == "+ 75"
    assert drawn["axis-label"].get_text() == "Share of the weight, %"
    assert "bar-0-1" not in drawn


@pytest.mark.parametrize(
    "given", [(BiasRow("A", (0,)),), (BiasRow("A", (0,), 0.0), BiasRow("B", (1,), 0.0))]
)
def test_bars_by_weight_need_weights(given: tuple[BiasRow, ...]) -> None:
    with pytest.raises(InvalidDataError):
        summary_plot(RiskOfBias("T", DOMAINS[:1], ROB2, given), weighted=True)


def test_no_study_is_said() -> None:
    assert words(traffic_light_plot(plot(0)))["label-none"] == "No studies"


def test_the_overall_judgement_is_bold_among_the_bars() -> None:
    drawn = by_gid(summary_plot(plot(9)))
    bold = {
        j for j in range(7) if "Bold" in str(drawn[f"name-{j}"].get_fontproperties().get_file())
    }
    assert bold == {6}


def test_impossible_pictures_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="has 1 judgements, the plot has 7"):
        RiskOfBias("T", DOMAINS, ROB2, (BiasRow("A", (0,)),))
    with pytest.raises(InvalidDataError, match="off the scale"):
        RiskOfBias("T", DOMAINS[:1], ROB2, (BiasRow("A", (4,)),))
    with pytest.raises(InvalidDataError, match="negative"):
        RiskOfBias("T", DOMAINS[:1], ROB2, (BiasRow("A", (0,), -1.0),))
    with pytest.raises(InvalidDataError, match="puce"):
        Category("Low", "+", "puce")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", COLOURS)
def test_every_sign_can_be_read_on_its_colour(name: str) -> None:
    high, low = sorted(map(luminance, COLOURS[name]), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5, "WCAG 2.1, 1.4.3"


def test_the_same_appraisals_give_the_same_bytes() -> None:
    for draw in (traffic_light_plot, summary_plot):
        first = render(draw(plot(3)), FigureFormat.SVG)
        assert render(draw(plot(3)), FigureFormat.SVG) == first
