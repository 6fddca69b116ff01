"""The influence panel: what each study does to the fit, by eight measures side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.axis import horizontal_ticks
from review.figures.chart import draw_point
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, Page, leading
from review.figures.panel_layout import DENSE, GAP, NARROW_GAP, line_height, text_size
from review.figures.paper import fitted, one_page, page_height, paper, split
from review.figures.scale import widened
from review.figures.style import BLUE, GREY, PALE, VERMILLION, own_settings
from review.figures.text import (
    POINTS_PER_INCH,
    Cuts,
    paragraph,
    printable,
    title_lines,
    width,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of a name, on a single column, on other paper, and without.
WIDEST_LABEL = (0.95, 1.3, 2.0)
STRIP = 0.92
LEAST_STRIP = 0.5
BETWEEN = 0.14
AXIS_SIZE = 7.0


@dataclass(frozen=True, slots=True)
class InfluenceMeasure:
    """One measure of all studies.

    Attributes
    ----------
    name : str
        As metafor prints it: ``"rstudent"``.
    values : tuple of float
        One a study, in the order of the panel's labels; may be infinite.
    reference : float or None
        What a study without influence has, or the fit with all studies: a broken line.
    cut_offs : tuple of float
        Beyond which a study counts as influential: dotted lines.
    """

    name: str
    values: tuple[float, ...]
    reference: float | None = None
    cut_offs: tuple[float, ...] = ()
    words: str = ""
    """What readers call it, above its strip; by default its name."""


@dataclass(frozen=True, slots=True)
class InfluencePanel:
    """All that an influence panel says; `influential` has one truth value a label."""

    title: str
    labels: tuple[str, ...]
    measures: tuple[InfluenceMeasure, ...]
    influential: tuple[bool, ...]
    note: str = ""

    def __post_init__(self) -> None:
        for measure in self.measures:
            if len(measure.values) != len(self.labels):
                raise InvalidDataError(
                    f"{measure.name} has {len(measure.values)} values "
                    f"for {len(self.labels)} studies."
                )
            if any(math.isnan(value) for value in measure.values):
                raise InvalidDataError(f"{measure.name} has a value that is not a number.")
        if len(self.influential) != len(self.labels):
            raise InvalidDataError(
                f"{len(self.influential)} marks do not go with {len(self.labels)} studies."
            )


def influence_plot(panel: InfluencePanel) -> Figure:
    """Draw the panel on one page, as `influence_pages` does.

    Examples
    --------
    >>> hat = InfluenceMeasure("hat", (0.4, 0.6), 0.5)
    >>> influence_plot(InfluencePanel("Depression", ("A", "B"), (hat,), (False,) * 2)).get_label()
    'Depression'
    """
    return one_page(lambda: influence_pages(panel))


def influence_pages(panel: InfluencePanel) -> list[Figure]:
    """Draw the panel, one line a study and one strip a measure.

    Strips that do not fit beside each other stand below; studies that do not fit a page go on over
    others.

    Parameters
    ----------
    panel : InfluencePanel
        Any number of studies, none included.

    Returns
    -------
    list of Figure
        Each as high as its lines need. Artists carry gids: ``label-i`` for study i, ``<measure>``
        for the points of a strip and ``<measure>-influential`` for the marked ones, which are
        diamonds with their names in bold; ``<measure>-reference`` and ``<measure>-cut-off-j`` for
        the lines.
        An infinite value is an arrow, ``<measure>-i-cut``.

    Notes
    -----
    The measures of Viechtbauer & Cheung 2010, Research Synthesis Methods 1:112, with studies down
    the page instead of along it, so that their names can be read.
    """
    k = max(1, len(panel.labels))
    with own_settings():
        whole = _lay_out(panel, range(k), 1, 1)
        if whole.height <= page_height():
            return [_draw(panel, whole)]

        def fits(shown: range) -> bool:
            return _lay_out(panel, shown, 1, 9, lines=DENSE).height <= page_height()

        parts = split(k, fits)
        return [
            _draw(panel, _lay_out(panel, shown, n, len(parts), lines=DENSE))
            for n, shown in enumerate(parts, start=1)
        ]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Some of the studies on a page: words, and lengths in inches."""

    shown: range
    words: list[str]
    bold: list[bool]
    size: float
    step: float
    left: float
    beside: int
    strip: float
    width: float
    height: float
    title: list[str]
    note: list[str]
    head: float
    headers: list[list[str]]
    block: float
    blocks: int
    start: float
    note_at: float


def _lay_out(
    panel: InfluencePanel, shown: range, number: int, of: int, *, lines: int = 0
) -> _Layout:
    every = panel.labels or ("No studies",)
    labels = [every[i] for i in shown]
    cuts = Cuts()
    size, step = text_size(lines or len(every)), line_height(lines or len(every))
    bold = [i < len(panel.labels) and panel.influential[i] for i in shown]
    room = WIDEST_LABEL[(not paper().narrow) + (paper().width is None)]
    words = [
        cuts.fit(printable(label), size, room, bold=b)
        for label, b in zip(labels, bold, strict=True)
    ]
    widest = max(
        width(Cuts().fit(printable(label), size, room, bold=True), size, bold=True)
        for label in every
    )
    left = EDGE + widest + (GAP if paper().width is None else NARROW_GAP)
    beside, strip, total = _strips(len(panel.measures), left)
    inner = total - 2 * EDGE
    title = title_lines(panel.title, TITLE_SIZE, inner)
    page_words = f"Page {number} of {of}." if of > 1 else ""
    note = paragraph(f"{panel.note} {page_words} {cuts.key}", SMALL_SIZE, inner)
    at_size = AXIS_SIZE if paper().width is not None else size
    headers = [
        wrap(m.words or m.name, at_size, strip + BETWEEN - 0.04, bold=True) for m in panel.measures
    ]
    head = max(map(len, headers), default=1) * leading(at_size) + 0.08
    block = head + len(labels) * step + 0.12 + leading(AXIS_SIZE) + 0.1
    blocks = math.ceil(max(1, len(panel.measures)) / beside)
    start = EDGE + len(title) * leading(TITLE_SIZE) + 0.1
    note_at = start + blocks * block
    height = note_at + len(note) * leading(SMALL_SIZE) + EDGE
    return _Layout(
        shown, words, bold, size, step, left, beside, strip, total, height, title, note, head,
        headers, block, blocks, start, note_at,
    )  # fmt: skip


