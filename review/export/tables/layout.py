"""How a table stands on a page of A4: widths of columns, size of type, upright or on its side."""

from __future__ import annotations

from dataclasses import dataclass

from review.export.tables.cells import Kind
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle, printed

# Centimetres: A4 with margins of 2.5, and what its two orientations leave for a table.
PAGE = (21.0, 29.7)
MARGIN = 2.5
PORTRAIT, LANDSCAPE = PAGE[0] - 2 * MARGIN, PAGE[1] - 2 * MARGIN
# Mean width of a character at one point, in centimetres, and a cell's inner margins. Times New
# Roman takes 0.0185, and the fonts that stand in for it where it is missing up to 0.022.
PER_POINT = 0.022
PADDING = 0.42
SIZES = (10.0, 9.0, 8.0, 7.0)
# Journals set tables in 8 points and more: smaller type comes before a page on its side.
UPRIGHT = (10.0, 9.0, 8.0)
# The share of the width that a table would take without wrapping, below which a page is turned.
ENOUGH = 0.5
# Text beyond this many characters wraps rather than widening its column.
WRAPS_FROM = 36


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table stands on the page."""

    widths: tuple[float, ...]  # centimetres
    size: float  # points
    landscape: bool


def layout_of(table: Table, style: NumberStyle) -> Layout:
    """Widths by content: portrait if that does, else landscape, else landscape in smaller type."""
    least, wanted = [], []
    for c, column in enumerate(table.columns):
        cells = [
            printed(table.column_at(r, c), row[c], style) + table.marks(r, column.key)
            for r, row in enumerate(table.rows)
        ]
        header = column.header + table.marks(None, column.key)
        # Numbers stay on one line; headers and texts may break between words.
        text = column.kind is Kind.TEXT
        pieces = [w for cell in cells for w in (cell.split() if text else [cell])]
        least.append(max(map(len, [*pieces, *header.split()]), default=1))
        longest = max(map(len, [header, *cells])) if text else least[-1]
        wanted.append(max(least[-1], min(longest, WRAPS_FROM)))
    for size, room in [*((s, PORTRAIT) for s in UPRIGHT), *((s, LANDSCAPE) for s in SIZES)]:
        narrow, wide = ([PER_POINT * size * n + PADDING for n in x] for x in (least, wanted))
        if sum(narrow) <= room and (room == LANDSCAPE or ENOUGH * sum(wide) <= room):
            break
    slack = max(0.0, room - sum(narrow))
    stretch = min(1.0, slack / max(sum(wide) - sum(narrow), 1e-9))
    widths = [a + stretch * (b - a) for a, b in zip(narrow, wide, strict=True)]
    squeeze = min(1.0, room / sum(widths))  # the last resort: words will break
    return Layout(tuple(w * squeeze for w in widths), size, room == LANDSCAPE)
