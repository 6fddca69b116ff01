"""The sequential panel: a confidence sequence, and z against its boundaries, look by look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.axis import draw_landmarks
from review.figures.chart import Chart, Scale, draw_charts, draw_point, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.scale import Notation, Written, limits, widened
from review.figures.style import BLACK, BLUE, GREY, VERMILLION, ZONE, own_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# An infinite or huge bound of an early look would flatten the rest of the plot.
HIGHEST_Z: Final = 8.0


@dataclass(frozen=True, slots=True)
class SequentialLook:
    """One look at the accumulating trials.

    Attributes
    ----------
    k : int
        Trials so far.
    estimate, low, high : float
        The estimate with its confidence sequence; limits may be infinite.
    fraction : float or None
        Of the required information; None where no sequential analysis could be made.
    z, bound : float or None
        The statistic and its boundary; a bound is infinite where nothing may be spent yet, None
        where the look was not analysed.
    crossed : bool
        Whether z reached the bound.
    """

    k: int
    estimate: float
    low: float
    high: float
    fraction: float | None = None
    z: float | None = None
    bound: float | None = None
    crossed: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.estimate <= self.high:
            raise InvalidDataError(f"The look at {self.k} trials lies outside its own sequence.")


@dataclass(frozen=True, slots=True)
class Sequential:
    """All that a sequential panel says.

    Attributes
    ----------
    looks : tuple of SequentialLook
        The first one first.
    two_sided : bool
        Whether the boundaries lie on both sides of 0.
    conventional : float
        The z of a single look at the same level.
    level : float
        Of the confidence sequence.
    """

    title: str
    looks: tuple[SequentialLook, ...]
    two_sided: bool = False
    conventional: float = 1.959964
    level: float = 0.95
    margin: float | None = None
    effect_label: str = "Effect"
    notation: Written = Notation.PLAIN
    note: str = ""


def sequential_plot(sequential: Sequential) -> Figure:
    """Draw the confidence sequence above and z with its boundaries below.

    Parameters
    ----------
    sequential : Sequential
        Any number of looks, none included.

    Returns
    -------
    Figure
        For look i the gids ``estimate-i``, ``sequence-i`` and ``z-i`` (a diamond where the boundary
        was crossed); ``bounds-high`` and ``bounds-low``; ``required``, the line where all
        information is in. The horizontal axis is the information fraction, or, without one, the
        number of trials.

    Notes
    -----
    Confidence sequences: Howard et al. 2021, Ann Stat 49:1055. Boundaries on the information
    fraction: Wetterslev et al. 2008, J Clin Epidemiol 61:64.
    """
    with own_settings():
        looks, x = sequential.looks, _places(sequential)
        above, below = draw_charts(_charts(sequential, x))
        if looks:
            draw_landmarks(above.axes, sequential.margin, upright=False)
        for i, look in enumerate(looks):
            _draw_sequence(above.axes, x[i], look, i)
        _draw_boundaries(below.axes, sequential, x)
        if not looks:
            say_empty(above, "No looks yet")
    return above.figure


def _has_fractions(sequential: Sequential) -> bool:
    return bool(sequential.looks) and all(x.fraction is not None for x in sequential.looks)


def _places(sequential: Sequential) -> list[float]:
    if _has_fractions(sequential):
        return [look.fraction or 0.0 for look in sequential.looks]
    return [float(look.k) for look in sequential.looks]


def _charts(sequential: Sequential, x: Sequence[float]) -> tuple[Chart, Chart]:
    fractions = _has_fractions(sequential)
    across = "Information fraction" if fractions else "Trials"
    start, stop = 0.0, 1.05 * max([1.0, *x])
    looks = sequential.looks
    low, high = limits(
        [(look.low, look.high) for look in looks],
        [(look.estimate, look.estimate) for look in looks],
        (0.0, -1.2 * (sequential.margin or 0.0)),
    )
    z = [look.z for look in looks if look.z is not None]
    bounds = [look.bound for look in looks if look.bound is not None]
    reach = [sequential.conventional, *z, *(min(b, HIGHEST_Z) for b in bounds)]
    floor = -max(map(abs, reach)) if sequential.two_sided else min(0.0, *reach)
    z_low, z_high = widened([floor, max(reach)], 0.1)
    crossed = any(look.crossed for look in looks)
    percent = f"{100 * sequential.level:g}%"
    keys = [Key(f"estimate with {percent} confidence sequence", Sample.DOT, BLUE)]
    if sequential.margin is not None:
        keys.append(Key("beyond the margin", Sample.BLOCK, ZONE))
    return (
        Chart(
            title=sequential.title,
            x=Scale(start, stop, ""),
            y=Scale(low, high, sequential.effect_label, notation=sequential.notation),
            keys=tuple(keys),
            height=2.3,
        ),
        Chart(
            title="Trial sequential analysis",
            x=Scale(start, stop, across),
            y=Scale(z_low, z_high, "z"),
            keys=(
                Key("z", Sample.DOT, BLUE),
                *([Key("boundary crossed", Sample.DIAMOND, VERMILLION)] if crossed else []),
                *([Key("boundary for repeated looks", Sample.LINE, VERMILLION)] if bounds else []),
                Key("boundary of a single look", Sample.DOTTED, GREY),
                *([Key("required information", Sample.LINE, BLACK)] if fractions else []),
            ),
            height=2.3,
            note=f"{sequential.note} {_retreat(x)}".strip(),
        ),
    )


def _retreat(x: Sequence[float]) -> str:
    """Say why the line of z turns back, where it does."""
    if all(a <= b for a, b in pairwise(x)):
        return ""
    return "Information shrinks where heterogeneity grows: z then turns back, and is not tested."


def _draw_sequence(axes: Axes, x: float, look: SequentialLook, i: int) -> None:
    low, high = axes.get_ylim()
    start, stop = min(max(look.low, low), high), max(min(look.high, high), low)
    axes.plot([x, x], [start, stop], color=BLACK, lw=0.9, zorder=3, gid=f"sequence-{i}")
    for at, beyond, marker, side in (
        (start, look.low < low, "v", "low"),
        (stop, look.high > high, "^", "high"),
    ):
        if beyond:
            axes.plot(
                [x], [at], marker=marker, ms=4.5, color=BLACK, mew=0, ls="none", clip_on=False,
                zorder=4, gid=f"sequence-{i}-cut-{side}",
            )  # fmt: skip
    draw_point(axes, x, look.estimate, across=5.0, gid=f"estimate-{i}", face=BLUE, edge=BLUE)


def _draw_boundaries(axes: Axes, sequential: Sequential, x: Sequence[float]) -> None:
    low, high = axes.get_ylim()
    looks = sequential.looks
    sides = ((1, "high"), (-1, "low")) if sequential.two_sided else ((1, "high"),)
    bounded = [(at, b.bound) for at, b in zip(x, looks, strict=True) if b.bound is not None]
    for sign, side in sides:
        axes.axhline(
            sign * sequential.conventional, color=GREY, lw=0.8, ls=(0, (1, 2)), zorder=2,
            gid=f"conventional-{side}",
        )  # fmt: skip
        if bounded:
            inside = [min(bound, 2 * HIGHEST_Z) if math.isfinite(bound) else 2 * HIGHEST_Z
                      for _, bound in bounded]  # fmt: skip
            axes.plot(
                [at for at, _ in bounded], [sign * b for b in inside], color=VERMILLION, lw=1.2,
                marker="_", ms=7, mew=1.6, zorder=3, gid=f"bounds-{side}",
            )  # fmt: skip
    axes.axhline(0.0, color=BLACK, lw=0.8, ls=(0, (4, 3)), zorder=1, gid="z-null-line")
    if _has_fractions(sequential):
        axes.axvline(1.0, color=BLACK, lw=0.8, zorder=1, gid="required")
    drawn = [(at, look.z) for at, look in zip(x, looks, strict=True) if look.z is not None]
    axes.plot(
        [at for at, _ in drawn], [z for _, z in drawn], color=BLUE, lw=0.8, zorder=4,
        gid="z-path",
    )  # fmt: skip
    axes.set_ylim(low, high)
    for i, (at, look) in enumerate(zip(x, looks, strict=True)):
        if look.z is not None:
            draw_point(
                axes, at, look.z, across=6.5 if look.crossed else 5.0, gid=f"z-{i}",
                face=VERMILLION if look.crossed else BLUE, edge=BLACK if look.crossed else BLUE,
                marker="D" if look.crossed else "o",
            )  # fmt: skip
