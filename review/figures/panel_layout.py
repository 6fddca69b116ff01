"""What stands in a panel, and where: its columns, and the sizes of all that is around the plot.

All lengths are inches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from review.figures.axis import fraction
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, leading
from review.figures.paper import fitted as fitted_width
from review.figures.paper import paper
from review.figures.scale import Notation, Written
from review.figures.text import (
    POINTS_PER_INCH,
    Cuts,
    paragraph,
    pointing,
    printable,
    title_lines,
    width,
    words_of,
    wrap,
)

GAP = 0.2
LIGHT_GAP = 0.06
# Height of a line of the key to lights.
LIGHT_LINE = 0.2
# Room that a heading over several columns gets before it breaks.
GROUP_ROOM = 1.3
# Room that the header over estimates gets before it breaks: what it takes is lost to the plot.
VALUE_HEADER = 1.65
PLOT_WIDTH = 3.0
# On a page of a given width: the share of the plot, and the room of a study's name, which a single
# column makes smaller.
LEAST_PLOT = 0.22
LAST_PLOT = 0.5  # inches, where nothing more can be spared
TIGHT_PLOT = 0.12  # the share of the plot that numbers of the arms may leave it on two columns
NARROW_NAME = (0.95, 1.3)
FEWER_LETTERS = (0.85, 0.75, 0.65)  # its room where numbers have more decimals than usual
NARROW_GAP = 0.1
NARROWEST = 6.5
SIZES = ("n", "Total")  # kin of the columns with the sizes of arms
# Lines that set the type of a panel over several pages: small, but not below 7 points.
DENSE = 160
TITLE_LINE = leading(TITLE_SIZE)
SMALL_LINE = leading(SMALL_SIZE)


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column of text; `cells` has one entry a line; it is `reserve` inches wide at the least.

    A narrow page leaves out columns of one `kin` together: the same of either arm.

    Cells wider than `widest` inches are shortened, except in right-aligned columns: those hold
    numbers, and half a number is a wrong one. Headers break where they are wider than
    both `header_room` and the cells, and at the ends of their lines. With `lights` the cells are
    signs in the middle of discs, as (face, ink) of each line; None where there is no disc.
    """

    name: str
    header: str
    cells: tuple[str, ...]
    right_aligned: bool = False
    widest: float = 1.4
    header_room: float = 0.8
    lights: tuple[tuple[str, str] | None, ...] = ()
    reserve: float = 0.0
    kin: str = ""

    def part(self, lines: range, first: tuple[str, ...] = ()) -> TextColumn:
        """Return the column of some lines, behind others of its own."""
        lights = (*(None for _ in first), *self.lights[lines.start : lines.stop])
        return replace(
            self,
            cells=(*first, *self.cells[lines.start : lines.stop]),
            lights=lights if self.lights else (),
        )


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
    notation: Written = Notation.PLAIN
    groups: tuple[Group, ...] = ()
    legend: tuple[Light, ...] = ()
    legend_note: str = ""
    """What the note says of the lights: the names of their columns."""
    spans: Mapping[int, str] = field(default_factory=dict)
    """Of lines with words that go on over the columns."""
    sections: tuple[str, ...] = ()
    """Of each line the heading that it stands under, which a page that goes on with it repeats."""
    together: frozenset[int] = frozenset()
    """Lines that no page ends with."""
    null_line: bool = True
    """Whether an effect of 0 is none."""
    density: int = 0
    """Lines that set the size of type; by default those of the panel."""

    @property
    def lines(self) -> int:
        """The number of lines that sizes go by."""
        return self.density or len(self.keys)


def line_height(lines: int) -> float:
    """Height of a line: 0.24 inches up to 40 lines, then less, 0.151 from 160 lines on."""
    return min(0.24, max(0.151, 0.24 - 0.09 * (lines - 40) / 120))


def text_size(lines: int) -> float:
    """Font size in points that leaves air between lines."""
    largest = 7.0 if paper().narrow else 8.0
    return min(largest, line_height(lines) * POINTS_PER_INCH / 1.55)


@dataclass(frozen=True, slots=True)
class FittedColumn:
    """A column as it is drawn: the lines of its header, its cells, and its width."""

    header: tuple[str, ...]
    cells: tuple[str, ...]
    width: float


@dataclass(frozen=True, slots=True)
class PanelLayout:
    """Where everything stands: lengths in inches, heights from the top of the page."""

    size: float  # of the type, in points
    width: float
    height: float
    title: Sequence[str]
    groups: Sequence[Sequence[str]]  # the lines of each heading over columns
    columns: Mapping[str, FittedColumn]
    starts: Mapping[str, float]  # the left edge of each column
    left: float  # of the plot
    plot_width: float
    head: float  # under the headings over columns
    top: float  # of the lines of the table
    bottom: float
    label: str
    label_top: float
    directions: tuple[Sequence[str], Sequence[str]]
    directions_top: float
    legend: Sequence[tuple[float, int]]  # of each entry the distance from the left, and the line
    legend_top: float
    note: Sequence[str]
    note_top: float

    @property
    def text_line(self) -> float:
        """Inches from one line of text to the next."""
        return leading(self.size)


