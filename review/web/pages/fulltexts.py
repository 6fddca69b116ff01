"""Full texts: obtained, read beside the decision, linked to their studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import FileResponse, Response

from review.citations.files import called
from review.errors import InvalidDataError, NotFoundError
from review.export.views.fulltexts import full_text_of, full_texts_of, sought_of
from review.extraction.linking.actions import link_report
from review.people.rules import Deed
from review.screening.pdfs import pdf_of_record
from review.screening.retrieval import MAX_PDF, Pdf, note_retrieval
from review.screening.vocabulary import RetrievalOutcome
from review.tasks.actions import note_found
from review.tasks.files import upload_of
from review.tasks.kinds import MATCH
from review.tasks.queries import uploads_of
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.pdfs import SANDBOX, pdf_answer
from review.web.render import page, to
from review.web.routes import Routes
from review.web.uploads import FILES, LARGE, all_of, files_in, look_at, number_in, upload_numbered
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

MOST = 2**31 - 1


class MissingForm(Form):
    """Why reports were not retrieved."""

    reason: str


class StudyForm(Form):
    """The study that a report belongs to."""

    study: str = Field(max_length=300)
    new: bool = False
    distinct: bool = False
    reason: str | None = None


@routes.get("/r/{review}/fulltexts", Deed.LOOK)
def full_texts(visit: Visiting, state: str = "", after: int = Query(0, ge=0, le=MOST)) -> Response:
    """List the reports that were sought, and take PDF files."""
    return _full_texts(visit, state, after, Blank())


def _full_texts(
    visit: Visit, state: str, after: int, form: Blank | FieldErrors, *, status: int = 200
) -> Response:
    with visit.reading() as session:
        review = visit.review_of(session)
        view = full_texts_of(session, review, state=state, after=after)
        sent = uploads_of(session, review.id, MATCH, viewer=visit.person, now=visit.now)
    given = {"state": state} if state else {}
    return page(
        visit, "fulltexts.html", view, uploads=sent, form=form, status=status,
        tabs=[
            (visit.path("fulltexts", state=key), f"{words} ({n:,})", key == state)
            for key, words, n in view.counts
        ],
        first=visit.path("fulltexts", **given) if after else "",
        next=visit.path("fulltexts", **given, after=view.next) if view.next else "",
    )  # fmt: skip


@routes.post("/r/{review}/fulltexts/missing", Deed.COLLECT)
def not_retrieved(visit: Visiting, sent: Sent) -> Response:
    """Note that the ticked reports were not retrieved, and why."""
    records = [number_in(one) for one in all_of(sent, "record")]
    try:
        form = read(MissingForm, sent)
        if not records:
            raise FieldErrors({"reason": form.reason}, {"reason": "Tick at least one report."})
    except FieldErrors as errors:
        return _full_texts(visit, str(sent.get("state") or ""), 0, errors, status=422)
    with visit.writing() as session:
        note_retrieval(
            session, visit.review_of(session), records, outcome=RetrievalOutcome.NOT_RETRIEVED,
            handle=visit.person, now=visit.now, reason=form.reason,
        )  # fmt: skip
    return to(visit.path("fulltexts"))


@routes.post("/r/{review}/fulltexts/uploads", Deed.COLLECT, size=LARGE, files=FILES)
def send_pdfs(visit: Visiting, sent: Sent) -> Response:
    """Take PDF files to be matched; none is attached to a report yet."""
    files = files_in(sent)
    if not files:
        errors = FieldErrors({}, {"files": "Choose at least one PDF."})
        return _full_texts(visit, "", 0, errors, status=422)
    return to(visit.path(*MATCH.page, look_at(visit, MATCH, files)))


@routes.get("/r/{review}/fulltexts/uploads/{number}", Deed.COLLECT)
def pdfs(visit: Visiting, number: int) -> Response:
    """Show which report each PDF is thought to be, to be checked."""
    return _pdfs(visit, number)


@routes.get("/r/{review}/fulltexts/uploads/{number}/state", Deed.COLLECT)
def pdfs_state(visit: Visiting, number: int) -> Response:
    """Return how far the looking is, for the page that waits for it."""
    return _pdfs(visit, number, template="pdfs_state.html")


def _pdfs(
    visit: Visit, number: int, form: Blank | FieldErrors | None = None, *,
    template: str = "pdfs.html",
) -> Response:  # fmt: skip
    view, _ = upload_numbered(visit, MATCH, number)
    with visit.reading() as session:
        sought = sought_of(session, visit.review_of(session)) if not view.runs else []
    return page(
        visit, template, view, sought=sought, form=form or Blank(),
        status=422 if isinstance(form, FieldErrors) else 200,
    )  # fmt: skip


@routes.get("/r/{review}/fulltexts/uploads/{number}/files/{at}", Deed.COLLECT)
def sent_pdf(visit: Visiting, number: int, at: int) -> Response:
    """Return a PDF that waits to be attached, to look at it."""
    view, _ = upload_numbered(visit, MATCH, number)
    place = upload_of(visit.database, view.options["folder"]) / str(at)
    pdfs = view.options.get("pdfs", [])
    if not 0 <= at < len(pdfs) or pdfs[at]["error"] or not place.is_file():
        raise NotFoundError("there is no such PDF here any more")
    return FileResponse(
        place, media_type="application/pdf", filename=pdfs[at]["name"],
        content_disposition_type="inline", headers={"content-security-policy": SANDBOX},
    )  # fmt: skip


@routes.post("/r/{review}/fulltexts/uploads/{number}/attach", Deed.COLLECT)
def attach(visit: Visiting, number: int, sent: Sent) -> Response:
    """Attach PDF files to the reports that were checked: all of them, or none."""
    view, _ = upload_numbered(visit, MATCH, number)
    if view.options.get("attached"):
        return to(visit.path(*MATCH.page, number))
    try:
        chosen = _chosen(sent, view.options.get("pdfs", ()))
    except FieldErrors as errors:
        return _pdfs(visit, number, errors)
    folder = upload_of(visit.database, view.options["folder"])
    with visit.writing() as session:
        review = visit.review_of(session)
        for at, record in chosen.items():
            name, place = view.options["pdfs"][at]["name"], folder / str(at)
            if not place.is_file():
                raise NotFoundError("these files are older than a day, and were thrown away")
            note_retrieval(
                session, review, [record], outcome=RetrievalOutcome.RETRIEVED, handle=visit.person,
                now=visit.now, pdf=Pdf(name, place.read_bytes()),
            )  # fmt: skip
        note_found(session, number, {"attached": {str(at): n for at, n in chosen.items()}})
    return to(visit.path(*MATCH.page, number))


def _chosen(sent: Mapping[str, Any], pdfs: Any) -> dict[int, int]:
    """Return the record of each PDF that is to be attached, by the place of the file."""
    typed = {name: str(value) for name, value in sent.items() if isinstance(value, str)}
    found, errors = dict[int, int](), dict[str, str]()
    for at, one in enumerate(pdfs):
        said = typed.get(f"record-{at}", "").strip()
        if not said or one["error"]:
            continue
        record = number_in(said)
        if not record:
            errors[f"record-{at}"] = "This is the number of a record, such as 17."
        elif record in found.values():
            errors[f"record-{at}"] = f"Another file was given to record {record}; a report has one."
        found[at] = record
    if not found:
        errors["all"] = "Say of at least one file which record it is."
    if errors:
        raise FieldErrors(typed, errors)
    return found


@routes.get("/r/{review}/fulltexts/{record}", Deed.LOOK)
def full_text(visit: Visiting, record: int) -> Response:
    """Show a report beside what decides on it."""
    return _full_text(visit, record, Blank())


def _full_text(
    visit: Visit, record: int, form: Blank | FieldErrors, *, status: int = 200
) -> Response:
    with visit.reading() as session:
        view = full_text_of(session, visit.review_of(session), record, viewer=visit.person)
    return page(visit, "fulltext.html", view, form=form, status=status)


@routes.get("/r/{review}/fulltexts/{record}/pdf", Deed.LOOK)
def pdf(visit: Visiting, record: int, request: Request) -> Response:
    """Return the PDF of a report."""
    with visit.reading() as session:
        found = pdf_of_record(session, visit.review_of(session), record)
    return pdf_answer(visit, request, found)


@routes.post("/r/{review}/fulltexts/{record}/pdf", Deed.COLLECT, size=MAX_PDF + 65536, files=1)
def send_pdf(visit: Visiting, record: int, sent: Sent) -> Response:
    """Note that a report was retrieved, with its PDF if there is one."""
    files = files_in(sent, "pdf")
    kept = Pdf(called(str(files[0].filename)), files[0].file.read()) if files else None
    with visit.writing() as session:
        note_retrieval(
            session, visit.review_of(session), [record], outcome=RetrievalOutcome.RETRIEVED,
            handle=visit.person, now=visit.now, pdf=kept,
        )  # fmt: skip
    return to(visit.path("fulltexts", record))


@routes.post("/r/{review}/fulltexts/{record}/study", Deed.EXTRACT)
def link_study(visit: Visiting, record: int, sent: Sent) -> Response:
    """Link a report to its study, a new one if it has none yet."""
    typed = {name: value for name, value in sent.items() if isinstance(value, str)}
    try:
        form = read(StudyForm, sent)
        with visit.writing(form.reason) as session:
            link_report(
                session, visit.review_of(session), record, form.study, handle=visit.person,
                now=visit.now, new=form.new, distinct=form.distinct, reason=form.reason,
            )  # fmt: skip
    except FieldErrors as errors:
        return _full_text(visit, record, errors, status=422)
    except (InvalidDataError, NotFoundError) as error:
        return _full_text(visit, record, FieldErrors(typed, {"study": error.told}), status=422)
    return to(visit.path("fulltexts", record))
