"""The PRISMA 2020 flow diagram: boxes of words and numbers, and arrows between them.

Page et al. 2021, BMJ 372:n71, doi 10.1136/bmj.n71. All lengths are inches from the top left corner.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.page import EDGE, TITLE_SIZE, leading
from review.figures.paper import fitted, paper
from review.figures.style import BLACK, GREY, ZONE, font, own_settings
from review.figures.text import printable, title_lines, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = 0.3
BAND_GAP = 0.06
GAP = 0.3
ROW_GAP = 0.3
PADDING = 0.08
BOX_WIDTH = 2.55
PREVIOUS_WIDTH = 1.75
LEAST_BOX = 0.95
SIZE = 7.5
LINE = leading(SIZE)
# Parts of a box, and the rest of a line that was broken, are set in.
INDENT = "   "
STEP = 0.12
ROWS = 4

# Okabe-Ito sky blue at one quarter on white, opaque as `review.figures.style.ZONE` is.
BAND_COLOUR = "#D5EDFA"


@dataclass(frozen=True, slots=True)
class FigureBox:
    """One box; lines are wrapped where too wide, those that begin with `INDENT` are set in."""

    key: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A way of identification: four rows of a box and what leaves the flow beside it.

    The rows are identification, screening, retrieval and eligibility; None where there is no box.
    """

    heading: str
    rows: tuple[tuple[FigureBox | None, FigureBox | None], ...]

    def __post_init__(self) -> None:
        if len(self.rows) != ROWS:
            raise InvalidDataError(f"a branch of the flow has {ROWS} rows, not {len(self.rows)}")


@dataclass(frozen=True, slots=True)
class PrismaFigure:
    """All that a flow diagram says.

    Attributes
    ----------
    title : str
        Above the diagram, in bold.
    main : Branch
        Databases and registers.
    other : Branch or None
        Other methods, in the templates that have them.
    included : FigureBox
        Under the last row.
    previous, total : FigureBox or None
        In the templates for updated reviews, both or neither.
    note : str
        Under the diagram.
    """

    title: str
    main: Branch
    included: FigureBox
    other: Branch | None = None
    previous: FigureBox | None = None
    total: FigureBox | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.previous is None) != (self.total is None):
            raise InvalidDataError("previous studies and total studies go together in a flow")


@dataclass(frozen=True, slots=True)
class _Placed:
    box: FigureBox
    text: tuple[str, ...]
    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    @property
    def centre(self) -> float:
        return self.left + self.width / 2

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


def _text(box: FigureBox, wide: float) -> tuple[str, ...]:
    room = wide - 2 * PADDING
    lines: list[str] = []
    for line in box.lines:
        part = line.startswith(INDENT)
        first, *rest = wrap(line, SIZE, room - (2 if part else 1) * STEP) or [""]
        lines += [INDENT + first if part else first, *(INDENT + more for more in rest)]
    return tuple(lines)


def _height(text: Sequence[str]) -> float:
    return len(text) * LINE + 2 * PADDING


@dataclass(frozen=True, slots=True)
class _Columns:
    """Left edges of the columns, None where the template has no such column, and their widths."""

    previous: float | None
    main: float
    other: float | None
    width: float
    box: float
    before: float
    gap: float


def _columns(flow: PrismaFigure) -> _Columns:
    """Return where columns stand; boxes are narrower on a paper of a given width.

    Raises InvalidDataError where they would be too narrow for their words.
    """
    gap = 0.15 if paper().narrow else GAP
    branches, before = 2 if flow.other is not None else 1, flow.previous is not None
    between = gap * (2 + before + (3 if branches == 2 else 0))
    around = 2 * EDGE + BAND + between - (0 if branches == 2 else gap) + gap * (branches == 1)
    share = PREVIOUS_WIDTH / BOX_WIDTH
    boxes = 2 * branches + share * before
    box = (fitted(around + boxes * LEAST_BOX, around + boxes * BOX_WIDTH) - around) / boxes
    at = EDGE + BAND + gap
    previous = None
    if before:
        previous, at = at, at + share * box + gap
    main, at = at, at + 2 * box + gap
    other = None
    if branches == 2:
        other, at = at + gap, at + 2 * box + 2 * gap
    return _Columns(previous, main, other, at + EDGE, box, share * box, gap)


