"""Told apart without colour: by luminance, dash, marker or sign."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from matplotlib.colors import to_rgb

from review.figures.classes import LOOKS
from review.figures.screening import look
from review.figures.style import VERMILLION
from tests.figures.artists import by_gid

APART = 0.1
"""Of relative luminance, 0 to 1: two greys that stand side by side in print."""


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("persons", [2, 3, 4, 8, 24, 72])
def test_lines_of_reviewers_differ_in_grey(persons: int) -> None:
    looks = [look(i, persons) for i in range(persons)]
    for (i, one), (j, other) in combinations(enumerate(looks), 2):
        same = one[1:] == other[1:]  # dash and marker
        assert not same or abs(luminance(one[0]) - luminance(other[0])) > APART, (i, j)


def test_the_line_of_conflicts_is_wider_than_those_it_shares_a_dash_with(drawn: Any) -> None:
    results, _, synthetic = drawn
    artists = by_gid(results.screening(synthetic.Case("k20", 20)))
    thick = artists["conflicts-0"].get_linewidth()
    persons = [a for g, a in artists.items() if g.startswith("person-0-")]
    assert len(persons) == 4
    assert all(thick > 1.5 * person.get_linewidth() for person in persons)
    assert artists["conflicts-0"].get_color() == VERMILLION


def test_classes_and_judgements_have_signs_of_their_own(drawn: Any) -> None:
    signs = [sign for sign, _, _ in LOOKS.values()]
    assert len(set(signs)) == len(signs)
    for _, face, ink in LOOKS.values():
        assert abs(luminance(face) - luminance(ink)) > APART
    results, _, _ = drawn
    assert len({category.symbol for category in results.SCALE}) == len(results.SCALE)


def test_members_of_a_gosh_plot_have_another_outline(drawn: Any) -> None:
    _, diagnostics, synthetic = drawn
    artists = by_gid(diagnostics.gosh(synthetic.Case("k12", 12)))
    styles = {g: a.get_linestyle() for g, a in artists.items() if g.startswith("histogram-")}
    assert styles["histogram-above-with"] != styles["histogram-above-without"]