def _draw(panel: InfluencePanel, place: _Layout) -> Figure:
    from matplotlib.figure import Figure

    shown, size, step, set_width = place.shown, place.size, place.step, paper().width is not None
    figure = Figure(figsize=(place.width, place.height), facecolor="white")
    figure.set_label(printable(panel.title))
    page = Page(figure, place.width, place.height)
    for i, said in enumerate(place.title):
        y = EDGE + i * leading(TITLE_SIZE)
        page.write(EDGE, y, said, TITLE_SIZE, bold=True, gid=f"title-{i}")
    for b in range(place.blocks):
        top, again = place.start + b * place.block + place.head, f"-{b}" if b else ""
        page.rule(EDGE, place.width - EDGE, top, gid=f"header-rule{again}")
        for i, (line, said) in enumerate(zip(shown, place.words, strict=True)):
            gid = f"label-{line}" if panel.labels else "label-none"
            at = top + (i + 0.5) * step
            page.write(EDGE, at, said, size, bold=place.bold[i], middle=True, gid=f"{gid}{again}")
        for j, measure in enumerate(panel.measures[b * place.beside : (b + 1) * place.beside]):
            x = place.left + j * (place.strip + BETWEEN)
            at_size = AXIS_SIZE if set_width else size
            header = place.headers[b * place.beside + j]
            for n, said in enumerate(header):
                at = top - 0.08 - (len(header) - n) * leading(at_size)
                page.write(
                    x + place.strip / 2, at, said, at_size, bold=True, align="center",
                    gid=f"header-{measure.name}{f'-{n}' if n else ''}",
                )  # fmt: skip
            bottom = top + len(shown) * step
            axes = page.axes(x, bottom, place.strip, bottom - top)
            axes.set_ylim(shown.stop - 0.5, shown.start - 0.5)
            _draw_strip(axes, measure, panel.influential, shown, step, place.strip)
    for i, said in enumerate(place.note):
        y = place.note_at + i * leading(SMALL_SIZE)
        page.write(EDGE, y, said, SMALL_SIZE, colour=GREY, gid=f"note-{i}")
    return figure


def _strips(measures: int, left: float) -> tuple[int, float, float]:
    """Return how many strips stand side by side, their width, and that of the page."""
    measures = max(1, measures)
    wide = paper().width
    if wide is None:
        total = fitted(left + measures * (STRIP + BETWEEN) + EDGE, 6.5)
        return measures, STRIP, total
    fit = max(1, int((wide - left - EDGE) / (LEAST_STRIP + BETWEEN)))
    beside = math.ceil(measures / math.ceil(measures / fit))
    total = fitted(left + LEAST_STRIP + BETWEEN + EDGE, 6.5)
    return beside, (total - left - EDGE) / beside - BETWEEN, total


def _draw_strip(
    axes: Axes,
    measure: InfluenceMeasure,
    influential: Sequence[bool],
    shown: range,
    step: float,
    strip: float,
) -> None:
    """Draw a measure of the studies shown, on an axis for all."""
    name = measure.name
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    landmarks = [x for x in (measure.reference, *measure.cut_offs) if x is not None]
    low, high = widened([*measure.values, *landmarks], 0.08)
    axes.set_xlim(low, high)
    horizontal_ticks(axes, axes.get_xlim(), AXIS_SIZE, strip, overhang=BETWEEN / 3)
    if measure.reference is not None:
        axes.axvline(
            measure.reference, color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=1,
            gid=f"{name}-reference",
        )  # fmt: skip
    for j, cut_off in enumerate(measure.cut_offs):
        axes.axvline(
            cut_off, color=GREY, lw=0.8, ls=(0, (1, 1.5)), zorder=1, gid=f"{name}-cut-off-{j}"
        )
    start = low if measure.reference is None else measure.reference
    across = min(4.2, 0.42 * step * POINTS_PER_INCH)
    shown = range(shown.start, min(shown.stop, len(measure.values)))
    ends = [min(max(measure.values[i], low), high) for i in shown]
    axes.hlines(shown, start, ends, color=PALE, lw=0.6, zorder=2)
    for marked, colour, marker in ((False, BLUE, "o"), (True, VERMILLION, "D")):
        chosen = [
            (value, i)
            for i, value in ((i, measure.values[i]) for i in shown)
            if influential[i] == marked and math.isfinite(value)
        ]
        axes.plot(
            [value for value, _ in chosen], [i for _, i in chosen], marker=marker, ls="none",
            ms=across * (1.15 if marked else 1.0), mfc=colour, mew=0, clip_on=False, zorder=5,
            gid=f"{name}-influential" if marked else name,
        )  # fmt: skip
    for i in shown:
        value = measure.values[i]
        if math.isinf(value):
            colour = VERMILLION if influential[i] else BLUE
            draw_point(
                axes, value, i, across=across, gid=f"{name}-{i}", face=colour, edge="none"
            )  # fmt: skip
