"""The class strip: what every run concluded, a cell a run, with a sign in each colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.page import EDGE, SMALL_SIZE, leading
from review.figures.panel_layout import GAP
from review.figures.paper import one_page, page_height, page_width, paper
from review.figures.sheet import Sheet
from review.figures.style import BLACK, BLUE, PALE, VERMILLION, own_settings
from review.figures.text import Cuts, printable, width
from review.synthesis.noninferiority import Conclusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS: Final = {
    Conclusion.SUPERIOR: ("S", BLUE, "#FFFFFF"),
    Conclusion.NONINFERIOR: ("N", "#56B4E9", BLACK),
    Conclusion.NONINFERIOR_WORSE: ("N−", "#F0E442", BLACK),
    Conclusion.INCONCLUSIVE: ("?", PALE, BLACK),
    Conclusion.INCONCLUSIVE_WORSE: ("?−", "#E69F00", BLACK),
    Conclusion.INFERIOR: ("I", VERMILLION, BLACK),
}
"""Sign, colour of Okabe & Ito's palette, and ink of each class."""

SIZE: Final = 8.0
CELL: Final = 0.62
NARROW_CELL: Final = 0.42
LINE: Final = 0.26
MOST: Final = 12
"""Cells side by side; later runs go on in a strip below."""
NAME_WIDTH: Final = 3.0
DATE_SIZE: Final = 7.0
UNDER: Final = 1.2
"""Inches for the key and the note below the strips."""


@dataclass(frozen=True, slots=True)
class StripRow:
    """One margin, variant or analysis: its class in each column, None where there is none."""

    label: str
    cells: tuple[Conclusion | None, ...]


@dataclass(frozen=True, slots=True)
class ClassStrip:
    """All that a class strip says.

    Attributes
    ----------
    columns : tuple of (str, str)
        Number and date of each run or job, the oldest first.
    rows : tuple of StripRow
        The deciding margin first.
    """

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[StripRow, ...]
    column_header: str = "Run"
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise InvalidDataError(
                    f'"{row.label}" has {len(row.cells)} cells for {len(self.columns)} columns.'
                )


def class_strip_plot(strip: ClassStrip) -> Figure:
    """Draw the classes on one page, as `class_strip_pages` does."""
    return one_page(lambda: class_strip_pages(strip))


def class_strip_pages(strip: ClassStrip) -> list[Figure]:
    """Draw the classes, a line a margin or variant and a cell a run.

    Strips that do not fit the page go on over others.

    Parameters
    ----------
    strip : ClassStrip
        Any number of rows and columns, none included.

    Returns
    -------
    list of Figure
        Gids: ``label-r`` (``label-r-b`` from the second strip on), ``head-c`` and ``date-c`` of
        column c, ``cell-r-c`` and ``sign-r-c``, ``legend-n`` for the nth class that occurs.
    """
    with own_settings():
        cuts, cell = Cuts(), NARROW_CELL if paper().narrow else CELL
        longest = min(NAME_WIDTH, (0.3 if paper().narrow else 0.45) * page_width(99.0))
        labels = [cuts.fit(printable(row.label), SIZE, longest) for row in strip.rows]
        header = printable(strip.column_header)
        first = max(
            [width(header, SIZE, bold=True), width("No runs yet", SIZE)]
            + [width(label, SIZE) for label in labels]
        )
        left = EDGE + first + GAP
        most = max(1, min(MOST, int((page_width(99.0) - left - EDGE) / cell)))
        across = min(most, max(len(strip.columns), 1))
        pages = [Sheet(strip.title, left + across * cell + EDGE, 5.2)]
        page = pages[0]
        if not strip.columns or not strip.rows:
            page.write(EDGE, page.y, "No runs yet", SIZE, gid="label-none")
            page.y += LINE
        for block, start in enumerate(range(0, len(strip.columns), most)):
            shown = range(start, min(start + most, len(strip.columns)))
            if block and page.y + _block_height(strip) + UNDER > page_height():
                page = Sheet(strip.title, left + across * cell + EDGE, 5.2)
                pages.append(page)
            _draw_block(page, strip, labels, left, block, shown, cell)
        for page in pages:
            _legend(page, strip)
        count = len(pages)
        told = [f"Page {n} of {count}." if count > 1 else "" for n in range(1, count + 1)]
        return [
            page.figure(f"{strip.note} {words} {cuts.key}")
            for page, words in zip(pages, told, strict=True)
        ]


def _block_height(strip: ClassStrip) -> float:
    return 3 * leading(SIZE) + 0.25 + LINE * len(strip.rows)


def _draw_block(
    page: Sheet,
    strip: ClassStrip,
    labels: list[str],
    left: float,
    block: int,
    shown: range,
    cell: float,
) -> None:
    start = shown.start
    line = leading(SIZE)
    ending = f"-{block}" if block else ""
    page.write(EDGE, page.y, strip.column_header, SIZE, gid=f"head{ending}-row", bold=True)
    for c in shown:
        x = left + (c - start + 0.5) * cell
        number, date = strip.columns[c]
        page.write(x, page.y, number, SIZE, gid=f"head-{c}", bold=True, align="center")
        # A date of a day goes over two lines where cells are narrow.
        parts = (date[:5], date[5:]) if cell < CELL and len(date) > 7 else (date,)
        for n, part in enumerate(parts):
            gid = f"date-{c}-{n}" if n else f"date-{c}"
            page.write(x, page.y + (n + 1) * line, part, DATE_SIZE, gid=gid, align="center")
    page.y += (3 if cell < CELL else 2) * line + 0.05
    page.line(EDGE, left + len(shown) * cell, page.y, f"rule-{block}")
    page.y += 0.05
    for r, row in enumerate(strip.rows):
        y = page.y + LINE / 2
        page.write(EDGE, y, labels[r], SIZE, gid=f"label-{r}{ending}", middle=True)
        for c in shown:
            conclusion = row.cells[c]
            if conclusion is None:
                continue
            sign, face, ink = LOOKS[conclusion]
            x = left + (c - start) * cell
            page.block(x + 0.02, y, cell - 0.04, LINE - 0.05, face, f"cell-{r}-{c}")
            page.write(
                x + cell / 2, y, sign, SIZE, gid=f"sign-{r}-{c}", bold=True, align="center",
                middle=True, colour=ink,
            )  # fmt: skip
        page.y += LINE
    page.y += 0.15


def _legend(page: Sheet, strip: ClassStrip) -> None:
    """Every class that occurs, in order."""
    used = {cell for row in strip.rows for cell in row.cells}
    x, high = EDGE, 0.24
    page.y += high / 2
    for n, conclusion in enumerate(c for c in Conclusion if c in used):
        sign, face, ink = LOOKS[conclusion]
        long = 0.42 + width(conclusion.value, SMALL_SIZE)
        if x > EDGE and x + long > page.width - EDGE:
            x, page.y = EDGE, page.y + high
        page.block(x, page.y, 0.34, 0.18, face, f"legend-cell-{n}")
        page.write(
            x + 0.17, page.y, sign, SMALL_SIZE, gid=f"legend-sign-{n}", bold=True, align="center",
            middle=True, colour=ink,
        )  # fmt: skip
        page.write(x + 0.42, page.y, conclusion.value, SMALL_SIZE, gid=f"legend-{n}", middle=True)
        x += long + GAP
    page.y += high / 2 + 0.04
