"""What is drawn on an axis of effects: ticks whose labels stand apart, no effect, the margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from review.figures.scale import Notation, Written
from review.figures.style import BLACK, GREY, ZONE, font
from review.figures.text import width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Between the labels of two ticks, in inches.
TICK_AIR = 0.1
FEWEST_TICKS = 2
# Steps that are tried on a short axis until two ticks stand on it.
FINEST_TICKS = 16

Marks: TypeAlias = Sequence[tuple[float, str]]


def fraction(value: float, limits: tuple[float, float]) -> float:
    """Where on an axis a value stands: 0 at its low end and below, 1 at its high end and above."""
    low, high = limits
    return min(1.0, max(0.0, (value - low) / (high - low)))


def draw_landmarks(
    axes: Axes, margin: float | None, *, upright: bool, null_line: bool = True
) -> None:
    """Draw a line at no effect, if there is such, and one at the margin, beyond which is shaded.

    `upright` lines cross a horizontal axis of effects. Its limits, already set, stay.
    """
    low, high = axes.get_xlim() if upright else axes.get_ylim()
    line, span = (axes.axvline, axes.axvspan) if upright else (axes.axhline, axes.axhspan)
    if margin is not None:
        span(low, -margin, color=ZONE, lw=0, zorder=0, gid="margin-zone")
        line(-margin, color=GREY, lw=0.8, ls=":", zorder=1, gid="margin-line")
    if null_line:
        line(0.0, color=BLACK, lw=0.8, ls=(0, (4, 3)), zorder=1, gid="null-line")
    (axes.set_xlim if upright else axes.set_ylim)(low, high)


def horizontal_ticks(
    axes: Axes,
    limits: tuple[float, float],
    size: float,
    room: float,
    *,
    whole: bool = False,
    overhang: float = math.inf,
    notation: Written = Notation.PLAIN,
) -> None:
    """Put ticks on the horizontal axis, so many that their labels stand apart in that room.

    Labels that would reach further than `overhang` inches beyond the axis are left out.
    """
    most = 8
    marks = notation.ticks(*limits, most, whole=whole)
    # Labels of large effects are wide: fewer ticks until they stand apart.
    while most > 2 and not _apart(marks, limits, size, room):
        most -= 1
        marks = notation.ticks(*limits, most, whole=whole)
    while len(marks) > 1 and not _apart(marks, limits, size, room):
        marks = marks[::2]
    inside = _inside(marks, limits, size, room, overhang)
    if len(inside) < FEWEST_TICKS:  # an axis with one number has no unit
        inside = _some(limits, size, room, overhang, notation, whole=whole) or inside
    axes.set_xticks([at for at, _ in inside], [label for _, label in inside])
    axes.tick_params(axis="x", width=0.8, length=3, pad=2)
    for label in axes.get_xticklabels():
        label.set_fontproperties(font(size))


def _inside(
    marks: Marks, limits: tuple[float, float], size: float, room: float, overhang: float
) -> list[tuple[float, str]]:
    low, high = limits
    per_unit = room / (high - low)
    return [
        (at, label)
        for at, label in marks
        if min(at - low, high - at) * per_unit + overhang >= width(label, size) / 2
    ]


def _some(
    limits: tuple[float, float],
    size: float,
    room: float,
    overhang: float,
    notation: Written,
    *,
    whole: bool,
) -> list[tuple[float, str]]:
    """Return two ticks of finer steps that stand apart on a short axis, else one, else none."""
    alone: list[tuple[float, str]] = []
    for most in range(3, FINEST_TICKS):
        inside = _inside(notation.ticks(*limits, most, whole=whole), limits, size, room, overhang)
        alone = alone or inside[:1]
        for first, last in ((a, b) for b in reversed(inside) for a in inside if a < b):
            if _apart((first, last), limits, size, room):
                return [first, last]
    return alone


def _apart(marks: Marks, limits: tuple[float, float], size: float, room: float) -> bool:
    places = [(room * fraction(value, limits), width(label, size)) for value, label in marks]
    return all(
        there - here > (wide + next_wide) / 2 + TICK_AIR
        for (here, wide), (there, next_wide) in pairwise(places)
    )
