"""Risk of bias: a traffic light for every judgement, and bars of how often each was made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.numbers import fixed
from review.figures.page import EDGE, SMALL_SIZE, leading
from review.figures.panel_layout import GAP, line_height, text_size
from review.figures.paper import one_page, page_height, page_width, paper, split
from review.figures.sheet import Sheet
from review.figures.style import BLACK, BLUE, GREY, PALE, VERMILLION, own_settings
from review.figures.text import POINTS_PER_INCH, Cuts, printable, width, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe & Ito's palette by name, and the ink that is read on each.
COLOURS: Final = {
    "green": ("#009E73", BLACK),
    "yellow": ("#F0E442", BLACK),
    "orange": ("#E69F00", BLACK),
    "vermillion": (VERMILLION, BLACK),
    "purple": ("#CC79A7", BLACK),
    "blue": (BLUE, "#FFFFFF"),
    "grey": (PALE, BLACK),
}

NAME_WIDTH = 3.2  # inches, the widest a study's or a domain's name gets
COLUMN = 0.52  # inches a domain of the traffic light
WIDEST_COLUMN = 1.0  # on a page of a given width, which the lights fill
LEAST_COLUMN = 0.24  # of them on a narrow page
BAR_WIDTH = 4.6
BAR = 0.62  # height of a bar, in lines
LIGHT = 0.9  # diameter of a light, in lines
SUMMARY_LINE = 0.3


class Blank(StrEnum):
    """Why a cell holds no judgement."""

    NOT_ASSESSED = "no judgement yet"
    NOT_ASKED = "not part of the study's tool"


@dataclass(frozen=True, slots=True)
class Category:
    """One step of the scale: its name, the sign inside its light, and a colour of `COLOURS`."""

    label: str
    symbol: str
    colour: str

    def __post_init__(self) -> None:
        if self.colour not in COLOURS:
            raise InvalidDataError(f'"{self.colour}" is none of {", ".join(COLOURS)}.')


@dataclass(frozen=True, slots=True)
class BiasDomain:
    """A column: its short key in the head of the table, its name below."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class BiasRow:
    """One study or result.

    Attributes
    ----------
    label : str
        As the reader knows it.
    judgements : tuple of int or Blank
        Places in the plot's categories, one for each domain; the overall one last.
    weight : float or None
        Per cent of the pooled estimate, for weighted bars.
    """

    label: str
    judgements: tuple[int | Blank, ...]
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class RiskOfBias:
    """All that a figure of risk of bias says.

    Attributes
    ----------
    title : str
        Above the plot, in bold.
    domains : tuple of BiasDomain
        In order; the last one is the overall judgement.
    categories : tuple of Category
        The whole scale from the least risk to the most; those that nobody used are kept.
    rows : tuple of BiasRow
        In the order drawn.
    note : str
        Under the plot, such as how many assessed each result.
    """

    title: str
    domains: tuple[BiasDomain, ...]
    categories: tuple[Category, ...]
    rows: tuple[BiasRow, ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.judgements) != len(self.domains):
                raise InvalidDataError(
                    f'"{row.label}" has {len(row.judgements)} judgements, '
                    f"the plot has {len(self.domains)} domains."
                )
            for judgement in row.judgements:
                if isinstance(judgement, int) and not 0 <= judgement < len(self.categories):
                    raise InvalidDataError(f'"{row.label}" has a judgement off the scale.')
            if row.weight is not None and not (math.isfinite(row.weight) and row.weight >= 0):
                raise InvalidDataError(f'"{row.label}": its weight {row.weight:g} is negative.')


@dataclass(frozen=True, slots=True)
class Share:
    """How often a category was judged in a domain: rows, and per cent of those that count."""

    category: int | Blank
    count: int
    percent: float


def shares(plot: RiskOfBias, domain: int, *, weighted: bool = False) -> tuple[Share, ...]:
    """How a domain's judgements are spread over the scale.

    Parameters
    ----------
    plot : RiskOfBias
        With the rows.
    domain : int
        Place of the domain.
    weighted : bool
        By the rows' weights, all of which must be known, rather than each row alike.

    Returns
    -------
    tuple of Share
        One for each category, then one for what is not assessed; rows whose tool does not ask for
        the domain are left out, and percentages add up to 100 over the others. All are zero where
        no row is left.

    Raises
    ------
    InvalidDataError
        For weights that are missing, or all zero.
    """
    asked = [row for row in plot.rows if row.judgements[domain] is not Blank.NOT_ASKED]
    weights = [_weight(row) if weighted else 1.0 for row in asked]
    total = math.fsum(weights)
    if weighted and asked and not total > 0:
        raise InvalidDataError("The weights of the bars add up to nothing.")
    found = []
    for category in (*range(len(plot.categories)), Blank.NOT_ASSESSED):
        mine = [
            w for row, w in zip(asked, weights, strict=True) if row.judgements[domain] == category
        ]
        found.append(Share(category, len(mine), 100 * math.fsum(mine) / total if asked else 0.0))
    return tuple(found)


