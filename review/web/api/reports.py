"""PDFs of the reports of studies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Path, Query, Request
from starlette.responses import Response

from review.extraction.pdfs import add_pdf, pdf_of
from review.people.rules import Deed
from review.screening.pdfs import StoredPdf
from review.screening.retrieval import MAX_PDF, Pdf
from review.web.api import Slug, resources
from review.web.api.shapes import Shape
from review.web.pdfs import pdf_answer
from review.web.visits import Visiting, address

routes = resources("entering trials")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
PLACE = "/reviews/{review}/reports/{number}/pdf"


class PdfKept(Shape):
    """A PDF that is kept, known by its content."""

    sha256: str
    size: int
    url: str


@routes.put(PLACE, Deed.EXTRACT, size=MAX_PDF)
def put_pdf(
    visit: Visiting,
    review: Slug,
    number: Number,
    body: Annotated[bytes, Body(media_type="application/pdf")],
    name: Annotated[str, Query(min_length=1, max_length=200)] = "report.pdf",
) -> PdfKept:
    """Keep a PDF of a report; the same file again changes nothing."""
    with visit.writing() as session:
        kept = add_pdf(
            session, visit.review_of(session), number, Pdf(name, body), person=visit.person,
            now=visit.now,
        )  # fmt: skip
    url = address("api", "v1", "reviews", review, "reports", number, "pdf", sha256=kept.sha256)
    return PdfKept(sha256=kept.sha256, size=kept.size, url=url)


@routes.get(PLACE, Deed.LOOK, response_model=None, response_class=Response)
def get_pdf(
    visit: Visiting,
    review: Slug,
    number: Number,
    request: Request,
    sha256: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Response:
    """Return a PDF of a report, or the range of it that is asked for; the newest for none named."""
    del review
    with visit.reading() as session:
        found = pdf_of(session, visit.review_of(session), number, sha256, visit.person)
    return pdf_answer(visit, request, StoredPdf(found.sha256, found.size, found.name))
