"""The graph of a network: treatments as discs, trials that compare two of them as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from review.errors import InvalidDataError
from review.figures.page import EDGE, SMALL_SIZE, TITLE_SIZE, Page, leading
from review.figures.paper import page_width, paper
from review.figures.style import BLUE, GREY, own_settings
from review.figures.text import POINTS_PER_INCH, Cuts, paragraph, printable, title_lines, width
from review.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE_WIDTH: Final = 6.5
TEXT_SIZE: Final = 8.0
LARGEST: Final = 0.36
"""Across of a disc, in inches."""
SMALLEST: Final = 0.08
THICKEST: Final = 7.0
"""Of a line, in points."""
THINNEST: Final = 0.7
SPACING: Final = 0.46
"""Inches from one treatment to the next on a side: two lines of text and some air."""
LEAST_HEIGHT: Final = 2.6
GAP: Final = 0.08
SHARE: Final = 0.27
"""Of the page's width that the names on a side may take."""
ALONG: Final = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)
"""Where on a line the number of its trials is tried."""


@dataclass(frozen=True, slots=True)
class Node:
    """A treatment: its trials, and its participants where all trials say them."""

    label: str
    trials: int
    participants: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """Two treatments, by their place among the nodes, and how many trials compare them."""

    first: int
    second: int
    trials: int


