"""PDF files of reports that are invented: pages of text in the fonts that every reader has.

Source of the format: ISO 32000-1, section 7.5 (file structure), 9.4 (text), 12.4.2 (page labels).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

A4: Final = (595, 842)
"""Points."""
_LEFT, _TOP, _LEADING = 60, 780, 18


class Face(StrEnum):
    """The fonts of a page."""

    SANS = "Helvetica"
    ROMAN = "Times-Roman"
    BOLD = "Times-Bold"
    ITALIC = "Times-Italic"


_MINUS: Final = "\x01"
"""Where our encoding has the minus sign, which Windows' Latin has not."""

_ROMAN: Final = (
    250, 333, 408, 500, 500, 833, 778, 333, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500,
    500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667,
    722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722,
    722, 944, 722, 722, 611, 333, 278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500,
    500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500,
    444, 480, 200, 480, 541,
)  # fmt: skip
"""Widths of ASCII from the blank on in Times-Roman, in thousandths of its size (Adobe)."""


def width(text: str, size: float) -> float:
    """Return how wide a line is in Times-Roman, in points; other signs count as a digit."""
    units = (_ROMAN[ord(c) - 32] if 32 <= ord(c) < 127 else 564 if c == "−" else 500 for c in text)
    return sum(units) * size / 1000


def shown(
    text: str, x: float, y: float, size: float, face: Face = Face.ROMAN, stretch: float = 0
) -> str:
    """Return what draws a line of text at a place (points from the lower left corner).

    `stretch` is added to every blank, so that lines fill a column.
    """
    name = f"F{list(Face).index(face)}"
    return f"BT /{name} {size:g} Tf {stretch:.3f} Tw {x:.2f} {y:.2f} Td ({_escaped(text)}) Tj ET\n"


def rule(x: float, y: float, length: float, thick: float = 0.5) -> str:
    """Return what draws a horizontal line."""
    return f"{thick:g} w {x:.2f} {y:.2f} m {x + length:.2f} {y:.2f} l S\n"


def pdf_of(pages: Sequence[str], *, first: int = 1, title: str = "Synthetic report") -> bytes:
    """Return a PDF 1.4 of A4 pages, the same for the same pages; `first` is printed on one."""
    fonts = len(Face)
    kids = [3 + fonts + 2 * place for place in range(len(pages))]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> "
        b"/PageLabels << /Nums [0 << /S /D /St %d >>] >> >>" % first,
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(pages), " ".join(f"{n} 0 R" for n in kids).encode()),
    ]
    objects += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{face} /Encoding << /Type /Encoding "
        "/BaseEncoding /WinAnsiEncoding /Differences [1 /minus] >> >>".encode()
        for face in Face
    ]
    named = " ".join(f"/F{n} {3 + n} 0 R" for n in range(fonts))
    for kid, page in zip(kids, pages, strict=True):
        text = page.encode("cp1252", "replace")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {A4[0]} {A4[1]}] /Contents {kid + 1} 0 R "
            f"/Resources << /Font << {named} >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text))
    objects.append(f"<< /Title ({_escaped(title)}) >>".encode("cp1252", "replace"))
    return _file(objects)


def page_of(lines: Sequence[str]) -> bytes:
    """Return a PDF of one A4 page with lines of at most 80 signs."""
    drawn = (
        shown(line, _LEFT, _TOP - _LEADING * place, 11, Face.SANS)
        for place, line in enumerate(lines)
        if line
    )
    return pdf_of(["".join(drawn)])


def _file(objects: Sequence[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, len(objects), table,
    )  # fmt: skip
    return bytes(file)


def _escaped(line: str) -> str:
    made = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return made.replace("−", _MINUS)
