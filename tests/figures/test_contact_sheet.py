"""Every figure of results at every case that has ever broken one: no text over another."""

from __future__ import annotations

from typing import Any

import pytest

from review.export.drawings.registry import Drawn, pages_of
from tests.figures.artists import overlaps

NAMES = (
    "forest", "full_forest", "cumulative", "versions", "leave_one_out", "margins", "sequential",
    "classes", "specification", "screening", "prisma", "traffic_light", "bias_summary",
)  # fmt: skip
LARGEST = {"full_forest": "k200", "classes": "k200", "specification": "k200"}
"""The others are as tall at 200 studies as those that are drawn there."""


def _overlaps(drawn: Drawn) -> list[tuple[str, str]]:
    return [pair for page in pages_of(drawn) for pair in overlaps(page)]


def test_no_figure_is_missing(drawn: Any) -> None:
    assert tuple(figure.__name__ for figure in drawn[0].FIGURES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_text_overlaps_whatever_the_number_and_the_names(drawn: Any, name: str) -> None:
    results, _, synthetic = drawn
    skipped = {"k70", "k200"} - {LARGEST.get(name, "k70")}
    clashes = {
        case.name: found
        for case in synthetic.CASES
        if case.name not in skipped and (found := _overlaps(getattr(results, name)(case)))
    }
    assert clashes == {}