def _weight(row: BiasRow) -> float:
    if row.weight is None:
        raise InvalidDataError(f'"{row.label}" has no weight; bars by weight need all of them.')
    return row.weight


def traffic_light_plot(plot: RiskOfBias) -> Figure:
    """Draw one light for each judgement on one page, as `traffic_light_pages` does."""
    return one_page(lambda: traffic_light_pages(plot))


def traffic_light_pages(plot: RiskOfBias) -> list[Figure]:
    """Draw one light for each judgement, a study a line, over as many pages as the paper makes.

    Parameters
    ----------
    plot : RiskOfBias
        Any number of rows, none included.

    Returns
    -------
    list of Figure
        Each as high as its rows need. Gids: ``label-i``, ``light-i-j`` and ``symbol-i-j`` for row i
        and domain j, ``head-j``, ``domain-j`` below the table, ``legend-c`` for category c.

    Notes
    -----
    A ring without a sign has no judgement yet; a dash is not part of the tool that the study was
    judged with. The layout is that of McGuinness & Higgins 2021, doi 10.1002/jrsm.1411.
    """
    k = max(1, len(plot.rows))
    with own_settings():
        whole = _lights(plot, range(k), 1, 1)
        if whole.get_figheight() <= page_height():
            return [whole]
        parts = split(k, lambda shown: _lights(plot, shown, 1, 9).get_figheight() <= page_height())
        return [_lights(plot, shown, n, len(parts)) for n, shown in enumerate(parts, start=1)]


def _lights(plot: RiskOfBias, shown: range, number: int, of: int) -> Figure:
    """Draw a page with some of the rows."""
    size, step = text_size(max(1, len(plot.rows))), line_height(max(1, len(plot.rows)))
    room, cuts = NAME_WIDTH if paper().width is None else 0.35 * page_width(9.0), Cuts()
    every = [cuts.fit(printable(row.label), size, room) for row in plot.rows]
    first = max([width("No studies", size), *(width(label, size) for label in every)])
    left, count = EDGE + first + GAP, len(plot.domains)
    overall = width(printable(plot.domains[-1].key), size, bold=True) + 0.06 if count else 0.0
    free = page_width(99.0) - left - EDGE
    column = max(
        LEAST_COLUMN,
        min(
            COLUMN if paper().width is None else WIDEST_COLUMN,
            free / (count + 0.25),
            (free - overall) / max(1, count - 1),
        ),
    )
    more = max(0.25 * column, overall - column)  # of the last column
    columns = [left + (j + 0.5) * column for j in range(len(plot.domains))]
    if columns:
        columns[-1] += more / 2 if more > 0.25 * column else more
    cuts = Cuts()
    page = Sheet(plot.title, left + count * column + more + EDGE, 5.2)
    top = page.y + leading(size) + 0.08
    for j, domain in enumerate(plot.domains):
        head = cuts.fit(
            printable(domain.key),
            size,
            max(column, overall if j == count - 1 else 0.0) * 1.15,
            bold=True,
        )
        page.write(columns[j], page.y, head, size, gid=f"head-{j}", bold=True, align="center")
    page.write(EDGE, page.y, "Study", size, gid="head-study", bold=True)
    page.rule(top)
    for i in shown if plot.rows else ():
        row, y = plot.rows[i], top + (i - shown.start + 0.5) * step
        label = cuts.fit(printable(row.label), size, room)
        page.write(EDGE, y, label, size, gid=f"label-{i}", middle=True)
        for j, judgement in enumerate(row.judgements):
            _light(page, columns[j], y, plot, judgement, LIGHT * step, f"{i}-{j}")
    if not plot.rows:
        page.write(EDGE, top + 0.5 * step, "No studies", size, gid="label-none", middle=True)
    page.y = top + len(shown) * step
    page.rule(page.y + 0.02)
    page.y += 0.12
    _domain_names(page, plot)
    _legend(page, plot, {j for row in plot.rows for j in row.judgements})
    told = f"Page {number} of {of}." if of > 1 else ""
    return page.figure(f"{plot.note} {told} {cuts.key}")


