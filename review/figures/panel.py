"""A table with a plot in the middle: the frame of forest and cumulative plots.

All lengths are inches. Each line of the table is one unit of the plot's vertical axis, the first at
y = 0, counted downwards, so that a square and its study's name share one number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.figures.numbers import fixed
from review.figures.page import EDGE, LEADING, SMALL_SIZE, TITLE_SIZE, Page
from review.figures.scale import ticks
from review.figures.style import BLACK, GREY, ZONE, font
from review.figures.text import POINTS_PER_INCH, printable, shorten, width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.2
PLOT_WIDTH = 3.0
NARROWEST = 6.5


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column of text; `cells` has one entry a line.

    Cells wider than `widest` inches are shortened, except in right-aligned columns: those hold
    numbers, and half a number is a wrong one. Headers break where they are wider than
    both `header_room` and the cells.
    """

    name: str
    header: str
    cells: tuple[str, ...]
    right_aligned: bool = False
    widest: float = 1.4
    header_room: float = 0.8


@dataclass(frozen=True, slots=True)
class Panel:
    """What is written around the plot."""

    title: str
    before: tuple[TextColumn, ...]
    after: tuple[TextColumn, ...]
    keys: tuple[str, ...]  # one a line: the end of its artists' gids
    strong: frozenset[int]  # lines in bold
    limits: tuple[float, float]
    axis_label: str
    favours_left: str
    favours_right: str
    margin: float | None
    note: str


def line_height(lines: int) -> float:
    """Height of a line: 0.24 inches up to 40 lines, then less, 0.15 from 160 lines on."""
    return min(0.24, max(0.15, 0.24 - 0.09 * (lines - 40) / 120))


def text_size(lines: int) -> float:
    """Font size in points that leaves air between lines."""
    return min(8.5, line_height(lines) * POINTS_PER_INCH / 1.55)


def draw_panel(panel: Panel) -> tuple[Figure, Axes]:
    """Draw everything but the estimates.

    Parameters
    ----------
    panel : Panel
        With as many cells in each column as there are keys.

    Returns
    -------
    (Figure, Axes)
        The axes span the limits and the lines, and await squares and diamonds.
    """
    from matplotlib.figure import Figure

    lines = len(panel.keys)
    size, step = text_size(lines), line_height(lines)
    columns = panel.before + panel.after
    fitted = {column.name: _fit(column, size, panel.strong) for column in columns}
    needed = 2 * EDGE + sum(f.width + GAP for f in fitted.values())
    plot_width = max(PLOT_WIDTH, NARROWEST - needed)
    total = needed + plot_width
    left = EDGE + sum(fitted[column.name].width + GAP for column in panel.before)

    null_at = left + plot_width * _fraction(0.0, panel.limits)
    title = wrap(panel.title, TITLE_SIZE, total - 2 * EDGE, bold=True)
    note = wrap(panel.note, SMALL_SIZE, total - 2 * EDGE)
    towards = _directions(panel, size, null_at, total)
    small_line, text_line = (LEADING * s / POINTS_PER_INCH for s in (SMALL_SIZE, size))
    head = EDGE + len(title) * LEADING * TITLE_SIZE / POINTS_PER_INCH + 0.08
    header_lines = max([1, *(len(f.header) for f in fitted.values())])
    top = head + header_lines * text_line + 0.08
    bottom = top + max(lines, 1) * step
    under = bottom + 0.12 + text_line  # below the tick labels
    label_at = under
    under += text_line if panel.axis_label else 0.0
    direction_at = under + 0.04
    under = direction_at + max([0, *(len(x) for x in towards)]) * text_line
    note_at = under + 0.08
    height = note_at + len(note) * small_line + EDGE

    figure = Figure(figsize=(total, height), facecolor="white")
    figure.set_label(printable(panel.title))
    page = Page(figure, total, height)
    for i, line in enumerate(title):
        y = EDGE + i * LEADING * TITLE_SIZE / POINTS_PER_INCH
        page.write(EDGE, y, line, TITLE_SIZE, bold=True, gid=f"title-{i}")
    x = EDGE
    for column in columns:
        if column in panel.after and column is panel.after[0]:
            x += plot_width + GAP
        fit = fitted[column.name]
        align = "right" if column.right_aligned else "left"
        at = x + (fit.width if column.right_aligned else 0.0)
        for i, line in enumerate(fit.header):
            y = top - 0.08 - (len(fit.header) - i) * text_line
            page.write(at, y, line, size, bold=True, align=align, gid=f"header-{column.name}-{i}")
        for i, cell in enumerate(fit.cells):
            if cell:
                page.write(
                    at, top + (i + 0.5) * step, cell, size, bold=i in panel.strong, align=align,
                    middle=True, gid=f"{column.name}-{panel.keys[i]}",
                )  # fmt: skip
        x += fit.width + GAP
    page.rule(EDGE, total - EDGE, top, gid="header-rule")
    axes = page.axes(left, bottom, plot_width, bottom - top)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*panel.limits)
    axes.set_ylim(max(lines, 1) - 0.5, -0.5)
    _landmarks(axes, panel)
    horizontal_ticks(axes, panel.limits, size, plot_width)
    if panel.margin is not None:
        _margin_label(page, panel, left, plot_width, top, size)
    if panel.axis_label:
        label = shorten(printable(panel.axis_label), size, plot_width + 2 * GAP)
        page.write(left + plot_width / 2, label_at, label, size, align="center", gid="axis-label")
    for direction, align, offset, words in (
        ("left", "right", -0.08, towards[0]),
        ("right", "left", 0.08, towards[1]),
    ):
        for i, line in enumerate(words):
            page.write(
                null_at + offset, direction_at + i * text_line, line, size, align=align,
                gid=f"favours-{direction}-{i}",
            )  # fmt: skip
    for i, line in enumerate(note):
        page.write(EDGE, note_at + i * small_line, line, SMALL_SIZE, colour=GREY, gid=f"note-{i}")
    return figure, axes


