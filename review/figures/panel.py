"""A table with a plot in the middle: the frame of forest and cumulative plots.

All lengths are inches. Each line of the table is one unit of the plot's vertical axis, the first at
y = 0, counted downwards, so that a square and its study's name share one number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from review.figures.axis import draw_landmarks, fraction, horizontal_ticks
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, Page, leading
from review.figures.paper import fitted as fitted_width
from review.figures.paper import paper
from review.figures.scale import Notation
from review.figures.style import BLACK, GREY
from review.figures.text import POINTS_PER_INCH, printable, shorten, title_lines, width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GAP = 0.2
LIGHT_GAP = 0.06
# Diameter of a light, in lines, and height of a line of their key.
LIGHT = 0.78
LIGHT_LINE = 0.2
# Room that a heading over several columns gets before it breaks.
GROUP_ROOM = 1.3
PLOT_WIDTH = 3.0
# On a page of a given width: of the plot, and of a study's name.
LEAST_PLOT = 0.8
NARROW_NAME = 0.95
NARROW_GAP = 0.1
NARROWEST = 6.5
TITLE_LINE = leading(TITLE_SIZE)
SMALL_LINE = leading(SMALL_SIZE)


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
    """Height of a line: 0.24 inches up to 40 lines, then less, 0.151 from 160 lines on."""
    return min(0.24, max(0.151, 0.24 - 0.09 * (lines - 40) / 120))


def text_size(lines: int) -> float:
    """Font size in points that leaves air between lines."""
    largest = 7.0 if paper().narrow else 8.0
    return min(largest, line_height(lines) * POINTS_PER_INCH / 1.55)


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

    panel = _narrowed(panel)
    at = _laid_out(panel)
    figure = Figure(figsize=(at.width, at.height), facecolor="white")
    figure.set_label(printable(panel.title))
    page = Page(figure, at.width, at.height)
    for i, line in enumerate(at.title):
        page.write(EDGE, EDGE + i * TITLE_LINE, line, TITLE_SIZE, bold=True, gid=f"title-{i}")
    for column in panel.before + panel.after:
        _write_column(page, panel, column, at)
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


@dataclass(frozen=True, slots=True)
class _Fitted:
    header: tuple[str, ...]
    cells: tuple[str, ...]
    width: float


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything stands: lengths in inches, heights from the top of the page."""

    size: float  # of the type, in points
    width: float
    height: float
    title: Sequence[str]
    groups: Sequence[Sequence[str]]  # the lines of each heading over columns
    columns: Mapping[str, _Fitted]
    starts: Mapping[str, float]  # the left edge of each column
    left: float  # of the plot
    plot_width: float
    head: float  # under the headings over columns
    top: float  # of the lines of the table
    bottom: float
    label_top: float
    directions: tuple[Sequence[str], Sequence[str]]
    directions_top: float
    legend: Sequence[tuple[float, int]]  # of each entry the distance from the left, and the line
    legend_top: float
    note: Sequence[str]
    note_top: float

    @property
    def text_line(self) -> float:
        return leading(self.size)


def _laid_out(panel: Panel) -> _Layout:
    lines = len(panel.keys)
    size = text_size(lines)
    text_line = leading(size)
    columns = panel.before + panel.after
    fitted = _widened(panel, {c.name: _fit(c, size, panel.strong) for c in columns}, size)
    # The plot has a gap on either side, the last column none behind it.
    needed = 2 * EDGE + _gap() + sum(_room(c, fitted) for c in columns[:-1])
    needed += fitted[columns[-1].name].width
    total = fitted_width(needed + (LEAST_PLOT if paper().width else PLOT_WIDTH), NARROWEST)
    plot_width = total - needed
    left = EDGE + sum(_room(column, fitted) for column in panel.before)

    title = title_lines(panel.title, TITLE_SIZE, total - 2 * EDGE)
    note = wrap(panel.note, SMALL_SIZE, total - 2 * EDGE)
    null_at = left + plot_width * _across(panel, 0.0)
    directions = _directions(panel, size, null_at, total)
    legend = _legend_places(panel, total - 2 * EDGE)
    groups = [wrap(g.header, size, _span(g, fitted, panel), bold=True) for g in panel.groups]

    head = EDGE + len(title) * TITLE_LINE + 0.08
    head += max([0, *map(len, groups)]) * text_line + (0.06 if groups else 0.0)
    top = head + max([1, *(len(f.header) for f in fitted.values())]) * text_line + 0.08
    bottom = top + max(lines, 1) * line_height(lines)
    label_top = bottom + 0.12 + text_line  # below the tick labels
    directions_top = label_top + (text_line if panel.axis_label else 0.0) + 0.04
    under = directions_top + max([0, *map(len, directions)]) * text_line
    legend_top = under + 0.1
    note_top = (legend_top + LIGHT_LINE * (1 + legend[-1][1]) if legend else under) + 0.08
    return _Layout(
        size=size, width=total, height=note_top + len(note) * SMALL_LINE + EDGE, title=title,
        groups=groups, columns=fitted, starts=_starts(panel, fitted, plot_width), left=left,
        plot_width=plot_width, head=head, top=top, bottom=bottom, label_top=label_top,
        directions=directions, directions_top=directions_top, legend=legend,
        legend_top=legend_top, note=note, note_top=note_top,
    )  # fmt: skip