def _rows(flow: PrismaFigure, columns: _Columns) -> list[list[tuple[FigureBox, str, float]]]:
    """Return the boxes of each row with their column and width."""
    rows: list[list[tuple[FigureBox, str, float]]] = []
    for i in range(ROWS):
        row: list[tuple[FigureBox, str, float]] = []
        if i == 0 and flow.previous is not None:
            row.append((flow.previous, "previous", columns.before))
        for name, branch in (("main", flow.main), ("other", flow.other)):
            for side, box in zip(("", "-side"), branch.rows[i] if branch else (), strict=False):
                if box is not None:
                    row.append((box, name + side, columns.box))
        rows.append(row)
    rows.append([(flow.included, "main", columns.box)])
    if flow.total is not None:
        rows.append([(flow.total, "main", columns.box)])
    return rows


def _place(flow: PrismaFigure, columns: _Columns, top: float) -> list[dict[str, _Placed]]:
    lefts = {"main": columns.main, "main-side": columns.main + columns.box + columns.gap}
    if columns.previous is not None:
        lefts["previous"] = columns.previous
    if columns.other is not None:
        lefts |= {"other": columns.other, "other-side": columns.other + columns.box + columns.gap}
    placed = []
    for row in _rows(flow, columns):
        texts = [_text(box, width) for box, _, width in row]
        height = max(_height(text) for text in texts)
        placed.append(
            {
                column: _Placed(
                    box, text, lefts[column], top + (height - _height(text)) / 2, width,
                    _height(text),
                )
                for (box, column, width), text in zip(row, texts, strict=True)
            }
        )  # fmt: skip
        top += height + ROW_GAP
    return placed


def prisma_plot(flow: PrismaFigure) -> Figure:
    """Draw a flow diagram.

    Parameters
    ----------
    flow : PrismaFigure
        Numbers stand in its lines; nothing is computed here.

    Returns
    -------
    Figure
        As high as its words need. Artists carry gids for tests and pages: ``box-KEY`` for the
        rectangle of a box, ``text-KEY-i`` for its lines, ``arrow-FROM-TO``, ``band-NAME``.

    Examples
    --------
    >>> box = FigureBox("screened", ("Records screened (n = 3)",))
    >>> branch = Branch("Identification", ((box, None),) * 4)
    >>> prisma_plot(PrismaFigure("Alliance", branch, box)).get_label()
    'Alliance'
    """
    from matplotlib.figure import Figure

    with own_settings():
        columns = _columns(flow)
        title = title_lines(flow.title, TITLE_SIZE, columns.width - 2 * EDGE)
        note = wrap(flow.note, SIZE, columns.width - 2 * EDGE)
        head = EDGE + len(title) * leading(TITLE_SIZE) + 0.1
        headings = _headings(flow, columns)
        heading_height = max(_height(text) for _, text, _, _ in headings)
        rows = _place(flow, columns, head + heading_height + ROW_GAP / 2)
        bottom = max(placed.bottom for placed in rows[-1].values())
        shown = bottom - min(placed.top for placed in rows[ROWS].values())
        note_at = bottom + 0.12 + max(0.0, _band_height("Included") - shown) / 2
        height = note_at + len(note) * LINE + EDGE
        figure = Figure(figsize=(columns.width, height), facecolor="white")
        figure.set_label(printable(flow.title))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, columns.width)
        axes.set_ylim(height, 0)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_axis_off()
        for i, line in enumerate(title):
            at = EDGE + (i + 0.5) * leading(TITLE_SIZE)
            _write(axes, EDGE, at, line, f"title-{i}", size=TITLE_SIZE, bold=True)
        for name, text, left, width in headings:
            _rectangle(axes, left, head, width, heading_height, f"heading-{name}", ZONE)
            for i, line in enumerate(text):
                at = head + PADDING + (i + 0.5) * LINE
                _write(
                    axes, left + width / 2, at, line, f"heading-{name}-{i}", bold=True,
                    align="center",
                )  # fmt: skip
        _bands(axes, rows)
        for row in rows:
            for placed in row.values():
                _draw(axes, placed)
        _arrows(axes, rows)
        for i, line in enumerate(note):
            _write(axes, EDGE, note_at + (i + 0.5) * LINE, line, f"note-{i}", colour=GREY)
    return figure


def _headings(
    flow: PrismaFigure, columns: _Columns
) -> list[tuple[str, tuple[str, ...], float, float]]:
    wide = 2 * columns.box + columns.gap
    found = [("main", flow.main.heading, columns.main, wide)]
    if columns.previous is not None:
        found.append(("previous", "Previous studies", columns.previous, columns.before))
    if flow.other is not None and columns.other is not None:
        found.append(("other", flow.other.heading, columns.other, wide))
    return [
        (name, tuple(wrap(text, SIZE, width - 2 * PADDING, bold=True)), left, width)
        for name, text, left, width in found
    ]