def laid_out(panel: Panel) -> PanelLayout:
    """Return where everything stands, on a page that is as high as the panel needs."""
    lines, step = len(panel.keys), line_height(panel.lines)
    size = text_size(panel.lines)
    text_line = leading(size)
    columns = panel.before + panel.after
    cuts = Cuts()
    fitted = _widened(panel, {c.name: _fit(c, size, panel.strong, cuts) for c in columns}, size)
    # The plot has a gap on either side, the last column none behind it.
    needed = 2 * EDGE + _gap() + sum(_room(c, fitted) for c in columns[:-1])
    needed += fitted[columns[-1].name].width
    total = fitted_width(needed + (LAST_PLOT if paper().width else PLOT_WIDTH), NARROWEST)
    plot_width = total - needed
    left = EDGE + sum(_room(column, fitted) for column in panel.before)

    title = title_lines(panel.title, TITLE_SIZE, total - 2 * EDGE)
    middle = left + plot_width / 2
    label_room = 2 * min(middle - EDGE, total - EDGE - middle)
    label = cuts.fit(printable(panel.axis_label), size, label_room)
    note = paragraph(f"{panel.note} {panel.legend_note} {cuts.key}", SMALL_SIZE, total - 2 * EDGE)
    null_at = left + plot_width * across(panel, 0.0)
    directions = _directions(panel, size, null_at, total)
    legend = _legend_places(panel, total - 2 * EDGE)
    groups = [wrap(g.header, size, _span(g, fitted, panel), bold=True) for g in panel.groups]

    head = EDGE + len(title) * TITLE_LINE + 0.08
    head += max([0, *map(len, groups)]) * text_line + (0.06 if groups else 0.0)
    top = head + max([1, *(len(f.header) for f in fitted.values())]) * text_line + 0.08
    bottom = top + max(lines, 1) * step
    label_top = bottom + 0.12 + text_line  # below the tick labels
    directions_top = label_top + (text_line if panel.axis_label else 0.0) + 0.04
    under = directions_top + max([0, *map(len, directions)]) * text_line
    legend_top = under + 0.1
    note_top = (legend_top + LIGHT_LINE * (1 + legend[-1][1]) if legend else under) + 0.08
    return PanelLayout(
        size=size, width=total, height=note_top + len(note) * SMALL_LINE + EDGE, title=title,
        groups=groups, columns=fitted, starts=_starts(panel, fitted, plot_width), left=left,
        plot_width=plot_width, head=head, top=top, bottom=bottom, label=label, label_top=label_top,
        directions=directions, directions_top=directions_top, legend=legend,
        legend_top=legend_top, note=note, note_top=note_top,
    )  # fmt: skip


def narrowed(panel: Panel) -> Panel:
    """Return a panel that fits the paper: what it can spare is left out, and the note says so."""
    if paper().width is None or _fits(panel):
        return panel
    first, *others = map(_headed_narrowly, panel.before)
    room = _name_room(panel, text_size(panel.lines))
    panel = replace(
        panel, before=(replace(first, widest=room), *others),
        after=tuple(map(_headed_narrowly, panel.after)),
    )  # fmt: skip
    if not paper().narrow and _fits(panel, TIGHT_PLOT):
        return panel
    spared: list[tuple[str, ...]] = []
    for names in _spared(panel):
        if _fits(_without(panel, spared)):
            break
        spared.append(names)
    for names in reversed(spared):  # what was spared first may have room after all
        others_spared = [other for other in spared if other != names]
        if _fits(_without(panel, others_spared)):
            spared = others_spared
    panel = _without(panel, spared)
    for room in FEWER_LETTERS:  # names give way before the figure is refused
        if _fits(panel, LAST_PLOT / (paper().width or math.inf)):
            break
        first, *others = panel.before
        panel = replace(panel, before=(replace(first, widest=room), *others))
    return panel


def _fits(panel: Panel, share: float = LEAST_PLOT) -> bool:
    """Whether all columns leave that share of the page's width to the plot."""
    size = text_size(panel.lines)
    columns = panel.before + panel.after
    tried = {c.name: _fit(c, size, panel.strong, Cuts()) for c in columns}
    fitted = _widened(panel, tried, size)
    needed = 2 * EDGE + _gap() + sum(_room(c, fitted) for c in columns[:-1])
    wide = paper().width or math.inf
    return needed + fitted[columns[-1].name].width + share * wide <= wide


