"""A page of known size: text, rules and axes at inches from its top left corner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.figures.style import BLACK, GREY, font
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EDGE = 0.15
TITLE_SIZE = 10.0
SMALL_SIZE = 7.5


def leading(size: float) -> float:
    """Inches from one line of text to the next, as DejaVu Sans needs them at a size in points."""
    return 1.35 * size / POINTS_PER_INCH


@dataclass(frozen=True, slots=True)
class Page:
    """A figure with its size in inches; what is put on it carries a gid, for tests and pages."""

    figure: Figure
    width: float
    height: float

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        gid: str,
        bold: bool = False,
        align: str = "left",
        middle: bool = False,
        colour: str = BLACK,
        backed: bool = False,
    ) -> None:
        """Put a line of text; its top is at y, or with `middle` its middle.

        What is `backed` hides the lines behind it.
        """
        drawn = self.figure.text(
            x / self.width, 1 - y / self.height, text, ha=align, color=colour,
            va="center_baseline" if middle else "top", parse_math=False,
            fontproperties=font(size, bold=bold, text=text),
        )  # fmt: skip
        drawn.set_gid(gid)
        if backed:
            drawn.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})

    def rule(self, start: float, stop: float, y: float, *, gid: str) -> None:
        """Put a horizontal line."""
        from matplotlib.lines import Line2D

        at = 1 - y / self.height
        line = Line2D([start / self.width, stop / self.width], [at, at], color=BLACK, lw=0.8)
        line.set_gid(gid)
        self.figure.add_artist(line)

    def disc(self, x: float, y: float, across: float, face: str, *, gid: str) -> None:
        """Put a disc of that diameter around a point."""
        from matplotlib.lines import Line2D

        disc = Line2D(
            [x / self.width], [1 - y / self.height], marker="o", ms=across * POINTS_PER_INCH,
            mfc=face, mec=GREY, mew=0.5, ls="none",
        )  # fmt: skip
        disc.set_gid(gid)
        self.figure.add_artist(disc)

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Put axes without frame above and to the right; `bottom` is their lower edge."""
        axes = self.figure.add_axes(
            (
                left / self.width,
                1 - bottom / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.set_facecolor("none")
        for side in ("right", "top"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_linewidth(0.8)
        return axes