@dataclass(frozen=True, slots=True)
class NetworkGraph:
    """All that a graph says."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    note: str = ""

    def __post_init__(self) -> None:
        for edge in self.edges:
            if not 0 <= edge.first < len(self.nodes) or not 0 <= edge.second < len(self.nodes):
                raise InvalidDataError("A line of the graph leads to no treatment.")
            if edge.trials < 1:
                raise InvalidDataError("A line of the graph has no trial.")


class _Point(NamedTuple):
    x: float
    y: float


class _Placed(NamedTuple):
    """A disc on the page, and the words beside it."""

    at: _Point
    across: float
    side: int
    """1 where the words stand on its right, -1 on its left."""
    name: str
    about: str

    @property
    def x(self) -> float:
        """Where its words begin, or on the left end."""
        return self.at.x + self.side * (self.across / 2 + GAP)

    def has_words_at(self, place: _Point) -> bool:
        """Whether a number would stand in its words."""
        long = max(width(self.name, TEXT_SIZE), width(self.about, SMALL_SIZE))
        near, high = 0.6 * leading(TEXT_SIZE), leading(TEXT_SIZE)
        off = self.side * (place.x - self.x)
        return -near < off < long + near and abs(place.y - self.at.y) < high + near


def network_plot(graph: NetworkGraph) -> Figure:
    """Draw the graph of a network.

    Parameters
    ----------
    graph : NetworkGraph
        Two treatments or more; those of one side stand under each other.

    Returns
    -------
    Figure
        Artists carry gids: ``node-i``, ``label-i``, ``about-i``, ``edge-i`` and, where it finds
        room, ``trials-i``. Discs are as large as participants are many (trials where some do not
        say them), lines as thick as trials are.

    Examples
    --------
    >>> nodes = (Node("Video", 2, 80), Node("In person", 2, 82))
    >>> network_plot(NetworkGraph("Alliance", nodes, (Edge(0, 1, 2),))).get_label()
    'Alliance'
    """
    from matplotlib.figure import Figure

    with own_settings():
        wide, n = page_width(PAGE_WIDTH), len(graph.nodes)
        room = SHARE * wide
        cuts = Cuts()
        names = [cuts.fit(printable(node.label), TEXT_SIZE, room) for node in graph.nodes]
        note = paragraph(f"{graph.note} {cuts.key}".strip(), SMALL_SIZE, wide - 2 * EDGE)
        titles = title_lines(graph.title, TITLE_SIZE, wide - 2 * EDGE)
        top = EDGE + len(titles) * leading(TITLE_SIZE) + (0.1 if titles else 0.0)
        tall = max(LEAST_HEIGHT, SPACING * math.ceil(n / 2))
        height = top + tall + 0.12 + len(note) * leading(SMALL_SIZE) + EDGE
        figure = Figure(figsize=(wide, height), facecolor="white")
        figure.set_label(printable(graph.title))
        page = Page(figure, wide, height)
        for i, line in enumerate(titles):
            place = EDGE + i * leading(TITLE_SIZE)
            page.write(EDGE, place, line, TITLE_SIZE, gid=f"title-{i}", bold=True)
        abouts = [_about(node, room) for node in graph.nodes]
        written = [width(name, TEXT_SIZE) for name in names]
        written += [width(about, SMALL_SIZE) for about in abouts]
        across = wide / 2 - EDGE - max(written) - LARGEST / 2 - GAP
        points = _places(n, wide / 2, top + tall / 2, across, tall / 2)
        scale = 0.7 if paper().narrow else 1.0
        placed = _placed(graph.nodes, list(zip(names, abouts, strict=True)), points, scale)
        _draw_edges(page, graph.edges, placed, THICKEST * scale)
        _draw_nodes(page, placed)
        for i, line in enumerate(note):
            place = top + tall + 0.12 + i * leading(SMALL_SIZE)
            page.write(EDGE, place, line, SMALL_SIZE, gid=f"note-{i}", colour=GREY)
    return figure


def _places(n: int, cx: float, cy: float, rx: float, ry: float) -> list[_Point]:
    """Return points on an ellipse, clockwise from the top, those of a side evenly far apart."""
    right = math.ceil(n / 2)
    found = []
    for i in range(n):
        on_right = i < right
        count = right if on_right else n - right
        step = i if on_right else n - 1 - i
        y = -1 + (2 * step + 1) / count
        across = math.sqrt(1 - y * y) if count > 1 else 1.0
        found.append(_Point(cx + (rx * across if on_right else -rx * across), cy + ry * y))
    return found


def _about(node: Node, room: float) -> str:
    """Return ``53 trials, n 2,027``, without the participants where they find no room."""
    told = counted(node.trials, "trial")
    if node.participants is None or paper().narrow:
        return told
    longer = f"{told}, n {node.participants:,}"
    return longer if width(longer, SMALL_SIZE) <= room else told


def _draw_edges(
    page: Page, edges: Sequence[Edge], placed: Sequence[_Placed], thickest: float
) -> None:
    from matplotlib.lines import Line2D

    points = [one.at for one in placed]
    most = max((edge.trials for edge in edges), default=1)
    for i, edge in enumerate(edges):
        a, b = points[edge.first], points[edge.second]
        line = Line2D(
            [a.x / page.width, b.x / page.width],
            [1 - a.y / page.height, 1 - b.y / page.height],
            color="#999999", lw=max(THINNEST, thickest * edge.trials / most),
            solid_capstyle="butt",
        )  # fmt: skip
        line.set_gid(f"edge-{i}")
        page.figure.add_artist(line)
    taken = list(points)
    ends = [(points[edge.first], points[edge.second]) for edge in edges]
    for i, edge in enumerate(edges):
        place = _free_place(ends[i], ends[:i] + ends[i + 1 :], taken, placed)
        if place is not None:
            taken.append(place)
            page.write(
                place.x, place.y, str(edge.trials), TEXT_SIZE - 1, gid=f"trials-{i}",
                align="center", middle=True, backed=True,
            )  # fmt: skip


_Line = tuple[_Point, _Point]


def _free_place(
    line: _Line,
    others: Sequence[_Line],
    taken: Sequence[_Point],
    placed: Sequence[_Placed],
) -> _Point | None:
    """Return where on a line a number stands clear of others; None where it does nowhere.

    Of the places that do, the first that is off all other lines, else the one furthest off them.
    """
    clear = 2.2 * TEXT_SIZE / POINTS_PER_INCH
    a, b = line
    found: tuple[float, _Point] | None = None
    for share in ALONG:
        place = _Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
        if any(math.dist(place, other) < clear for other in taken):
            continue
        if any(one.has_words_at(place) for one in placed):
            continue
        off = min([clear / 2, *(_distance(place, other) for other in others)])
        if found is None or off > found[0]:
            found = off, place
    return None if found is None else found[1]


def _distance(at: _Point, line: _Line) -> float:
    """Return how far a point is from a line between two others."""
    a, b = line
    long = math.dist(a, b)
    if long == 0:
        return math.dist(at, a)
    along = ((at.x - a.x) * (b.x - a.x) + (at.y - a.y) * (b.y - a.y)) / long**2
    t = min(1.0, max(0.0, along))
    return math.dist(at, _Point(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)))


def _placed(
    nodes: Sequence[Node],
    words: Sequence[tuple[str, str]],
    points: Sequence[_Point],
    scale: float,
) -> list[_Placed]:
    """Return the discs with their words: outward of them, to the right or to the left."""
    by_people = all(node.participants for node in nodes)
    sizes = [float(node.participants or 0) if by_people else float(node.trials) for node in nodes]
    right = math.ceil(len(nodes) / 2)
    return [
        _Placed(
            at,
            max(SMALLEST, LARGEST * scale * math.sqrt(size / max(sizes))),
            1 if i < right else -1,
            *said,
        )
        for i, (size, said, at) in enumerate(zip(sizes, words, points, strict=True))
    ]


def _draw_nodes(page: Page, placed: Sequence[_Placed]) -> None:
    for i, one in enumerate(placed):
        page.disc(one.at.x, one.at.y, one.across, BLUE, gid=f"node-{i}")
        align = "left" if one.side > 0 else "right"
        page.write(
            one.x, one.at.y - leading(TEXT_SIZE) / 2, one.name, TEXT_SIZE, gid=f"label-{i}",
            align=align, middle=True, backed=True,
        )  # fmt: skip
        page.write(
            one.x, one.at.y + leading(SMALL_SIZE) / 2, one.about, SMALL_SIZE, gid=f"about-{i}",
            align=align, middle=True, colour=GREY, backed=True,
        )  # fmt: skip
