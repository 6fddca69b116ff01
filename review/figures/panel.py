"""A table with a plot in the middle: the frame of forest and cumulative plots.

All lengths are inches. Each line of the table is one unit of the plot's vertical axis, the first at
y = 0, counted downwards, so that a square and its study's name share one number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from review.figures.axis import draw_landmarks, horizontal_ticks
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, Page
from review.figures.panel_layout import (
    DENSE,
    LIGHT_LINE,
    SMALL_LINE,
    TITLE_LINE,
    Panel,
    PanelLayout,
    TextColumn,
    across,
    laid_out,
    line_height,
    narrowed,
)
from review.figures.paper import page_height, split
from review.figures.style import BLACK, GREY, PALE
from review.figures.text import printable, shorten, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Diameter of a light, in lines, and points of the sign in it.
LIGHT = 0.9
SMALLEST_SIGN = 7.0


@dataclass(frozen=True, slots=True)
class PanelPage:
    """A drawn page of a panel, and where its lines stand."""

    figure: Figure
    axes: Axes
    shown: range
    offset: int  # of line i the height is i + offset
    step: float  # inches from line to line

    def heights(self) -> Iterator[tuple[int, int]]:
        """Yield of each line shown its place in the panel and its height."""
        return ((i, i + self.offset) for i in self.shown)


def draw_panel(panel: Panel) -> list[PanelPage]:
    """Draw everything but the estimates, over several pages where the paper has a height.

    Parameters
    ----------
    panel : Panel
        With as many cells in each column as there are keys.

    Returns
    -------
    list of PanelPage
        The axes of each span the limits and its lines, and await squares and diamonds.
    """
    panel = narrowed(panel)
    if laid_out(panel).height <= page_height():
        figure, axes = _draw(panel)
        return [PanelPage(figure, axes, range(len(panel.keys)), 0, line_height(panel.lines))]
    panel = replace(panel, density=DENSE)
    fitted = laid_out(panel).columns
    panel = replace(
        panel,
        before=tuple(replace(c, reserve=fitted[c.name].width) for c in panel.before),
        after=tuple(replace(c, reserve=fitted[c.name].width) for c in panel.after),
    )
    parts = _parts(panel, len(panel.keys))
    even = _parts(panel, math.ceil(len(panel.keys) / len(parts)) + 1)
    parts = even if len(even) == len(parts) else parts
    pages = []
    for n, lines in enumerate(parts):
        page, added = _part(panel, lines, n + 1, len(parts))
        figure, axes = _draw(page)
        pages.append(PanelPage(figure, axes, lines, added - lines.start, line_height(DENSE)))
    return pages


def draw_reference(axes: Axes, value: float | None, gid: str) -> None:
    """Draw a pale line through all lines of a page, at an estimate to compare others with."""
    low, high = sorted(axes.get_xlim())
    if value is not None and low <= value <= high:
        axes.axvline(value, color=PALE, lw=0.8, zorder=1, gid=gid)
        axes.set_xlim(axes.get_xlim())


def _parts(panel: Panel, most: int) -> list[range]:
    """The lines of each page: as many as fit it, `most` at the most."""
    every = len(panel.keys)

    def fits(lines: range) -> bool:
        number = 99 if lines.stop == every else 9  # the note of the last page is longer
        return laid_out(_part(panel, lines, number, 99)[0]).height <= page_height()

    return split(every, fits, most=most, last=lambda i: i not in panel.together)


def _part(panel: Panel, lines: range, number: int, of: int) -> tuple[Panel, int]:
    """Return a page of a panel, and how many lines it has that the panel has not."""
    section = panel.sections[lines.start] if panel.sections else ""
    goes_on = bool(section) and section != panel.spans.get(lines.start)
    note = panel.note
    if number == of > 1:
        note = f"{panel.note} Page {number} of {of}.".strip()
    elif number < of:
        note = f"Page {number} of {of}; what is said of all stands under the last."

    first = ("",) * goes_on
    strong = {i - lines.start + goes_on for i in panel.strong if i in lines}
    page = replace(
        panel, note=note, before=tuple(c.part(lines, first) for c in panel.before),
        after=tuple(c.part(lines, first) for c in panel.after),
        keys=(*(("continued",) * goes_on), *panel.keys[lines.start : lines.stop]),
        strong=frozenset(strong | ({0} if goes_on else set())),
        spans={i - lines.start + goes_on: s for i, s in panel.spans.items() if i in lines}
        | ({0: f"{section} (continued)"} if goes_on else {}),
    )  # fmt: skip
    return page, int(goes_on)


def _draw(panel: Panel) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    at = laid_out(panel)
    figure = Figure(figsize=(at.width, at.height), facecolor="white")
    figure.set_label(printable(panel.title))
    page = Page(figure, at.width, at.height)
    for i, line in enumerate(at.title):
        page.write(EDGE, EDGE + i * TITLE_LINE, line, TITLE_SIZE, bold=True, gid=f"title-{i}")
    for column in panel.before + panel.after:
        _write_column(page, panel, column, at)
    for i, words in panel.spans.items():
        y = at.top + (i + 0.5) * line_height(panel.lines)
        bold = i in panel.strong
        words = shorten(printable(words), at.size, at.width - 2 * EDGE, bold=bold)
        page.write(
            EDGE, y, words, at.size, middle=True, backed=True, bold=bold,
            gid=f"label-{panel.keys[i]}",
        )  # fmt: skip
    _write_groups(page, panel, at)
    page.rule(EDGE, at.width - EDGE, at.top, gid="header-rule")
    axes = _axes(page, panel, at)
    if panel.margin is not None:
        _write_margin(page, panel, panel.margin, at)
    _write_axis(page, panel, at)
    _write_legend(page, panel, at)
    for i, line in enumerate(at.note):
        y = at.note_top + i * SMALL_LINE
        page.write(EDGE, y, line, SMALL_SIZE, colour=GREY, gid=f"note-{i}")
    return figure, axes


def _axes(page: Page, panel: Panel, at: PanelLayout) -> Axes:
    axes = page.axes(at.left, at.bottom, at.plot_width, at.bottom - at.top)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*panel.limits)
    axes.set_ylim(max(len(panel.keys), 1) - 0.5, -0.5)
    draw_landmarks(axes, panel.margin, upright=True, null_line=panel.null_line)
    horizontal_ticks(axes, panel.limits, at.size, at.plot_width, notation=panel.notation)
    if panel.notation.turned:
        axes.set_xlim(*reversed(panel.limits))
    return axes


def _write_groups(page: Page, panel: Panel, at: PanelLayout) -> None:
    for g, (group, heading) in enumerate(zip(panel.groups, at.groups, strict=True)):
        last = group.columns[-1]
        start, stop = at.starts[group.columns[0]], at.starts[last] + at.columns[last].width
        for i, line in enumerate(heading):
            y = at.head - 0.05 - (len(heading) - i) * at.text_line
            page.write(
                (start + stop) / 2, y, line, at.size, bold=True, align="center",
                gid=f"group-{g}-{i}",
            )  # fmt: skip
        page.rule(start, stop, at.head - 0.03, gid=f"group-rule-{g}")


def _write_axis(page: Page, panel: Panel, at: PanelLayout) -> None:
    """What the axis and its two sides are called."""
    if panel.axis_label:
        middle = at.left + at.plot_width / 2
        page.write(middle, at.label_top, at.label, at.size, align="center", gid="axis-label")
    null_at = at.left + at.plot_width * across(panel, 0.0)
    for direction, align, offset, words in (
        ("left", "right", -0.08, at.directions[0]),
        ("right", "left", 0.08, at.directions[1]),
    ):
        for i, line in enumerate(words):
            page.write(
                null_at + offset, at.directions_top + i * at.text_line, line, at.size,
                align=align, gid=f"favours-{direction}-{i}",
            )  # fmt: skip


def _write_legend(page: Page, panel: Panel, at: PanelLayout) -> None:
    for i, (light, (x, row)) in enumerate(zip(panel.legend, at.legend, strict=True)):
        y = at.legend_top + (row + 0.5) * LIGHT_LINE
        if light.face:
            page.disc(EDGE + x + 0.08, y, 0.15, light.face, gid=f"legend-light-{i}")
        page.write(
            EDGE + x + 0.08, y, light.sign, SMALL_SIZE, bold=True, align="center", middle=True,
            colour=light.ink, gid=f"legend-sign-{i}",
        )  # fmt: skip
        page.write(EDGE + x + 0.22, y, light.words, SMALL_SIZE, middle=True, gid=f"legend-{i}")


def _write_column(page: Page, panel: Panel, column: TextColumn, at: PanelLayout) -> None:
    step, size, fit = line_height(panel.lines), at.size, at.columns[column.name]
    align, x = "left", at.starts[column.name]
    if column.lights:
        align, x = "center", x + fit.width / 2
    elif column.right_aligned:
        align, x = "right", x + fit.width
    for i, line in enumerate(fit.header):
        y = at.top - 0.08 - (len(fit.header) - i) * at.text_line
        page.write(x, y, line, size, bold=True, align=align, gid=f"header-{column.name}-{i}")
    for i, cell in enumerate(fit.cells):
        y, light = at.top + (i + 0.5) * step, column.lights[i] if column.lights else None
        key = f"{column.name}-{panel.keys[i]}"
        if light is not None:
            page.disc(x, y, LIGHT * step, light[0], gid=f"light-{key}")
        if cell:
            page.write(
                x, y, cell, max(SMALLEST_SIGN, LIGHT * size) if column.lights else size,
                bold=bool(column.lights) or i in panel.strong, align=align, middle=True, gid=key,
                colour=light[1] if light else BLACK,
            )  # fmt: skip


def _write_margin(page: Page, panel: Panel, margin: float, at: PanelLayout) -> None:
    text = f"margin {panel.notation.limit(margin)}"
    half = width(text, at.size) / 2
    x = at.left + at.plot_width * across(panel, -margin)
    x = min(max(x, at.left + half), at.left + at.plot_width - half)
    y = at.top - 0.08 - at.text_line
    page.write(x, y, text, at.size, align="center", colour=GREY, gid="margin-label")
