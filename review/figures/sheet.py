"""A page that grows downwards: the frame of figures without an axis of numbers.

All lengths are inches from the top left corner; what is put on the page is drawn once its height is
known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, leading
from review.figures.paper import fitted
from review.figures.style import BLACK, GREY, font
from review.figures.text import POINTS_PER_INCH, paragraph, printable, title_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class _Words:
    """A piece of text in inches from the top left corner."""

    x: float
    y: float
    text: str
    size: float
    gid: str
    bold: bool
    align: str
    middle: bool
    colour: str


class Sheet:
    """A page with its title, `wide` at the least; `y` is where the next thing goes.

    Each thing put on it carries a gid, for tests and for pages.
    """

    def __init__(self, title: str, wide: float, natural: float = 0.0):
        wide = fitted(wide, natural)
        self.width = wide
        self.title = printable(title)
        self._words: list[_Words] = []
        self._discs: list[tuple[float, float, float, str, str, str]] = []
        self._blocks: list[tuple[float, float, float, float, str, str]] = []
        self._lines: list[tuple[float, float, float, str]] = []
        self.y = EDGE
        for i, line in enumerate(title_lines(title, TITLE_SIZE, wide - 2 * EDGE)):
            self.write(EDGE, self.y, line, TITLE_SIZE, gid=f"title-{i}", bold=True)
            self.y += leading(TITLE_SIZE)
        self.y += 0.08

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
    ) -> None:
        """Put a line of text; its top is at y, or with `middle` its middle."""
        self._words.append(_Words(x, y, text, size, gid, bold, align, middle, colour))

    def disc(self, x: float, y: float, across: float, face: str, edge: str, gid: str) -> None:
        """Put a disc of that diameter around a point."""
        self._discs.append((x, y, across, face, edge, gid))

    def block(self, x: float, y: float, long: float, high: float, face: str, gid: str) -> None:
        """Put a block whose left edge is at x and whose middle is at y."""
        self._blocks.append((x, y, long, high, face, gid))

    def line(self, start: float, stop: float, y: float, gid: str) -> None:
        """Put a horizontal line."""
        self._lines.append((start, stop, y, gid))

    def rule(self, y: float) -> None:
        """Put a line from edge to edge."""
        self.line(EDGE, self.width - EDGE, y, f"rule-{len(self._lines)}")

    def figure(self, note: str) -> Figure:
        """Draw the page with a note under all that is on it."""
        from matplotlib.figure import Figure

        lines: Sequence[str] = paragraph(note, SMALL_SIZE, self.width - 2 * EDGE)
        for i, line in enumerate(lines):
            self.write(EDGE, self.y + 0.04, line, SMALL_SIZE, gid=f"note-{i}", colour=GREY)
            self.y += leading(SMALL_SIZE)
        height = self.y + EDGE
        figure = Figure(figsize=(self.width, height), facecolor="white")
        figure.set_label(self.title)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlim(0, self.width)
        axes.set_ylim(height, 0)
        self._draw_shapes(axes)
        for w in self._words:
            drawn = axes.text(
                w.x, w.y, w.text, ha=w.align, va="center_baseline" if w.middle else "top",
                color=w.colour, fontproperties=font(w.size, bold=w.bold, text=w.text),
                parse_math=False,
            )  # fmt: skip
            drawn.set_gid(w.gid)
        return figure

    def _draw_shapes(self, axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        for x, y, across, face, edge, gid in self._discs:
            axes.plot(
                [x], [y], marker="o", ms=across * POINTS_PER_INCH, mfc=face, mec=edge, mew=0.5,
                ls="none", gid=gid, zorder=2,
            )  # fmt: skip
        for x, y, long, high, face, gid in self._blocks:
            block = Rectangle(
                (x, y - high / 2), long, high, facecolor=face, edgecolor=BLACK, lw=0.6
            )
            block.set_gid(gid)
            axes.add_patch(block)
        for start, stop, y, gid in self._lines:
            axes.plot([start, stop], [y, y], color=BLACK, lw=0.8, gid=gid)
