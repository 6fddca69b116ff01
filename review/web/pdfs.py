"""A PDF as an answer: in parts where parts are asked for, and powerless whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from review.screening.pdfs import StoredPdf, part_of
from review.web.visits import Visit

CHUNK: Final = 1024 * 1024
"""Bytes that are read from the database at once."""

_RANGE: Final = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")

SANDBOX: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""What a PDF, opened on its own, may do on these pages: nothing."""


def pdf_answer(visit: Visit, request: Request, pdf: StoredPdf) -> Response:
    """Return a PDF, or the part of it that is asked for (RFC 9110, section 14)."""
    headers = {
        "accept-ranges": "bytes",
        "etag": f'"{pdf.sha256}"',
        "cache-control": "private, max-age=3600",
        "content-encoding": "identity",  # so that parts are parts of the file itself
        "content-disposition": f"inline; filename*=UTF-8''{quote(pdf.name, safe='')}",
        "content-security-policy": SANDBOX,
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    first, last, status = 0, pdf.size - 1, 200
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is not None and request.headers.get("if-range", headers["etag"]) == headers["etag"]:
        place = _place(asked[1], asked[2], pdf.size)
        if place is None:
            headers["content-range"] = f"bytes */{pdf.size}"
            return Response(status_code=416, headers=headers)
        (first, last), status = place, 206
        headers["content-range"] = f"bytes {first}-{last}/{pdf.size}"
    headers["content-length"] = str(last - first + 1)
    body = _parts(visit, pdf, first, last)
    return StreamingResponse(body, status, headers, media_type="application/pdf")


def _place(first: str | None, last: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte of a range; None where it holds none."""
    if first is None:
        length = min(int(last or 0), size)
        return (size - length, size - 1) if length else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end) if start <= end else None


def _parts(visit: Visit, pdf: StoredPdf, first: int, last: int) -> Iterator[bytes]:
    for start in range(first, last + 1, CHUNK):
        with visit.reading() as session:
            part = part_of(session, pdf.sha256, start, min(CHUNK, last + 1 - start))
        yield part
