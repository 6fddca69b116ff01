"""PDF files of a page of plain text, for reports that are invented."""

from __future__ import annotations

from collections.abc import Sequence

_LEFT, _TOP, _LEADING = 60, 780, 18


def page_of(lines: Sequence[str]) -> bytes:
    """Return a PDF 1.4 of one A4 page with lines of at most 80 signs of Latin-1.

    Source of the format: ISO 32000-1, section 7.5 (file structure) and 9.4 (text).
    """
    shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
    text = f"BT /F1 11 Tf {_LEADING} TL {_LEFT} {_TOP} Td\n{shown}ET".encode("latin-1", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return bytes(file)


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
