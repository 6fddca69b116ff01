"""Bringing in searches and full texts: files are looked at first, then all of them are imported."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from review.citations.actions import SearchSpec, add_search
from review.citations.files import called
from review.citations.vocabulary import SourceKind
from review.errors import InvalidDataError
from review.people.rules import Deed
from review.screening.pdfs import pdf_of_record
from review.screening.retrieval import MAX_PDF, Pdf, note_retrieval
from review.screening.vocabulary import RetrievalOutcome
from review.tasks.kinds import CHECK, IMPORT
from review.tasks.models import Outcome
from review.web.api import Slug, resources
from review.web.api.records import Number, SearchShape
from review.web.api.shapes import Shape
from review.web.pdfs import pdf_answer
from review.web.uploads import FILES, LARGE, files_in, follow, look_at, readable, upload_numbered
from review.web.visits import Sent, Visit, Visiting

routes = resources("records")

Upload = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of an upload.")]


def _files(name: str, several: bool) -> dict[str, Any]:
    """Return how the document describes a form with files."""
    one = {"type": "string", "format": "binary"}
    kind = {"type": "array", "items": one, "maxItems": FILES} if several else one
    schema = {"type": "object", "required": [name], "properties": {name: kind}}
    content = {"multipart/form-data": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


class NewSearch(BaseModel):
    """A search, as PRISMA-S wants it reported."""

    source: str = Field(min_length=1, max_length=500)
    ran_on: date
    kind: SourceKind = SourceKind.DATABASE
    platform: str | None = Field(None, max_length=500)
    database: str | None = Field(None, max_length=500)
    strategy: str | None = Field(None, max_length=100_000)
    limits: str | None = Field(None, max_length=10_000)
    hits: int | None = Field(None, ge=0, le=2**31 - 1)
    searched_by: str | None = Field(None, max_length=200)


class UploadedFile(Shape):
    """One file that was sent, and what it holds."""

    file: str
    format: str | None
    sha256: str | None
    read: int
    stored: int
    """Records that can be imported, or were."""
    rejected: int
    already_imported: bool
    batch: int | None
    error: str | None
    rejects: list[dict[str, Any]]
    """Line and reason of what could not be read; the first 500."""


class UploadShape(Shape):
    """Files that were sent: looked at, and imported by another request."""

    number: int
    outcome: Outcome | None
    """Null while they are looked at."""
    message: str | None
    step: str | None
    files: list[UploadedFile]
    certain_duplicates: int | None
    """Records that would be linked to an earlier one."""
    possible_duplicates: int | None
    """Pairs that would wait for a person."""
    imported_by: int | None
    """The job that imports them."""


class ImportOf(BaseModel):
    """Which files of an upload are imported, and the search that they came from."""

    files: list[int] | None = Field(None, max_length=FILES)
    """Places of the files, from 0; all that can be read where it is null."""
    search: int | None = Field(None, ge=1, le=2**31 - 1)


class ImportStarted(Shape):
    """The job that imports; all of the files, or none."""

    job: int


class PdfShape(Shape):
    """The PDF of a report."""

    sha256: str
    size: int
    name: str


_NONE: Final = "send at least one file, in the field %s of a multipart form"


@routes.post("/reviews/{review}/searches", Deed.COLLECT, status_code=201)
def keep_search(visit: Visiting, review: Slug, body: NewSearch) -> SearchShape:
    """Keep a search."""
    del review
    values = body.model_dump() | {"ran_on": str(body.ran_on)}
    spec = SearchSpec(**values | {"searched_by": body.searched_by or visit.person})
    with visit.writing() as session:
        found = add_search(session, visit.review_of(session), spec, now=visit.now)
        return SearchShape.model_validate(found)


@routes.post(
    "/reviews/{review}/uploads", Deed.COLLECT, status_code=202, size=LARGE, files=FILES,
    openapi_extra=_files("files", several=True),
)  # fmt: skip
def send_files(visit: Visiting, review: Slug, sent: Sent) -> UploadShape:
    """Send files of a search to be looked at; nothing is imported yet."""
    del review
    files = files_in(sent)
    if not files:
        raise InvalidDataError(_NONE % "files")
    return _shape(visit, look_at(visit, CHECK, files))


@routes.get("/reviews/{review}/uploads/{number}", Deed.COLLECT)
def get_upload(visit: Visiting, review: Slug, number: Upload) -> UploadShape:
    """Return what files hold, as far as they were looked at."""
    del review
    return _shape(visit, number)


def _shape(visit: Visit, number: int) -> UploadShape:
    view, after = upload_numbered(visit, CHECK, number)
    foreseen = view.options.get("foreseen", {})
    return UploadShape(
        number=view.number, outcome=view.outcome, message=view.message, step=view.step,
        files=[UploadedFile(**_known(one)) for one in view.options.get("reports", ())],
        certain_duplicates=foreseen.get("removed"), possible_duplicates=foreseen.get("possible"),
        imported_by=after.number if after is not None and after.kind is IMPORT else None,
    )  # fmt: skip


def _known(report: dict[str, Any]) -> dict[str, Any]:
    return {name: report[name] for name in UploadedFile.model_fields}


@routes.post("/reviews/{review}/uploads/{number}/import", Deed.COLLECT, status_code=202)
def import_upload(visit: Visiting, review: Slug, number: Upload, body: ImportOf) -> ImportStarted:
    """Import files that were looked at: all that are asked for, or none."""
    del review
    view, after = upload_numbered(visit, CHECK, number)
    if after is not None and after.kind is IMPORT and after.outcome != Outcome.FAILED:
        return ImportStarted(job=after.number)
    fit = readable(view)
    take = fit if body.files is None else sorted(set(body.files))
    if not take or not set(take) <= set(fit):
        raise InvalidDataError(f"of these files those at {fit} can be imported")
    search = None if body.search is None else {"id": body.search}
    told = {name: view.options[name] for name in ("encoding", "columns") if name in view.options}
    return ImportStarted(job=follow(visit, IMPORT, view, take=take, search=search, **told))


@routes.post(
    "/reviews/{review}/records/{number}/pdf", Deed.COLLECT, status_code=201, files=1,
    size=MAX_PDF + 65536, openapi_extra=_files("pdf", several=False),
)  # fmt: skip
def keep_pdf(visit: Visiting, review: Slug, number: Number, sent: Sent) -> PdfShape:
    """Note that a report was retrieved, with its PDF; one that is there stays in the history."""
    del review
    files = files_in(sent, "pdf")
    if not files:
        raise InvalidDataError(_NONE % "pdf")
    kept = Pdf(called(str(files[0].filename)), files[0].file.read())
    with visit.writing() as session:
        found = visit.review_of(session)
        note_retrieval(
            session, found, [number], outcome=RetrievalOutcome.RETRIEVED, handle=visit.person,
            now=visit.now, pdf=kept,
        )  # fmt: skip
        return PdfShape.model_validate(pdf_of_record(session, found, number))


@routes.get("/reviews/{review}/records/{number}/pdf", Deed.LOOK, response_class=Response)
def get_pdf(visit: Visiting, review: Slug, number: Number, request: Request) -> Response:
    """Return the PDF of a report, or the bytes of it that Range asks for."""
    del review
    with visit.reading() as session:
        found = pdf_of_record(session, visit.review_of(session), number)
    return pdf_answer(visit, request, found)