def _without(panel: Panel, spared: Sequence[tuple[str, ...]]) -> Panel:
    """Return a panel without some columns, and without the key to lights where none is left."""
    out = {name for names in spared for name in names}
    if not out:
        return panel
    columns = (*panel.before, *panel.after)
    over = {name: g.header for g in panel.groups if out.issuperset(g.columns) for name in g.columns}
    said = (over.get(c.name, c.header) for c in columns if c.name in out)
    told = ", ".join(dict.fromkeys(" ".join(header.split()) for header in said))
    groups = (replace(g, columns=tuple(c for c in g.columns if c not in out)) for g in panel.groups)
    lit = any(c.lights and c.name not in out for c in columns)
    return replace(
        panel,
        before=tuple(c for c in panel.before if c.name not in out),
        after=tuple(c for c in panel.after if c.name not in out),
        groups=tuple(g for g in groups if g.columns),
        legend=panel.legend if lit else (),
        legend_note=panel.legend_note if lit else "",
        note=f"{panel.note} Not shown for want of width: {told}.".strip(),
    )


def _name_room(panel: Panel, size: float) -> float:
    """The room of a study's name on a narrow page: that of the names of diamonds at the least."""
    names = panel.before[0].cells
    strong = [width(printable(names[i]), size, bold=True) for i in panel.strong]
    least = NARROW_NAME[not paper().narrow]
    return max(least, min(least + 0.15, max(strong, default=0.0)))


def _spared(panel: Panel) -> list[tuple[str, ...]]:
    """Return the columns that a narrow page can spare, in that order.

    What stands twice, of either arm, goes first but for their sizes, which go last of it.
    """
    columns = [*panel.before[1:], *panel.after]
    lights = [(c.name,) for c in columns if c.lights]
    kin: dict[str, list[str]] = {}
    for column in columns:
        if not column.lights and column.name not in ("value", "weight"):
            kin.setdefault(column.kin or column.name, []).append(column.name)
    both = sorted(kin, key=lambda name: name not in SIZES)
    twice = [tuple(kin[name]) for name in both if len(kin[name]) > 1]
    once = [tuple(names) for names in kin.values() if len(names) == 1]
    weight = [(c.name,) for c in columns if c.name == "weight"]
    return [*reversed(twice[1:]), *weight, *twice[:1], *reversed(once), *lights]


def _headed_narrowly(column: TextColumn) -> TextColumn:
    return replace(column, header_room=min(column.header_room, 0.9))


def _starts(
    panel: Panel, fitted: Mapping[str, FittedColumn], plot_width: float
) -> dict[str, float]:
    starts: dict[str, float] = {}
    x = EDGE
    for columns in (panel.before, panel.after):
        for column in columns:
            starts[column.name] = x
            x += _room(column, fitted)
        x += plot_width + _gap()
    return starts


def across(panel: Panel, value: float) -> float:
    """Return how far across the plot a value stands, from 0 at the left to 1."""
    across = fraction(value, panel.limits)
    return 1 - across if panel.notation.turned else across


def _gap() -> float:
    return NARROW_GAP if paper().width else GAP


def _room(column: TextColumn, fitted: Mapping[str, FittedColumn]) -> float:
    return fitted[column.name].width + (LIGHT_GAP if column.lights else _gap())


def _span(group: Group, fitted: Mapping[str, FittedColumn], panel: Panel) -> float:
    columns = [c for c in panel.before + panel.after if c.name in group.columns]
    return sum(_room(c, fitted) for c in columns[:-1]) + fitted[columns[-1].name].width


def _widened(panel: Panel, fitted: dict[str, FittedColumn], size: float) -> dict[str, FittedColumn]:
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


def _fit(column: TextColumn, size: float, strong: frozenset[int], cuts: Cuts) -> FittedColumn:
    widest = math.inf if column.right_aligned else column.widest
    cells = tuple(
        cuts.fit(printable(cell), size, widest, bold=i in strong)
        for i, cell in enumerate(column.cells)
    )
    widths = [width(cell, size, bold=i in strong) for i, cell in enumerate(cells)]
    body = max([column.reserve, *widths])
    words = [width(word, size, bold=True) for word in words_of(column.header)]
    room = min(max(widest, column.header_room), max([body, column.header_room, *words]))
    header = tuple(
        line for part in column.header.split("\n") for line in wrap(part, size, room, bold=True)
    )
    return FittedColumn(header, cells, max([body, *(width(x, size, bold=True) for x in header)]))


def _directions(
    panel: Panel, size: float, null_at: float, total: float
) -> tuple[Sequence[str], Sequence[str]]:
    left, right = panel.favours_left, panel.favours_right
    if panel.notation.turned:
        left, right = right, left
    rooms = max(0.6, null_at - EDGE - 0.08), max(0.6, total - null_at - EDGE - 0.08)
    return pointing(left, right, size, rooms)
