"""A plot of two axes of numbers: the frame of funnel, Baujat, bubble, GOSH and drapery plots.

All lengths are inches from the top left corner. Title and key stand above the plot, what the two
sides of the horizontal axis mean and the note below it; nothing is written over the data but what a
figure itself puts there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from review.figures.axis import horizontal_ticks
from review.figures.chart_key import TEXT_LINE, TEXT_SIZE, Key, KeyPlace, draw_key, key_places
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, Page, leading
from review.figures.paper import page_width, paper
from review.figures.scale import Notation, Written
from review.figures.style import GREY, font
from review.figures.text import (
    ELLIPSIS,
    Cuts,
    paragraph,
    pointing,
    printable,
    title_lines,
    width,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAGE_WIDTH = 6.5
PLOT_HEIGHT = 3.9
# Room that the words of one mark on the vertical axis may take, in a single column and elsewhere.
WIDEST_MARK = (0.9, 1.9)
# The same of a mark that has one line, and shares it with the marks of a matrix.
WIDEST_LINE = (1.3, 1.9)
# Between two charts on one page.
BETWEEN_CHARTS = 0.2
SMALL_LINE = leading(SMALL_SIZE)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: from `low` to `high`, or turned round; `marks` replace the round numbers."""

    low: float
    high: float
    label: str = ""
    marks: tuple[tuple[float, str], ...] | None = None
    turned: bool = False
    one_line: bool = False  # whether each mark has one line, however long
    whole: bool = False
    notation: Written = Notation.PLAIN


@dataclass(frozen=True, slots=True)
class Chart:
    """What stands around the plot."""

    title: str
    x: Scale
    y: Scale
    keys: tuple[Key, ...] = ()
    favours_left: str = ""
    favours_right: str = ""
    note: str = ""
    height: float = PLOT_HEIGHT
    above: float = 0.0  # room between the words above and the plot
    beside: float = 0.0  # room on the right of the plot


