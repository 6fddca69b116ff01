"""Searches, and their files on the way in: sent, looked at, imported."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import Field
from starlette.responses import FileResponse, Response

from review.citations.files import strategy_of
from review.citations.views import searches_of
from review.citations.vocabulary import SourceKind
from review.errors import FileError, InvalidDataError, NotFoundError
from review.people.rules import Deed
from review.tasks.files import REJECTED, upload_of
from review.tasks.kinds import CHECK, IMPORT
from review.tasks.queries import TaskView, uploads_of
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.uploads import (
    FILES,
    LARGE,
    all_of,
    files_in,
    follow,
    look_at,
    readable,
    upload_numbered,
)
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

KINDS: Final = (
    ("database", "bibliographic database"), ("register", "register of trials"),
    ("website", "website"), ("organisation", "organisation"),
    ("citation_searching", "citation searching"), ("other", "another method"),
)  # fmt: skip
"""Kinds of sources, as the flow of PRISMA has them."""

ENCODINGS: Final = (
    "utf-8", "cp1252", "cp1250", "mac_roman", "utf-16", "gb18030", "big5", "shift_jis", "euc_kr",
    "cp1251",
)  # fmt: skip
"""Encodings that are offered where letters are wrong."""

NEW, UNSTATED = "new", "unstated"

STRATEGY: Final = 2 * 1024 * 1024
"""Bytes of the form of a search, with the strategy as a file or typed."""


class FilesSearchForm(Form):
    """Where files are from: a new search, one that is there, or nobody knows."""

    search: str = NEW
    source: str = ""
    kind: SourceKind = SourceKind.DATABASE
    platform: str | None = None
    database: str | None = None
    ran_on: date | None = None
    searched_by: str = ""
    hits: int | None = Field(None, ge=0, le=2**31 - 1)
    limits: str | None = None
    strategy: str | None = None


class AgainForm(Form):
    """How files are read another time."""

    encoding: str | None = None
    columns: str = ""


@routes.get("/r/{review}/searches", Deed.LOOK)
def searches(visit: Visiting) -> Response:
    """List the searches with their files, and take new files."""
    return _searches(visit)


def _searches(visit: Visit, wrong: str = "") -> Response:
    with visit.reading() as session:
        review = visit.review_of(session)
        view = searches_of(session, review)
        sent = uploads_of(session, review.id, CHECK, viewer=visit.person, now=visit.now)
    return page(
        visit, "searches.html", view, uploads=sent, wrong=wrong, kinds=dict(KINDS),
        status=422 if wrong else 200,
    )  # fmt: skip


@routes.post("/r/{review}/searches/uploads", Deed.COLLECT, size=LARGE, files=FILES)
def send_files(visit: Visiting, sent: Sent) -> Response:
    """Take files to be looked at; nothing of them is imported yet."""
    files = files_in(sent)
    if not files:
        return _searches(visit, "Choose at least one file.")
    return to(visit.path(*CHECK.page, look_at(visit, CHECK, files)))


@routes.get("/r/{review}/searches/uploads/{number}", Deed.COLLECT)
def upload(visit: Visiting, number: int) -> Response:
    """Show what files hold, and ask where they are from."""
    return _upload(visit, number, _blank(visit))


def _blank(visit: Visit) -> Blank:
    return Blank(kind="database", searched_by=visit.person, search=NEW)


def _upload(
    visit: Visit,
    number: int,
    form: Blank | FieldErrors,
    *,
    part: bool = False,
    status: int = 200,
) -> Response:
    view, after = upload_numbered(visit, CHECK, number)
    with visit.reading() as session:
        known = searches_of(session, visit.review_of(session)).searches
    choices = (
        (NEW, "A new search"),
        *((str(one.number), f"{one.source}, {one.ran_on}") for one in known),
        (UNSTATED, "Not known; the flow says “source unstated”"),
    )
    return page(
        visit, "upload_state.html" if part else "upload.html", view, after=after, form=form,
        choices=choices, kinds=KINDS, encodings=ENCODINGS, taken=readable(view), status=status,
    )  # fmt: skip


@routes.get("/r/{review}/searches/uploads/{number}/state", Deed.COLLECT)
def upload_state(visit: Visiting, number: int) -> Response:
    """Return how far the looking is, for the page that waits for it."""
    return _upload(visit, number, _blank(visit), part=True)


@routes.get("/r/{review}/searches/uploads/{number}/rejected", Deed.COLLECT)
def rejected(visit: Visiting, number: int) -> Response:
    """Return all entries that could not be read, as a table: file, line, reason."""
    view, _ = upload_numbered(visit, CHECK, number)
    place = upload_of(visit.database, view.options["folder"]) / REJECTED
    if not place.is_file():
        raise NotFoundError("these files are older than a day, and were thrown away")
    name = f"{visit.review}-rejected-{number}.csv"
    return FileResponse(place, filename=name, media_type="text/csv")


@routes.post("/r/{review}/searches/uploads/{number}/again", Deed.COLLECT)
def look_again(visit: Visiting, number: int, sent: Sent) -> Response:
    """Read the same files in another encoding, or with columns that are named."""
    view, _ = upload_numbered(visit, CHECK, number)
    form = read(AgainForm, sent)
    columns: dict[str, str] = {}
    for line in form.columns.splitlines():
        field, equals, name = (part.strip() for part in line.partition("="))
        if line.strip() and not (field and equals and name):
            raise InvalidDataError(f"a column is named as title=Article title, not as {line!r}")
        if field:
            columns[field] = name
    return to(
        visit.path(*CHECK.page, follow(visit, CHECK, view, encoding=form.encoding, columns=columns))
    )


@routes.post("/r/{review}/searches/uploads/{number}/import", Deed.COLLECT, size=STRATEGY, files=1)
def import_files(visit: Visiting, number: int, sent: Sent) -> Response:
    """Import the files that were ticked, all or none, with the search that they came from."""
    view, after = upload_numbered(visit, CHECK, number)
    if after is not None and after.kind is IMPORT and after.outcome != "failed":
        return to(visit.path(*IMPORT.page, after.number))
    try:
        take = _ticked(sent, view)
        search = _search(visit, sent)
    except FieldErrors as errors:
        return _upload(visit, number, errors, status=422)
    told = {name: view.options[name] for name in ("encoding", "columns") if name in view.options}
    follower = follow(visit, IMPORT, view, take=take, search=search, **told)
    return to(visit.path(*IMPORT.page, follower))


def _typed(sent: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _ticked(sent: Mapping[str, Any], view: TaskView) -> list[int]:
    asked = {str(one) for one in all_of(sent, "take")}
    found = [at for at in readable(view) if str(at) in asked]
    if not found:
        raise FieldErrors(_typed(sent), {"take": "Choose at least one file to import."})
    return found


def _search(visit: Visit, sent: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the search that a form tells of: a number, what is to be kept, or None."""
    form = read(FilesSearchForm, sent)
    if form.search == UNSTATED:
        return None
    if form.search != NEW:
        with visit.reading() as session:
            known = {str(s.number) for s in searches_of(session, visit.review_of(session)).searches}
        if form.search not in known:
            raise FieldErrors(_typed(sent), {"search": "This review has no such search."})
        return {"id": int(form.search)}
    errors: dict[str, str] = {}
    if not form.source:
        errors["source"] = "Say what was searched, such as PsycINFO."
    if form.ran_on is None:
        errors["ran_on"] = "Say on which day the search was run."
    elif form.ran_on > visit.now.date():
        errors["ran_on"] = "This day lies in the future."
    strategy = form.strategy
    for file in files_in(sent, "strategy_file"):
        try:
            strategy = strategy_of(file.file.read(), name=str(file.filename))
        except FileError as error:
            errors["strategy_file"] = "; ".join(str(problem) for problem in error.problems)
    if errors:
        raise FieldErrors(_typed(sent), errors)
    return {
        "source": form.source, "kind": form.kind.value, "platform": form.platform,
        "database": form.database, "ran_on": str(form.ran_on), "limits": form.limits,
        "searched_by": form.searched_by or visit.person, "hits": form.hits, "strategy": strategy,
    }  # fmt: skip
