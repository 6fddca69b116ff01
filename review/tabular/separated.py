"""Text with commas, semicolons or tabs between its cells, as rows; a bad row stops no other."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from review.canonical import MAX_TEXT
from review.tabular.grid import Row

if TYPE_CHECKING:
    from _csv import Reader as _Reader

DELIMITERS: Final = (",", ";", "\t", "|")

NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

LOOKED_AT: Final = 30
"""Lines at the top among which the header is sought."""

MOST_LINES: Final = 2_000
"""Lines of a row: no abstract has more. What is longer has a quotation mark too many."""

UNPAIRED: Final = "the quotation marks of the row that begins here do not pair up"

csv.field_size_limit(4 * MAX_TEXT)  # Python's own limit, 131,072, is shorter than reference lists


def lines_of(text: str) -> list[str]:
    """Return the lines with their ends, whichever of LF, CRLF and CR they are."""
    return list(io.StringIO(text, newline=""))


def one_row(lines: Sequence[str], place: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the cells of the row that begins at a line, and how many lines it takes.

    None for a row whose quotation marks do not pair up, which takes one line.
    """
    line = lines[place]
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter), 1
    until = min(len(lines), place + MOST_LINES)
    reader = _reader((_ended(lines[number]) for number in range(place, until)), delimiter)
    try:
        return next(reader), reader.line_num
    except (csv.Error, StopIteration):
        pass
    if '\\"' in line:  # R's way to write a quotation mark within quotation marks
        lines_again = (_ended(lines[number]) for number in range(place, until))
        reader = csv.reader(
            lines_again, delimiter=delimiter, strict=True, doublequote=False, escapechar="\\"
        )
        try:
            return next(reader), reader.line_num
        except (csv.Error, StopIteration):
            pass
    return None, 1


def _ended(line: str) -> str:
    return line if line.endswith(("\n", "\r")) else f"{line}\n"


def rows_of(lines: Sequence[str], delimiter: str, *, first: int = 0) -> Iterator[Row]:
    """Yield the rows that are not blank, from a line on; reading goes on after one that is broken.

    One reader takes row after row, until it meets a row it cannot take.
    """
    begin = first

    def feed() -> Iterator[str]:
        for number in range(begin, len(lines)):
            if number - begin >= MOST_LINES:
                return  # within quotation marks, so that the reader says they do not pair up
            yield lines[number]

    while begin < len(lines):
        start, reader = begin, _reader(feed(), delimiter)
        try:
            for cells in reader:
                if any(cell and not cell.isspace() for cell in cells):
                    yield Row(begin + 1, tuple(cells))
                begin = start + reader.line_num
        except csv.Error:
            yield Row(begin + 1, (), broken=UNPAIRED)
            begin += 1


def _reader(lines: Iterator[str], delimiter: str) -> _Reader:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def said_delimiter(lines: Sequence[str]) -> str | None:
    """Return what Excel's ``sep=;`` on the first line names, None where it does not stand there."""
    first = lines[0].strip('\r\n "') if lines else ""
    sign = first[4:] if first[:4].lower() == "sep=" else ""
    return sign if sign in DELIMITERS else None


def delimiter_of(lines: Sequence[str], score: Callable[[Sequence[Row]], int]) -> str:
    """Return what stands between the cells.

    Parameters
    ----------
    lines
        Of the file.
    score
        How much the rows at the top look like the table, 0 for not at all. Where no delimiter
        makes them look so, the one that is in the first line most often, outside quotation marks.
    """
    top = lines[:LOOKED_AT]
    scores = {sign: score([*rows_of(top, sign)]) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: scores[sign])
    if scores[best] > 1:
        return best
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for sign in "".join(top):
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "\r\n" and any(counts.values()):
            break
        elif not quoted and sign in counts:
            counts[sign] += 1
    return max(DELIMITERS, key=lambda sign: counts[sign])