@dataclass(frozen=True, slots=True)
class Frame:
    """The drawn frame: its axes await the data, `left` to `height` are their place in inches."""

    figure: Figure
    page: Page
    axes: Axes
    left: float
    top: float
    width: float
    height: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where on the page, in inches, a point of the plot stands."""
        (x0, x1), (y0, y1) = self.axes.get_xlim(), self.axes.get_ylim()
        across, up = (x - x0) / (x1 - x0), (y - y0) / (y1 - y0)
        return self.left + across * self.width, self.top + (1 - up) * self.height


def draw_chart(chart: Chart) -> Frame:
    """Draw everything but the data.

    Parameters
    ----------
    chart : Chart
        With limits that increase.

    Returns
    -------
    Frame
        Text has the gids ``title-i``, ``key-i``, ``y-label-i``, ``x-label-i``, ``favours-left-i``,
        ``favours-right-i`` and ``note-i``.
    """
    return draw_charts((chart,))[0]


def draw_charts(charts: Sequence[Chart]) -> list[Frame]:
    """Draw charts one under another on one page, their plots of equal width.

    Parameters
    ----------
    charts : sequence of Chart
        One or more; the page has the title of the first, the others have theirs as headings.

    Returns
    -------
    list of Frame
        Of one figure. Texts of the first have the gids of `draw_chart`, those of the others the
        same behind ``chart-1-``, ``chart-2-``...
    """
    from matplotlib.figure import Figure

    cuts = [Cuts() for _ in charts]
    marks = [_vertical_marks(chart, cut) for chart, cut in zip(charts, cuts, strict=True)]
    charts = [
        replace(chart, note=f"{chart.note} {cut.key}".strip())
        for chart, cut in zip(charts, cuts, strict=True)
    ]
    words = [line for own in marks for _, mark in own for line in mark.split("\n")]
    left = EDGE + max([0.0, *(width(line, TEXT_SIZE) for line in words)]) + 0.1
    wide = page_width(PAGE_WIDTH)
    long = wide - left - EDGE - max(0.1, *(chart.beside for chart in charts))
    layouts: list[_Layout] = []
    y = EDGE
    for i, chart in enumerate(charts):
        layouts.append(_layout(chart, y, left, long, wide, first=i == 0))
        y = layouts[-1].end + BETWEEN_CHARTS
    height = layouts[-1].end + EDGE

    figure = Figure(figsize=(wide, height), facecolor="white")
    figure.set_label(printable(charts[0].title))
    page = Page(figure, wide, height)
    frames = []
    for i, (chart, layout) in enumerate(zip(charts, layouts, strict=True)):
        _write_around(page, chart, layout, f"chart-{i}-" if i else "")
        axes = page.axes(left, layout.bottom, long, chart.height)
        _scale_axes(axes, chart, marks[i], long)
        frames.append(Frame(figure, page, axes, left, layout.top, long, chart.height))
    return frames


@dataclass(frozen=True, slots=True)
class _Layout:
    """The words around one chart, and where they and the plot stand from the top of the page."""

    start: float
    title: Sequence[str]
    title_size: float
    keys: Sequence[KeyPlace]
    key_at: float
    y_label: Sequence[str]
    y_label_at: float
    top: float
    bottom: float
    middle: float  # of the plot, from the left
    x_label: Sequence[str]
    x_label_at: float
    towards: tuple[Sequence[str], Sequence[str]]
    ends: tuple[float, float]
    direction_at: float
    note: Sequence[str]
    note_at: float
    end: float


def _layout(
    chart: Chart, start: float, left: float, long: float, wide: float, *, first: bool
) -> _Layout:
    inner = wide - 2 * EDGE
    title_size = TITLE_SIZE if first else TEXT_SIZE
    title = (
        title_lines(chart.title, title_size, inner)
        if first
        else wrap(chart.title, title_size, inner, bold=True)
    )
    keys = key_places(chart.keys, inner)
    y_label, x_label = wrap(chart.y.label, TEXT_SIZE, inner), wrap(chart.x.label, TEXT_SIZE, inner)
    note = paragraph(chart.note, SMALL_SIZE, inner)
    towards, ends = _directions(chart, left + long * _fraction(0.0, chart.x), wide)

    key_at = start + len(title) * leading(title_size) + 0.06
    key_lines = max([place.line + len(place.words) for place in keys], default=0)
    label_at = key_at + key_lines * TEXT_LINE + (0.08 if keys else 0.0)
    top = label_at + len(y_label) * TEXT_LINE + 0.08 + chart.above
    bottom = top + chart.height
    x_label_at = bottom + 0.1 + TEXT_LINE  # below the labels of the ticks
    direction_at = x_label_at + len(x_label) * TEXT_LINE + 0.03
    note_at = direction_at + max(len(words) for words in towards) * TEXT_LINE + 0.08
    return _Layout(
        start, title, title_size, keys, key_at, y_label, label_at, top, bottom, left + long / 2,
        x_label, x_label_at, towards, ends, direction_at, note, note_at,
        note_at + len(note) * SMALL_LINE,
    )  # fmt: skip


def _write_around(page: Page, chart: Chart, layout: _Layout, prefix: str) -> None:
    for i, line in enumerate(layout.title):
        y = layout.start + i * leading(layout.title_size)
        page.write(EDGE, y, line, layout.title_size, bold=True, gid=f"{prefix}title-{i}")
    for i, (key, place) in enumerate(zip(chart.keys, layout.keys, strict=True)):
        draw_key(page, key, place, layout.key_at + place.line * TEXT_LINE, f"{prefix}key", i)
    at = layout.direction_at
    for name, lines, x, y, align in (
        ("y-label", layout.y_label, EDGE, layout.y_label_at, "left"),
        ("x-label", layout.x_label, layout.middle, layout.x_label_at, "center"),
        ("favours-left", layout.towards[0], layout.ends[0], at, "right"),
        ("favours-right", layout.towards[1], layout.ends[1], at, "left"),
    ):
        _lines(page, lines, x, y, f"{prefix}{name}", align=align)
    for i, line in enumerate(layout.note):
        y = layout.note_at + i * SMALL_LINE
        page.write(EDGE, y, line, SMALL_SIZE, colour=GREY, gid=f"{prefix}note-{i}")


def say_empty(frame: Frame, words: str) -> None:
    """Write in the middle of the plot, over its lines, why nothing is in it."""
    page = frame.page
    said = frame.figure.text(
        (frame.left + frame.width / 2) / page.width,
        1 - (frame.top + frame.height / 2) / page.height,
        words, ha="center", va="center", color=GREY, fontproperties=font(TEXT_SIZE, text=words),
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 4.0}, parse_math=False,
    )  # fmt: skip
    said.set_gid("empty")


def draw_point(
    axes: Axes,
    x: float,
    y: float,
    *,
    across: float,
    gid: str,
    face: str,
    edge: str,
    marker: str = "o",
) -> None:
    """Draw a point `across` points wide; one beyond the axes becomes an arrow at their edge.

    The arrow's gid is ``<gid>-cut``.
    """
    inside_x, inside_y, arrow = _inside(axes, x, y)
    axes.plot(
        [inside_x], [inside_y], marker=arrow or marker, ms=6.0 if arrow else across, mfc=face,
        mec=edge, mew=0.7, ls="none", clip_on=False, zorder=5,
        gid=f"{gid}-cut" if arrow else gid,
    )  # fmt: skip


def note_beyond(note: str, names: Sequence[str]) -> str:
    """The note, and which studies are arrows because they stand beyond the axes."""
    if not names:
        return note
    return f"{note} Beyond the axes: {'; '.join(names)}.".strip()


def _inside(axes: Axes, x: float, y: float) -> tuple[float, float, str]:
    (x0, x1), (y0, y1) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    arrow = "<" if x < x0 else ">" if x > x1 else ""
    if not arrow and not y0 <= y <= y1:
        arrow = "^" if (y > y1) != axes.yaxis_inverted() else "v"
    return min(max(x, x0), x1), min(max(y, y0), y1), arrow


def _fraction(value: float, scale: Scale) -> float:
    return min(1.0, max(0.0, (value - scale.low) / (scale.high - scale.low)))


def _vertical_marks(chart: Chart, cuts: Cuts) -> list[tuple[float, str]]:
    y, wide = chart.y, not paper().narrow
    if y.marks is not None and y.one_line:
        widest = WIDEST_LINE[wide]
        return [(at, cuts.fit(printable(words), TEXT_SIZE, widest)) for at, words in y.marks]
    widest = WIDEST_MARK[wide]
    if y.marks is not None:
        return [(at, _two_lines(words, widest, cuts)) for at, words in y.marks]
    return y.notation.ticks(y.low, y.high, 7, whole=y.whole)


def _two_lines(words: str, widest: float, cuts: Cuts) -> str:
    lines = wrap(words, TEXT_SIZE, widest)
    if len(lines) > 2 or any(ELLIPSIS in line for line in lines):
        lines = wrap(cuts.fit(printable(words), TEXT_SIZE, 1.8 * widest), TEXT_SIZE, widest)
    return "\n".join(lines)


def _lines(
    page: Page, lines: Sequence[str], x: float, y: float, name: str, *, align: str = "left"
) -> None:
    for i, line in enumerate(lines):
        at = x
        if align == "center":  # a long line stays on the page
            half = width(line, TEXT_SIZE) / 2
            at = min(max(x, EDGE + half), max(page.width - EDGE - half, EDGE + half))
        page.write(at, y + i * TEXT_LINE, line, TEXT_SIZE, align=align, gid=f"{name}-{i}")


def _directions(
    chart: Chart, null_at: float, wide: float
) -> tuple[tuple[list[str], list[str]], tuple[float, float]]:
    """What the sides mean and where that ends and starts: beside no effect, and on the page."""
    room = 0.47 * (wide - 2 * EDGE)
    left, right = pointing(chart.favours_left, chart.favours_right, TEXT_SIZE, (room, room))
    long, other = (max([0.0, *(width(x, TEXT_SIZE) for x in side)]) for side in (left, right))
    start = min(max(null_at + 0.08, EDGE + long + 0.16), wide - EDGE - other)
    return (left, right), (min(max(null_at - 0.08, EDGE + long), start - 0.16), start)


def _apart(marks: Sequence[tuple[float, str]], inches: float) -> Sequence[tuple[float, str]]:
    """Return every mark, or every second and so on, so that their words stand apart.

    `inches` is the length of one unit of the axis.
    """
    widest = max([0.0, *(width(words, TEXT_SIZE) for _, words in marks)]) + 0.12
    for step in range(1, len(marks) + 1):
        kept = marks[::step]
        if all((b - a) * inches >= widest for (a, _), (b, _) in pairwise(kept)):
            return kept
    return marks[:1]


def _scale_axes(axes: Axes, chart: Chart, marks: list[tuple[float, str]], room: float) -> None:
    x, y = chart.x, chart.y
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(*((y.high, y.low) if y.turned else (y.low, y.high)))
    if x.marks is None:
        horizontal_ticks(axes, (x.low, x.high), TEXT_SIZE, room, whole=x.whole, notation=x.notation)
    else:
        unit = room / (x.high - x.low)
        over = EDGE + chart.beside  # that words may reach beyond the plot
        inside = [
            (at, words) for at, words in x.marks
            if (x.high - at) * unit + over >= width(words, TEXT_SIZE) / 2
        ]  # fmt: skip
        marks_across = _apart(inside, unit)
        axes.set_xticks([at for at, _ in marks_across], [words for _, words in marks_across])
        axes.tick_params(axis="x", width=0.8, length=3, pad=2)
        for label in axes.get_xticklabels():
            label.set_fontproperties(font(TEXT_SIZE, text=label.get_text()))
    axes.set_yticks([at for at, _ in marks], [words for _, words in marks])
    axes.tick_params(axis="y", width=0.8, length=3, pad=2)
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(TEXT_SIZE, text=label.get_text()))