@dataclass(frozen=True, slots=True)
class _Fitted:
    header: tuple[str, ...]
    cells: tuple[str, ...]
    width: float


def _fraction(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _fit(column: TextColumn, size: float, strong: frozenset[int]) -> _Fitted:
    widest = math.inf if column.right_aligned else column.widest
    cells = tuple(
        shorten(printable(cell), size, widest, bold=i in strong)
        for i, cell in enumerate(column.cells)
    )
    widths = [width(cell, size, bold=i in strong) for i, cell in enumerate(cells)]
    body = max([0.0, *widths])
    words = [width(word, size, bold=True) for word in printable(column.header).split()]
    room = min(max(widest, column.header_room), max([body, column.header_room, *words]))
    header = tuple(wrap(column.header, size, room, bold=True))
    return _Fitted(header, cells, max([body, *(width(x, size, bold=True) for x in header)]))


def _directions(
    panel: Panel, size: float, null_at: float, total: float
) -> tuple[Sequence[str], Sequence[str]]:
    left, right = panel.favours_left, panel.favours_right
    return (
        wrap(f"← {left}", size, max(0.6, null_at - EDGE - 0.08)) if left else [],
        wrap(f"{right} →", size, max(0.6, total - null_at - EDGE - 0.08)) if right else [],
    )


def _landmarks(axes: Axes, panel: Panel) -> None:
    low, high = panel.limits
    if panel.margin is not None:
        axes.axvspan(low, -panel.margin, color=ZONE, lw=0, zorder=0, gid="margin-zone")
        axes.axvline(-panel.margin, color=GREY, lw=0.8, ls=":", zorder=1, gid="margin-line")
    axes.axvline(0.0, color=BLACK, lw=0.8, ls=(0, (4, 3)), zorder=1, gid="null-line")
    axes.set_xlim(low, high)


def horizontal_ticks(
    axes: Axes,
    limits: tuple[float, float],
    size: float,
    room: float,
    *,
    whole: bool = False,
    overhang: float = math.inf,
) -> None:
    """Put ticks on the horizontal axis, so many that their labels stand apart in that room.

    Labels that would reach further than `overhang` inches beyond the axis are left out.
    """
    most = 8
    marks = ticks(*limits, most, whole=whole)
    # Labels of large effects are wide: fewer ticks until they stand apart.
    while most > 2 and sum(width(label, size) + 0.1 for _, label in marks) > room:
        most -= 1
        marks = ticks(*limits, most, whole=whole)
    low, high = limits
    per_unit = room / (high - low)
    inside = [
        (at, label)
        for at, label in marks
        if min(at - low, high - at) * per_unit + overhang >= width(label, size) / 2
    ]
    axes.set_xticks([at for at, _ in inside], [label for _, label in inside])
    axes.tick_params(axis="x", width=0.8, length=3, pad=2)
    for label in axes.get_xticklabels():
        label.set_fontproperties(font(size))


def _margin_label(
    page: Page, panel: Panel, left: float, plot_width: float, top: float, size: float
) -> None:
    assert panel.margin is not None
    text = f"margin {fixed(-panel.margin, 2)}"
    half = width(text, size) / 2
    at = left + plot_width * _fraction(-panel.margin, panel.limits)
    at = min(max(at, left + half), left + plot_width - half)
    y = top - 0.08 - LEADING * size / POINTS_PER_INCH
    page.write(at, y, text, size, align="center", colour=GREY, gid="margin-label")