def _rectangle(
    axes: Axes, left: float, top: float, width: float, height: float, gid: str, colour: str
) -> None:
    from matplotlib.patches import Rectangle

    patch = Rectangle((left, top), width, height, facecolor=colour, edgecolor=BLACK, lw=0.7)
    patch.set_gid(gid)
    axes.add_patch(patch)


def _write(
    axes: Axes, x: float, y: float, text: str, gid: str, *, size: float = SIZE,
    bold: bool = False, align: str = "left", colour: str = BLACK, turned: bool = False,
) -> None:  # fmt: skip
    """Write a line around its middle."""
    drawn = axes.text(
        x, y, text, ha=align, va="center" if turned else "center_baseline", color=colour,
        rotation=90 if turned else 0, fontproperties=font(size, bold=bold, text=text),
        parse_math=False,
    )  # fmt: skip
    drawn.set_gid(gid)


def _draw(axes: Axes, placed: _Placed) -> None:
    key = placed.box.key
    _rectangle(axes, placed.left, placed.top, placed.width, placed.height, f"box-{key}", "white")
    for i, line in enumerate(placed.text):
        indent = STEP if line.startswith(INDENT) else 0.0
        at = placed.top + PADDING + (i + 0.5) * LINE
        _write(axes, placed.left + PADDING + indent, at, line.strip(), f"text-{key}-{i}")


def _band_height(name: str) -> float:
    """The least that the word needs, whatever the boxes beside it hold."""
    return len(name) * 0.078


def _bands(axes: Axes, rows: Sequence[dict[str, _Placed]]) -> None:
    below = math.inf
    for name, first, last in (
        ("Included", ROWS, len(rows) - 1),
        ("Screening", 1, ROWS - 1),
        ("Identification", 0, 0),
    ):
        top = min(placed.top for placed in rows[first].values())
        bottom = max(placed.bottom for placed in rows[last].values())
        half = max(bottom - top, _band_height(name)) / 2
        middle = min((top + bottom) / 2, below - BAND_GAP - half)
        below = middle - half
        _rectangle(axes, EDGE, middle - half, BAND, 2 * half, f"band-{name}", BAND_COLOUR)
        _write(
            axes, EDGE + BAND / 2, middle, name, f"band-{name}-text", bold=True, align="center",
            turned=True,
        )  # fmt: skip


def _arrow(axes: Axes, points: Sequence[tuple[float, float]], gid: str) -> None:
    *line, _ = points
    if len(line) > 1:
        (path,) = axes.plot(
            [x for x, _ in line], [y for _, y in line], color=BLACK, lw=0.9, solid_capstyle="butt"
        )
        path.set_gid(f"{gid}-line")
    drawn = axes.annotate(
        "", xy=points[-1], xytext=points[-2],
        arrowprops={"arrowstyle": "-|>", "color": BLACK, "lw": 0.9,
                    "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8},
    )  # fmt: skip
    drawn.set_gid(gid)


def _arrows(axes: Axes, rows: Sequence[dict[str, _Placed]]) -> None:
    for row in rows:
        for name in ("main", "other"):
            if name in row and f"{name}-side" in row:
                start, stop = row[name], row[f"{name}-side"]
                _arrow(
                    axes, [(start.right, start.middle), (stop.left, start.middle)],
                    f"arrow-{start.box.key}-{stop.box.key}",
                )  # fmt: skip
    for name in ("main", "other"):
        chain = [row[name] for row in rows if name in row]
        for start, stop in pairwise(chain):
            _arrow(
                axes, [(start.centre, start.bottom), (stop.centre, stop.top)],
                f"arrow-{start.box.key}-{stop.box.key}",
            )  # fmt: skip
    included = rows[ROWS]["main"]
    if "other" in rows[ROWS - 1]:
        last = rows[ROWS - 1]["other"]
        _arrow(
            axes,
            [(last.centre, last.bottom), (last.centre, included.middle),
             (included.right, included.middle)],
            f"arrow-{last.box.key}-{included.box.key}",
        )  # fmt: skip
    if "previous" in rows[0]:
        start, stop = rows[0]["previous"], rows[-1]["main"]
        _arrow(
            axes,
            [(start.centre, start.bottom), (start.centre, stop.middle), (stop.left, stop.middle)],
            f"arrow-{start.box.key}-{stop.box.key}",
        )  # fmt: skip
