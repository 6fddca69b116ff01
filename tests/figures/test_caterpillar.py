"""All effects by size: every one is there, in order, and what is cut is counted."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from review.figures.caterpillar import caterpillar_plot, subgroups_alone
from review.figures.forest_values import Diamond, Forest, ForestRow, Heading
from review.figures.paper import Paper, on_paper
from review.figures.scale import Notation
from tests.figures.artists import by_gid, overlaps, words

SIZES = (1, 3, 12, 60, 480)


def forest(k: int, seed: int = 5) -> Forest:
    """Made-up studies in no order, with a heading and the diamond of a subgroup between them."""
    chance = np.random.default_rng(seed)
    effects, halves = chance.normal(0.1, 0.3, k), chance.uniform(0.1, 0.6, k)
    rows = [
        ForestRow(f"Made-up {i}", y, y - half, y + half, 100 / k)
        for i, (y, half) in enumerate(zip(effects.tolist(), halves.tolist(), strict=True))
    ]
    return Forest(
        "Depression, made up",
        (Heading("Video"), *rows, Diamond("Subgroup", 0.1, 0.0, 0.2)),
        (Diamond(f"Pooled (k = {k})", 0.1, 0.02, 0.18, -0.4, 0.6),),
        margin=0.5, favours_left="Favours control", favours_right="Favours video",
        effect_label="SMD", note="Random effects.",
    )  # fmt: skip


def drawn_effects(figure: Figure) -> tuple[list[float], list[tuple[float, float]]]:
    found = by_gid(figure)
    ends = [(float(a[0]), float(b[0])) for a, b in found["intervals"].get_segments()]
    return [float(x) for x in found["estimates"].get_xdata()], ends


@pytest.mark.parametrize("k", SIZES)
def test_every_study_stands_once_from_the_lowest_to_the_highest(k: int) -> None:
    content = forest(k)
    rows = [row for row in content.rows if isinstance(row, ForestRow)]
    figure = caterpillar_plot(content)
    effects, ends = drawn_effects(figure)
    assert effects == sorted(row.estimate for row in rows if row.estimate is not None)
    assert set(zip(effects, ends, strict=True)) == {
        (row.estimate, (row.ci_low, row.ci_high)) for row in rows
    }
    assert f"{k} stud{'y' if k == 1 else 'ies'}, by effect" in words(figure).values()


@pytest.mark.parametrize("width", [85 / 25.4, 174 / 25.4, None])
@pytest.mark.parametrize("k", SIZES)
def test_it_fits_a_page_without_overlaps_however_many_there_are(
    k: int, width: float | None
) -> None:
    with on_paper(Paper(width=width, height=234 / 25.4)):
        figure = caterpillar_plot(forest(k))
    assert figure.get_figheight() <= 234 / 25.4
    if width is not None:
        assert figure.get_figwidth() == pytest.approx(width)
    assert overlaps(figure) == []


def test_intervals_that_the_axis_cuts_are_counted() -> None:
    rows = (
        *(ForestRow(f"{i}", i / 10, i / 10 - 0.2, i / 10 + 0.2, 1.0) for i in range(9)),
        ForestRow("far", 0.3, -60.0, 60.0, 1.0),
    )
    content = dataclasses.replace(forest(3), rows=rows)
    said = " ".join(words(caterpillar_plot(content)).values())
    assert "1 interval of 10 reaches beyond the axis." in said
    assert "beyond the axis" not in " ".join(words(caterpillar_plot(forest(12))).values())


def test_the_pooled_effect_has_its_band_and_prediction_interval() -> None:
    figure = caterpillar_plot(forest(60))
    found = by_gid(figure)
    assert found["pooled-line"].get_xdata()[0] == 0.1
    for side, limit in (("low", -0.4), ("high", 0.6)):
        assert found[f"prediction-line-{side}"].get_xdata()[0] == limit
    x0, x1 = found["pooled-band"].get_extents().intervalx
    axes = found["pooled-band"].axes
    at = axes.transData.inverted().transform([(x0, 0), (x1, 0)])[:, 0]
    assert at == pytest.approx([0.02, 0.18])


def test_ratios_whose_axis_is_turned_rise_to_the_right() -> None:
    turned = dataclasses.replace(forest(12), notation=Notation.INVERSE)
    effects, _ = drawn_effects(caterpillar_plot(turned))
    rows = [row.estimate for row in turned.rows if isinstance(row, ForestRow)]
    assert effects == sorted(-y for y in rows if y is not None)


def test_an_empty_one_says_so() -> None:
    figure = caterpillar_plot(dataclasses.replace(forest(3), rows=()))
    assert words(figure)["empty"] == "No studies"


def test_subgroups_alone_are_named_by_what_they_pool() -> None:
    content = subgroups_alone(forest(12))
    assert [row.label for row in content.rows if isinstance(row, Diamond)] == ["Video (k = 12)"]
    assert len(content.rows) == 1
    assert content.summaries == forest(12).summaries
