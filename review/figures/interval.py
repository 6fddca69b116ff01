"""A line from limit to limit, cut with an arrow where it leaves the axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from review.errors import InvalidDataError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def check_interval(label: str, estimate: float, low: float, high: float) -> None:
    """Refuse an estimate outside its own limits.

    Raises
    ------
    InvalidDataError
        If the estimate is not finite, a limit is NaN, or not ``low <= estimate <= high``.
    """
    if not math.isfinite(estimate) or math.isnan(low) or math.isnan(high):
        raise InvalidDataError(f'"{label}" has an estimate or limit that is not a number.')
    if not low <= estimate <= high:
        raise InvalidDataError(
            f'"{label}": the estimate {estimate:g} does not lie between its limits '
            f"{low:g} and {high:g}."
        )


def draw_interval(
    axes: Axes,
    y: float,
    low: float,
    high: float,
    *,
    colour: str,
    line_width: float,
    gid: str,
    capped: bool = False,
) -> None:
    """Draw limits at height `y`; what lies beyond the axis becomes an arrow at its edge.

    Parameters
    ----------
    axes : Axes
        With its limits already set.
    y, low, high : float
        In data units; the limits may be infinite.
    colour, line_width
        Of the line; arrows share the colour.
    gid : str
        Name of the line; arrows are ``<gid>-cut-low`` and ``<gid>-cut-high``.
    capped : bool
        Whether limits inside the axis end in a short upright stroke.
    """
    left, right = sorted(axes.get_xlim())
    start, stop = min(max(low, left), right), max(min(high, right), left)
    axes.plot(
        [start, stop], [y, y], color=colour, lw=line_width, solid_capstyle="butt", gid=gid, zorder=4
    )
    below, above = ends(axes)
    for limit, side, marker, beyond in (
        (start, "low", below, low < left),
        (stop, "high", above, high > right),
    ):
        if beyond:
            axes.plot(
                [limit], [y], marker=marker, ms=3.2 + 2 * line_width, color=colour, mew=0,
                ls="none", gid=f"{gid}-cut-{side}", clip_on=False, zorder=5,
            )  # fmt: skip
        elif capped and left <= limit <= right:
            axes.plot(
                [limit], [y], marker="|", ms=5, mew=line_width, color=colour, ls="none",
                gid=f"{gid}-cap-{side}", zorder=4,
            )  # fmt: skip


def ends(axes: Axes) -> tuple[str, str]:
    """Return the markers of arrows that point to smaller and to larger numbers."""
    return (">", "<") if axes.xaxis_inverted() else ("<", ">")
