"""Tables of results: taken away to be filled in, sent, looked at, taken in, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from starlette.responses import FileResponse, Response

from review.errors import NotFoundError
from review.extraction.field_queries import field_specs
from review.extraction.files import EXAMPLE, columns_of, table_text
from review.extraction.mending.undoing import undo_import
from review.extraction.sheet import entry_rows, explained
from review.extraction.vocabulary import EntryKind
from review.extraction.workbook import table_workbook
from review.people.rules import Deed
from review.tabular.reading import MAX_BYTES
from review.tasks.actions import note_found
from review.tasks.files import REJECTED, upload_of
from review.tasks.kinds import CHECK_TABLES, TAKE_TABLES
from review.tasks.queries import TaskView, uploads_of
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.uploads import FILES, files_in, follow, look_at, upload_numbered
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

ENTRIES: Final = (
    ("", "What counts", "Adds what is missing, corrects what differs, also what two agreed on."),
    ("blind", "My own blind entry", "Nobody else sees it before they have finished theirs."),
)  # fmt: skip
"""Into which entries tables go: value, words, meaning."""


class HowForm(Form):
    """How tables are taken."""

    entry: Literal["blind"] | None = None
    draft: bool = False
    sheet: str | None = None


class TakeForm(Form):
    """Why tables are taken in."""

    reason: str | None = None


class UndoForm(Form):
    """Why what was taken in is taken back."""

    because: str


@routes.get("/r/{review}/extract/tables", Deed.EXTRACT)
def tables(visit: Visiting) -> Response:
    """Offer tables to fill in, and take those that are filled in."""
    return _tables(visit, Blank(entry=""))


def _tables(visit: Visit, form: Blank | FieldErrors) -> Response:
    with visit.reading() as session:
        review = visit.review_of(session)
        sent = uploads_of(session, review.id, CHECK_TABLES, viewer=visit.person, now=visit.now)
    return page(
        visit, "tables.html", sent, form=form, entries=ENTRIES,
        status=422 if isinstance(form, FieldErrors) else 200,
    )  # fmt: skip


@routes.get("/r/{review}/extract/tables/{what}.{kind}", Deed.EXTRACT)
def table(visit: Visiting, what: str, kind: str) -> Response:
    """Return a table to fill in: the columns with an invented example, or what is entered."""
    if what not in ("template", "entered", "mine") or kind not in ("csv", "xlsx"):
        raise NotFoundError("there is no such table")
    form = what != "template"
    with visit.reading() as session:
        review = visit.review_of(session)
        fields = field_specs(session, review)
        rows: list[Mapping[str, Any]] = [*EXAMPLE]
        if form:
            blind = EntryKind.BLIND if what == "mine" else None
            rows = [*entry_rows(
                session, review, kind=blind, person=visit.person, viewer=visit.person
            )]  # fmt: skip
    if kind == "csv":
        content = table_text(rows, fields=fields, form=form).encode()
    else:
        columns = columns_of(fields, form=form)
        content = table_workbook(columns, rows, fields=fields, explained=explained(fields))
    name = f"{visit.review}-{what}.{kind}"
    return Response(
        content, media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@routes.post("/r/{review}/extract/uploads", Deed.EXTRACT, size=MAX_BYTES, files=FILES)
def send_tables(visit: Visiting, sent: Sent) -> Response:
    """Take tables to be looked at; nothing of them is stored yet."""
    try:
        form = read(HowForm, sent)
    except FieldErrors as errors:
        return _tables(visit, errors)
    files = files_in(sent)
    if not files:
        return _tables(visit, FieldErrors(_typed(sent), {"files": "Choose at least one table."}))
    how = {**form.model_dump(), "distinct": [], "same": {}}
    return to(visit.path(*CHECK_TABLES.page, look_at(visit, CHECK_TABLES, files, how=how)))


def _typed(sent: Mapping[str, Any]) -> dict[str, str]:
    return {"entry": "", **{name: text for name, text in sent.items() if isinstance(text, str)}}


@routes.get("/r/{review}/extract/uploads/{number}", Deed.EXTRACT)
def sent_tables(visit: Visiting, number: int) -> Response:
    """Show what tables hold, what is wrong with them, and what they would change."""
    return _sent_tables(visit, number, Blank())


@routes.get("/r/{review}/extract/uploads/{number}/state", Deed.EXTRACT)
def sent_tables_state(visit: Visiting, number: int) -> Response:
    """Return how far the looking is, for the page that waits for it."""
    return _sent_tables(visit, number, Blank(), template="sent_tables_state.html")


def _sent_tables(
    visit: Visit, number: int, form: Blank | FieldErrors, *, template: str = "sent_tables.html"
) -> Response:
    view, after = upload_numbered(visit, CHECK_TABLES, number)
    taken = after if after and after.kind is TAKE_TABLES else None
    return page(
        visit, template, view, after=after, taken=taken, shown=_shown(view, taken), form=form,
        can=_takable(view), status=422 if isinstance(form, FieldErrors) else 200,
    )  # fmt: skip


def _shown(view: TaskView, taken: TaskView | None) -> list[Mapping[str, Any]]:
    """Return what is said of each table: as it was taken in, else as it was looked at."""
    done = taken is not None and taken.outcome == "done"
    return list((taken if taken is not None and done else view).options.get("tables", ()))


def _takable(view: TaskView) -> list[int]:
    """Return the places of the tables that have nothing wrong and bring something."""
    found = enumerate(view.options.get("tables", ()))
    return [at for at, one in found if not one["error"] and not one["nothing_new"]]


@routes.get("/r/{review}/extract/uploads/{number}/rejected", Deed.EXTRACT)
def rejected_rows(visit: Visiting, number: int) -> Response:
    """Return all that is wrong with tables, as one: file, line, reason."""
    view, _ = upload_numbered(visit, CHECK_TABLES, number)
    place = upload_of(visit.database, view.options["folder"]) / REJECTED
    if not place.is_file():
        raise NotFoundError("these files are older than a day, and were thrown away")
    name = f"{visit.review}-rejected-{number}.csv"
    return FileResponse(place, filename=name, media_type="text/csv")


@routes.post("/r/{review}/extract/uploads/{number}/again", Deed.EXTRACT)
def look_at_tables_again(visit: Visiting, number: int, sent: Sent) -> Response:
    """Look at the same tables with what was answered of their names, or another sheet."""
    view, _ = upload_numbered(visit, CHECK_TABLES, number)
    how = dict(view.options["how"])
    same, distinct = dict(how["same"]), list(how["distinct"])
    for at, one in enumerate(view.options.get("tables", ())):
        for place, asked in enumerate(one["questions"]):
            said = sent.get(f"answer-{at}-{place}")
            if said == "same":
                same[asked["name"]] = asked["other"]
            elif said == "own":
                distinct.append(asked["name"])
    if "sheet" in sent:
        how["sheet"] = str(sent["sheet"]).strip() or None
    how |= {"same": same, "distinct": distinct}
    return to(visit.path(*CHECK_TABLES.page, follow(visit, CHECK_TABLES, view, how=how)))


@routes.post("/r/{review}/extract/uploads/{number}/import", Deed.EXTRACT)
def take_tables(visit: Visiting, number: int, sent: Sent) -> Response:
    """Take in the tables that have nothing wrong, all or none."""
    view, after = upload_numbered(visit, CHECK_TABLES, number)
    again = after is not None and (after.kind is CHECK_TABLES or after.outcome in (None, "done"))
    take = _takable(view)
    if take and not again:
        promised = [view.options["tables"][at] for at in take]
        reason = read(TakeForm, sent).reason
        follow(
            visit, TAKE_TABLES, view, how=view.options["how"], take=take, promised=promised,
            reason=reason,
        )  # fmt: skip
    return to(visit.path(*CHECK_TABLES.page, number))


@routes.post("/r/{review}/extract/uploads/{number}/undo", Deed.EXTRACT)
def take_tables_back(visit: Visiting, number: int, sent: Sent) -> Response:
    """Take back what tables brought: withdrawn, and corrected values as they were before."""
    _, after = upload_numbered(visit, CHECK_TABLES, number)
    if after is None or after.kind is not TAKE_TABLES or after.outcome != "done":
        raise NotFoundError("nothing of these tables was taken in")
    try:
        because = read(UndoForm, sent).because
    except FieldErrors as errors:
        return _sent_tables(visit, number, errors)
    with visit.writing(because) as session:
        review = visit.review_of(session)
        for one in reversed(after.options["tables"]):
            undo_import(
                session, review, number=one["imported"], person=visit.person, reason=because
            )
        note_found(session, after.number, {"undone": because})
    return to(visit.path(*CHECK_TABLES.page, number))
