import math

import pytest

from review.figures.numbers import bracketed, fixed
from review.figures.scale import Notation, limits, ratio_ticks, ticks
from review.figures.text import paragraph, printable, shorten, width, wrap


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (-0.3, 2, "−0.30"),
        (-0.004, 2, "0.00"),
        (-0.006, 2, "−0.01"),
        (0.0, 0, "0"),
        (-0.0, 1, "0.0"),
        (math.inf, 2, "∞"),
        (-math.inf, 2, "−∞"),
        (1234567.0, 1, "1234567.0"),
        (-1.5e9, 1, "−1.5e+09"),
    ],
)
def test_fixed(value: float, decimals: int, text: str) -> None:
    assert fixed(value, decimals) == text


def test_bracketed() -> None:
    assert bracketed(-0.67, 0.07, 2) == "[−0.67, 0.07]"


def test_ticks_are_round_and_inside() -> None:
    assert [label for _, label in ticks(-0.72, 1.31)] == ["−0.5", "0.0", "0.5", "1.0"]
    assert [value for value, _ in ticks(-3.0, 3.0)] == [-3, -2, -1, 0, 1, 2, 3]
    for low, high in [(-1e-7, 3e-7), (5.0, 5.5), (-1e9, 4e9)]:
        found = ticks(low, high)
        assert 2 <= len(found) <= 8
        assert all(low <= value <= high for value, _ in found)
        assert len({label for _, label in found}) == len(found)


def test_no_axis_has_one_number_alone() -> None:
    """Of one tick nobody can tell how far the next is."""
    for low in (-3.0, -1.4, -0.9, -0.04, 0.0, 0.013):
        for wide in (0.011, 0.3, 0.99, 1.6, 9.9):
            for most in (2, 3, 5):
                for found in (ticks(low, low + wide, most), ratio_ticks(low, low + wide, most)):
                    assert 2 <= len(found) <= most, (low, wide, most, found)
                    assert all(low - 1e-9 <= value <= low + wide + 1e-9 for value, _ in found)


def test_limits_cover_what_is_usual_and_cut_what_is_not() -> None:
    usual = [(-0.5, 0.5)] * 9
    low, high = limits([*usual, (-40.0, 60.0)])
    assert -2.5 < low < -0.5
    assert 0.5 < high < 2.5
    low, high = limits(usual, [(-1.0, 1.2)])
    assert low < -1.0
    assert high > 1.2


def test_limits_hold_no_effect_and_margins() -> None:
    low, high = limits([(2.0, 3.0)], landmarks=(0.0, -0.65))
    assert low < -0.65
    assert high > 3.0


@pytest.mark.parametrize("given", [[], [(0.0, 0.0)], [(-math.inf, math.inf)]])
def test_limits_without_spread_are_still_an_axis(given: list[tuple[float, float]]) -> None:
    low, high = limits(given)
    assert low < 0 < high


def test_shortening_spares_the_year_and_fits() -> None:
    name = "Müller, Extremely Long Name and Collaborators of the Study Group (2019a)"
    short = shorten(name, 8, 2.0)
    assert short.endswith("… (2019a)")
    assert short.startswith("Müller, Ext")
    assert width(short, 8) <= 2.0
    assert shorten("Short (2019)", 8, 2.0) == "Short (2019)"
    assert width(shorten("x" * 200, 8, 1.0), 8) <= 1.0


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    text = "one two three four five six seven eight nine ten"
    lines = wrap(text, 8, 1.0)
    assert len(lines) > 2
    assert all(width(line, 8) <= 1.0 for line in lines)
    assert " ".join(lines) == text


def test_no_line_breaks_within_a_count_or_the_level_of_an_interval() -> None:
    for kept in ("[95% CI]", "(97.5% CI)", "(n = 1,234)"):
        for room in (0.5, 0.7, 0.9, 1.2):
            lines = wrap(f"Odds ratio {kept} of deaths", 6, room)
            assert any(kept in line for line in lines), (room, lines)


def test_what_the_font_lacks_is_shown_as_missing() -> None:
    assert printable("\ue123 Smith\x07\t(2010)") == "\N{REPLACEMENT CHARACTER} Smith� (2010)"
    assert printable("  τ² − é ") == "τ² − é"


@pytest.mark.parametrize("limits", [(0.15, 7), (0.8, 1.3), (1e-6, 1e8), (0.999, 1.002), (3, 4)])
def test_ratio_ticks_are_round_ratios_inside_the_axis(limits: tuple[float, float]) -> None:
    low, high = (math.log(x) for x in limits)
    marks = ratio_ticks(low, high)
    assert 2 <= len(marks) <= 8
    values = [value for value, _ in marks]
    assert values == sorted(values)
    assert low <= values[0]
    assert values[-1] <= high
    assert all(float(x) == pytest.approx(math.exp(v)) for v, x in marks if x.isascii())


def test_a_ratio_that_would_round_to_zero_is_said_to_be_below() -> None:
    assert Notation.RATIO.written(math.log(0.004), 2) == "<0.01"
    assert Notation.RATIO.written(math.log(0.006), 2) == "0.01"
    assert Notation.RATIO.interval(-math.inf, 800.0, 2) == "[<0.01, ∞]"
    assert Notation.PLAIN.interval(-0.5, 0.25, 2) == "[−0.50, 0.25]"


def test_an_axis_of_ratios_has_no_effect_between_others_where_three_have_room() -> None:
    for low, high in ((0.15, 3.5), (0.2, 2.5), (0.12, 4.9)):
        found = [label for _, label in ratio_ticks(math.log(low), math.log(high), 3)]
        assert found == ["0.5", "1", "2"]
    assert len(ratio_ticks(math.log(0.2), math.log(3.5), 2)) == 2


def test_notes_have_the_minus_signs_of_the_axis() -> None:
    note = "Estimates from -0.47 to -0.30, PHQ-9, on 2026-11-30."
    assert " ".join(paragraph(note, 8, 9)) == "Estimates from −0.47 to −0.30, PHQ-9, on 2026-11-30."


def test_rates_have_ticks_of_a_logarithmic_axis() -> None:
    labels = [label for _, label in Notation.RATE.ticks(math.log(0.8), math.log(300))]
    assert labels == ["1", "2", "5", "10", "20", "50", "100", "200"]
