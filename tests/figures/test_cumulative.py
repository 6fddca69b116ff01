import math

import pytest

from review.errors import InvalidDataError
from review.figures import Cumulative, CumulativeStep, cumulative_plot
from review.figures.estimates import EstimateRow, Estimates, estimates_plot
from review.figures.paper import Paper, on_paper, width_called
from tests.figures.artists import by_gid, overlaps, point, words


def steps(n: int) -> tuple[CumulativeStep, ...]:
    made = []
    for i in range(n):
        half = 8 / (i + 1) ** 0.9
        low = 0.8 - half
        conclusion = "superior" if low > 0 else "inconclusive"
        made.append(CumulativeStep(str(1980 + i), i + 1, 0.8, low, 0.8 + half, conclusion))
    return tuple(made)


def test_each_step_is_drawn_at_its_numbers() -> None:
    drawn = by_gid(cumulative_plot(Cumulative("C", steps(20))))
    for i, step in list(enumerate(steps(20)))[3:]:
        assert point(drawn[f"dot-{i}"]) == (step.estimate, i)
        assert list(drawn[f"interval-{i}"].get_xdata()) == [step.ci_low, step.ci_high]
        assert drawn[f"before-0-{i}"].get_text() == str(i + 1)
        assert drawn[f"after-0-{i}"].get_text() == step.conclusion


def test_the_first_wide_interval_does_not_squeeze_the_others() -> None:
    figure = cumulative_plot(Cumulative("C", steps(20)))
    low, high = figure.axes[0].get_xlim()
    assert high - low < 12 < steps(1)[0].ci_high - steps(1)[0].ci_low
    assert "interval-0-cut-high" in by_gid(figure)


def test_only_the_line_where_the_conclusion_changed_is_bold() -> None:
    drawn = by_gid(cumulative_plot(Cumulative("C", steps(20))))
    first = next(i for i, s in enumerate(steps(20)) if s.conclusion == "superior")
    bold = {
        i for i in range(20) if "Bold" in str(drawn[f"label-{i}"].get_fontproperties().get_file())
    }
    assert bold == {first}


@pytest.mark.parametrize("n", [0, 1, 20, 200])
def test_no_text_overlaps(n: int) -> None:
    plot = Cumulative(
        "C", steps(n), favours_left="favours control", favours_right="favours CBT", margin=0.5
    )
    assert overlaps(cumulative_plot(plot)) == []


def test_values_read_like_the_forest_plot() -> None:
    step = CumulativeStep("2008", 6, 0.577519, -0.172116, 1.327154, "inconclusive")
    assert words(cumulative_plot(Cumulative("C", (step,))))["value-0"] == "0.58 [−0.17, 1.33]"


def test_nothing_yet_is_said_on_an_even_axis() -> None:
    figure = cumulative_plot(Cumulative("C", (), margin=0.5))
    assert words(figure)["label-none"] == "No studies"
    low, high = figure.axes[0].get_xlim()
    assert low == -high < -0.5


def test_impossible_steps_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        CumulativeStep("2008", -1, 0.0, -1.0, 1.0)
    with pytest.raises(InvalidDataError):
        CumulativeStep("2008", 1, math.nan, -1.0, 1.0)
    with pytest.raises(InvalidDataError):
        Cumulative("C", (), margin=0.0)


def test_names_give_way_where_numbers_need_more_decimals_than_a_column_has_room() -> None:
    """−0.0941 [−0.1882, −0.0001] beside a name needed 90 mm."""
    rows = tuple(
        EstimateRow(f"Study number {i:03} (1990)", -0.0941, -0.1882, -0.0001) for i in range(3)
    )
    estimates = Estimates("As trials were published", rows, effect_label="Hedges g")
    with on_paper(Paper(width_called("single"), title=False)):
        figure = estimates_plot(estimates)
        assert overlaps(figure) == []
    assert figure.get_size_inches()[0] == pytest.approx(85 / 25.4)
    drawn = by_gid(figure)
    assert drawn["value-0"].get_text() == "−0.0941 [−0.1882, −0.0001]"
    assert "…" in drawn["label-0"].get_text()
