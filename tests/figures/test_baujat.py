import math

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.figures.baujat import Baujat, BaujatPoint, baujat_plot
from review.figures.paper import COLUMNS, MM, Paper, on_paper
from review.figures.placing import Box, Name, lead, place_names
from tests.figures.artists import by_gid, overlaps, point, words
from tests.figures.synthetic import NAMES, SIZES


def points(k: int, *, named: int = 10) -> tuple[BaujatPoint, ...]:
    """Synthetic, the first the foremost."""
    rng = np.random.default_rng(k)
    far = np.sort(rng.exponential(1.0, (k, 2)), axis=0)[::-1]
    return tuple(
        BaujatPoint(NAMES[i % 2], float(x), float(y) ** 2, i < named)
        for i, (x, y) in enumerate(far)
    )


def test_studies_stand_at_their_coordinates_and_named_ones_are_diamonds() -> None:
    figure = baujat_plot(Baujat("Synthetic", points(20, named=4)))
    drawn = by_gid(figure)
    for i, study in enumerate(points(20)):
        assert point(drawn[f"point-{i}"]) == (study.heterogeneity, study.influence)
        assert drawn[f"point-{i}"].get_marker() == ("D" if i < 4 else "o")
        assert (f"label-{i}" in drawn) == (i < 4)
    assert figure.axes[0].get_xlim()[0] == figure.axes[0].get_ylim()[0] == 0.0


def test_infinite_influence_is_an_arrow_at_the_top() -> None:
    drawn = by_gid(baujat_plot(Baujat("Synthetic", (BaujatPoint("A", 2.0, math.inf, True),))))
    assert drawn["point-0-cut"].get_marker() == "^"
    assert drawn["label-0"].get_text() == "A"


@pytest.mark.parametrize("k", SIZES)
def test_every_named_study_has_its_name_and_none_overlaps(k: int) -> None:
    figure = baujat_plot(Baujat("Synthetic: heterogeneity", points(k), "note " * 60))
    assert overlaps(figure) == []
    labels = [gid for gid in words(figure) if gid.startswith("label-")]
    assert len(labels) == min(k, 10)
    assert ("empty" in by_gid(figure)) == (k == 0)


def test_names_of_a_crowd_are_led_to_and_cover_nothing() -> None:
    names = [Name(3.0 + 0.01 * i, 2.0, 1.2, 0.16) for i in range(8)]
    bounds = Box(0, 0, 6, 4)
    boxes = [
        box for box in place_names(names, [(n.x, n.y) for n in names], bounds, radius=0.03) if box
    ]
    assert len(boxes) == 8
    assert all(box.within(bounds) for box in boxes)
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    led = [lead(name, box) for name, box in zip(names, boxes, strict=True)]
    assert led[0] is None
    assert any(led)


def test_a_name_without_room_has_no_place() -> None:
    assert place_names([Name(1, 1, 5.0, 0.1)], [(1, 1)], Box(0, 0, 2, 2), radius=0.1) == [None]


def test_a_point_whose_name_has_no_room_is_named_in_the_note() -> None:
    crowd = tuple(
        BaujatPoint(f"The {i}th trial (2001)", 5.0 + i / 500, 2.0, named=True) for i in range(60)
    )
    with on_paper(Paper(COLUMNS["single"] * MM)):
        figure = baujat_plot(Baujat("Crowd", (*crowd, BaujatPoint("far", 0.0, 9.0)), "A note."))
    said = words(figure)
    beside = {int(gid.removeprefix("label-")) for gid in said if gid.startswith("label-")}
    note = " ".join(text for gid, text in said.items() if gid.startswith("note-"))
    told = note.partition("Without room for a name")[2]
    assert 0 < len(beside) < 60
    for i, one in enumerate(crowd):
        assert (f"{one.label} ({one.heterogeneity:.2f}, 2.00)" in told) == (i not in beside)
    assert overlaps(figure) == []


@pytest.mark.parametrize(("x", "y"), [(-0.1, 1.0), (1.0, -0.1), (math.nan, 1.0), (1.0, math.nan)])
def test_impossible_points_are_refused(x: float, y: float) -> None:
    with pytest.raises(InvalidDataError, match="A \\(2001\\)"):
        BaujatPoint("A (2001)", x, y)
