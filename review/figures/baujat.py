"""Baujat's plot: each study's part in heterogeneity against what it does to the pooled effect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.chart import Chart, Frame, Scale, draw_chart, draw_point, say_empty
from review.figures.chart_key import TEXT_LINE, TEXT_SIZE
from review.figures.numbers import fixed
from review.figures.placing import AIR, Box, Name, lead, place_names
from review.figures.scale import widened
from review.figures.style import BLUE, GREY, VERMILLION, own_settings
from review.figures.text import POINTS_PER_INCH, Cuts, printable, width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 5.0
WIDEST_NAME = 1.8


@dataclass(frozen=True, slots=True)
class BaujatPoint:
    """A study: its squared Pearson residual, and its squared standardised influence, 0 or more.

    `named` says whether its name is written beside it; `influence` may be infinite.
    """

    label: str
    heterogeneity: float
    influence: float
    named: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.heterogeneity) and self.heterogeneity >= 0) or not (
            self.influence >= 0
        ):
            raise InvalidDataError(
                f'"{self.label}" has the coordinates {self.heterogeneity:g} and '
                f"{self.influence:g}; both must be 0 or more."
            )


@dataclass(frozen=True, slots=True)
class Baujat:
    """All that a Baujat plot says."""

    title: str
    points: tuple[BaujatPoint, ...]
    note: str = ""


def baujat_plot(baujat: Baujat) -> Figure:
    """Draw Baujat's plot.

    Parameters
    ----------
    baujat : Baujat
        Any number of points, none included.

    Returns
    -------
    Figure
        Artists carry gids: ``point-i``; for named studies ``label-i`` and, where the name stands
        apart, ``leader-i``. Named points are diamonds; the note names those whose name has no room.

    Notes
    -----
    Baujat et al. 2002, Stat Med 21:2641. Names are placed so that none covers another; the study
    with the largest product of both coordinates is placed first.

    Examples
    --------
    >>> baujat_plot(Baujat("Depression", (BaujatPoint("A", 1.0, 0.2),))).get_label()
    'Depression'
    """
    with own_settings():
        frame = draw_chart(_chart(baujat))
        names = _places(frame, baujat.points)
        nowhere = {i: said for i, said, _, box in names if box is None}
        if nowhere:  # a longer note leaves the plot, and what has room in it, as it is
            frame = draw_chart(_chart(baujat, nowhere))
            names = _places(frame, baujat.points)
        for i, point in enumerate(baujat.points):
            draw_point(
                frame.axes, point.heterogeneity, point.influence, across=ACROSS, gid=f"point-{i}",
                face=VERMILLION if point.named else BLUE, edge="white",
                marker="D" if point.named else "o",
            )  # fmt: skip
        _write_names(frame, names)
        if not baujat.points:
            say_empty(frame, "No studies")
    return frame.figure


def _chart(baujat: Baujat, nowhere: Mapping[int, str] | None = None) -> Chart:
    unnamed = {said: baujat.points[i] for i, said in (nowhere or {}).items()}
    note = f"{baujat.note} {_unnamed(unnamed)}"
    return Chart(
        title=baujat.title,
        x=_scale(
            [p.heterogeneity for p in baujat.points],
            "Squared Pearson residual (contribution to heterogeneity)",
        ),
        y=_scale(
            [p.influence for p in baujat.points],
            "Squared change of the pooled effect without the study, in standard errors",
        ),
        note=f"{note} {_cut(baujat.points).key}".strip(),
    )


def _unnamed(points: Mapping[str, BaujatPoint]) -> str:
    """Return which diamonds have no room for their names, as the plot would cut them."""
    if not points:
        return ""
    told = "; ".join(
        f"{said} ({fixed(p.heterogeneity, 2)}, {fixed(p.influence, 2)})"
        for said, p in points.items()
    )
    return f"Without room for a name (residual, change): {told}."


def _scale(values: Sequence[float], label: str) -> Scale:
    return Scale(0.0, widened((0.0, *values))[1], label)


def _foremost(points: Sequence[BaujatPoint]) -> list[int]:
    """The points that are named, those first that stand out most."""
    return sorted(
        (i for i, point in enumerate(points) if point.named),
        key=lambda i: -points[i].heterogeneity * min(points[i].influence, 1e300),
    )


def _cut(points: Sequence[BaujatPoint]) -> Cuts:
    """What of their names is cut short, numbered in the order in which they are written."""
    cuts = Cuts()
    for i in _foremost(points):
        cuts.fit(printable(points[i].label), TEXT_SIZE, WIDEST_NAME)
    return cuts


_Placed = tuple[int, str, Name, "Box | None"]
"""A name: its point, words, size and, where there is room, its place."""


def _places(frame: Frame, points: Sequence[BaujatPoint]) -> list[_Placed]:
    """Return where each name stands, the foremost first."""
    chosen = _foremost(points)
    low, high = frame.axes.get_xlim()
    floor, ceiling = frame.axes.get_ylim()
    places = [
        frame.place(min(max(p.heterogeneity, low), high), min(max(p.influence, floor), ceiling))
        for p in points
    ]
    cuts = Cuts()
    words = [cuts.fit(printable(points[i].label), TEXT_SIZE, WIDEST_NAME) for i in chosen]
    names = [
        Name(*places[i], width(said, TEXT_SIZE), TEXT_LINE)
        for i, said in zip(chosen, words, strict=True)
    ]
    bounds = Box(frame.left, frame.top - 0.05, frame.left + frame.width, frame.top + frame.height)
    found = place_names(names, places, bounds, radius=ACROSS / 2 / POINTS_PER_INCH)
    return list(zip(chosen, words, names, found, strict=True))


def _write_names(frame: Frame, names: Sequence[_Placed]) -> None:
    for i, said, name, box in names:
        if box is None:
            continue
        frame.page.write(box.x0 + AIR, box.y0 + AIR, said, TEXT_SIZE, gid=f"label-{i}")
        end = lead(name, box)
        if end is not None:
            _draw_leader(frame, (name.x, name.y), end, f"leader-{i}")


def _draw_leader(
    frame: Frame, start: tuple[float, float], end: tuple[float, float], gid: str
) -> None:
    from matplotlib.lines import Line2D

    page = frame.page
    line = Line2D(
        [start[0] / page.width, end[0] / page.width],
        [1 - start[1] / page.height, 1 - end[1] / page.height],
        color=GREY, lw=0.5,
    )  # fmt: skip
    line.set_gid(gid)
    page.figure.add_artist(line)
