"""A table with a plot in the middle: the frame of forest and cumulative plots.

All lengths are inches. Each line of the table is one unit of the plot's vertical axis, the first at
y = 0, counted downwards, so that a square and its study's name share one number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from review.figures.page import EDGE, LEADING, SMALL_SIZE, TITLE_SIZE, Page
from review.figures.scale import Notation
from review.figures.style import BLACK, GREY, ZONE, font
from review.figures.text import POINTS_PER_INCH, printable, shorten, width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.2
LIGHT_GAP = 0.06
# Between the labels of two ticks.
TICK_AIR = 0.1
# Diameter of a light, in lines, and height of a line of their key.
LIGHT = 0.78
LIGHT_LINE = 0.2
# Room that a heading over several columns gets before it breaks.
GROUP_ROOM = 1.3
PLOT_WIDTH = 3.0
NARROWEST = 6.5


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column of text; `cells` has one entry a line.

    Cells wider than `widest` inches are shortened, except in right-aligned columns: those hold
    numbers, and half a number is a wrong one. Headers break where they are wider than
    both `header_room` and the cells. With `lights` the cells are signs in the middle of discs, as
    (face, ink) of each line; None where there is no disc.
    """

    name: str
    header: str
    cells: tuple[str, ...]
    right_aligned: bool = False
    widest: float = 1.4
    header_room: float = 0.8
    lights: tuple[tuple[str, str] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A heading over some columns that stand side by side."""

    header: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Light:
    """An entry of the key to the lights: face, ink and sign of the disc, and what it means.

    Without a face there is no disc.
    """

    face: str
    ink: str
    sign: str
    words: str


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
    notation: Notation = Notation.PLAIN
    groups: tuple[Group, ...] = ()
    legend: tuple[Light, ...] = ()


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
    fitted = _widened(panel, {c.name: _fit(c, size, panel.strong) for c in columns}, size)
    # The plot has a gap on either side, the last column none behind it.
    needed = 2 * EDGE + GAP + sum(_room(c, fitted) for c in columns[:-1])
    needed += fitted[columns[-1].name].width
    plot_width = max(PLOT_WIDTH, NARROWEST - needed)
    total = needed + plot_width
    left = EDGE + sum(_room(column, fitted) for column in panel.before)

    null_at = left + plot_width * _fraction(0.0, panel.limits)
    title = wrap(panel.title, TITLE_SIZE, total - 2 * EDGE, bold=True)
    note = wrap(panel.note, SMALL_SIZE, total - 2 * EDGE)
    towards = _directions(panel, size, null_at, total)
    legend = _legend_places(panel, total - 2 * EDGE)
    small_line, text_line = (LEADING * s / POINTS_PER_INCH for s in (SMALL_SIZE, size))
    head = EDGE + len(title) * LEADING * TITLE_SIZE / POINTS_PER_INCH + 0.08
    groups = [_grouped(group, fitted, panel, size) for group in panel.groups]
    group_lines = max([0, *(len(words) for words, _ in groups)])
    head += group_lines * text_line + (0.06 if groups else 0.0)
    header_lines = max([1, *(len(f.header) for f in fitted.values())])
    top = head + header_lines * text_line + 0.08
    bottom = top + max(lines, 1) * step
    under = bottom + 0.12 + text_line  # below the tick labels
    label_at = under
    under += text_line if panel.axis_label else 0.0
    direction_at = under + 0.04
    under = direction_at + max([0, *(len(x) for x in towards)]) * text_line
    legend_at = under + 0.1
    under = legend_at + LIGHT_LINE * (1 + legend[-1][1]) if legend else under
    note_at = under + 0.08
    height = note_at + len(note) * small_line + EDGE

    figure = Figure(figsize=(total, height), facecolor="white")
    figure.set_label(printable(panel.title))
    page = Page(figure, total, height)
    for i, line in enumerate(title):
        y = EDGE + i * LEADING * TITLE_SIZE / POINTS_PER_INCH
        page.write(EDGE, y, line, TITLE_SIZE, bold=True, gid=f"title-{i}")
    x = EDGE
    places: dict[str, float] = {}
    for column in columns:
        if column in panel.after and column is panel.after[0]:
            x += plot_width + GAP
        places[column.name] = x
        _write_column(page, panel, column, fitted[column.name], x, top, size)
        x += _room(column, fitted)
    for g, (group, (heading, _)) in enumerate(zip(panel.groups, groups, strict=True)):
        start = places[group.columns[0]]
        stop = places[group.columns[-1]] + fitted[group.columns[-1]].width
        for i, line in enumerate(heading):
            y = head - 0.05 - (len(heading) - i) * text_line
            page.write(
                (start + stop) / 2, y, line, size, bold=True, align="center", gid=f"group-{g}-{i}"
            )
        page.rule(start, stop, head - 0.03, gid=f"group-rule-{g}")
    page.rule(EDGE, total - EDGE, top, gid="header-rule")
    axes = page.axes(left, bottom, plot_width, bottom - top)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*panel.limits)
    axes.set_ylim(max(lines, 1) - 0.5, -0.5)
    _landmarks(axes, panel)
    horizontal_ticks(axes, panel.limits, size, plot_width, notation=panel.notation)
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
    for i, (light, (x, row)) in enumerate(zip(panel.legend, legend, strict=True)):
        y = legend_at + (row + 0.5) * LIGHT_LINE
        if light.face:
            page.disc(EDGE + x + 0.08, y, 0.15, light.face, gid=f"legend-light-{i}")
        page.write(
            EDGE + x + 0.08, y, light.sign, SMALL_SIZE, bold=True, align="center", middle=True,
            colour=light.ink, gid=f"legend-sign-{i}",
        )  # fmt: skip
        page.write(EDGE + x + 0.22, y, light.words, SMALL_SIZE, middle=True, gid=f"legend-{i}")
    for i, line in enumerate(note):
        page.write(EDGE, note_at + i * small_line, line, SMALL_SIZE, colour=GREY, gid=f"note-{i}")
    return figure, axes


@dataclass(frozen=True, slots=True)
class _Fitted:
    header: tuple[str, ...]
    cells: tuple[str, ...]
    width: float


def _room(column: TextColumn, fitted: Mapping[str, _Fitted]) -> float:
    return fitted[column.name].width + (LIGHT_GAP if column.lights else GAP)


def _span(group: Group, fitted: Mapping[str, _Fitted], panel: Panel) -> float:
    columns = [c for c in panel.before + panel.after if c.name in group.columns]
    return sum(_room(c, fitted) for c in columns[:-1]) + fitted[columns[-1].name].width


def _widened(panel: Panel, fitted: dict[str, _Fitted], size: float) -> dict[str, _Fitted]:
    """Give a group's first column so much room that its heading need not break within words."""
    for group in panel.groups:
        words = [width(word, size, bold=True) for word in printable(group.header).split()]
        whole = width(printable(group.header), size, bold=True)
        least = min(max([min(whole, GROUP_ROOM), *words]), NARROWEST / 3)
        more = least - _span(group, fitted, panel)
        if more > 0:
            first = group.columns[0]
            fitted[first] = replace(fitted[first], width=fitted[first].width + more)
    return fitted


def _grouped(
    group: Group, fitted: Mapping[str, _Fitted], panel: Panel, size: float
) -> tuple[list[str], float]:
    span = _span(group, fitted, panel)
    return wrap(group.header, size, span, bold=True), span


def _write_column(
    page: Page, panel: Panel, column: TextColumn, fit: _Fitted, x: float, top: float, size: float
) -> None:
    step, text_line = line_height(len(panel.keys)), LEADING * size / POINTS_PER_INCH
    align, at = "left", x
    if column.lights:
        align, at = "center", x + fit.width / 2
    elif column.right_aligned:
        align, at = "right", x + fit.width
    for i, line in enumerate(fit.header):
        y = top - 0.08 - (len(fit.header) - i) * text_line
        page.write(at, y, line, size, bold=True, align=align, gid=f"header-{column.name}-{i}")
    for i, cell in enumerate(fit.cells):
        y, light = top + (i + 0.5) * step, column.lights[i] if column.lights else None
        key = f"{column.name}-{panel.keys[i]}"
        if light is not None:
            page.disc(at, y, LIGHT * step, light[0], gid=f"light-{key}")
        if cell:
            page.write(
                at, y, cell, LIGHT * size if column.lights else size,
                bold=bool(column.lights) or i in panel.strong, align=align, middle=True, gid=key,
                colour=light[1] if light else BLACK,
            )  # fmt: skip


def _legend_places(panel: Panel, room: float) -> list[tuple[float, int]]:
    """Where each entry starts: its distance from the left, and its line."""
    places: list[tuple[float, int]] = []
    x, line = 0.0, 0
    for light in panel.legend:
        long = 0.22 + width(printable(light.words), SMALL_SIZE)
        if x and x + long > room:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += long + GAP
    return places


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
    notation: Notation = Notation.PLAIN,
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


def _apart(
    marks: Sequence[tuple[float, str]], limits: tuple[float, float], size: float, room: float
) -> bool:
    places = [(room * _fraction(value, limits), width(label, size)) for value, label in marks]
    return all(
        there - here > (wide + next_wide) / 2 + TICK_AIR
        for (here, wide), (there, next_wide) in pairwise(places)
    )


def _margin_label(
    page: Page, panel: Panel, left: float, plot_width: float, top: float, size: float
) -> None:
    assert panel.margin is not None
    text = f"margin {panel.notation.written(-panel.margin, 2)}"
    half = width(text, size) / 2
    at = left + plot_width * _fraction(-panel.margin, panel.limits)
    at = min(max(at, left + half), left + plot_width - half)
    y = top - 0.08 - LEADING * size / POINTS_PER_INCH
    page.write(at, y, text, size, align="center", colour=GREY, gid="margin-label")