def summary_plot(plot: RiskOfBias, *, weighted: bool = False) -> Figure:
    """Draw for each domain the share of every category, the overall judgement last.

    Parameters
    ----------
    plot : RiskOfBias
        Any number of rows, none included.
    weighted : bool
        Whether a row counts by its weight in the pooled estimate rather than as one.

    Returns
    -------
    Figure
        Gids: ``name-j``, ``bar-j-c`` and ``bar-symbol-j-c`` for domain j and category c,
        ``legend-c``.

    Raises
    ------
    InvalidDataError
        For weights that are missing, or all zero.
    """
    with own_settings():
        size = text_size(1)
        narrow, cuts = paper().narrow, Cuts()
        told = [printable(d.key if narrow else d.name) for d in plot.domains]
        names = [cuts.fit(name, size, NAME_WIDTH, bold=True) for name in told]
        left = EDGE + max([0.5, *(width(n, size, bold=True) for n in names)]) + GAP
        bar = max(1.0, page_width(left + BAR_WIDTH + EDGE + 0.15) - left - EDGE - 0.15)
        page = Sheet(plot.title, left + bar + EDGE + 0.15)
        top = page.y
        for j, name in enumerate(names):
            y = top + (j + 0.5) * SUMMARY_LINE
            overall = j == len(names) - 1
            page.write(EDGE, y, name, size, gid=f"name-{j}", bold=overall, middle=True)
            _bar(page, plot, j, left, y, bar, weighted=weighted)
        page.y = top + len(names) * SUMMARY_LINE
        if not plot.rows:
            middle = (top + page.y) / 2
            page.write(
                left + bar / 2, middle, "No studies", size, gid="empty", align="center",
                middle=True, colour=GREY,
            )  # fmt: skip
        _percent_axis(page, left, bar, size)
        what = "Share of the weight, %" if weighted else "Share of the appraised, %"
        page.write(left + bar / 2, page.y, what, size, gid="axis-label", align="center")
        page.y += leading(size) + 0.1
        used = {judgement for row in plot.rows for judgement in row.judgements}
        if narrow:
            _domain_names(page, plot)
        _legend(page, plot, used - {Blank.NOT_ASKED})
        return page.figure(f"{plot.note} {cuts.key}")


def _bar(
    page: Sheet,
    plot: RiskOfBias,
    domain: int,
    left: float,
    y: float,
    bar: float,
    *,
    weighted: bool,
) -> None:
    start = left
    for share in shares(plot, domain, weighted=weighted):
        long = bar * share.percent / 100
        if not long:
            continue
        key = share.category if isinstance(share.category, int) else "blank"
        face, ink, symbol = look(plot.categories, share.category)
        page.block(start, y, long, BAR * SUMMARY_LINE, face, f"bar-{domain}-{key}")
        text = f"{symbol} {fixed(share.percent, 0)}".strip()
        for words in (text, symbol):
            if words and width(words, SMALL_SIZE) + 0.05 < long:
                page.write(
                    start + long / 2, y, words, SMALL_SIZE, gid=f"bar-symbol-{domain}-{key}",
                    align="center", middle=True, colour=ink,
                )  # fmt: skip
                break
        start += long


def _percent_axis(page: Sheet, left: float, bar: float, size: float) -> None:
    y = page.y + 0.03
    page.line(left, left + bar, y, "axis-rule")
    for percent in range(0, 101, 25):
        at = left + bar * percent / 100
        page.write(at, y + 0.05, str(percent), size, gid=f"percent-{percent}", align="center")
    page.y = y + 0.05 + leading(size)


def look(categories: Sequence[Category], judgement: int | Blank) -> tuple[str, str, str]:
    """Face, ink and sign of a judgement."""
    if isinstance(judgement, Blank):
        return "#FFFFFF", GREY, ""
    category = categories[judgement]
    face, ink = COLOURS[category.colour]
    return face, ink, printable(category.symbol)


def _domain_names(page: Sheet, plot: RiskOfBias) -> None:
    for j, domain in enumerate(plot.domains):
        if domain.key == domain.name:
            continue
        for k, line in enumerate(
            wrap(f"{domain.key}: {domain.name}", SMALL_SIZE, page.width - 2 * EDGE)
        ):
            page.write(EDGE, page.y, line, SMALL_SIZE, gid=f"domain-{j}-{k}")
            page.y += leading(SMALL_SIZE)
    page.y += 0.1


def _legend(page: Sheet, plot: RiskOfBias, used: set[int | Blank]) -> None:
    """Every category of the scale, used or not; what is blank only where it occurs."""
    entries: list[tuple[int | Blank, str]] = [
        (c, category.label) for c, category in enumerate(plot.categories)
    ]
    entries += [(blank, blank.value.capitalize()) for blank in Blank if blank in used]
    x, high = EDGE, 0.22
    page.y += high / 2
    for key, label in entries:
        words = printable(label)
        long = 0.22 + width(words, SMALL_SIZE) + GAP
        if x > EDGE and x + long - GAP > page.width - EDGE:
            x, page.y = EDGE, page.y + high
        name = key if isinstance(key, int) else key.name.lower().replace("_", "-")
        _light(page, x + 0.08, page.y, plot, key, 0.16, f"legend-{name}")
        page.write(x + 0.22, page.y, words, SMALL_SIZE, gid=f"legend-{name}", middle=True)
        x += long
    page.y += high / 2 + 0.04


def _light(
    page: Sheet,
    x: float,
    y: float,
    plot: RiskOfBias,
    judgement: int | Blank,
    across: float,
    key: str,
) -> None:
    face, ink, symbol = look(plot.categories, judgement)
    if judgement is Blank.NOT_ASKED:
        symbol = "\N{EN DASH}"
    else:
        page.disc(x, y, across, face, GREY, f"light-{key}")
    if symbol:
        size = max(7.0, min(9.0, 0.72 * across * POINTS_PER_INCH))
        page.write(
            x, y, symbol, size, gid=f"symbol-{key}", bold=True, align="center", middle=True,
            colour=ink,
        )  # fmt: skip