def _narrowed(panel: Panel) -> Panel:
    """Return a panel that fits the paper: what it can spare is left out, and the note says so."""
    wide, left_out = paper().width, list[str]()
    if wide is None:
        return panel
    kept = panel
    for name in _spared(panel):
        size = text_size(len(kept.keys))
        columns = kept.before + kept.after
        fitted = _widened(kept, {c.name: _fit(c, size, kept.strong) for c in columns}, size)
        needed = 2 * EDGE + _gap() + sum(_room(c, fitted) for c in columns[:-1])
        if needed + fitted[columns[-1].name].width + LEAST_PLOT <= wide:
            break
        if name == _SHORTER:
            first, *others = (_headed_narrowly(c) for c in kept.before)
            kept = replace(
                kept,
                before=(replace(first, widest=NARROW_NAME), *others),
                after=tuple(map(_headed_narrowly, kept.after)),
            )
            continue
        left_out.append(next(c.header for c in columns if c.name == name))
        kept = replace(
            kept,
            before=tuple(c for c in kept.before if c.name != name),
            after=tuple(c for c in kept.after if c.name != name),
            groups=tuple(g for g in kept.groups if name not in g.columns),
        )
    if not left_out:
        return kept
    told = ", ".join(dict.fromkeys(left_out))
    return replace(kept, note=f"{kept.note} Not shown for want of width: {told}.".strip())


_SHORTER = "shorter names"


def _spared(panel: Panel) -> list[str]:
    """Return the columns that a narrow page can spare, in that order; names are cut before."""
    weight = [c.name for c in panel.after if c.name == "weight"]
    lights = [c.name for c in panel.after if c.lights]
    kept = {"value", *weight, *lights}
    more = [c.name for c in (*panel.before[1:], *panel.after) if c.name not in kept]
    return [_SHORTER, *weight, *reversed(more), *reversed(lights)]


def _headed_narrowly(column: TextColumn) -> TextColumn:
    return replace(column, header_room=min(column.header_room, 0.9))


def _starts(panel: Panel, fitted: Mapping[str, _Fitted], plot_width: float) -> dict[str, float]:
    starts: dict[str, float] = {}
    x = EDGE
    for columns in (panel.before, panel.after):
        for column in columns:
            starts[column.name] = x
            x += _room(column, fitted)
        x += plot_width + _gap()
    return starts


def _axes(page: Page, panel: Panel, at: _Layout) -> Axes:
    axes = page.axes(at.left, at.bottom, at.plot_width, at.bottom - at.top)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(*panel.limits)
    axes.set_ylim(max(len(panel.keys), 1) - 0.5, -0.5)
    draw_landmarks(axes, panel.margin, upright=True)
    horizontal_ticks(axes, panel.limits, at.size, at.plot_width, notation=panel.notation)
    if panel.notation.turned:
        axes.set_xlim(*reversed(panel.limits))
    return axes


def _across(panel: Panel, value: float) -> float:
    """Return how far across the plot a value stands, from 0 at the left to 1."""
    across = fraction(value, panel.limits)
    return 1 - across if panel.notation.turned else across


def _write_groups(page: Page, panel: Panel, at: _Layout) -> None:
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


def _write_axis(page: Page, panel: Panel, at: _Layout) -> None:
    """What the axis and its two sides are called."""
    if panel.axis_label:
        label = shorten(printable(panel.axis_label), at.size, at.plot_width + 2 * GAP)
        middle = at.left + at.plot_width / 2
        page.write(middle, at.label_top, label, at.size, align="center", gid="axis-label")
    null_at = at.left + at.plot_width * _across(panel, 0.0)
    for direction, align, offset, words in (
        ("left", "right", -0.08, at.directions[0]),
        ("right", "left", 0.08, at.directions[1]),
    ):
        for i, line in enumerate(words):
            page.write(
                null_at + offset, at.directions_top + i * at.text_line, line, at.size,
                align=align, gid=f"favours-{direction}-{i}",
            )  # fmt: skip


def _write_legend(page: Page, panel: Panel, at: _Layout) -> None:
    for i, (light, (x, row)) in enumerate(zip(panel.legend, at.legend, strict=True)):
        y = at.legend_top + (row + 0.5) * LIGHT_LINE
        if light.face:
            page.disc(EDGE + x + 0.08, y, 0.15, light.face, gid=f"legend-light-{i}")
        page.write(
            EDGE + x + 0.08, y, light.sign, SMALL_SIZE, bold=True, align="center", middle=True,
            colour=light.ink, gid=f"legend-sign-{i}",
        )  # fmt: skip
        page.write(EDGE + x + 0.22, y, light.words, SMALL_SIZE, middle=True, gid=f"legend-{i}")


def _gap() -> float:
    return NARROW_GAP if paper().narrow else GAP


def _room(column: TextColumn, fitted: Mapping[str, _Fitted]) -> float:
    return fitted[column.name].width + (LIGHT_GAP if column.lights else _gap())


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


def _write_column(page: Page, panel: Panel, column: TextColumn, at: _Layout) -> None:
    step, size, fit = line_height(len(panel.keys)), at.size, at.columns[column.name]
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
                x, y, cell, LIGHT * size if column.lights else size,
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
    if panel.notation.turned:
        left, right = right, left
    return (
        wrap(f"← {left}", size, max(0.6, null_at - EDGE - 0.08)) if left else [],
        wrap(f"{right} →", size, max(0.6, total - null_at - EDGE - 0.08)) if right else [],
    )


def _write_margin(page: Page, panel: Panel, margin: float, at: _Layout) -> None:
    text = f"margin {panel.notation.written(-margin, 2)}"
    half = width(text, at.size) / 2
    x = at.left + at.plot_width * _across(panel, -margin)
    x = min(max(x, at.left + half), at.left + at.plot_width - half)
    y = at.top - 0.08 - at.text_line
    page.write(x, y, text, at.size, align="center", colour=GREY, gid="margin-label")
