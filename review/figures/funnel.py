"""The funnel plot: each study by its effect and its standard error, the precise ones on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.chart import Chart, Frame, Scale, draw_chart, draw_point, note_beyond, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.numbers import fixed, p_level
from review.figures.scale import Notation, Written, reach
from review.figures.style import BLACK, BLUE, VERMILLION, own_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Levels with their two-sided normal quantiles, and the greys of the zones beyond each: the
# nearest to "not significant" the darkest, so that a gap there is seen.
CONTOURS: Final = (
    (0.10, 1.6448536269514722, "#CFCFCF"),
    (0.05, 1.959963984540054, "#E0E0E0"),
    (0.01, 2.5758293035489004, "#F1F1F1"),
)
ACROSS = 4.6


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """A study: its effect on the analysis scale and its standard error, above 0."""

    label: str
    estimate: float
    se: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.estimate) or not (math.isfinite(self.se) and self.se > 0):
            raise InvalidDataError(
                f'"{self.label}" needs an estimate and a standard error above 0, '
                f"not {self.estimate:g} and {self.se:g}."
            )


@dataclass(frozen=True, slots=True)
class Funnel:
    """All that a funnel plot says.

    Attributes
    ----------
    points : tuple of FunnelPoint
        The studies.
    estimate : float or None
        The pooled effect, an upright line.
    filled : tuple of FunnelPoint
        Studies that trim and fill adds, drawn hollow.
    adjusted : float or None
        The pooled effect with the filled studies; the funnel then stands around it.
    level, quantile : float
        Of the pseudo confidence limits: they run at ``centre ± quantile · se``.
    null_line : bool
        Whether 0 means no effect: with it go the line and the zones of significance around it.
    """

    title: str
    points: tuple[FunnelPoint, ...]
    estimate: float | None = None
    filled: tuple[FunnelPoint, ...] = ()
    adjusted: float | None = None
    level: float = 0.95
    quantile: float = CONTOURS[1][1]
    null_line: bool = True
    notation: Written = Notation.PLAIN
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    note: str = ""

    @property
    def centre(self) -> float | None:
        """Where the pseudo limits meet."""
        return self.estimate if self.adjusted is None else self.adjusted


def funnel_plot(funnel: Funnel) -> Figure:
    """Draw a contour-enhanced funnel plot.

    Parameters
    ----------
    funnel : Funnel
        Any number of points, none included.

    Returns
    -------
    Figure
        Artists carry gids: ``point-i``, ``filled-i``, ``estimate-line``, ``adjusted-line``,
        ``limit-low``, ``limit-high``, and ``zone-.10-low`` to ``zone-.01-high``. A study beyond
        the axes is an arrow at their edge.

    Notes
    -----
    Sterne & Egger 2001, J Clin Epidemiol 54:1046 (standard error, turned round); Peters et al.
    2008, J Clin Epidemiol 61:991 (contours of significance around no effect).

    Examples
    --------
    >>> funnel_plot(Funnel("Depression", (FunnelPoint("A", 0.2, 0.1),), 0.2)).get_label()
    'Depression'
    """
    with own_settings():
        frame = draw_chart(_chart(funnel))
        axes = frame.axes
        if funnel.null_line:
            _draw_zones(axes)
        _draw_lines(axes, funnel)
        for i, point in enumerate(funnel.filled):
            _draw(frame, point, f"filled-{i}", "white")
        for i, point in enumerate(funnel.points):
            _draw(frame, point, f"point-{i}", BLUE)
        if not funnel.points:
            say_empty(frame, "No studies")
    return frame.figure


def _draw(frame: Frame, point: FunnelPoint, gid: str, face: str) -> None:
    edge = BLUE if face == "white" else "white"
    draw_point(
        frame.axes, point.estimate, point.se, across=ACROSS, gid=gid, face=face, edge=edge
    )  # fmt: skip


def _chart(funnel: Funnel) -> Chart:
    every = (*funnel.points, *funnel.filled)
    depth = 1.04 * reach([point.se for point in every])[1] if every else 1.0
    low, high = reach([point.estimate for point in every], _landmarks(funnel, depth))
    return Chart(
        title=funnel.title,
        x=Scale(low, high, funnel.effect_label, notation=funnel.notation),
        y=Scale(0.0, depth, "Standard error", turned=True),
        keys=_keys(funnel),
        favours_left=funnel.favours_left,
        favours_right=funnel.favours_right,
        note=note_beyond(
            funnel.note,
            [
                f"{p.label} ({funnel.notation.written(p.estimate, 2)}, "
                f"standard error {fixed(p.se, 2)})"
                for p in every
                if not (low <= p.estimate <= high and p.se <= depth)
            ],
        ),
    )


def _landmarks(funnel: Funnel, depth: float) -> list[float]:
    """No effect, the pooled effects, and where the pseudo limits end."""
    marks = [0.0] if funnel.null_line else []
    marks += [x for x in (funnel.estimate, funnel.adjusted) if x is not None]
    if funnel.centre is not None:
        half = funnel.quantile * depth
        marks += [funnel.centre - half, funnel.centre + half]
    return marks


def _keys(funnel: Funnel) -> tuple[Key, ...]:
    keys = [Key("Study", Sample.DOT, BLUE)]
    if funnel.filled:
        keys.append(Key("Filled study", Sample.RING, BLUE))
    if funnel.estimate is not None:
        keys.append(
            Key(f"Pooled, {funnel.notation.written(funnel.estimate, 2)}", Sample.LINE, BLACK)
        )
    if funnel.adjusted is not None:
        words = f"With filled studies, {funnel.notation.written(funnel.adjusted, 2)}"
        keys.append(Key(words, Sample.LINE, VERMILLION))
    if funnel.centre is not None:
        keys.append(Key(f"Pseudo {100 * funnel.level:g}% limits", Sample.DASHED, BLACK))
    if not funnel.null_line:
        return tuple(keys)
    most, some, least = (p_level(p) for p, _, _ in CONTOURS)
    zones = (f"p {some} to {most}", f"p {least} to {some}", f"p < {least}")
    drawn = zip(zones, CONTOURS, strict=True)
    return (*keys, *(Key(said, Sample.BLOCK, grey) for said, (_, _, grey) in drawn))


def _draw_zones(axes: Axes) -> None:
    """Wedges from no effect downwards; each side of each zone is a polygon of its own."""
    from matplotlib.patches import Polygon

    low, high = axes.get_xlim()
    depth = max(axes.get_ylim())
    outer = max(abs(low), abs(high), 3.5 * depth)
    for i, (p, quantile, grey) in enumerate(CONTOURS):
        far = CONTOURS[i + 1][1] * depth if i + 1 < len(CONTOURS) else None
        for side, sign in (("low", -1.0), ("high", 1.0)):
            corners = [(0.0, 0.0), (sign * quantile * depth, depth)]
            if far is not None:
                corners.append((sign * far, depth))
            else:
                corners += [(sign * outer, depth), (sign * outer, 0.0)]
            zone = Polygon(corners, closed=True, facecolor=grey, edgecolor="none", zorder=0)
            zone.set_gid(f"zone-{p:.2f}".replace("0.", ".") + f"-{side}")
            axes.add_patch(zone)


def _draw_lines(axes: Axes, funnel: Funnel) -> None:
    depth = max(axes.get_ylim())
    limits_of_page = axes.get_xlim()
    if funnel.null_line:
        axes.axvline(0.0, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=1, gid="null-line")
    if funnel.estimate is not None:
        axes.axvline(funnel.estimate, color=BLACK, lw=1.1, zorder=2, gid="estimate-line")
    if funnel.adjusted is not None:
        axes.axvline(funnel.adjusted, color=VERMILLION, lw=1.1, zorder=2, gid="adjusted-line")
    if funnel.centre is not None:
        colour = BLACK if funnel.adjusted is None else VERMILLION
        for side, sign in (("low", -1.0), ("high", 1.0)):
            axes.plot(
                [funnel.centre, funnel.centre + sign * funnel.quantile * depth],
                [0.0, depth], color=colour, lw=0.9, ls=(0, (5, 3)),
                zorder=2, gid=f"limit-{side}",
            )  # fmt: skip
    axes.set_xlim(*limits_of_page)
