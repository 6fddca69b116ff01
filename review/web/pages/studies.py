"""Studies, records, the flow and the history of a review."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from starlette.responses import Response

from review.citations.actions import add_abstract
from review.errors import InvalidDataError
from review.export.views.events import Asked, history_page, verified
from review.export.views.flow import flow_view, opened
from review.export.views.records import Wanted, record_of, records_of
from review.export.views.study import studies_of, study_of
from review.people.rules import Deed
from review.screening.vocabulary import Box
from review.web.errors import sentence
from review.web.forms import Blank, FieldErrors, Form, read, typed
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@routes.get("/r/{review}/studies", Deed.LOOK)
def studies(visit: Visiting, state: str = "", q: str = "") -> Response:
    """List the studies of a review."""
    with visit.reading() as session:
        view = studies_of(session, visit.review_of(session))
    shown = [
        one
        for one in view.studies
        if q.casefold() in one.study.casefold()
        and state in ("", "excluded" if one.excluded_because else one.state)
    ]
    return page(visit, "studies.html", view, shown=shown, state=state, q=q)


@routes.get("/r/{review}/s/{study}", Deed.LOOK)
def study(visit: Visiting, study: int) -> Response:
    """Show a study with every number it has, where it is from, and where it went."""
    with visit.reading() as session:
        view = study_of(session, visit.review_of(session), study, viewer=visit.person)
    return page(visit, "study.html", view)


@routes.get("/r/{review}/records", Deed.LOOK)
def records(
    visit: Visiting,
    q: str = "",
    state: str = "",
    source: str = "",
    batch: str = "",
    box: str = "",
    after: int = 0,
) -> Response:
    """List the records of a review, fifty a page."""
    wanted = Wanted(
        q=q or None,
        state=Box(state) if state in tuple(Box) else None,
        source=source or None,
        batch=int(batch) if batch.isdigit() else None,
        box=box or None,
        after=after,
    )
    with visit.reading() as session:
        view = records_of(session, visit.review_of(session), wanted)
    asked = {"q": q, "state": state, "source": source, "batch": batch, "box": box}
    given = {name: value for name, value in asked.items() if value}
    return page(
        visit, "records.html", view,
        first=visit.path("records", **given) if after else "",
        next=visit.path("records", **given, after=view.next) if view.next else "",
    )  # fmt: skip


@routes.get("/r/{review}/records/{record}", Deed.LOOK)
def record(visit: Visiting, record: int, back: str = "") -> Response:
    """Show a record as it came, and what may be seen of its decisions."""
    return _record(visit, record, Blank(back=visit.back(back)))


def _record(visit: Visit, record: int, form: Blank | FieldErrors, *, status: int = 200) -> Response:
    with visit.reading() as session:
        view = record_of(session, visit.review_of(session), record, viewer=visit.person)
    return page(visit, "record.html", view, form=form, status=status)


class AbstractForm(Form):
    """The abstract of a record whose file has none."""

    abstract: str
    source: str
    back: str = ""


@routes.post("/r/{review}/records/{record}/abstract", Deed.COLLECT)
def abstract(visit: Visiting, record: int, sent: Sent) -> Response:
    """Keep the abstract of a record whose file has none."""
    try:
        form = read(AbstractForm, sent)
        with visit.writing() as session:
            add_abstract(
                session, visit.review_of(session), record, form.abstract, source=form.source,
                person=visit.person, now=visit.now,
            )  # fmt: skip
    except FieldErrors as errors:
        return _record(visit, record, errors, status=422)
    except InvalidDataError as error:
        wrong = FieldErrors(typed(sent), {"abstract": sentence(str(error))})
        return _record(visit, record, wrong, status=422)
    return to(visit.back(form.back) or visit.path("records", record))


@routes.get("/r/{review}/flow", Deed.LOOK)
def flow(visit: Visiting, since: str = "") -> Response:
    """Show the flow of records and reports, of an update since a day if one is given."""
    day = _day(since)
    with visit.reading() as session:
        view = flow_view(session, visit.review_of(session), since=day)
    return page(visit, "flow.html", view)


@routes.get("/r/{review}/flow/{box}", Deed.LOOK)
def flow_box(visit: Visiting, box: str) -> Response:
    """Lead to what a box of the flow counts."""
    with visit.reading() as session:
        found = opened(session, visit.review_of(session), box)
    return to(visit.path("studies") if found.of_studies else visit.path("records", box=box))


@routes.get("/r/{review}/history", Deed.LOOK)
def history(
    visit: Visiting,
    actor: str = "",
    entity: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
    verify: bool = False,
) -> Response:
    """Show who changed what, when and why; on request check that nothing was altered."""
    last = _day(until)
    asked = Asked(
        actor=actor or None,
        entity=entity or None,
        since=_day(since),
        until=last + timedelta(days=1) if last else None,
        before=before,
    )
    with visit.reading() as session:
        view = history_page(session, visit.review_of(session), asked, viewer=visit.person)
        checked = verified(session) if verify else None
    given = {"actor": actor, "entity": entity, "since": since, "until": until}
    given = {name: value for name, value in given.items() if value}
    return page(
        visit, "history.html", view, verified=checked, until=last,
        first=visit.path("history", **given) if before else "",
        next=visit.path("history", **given, before=view.next) if view.next else "",
    )  # fmt: skip


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in UTC; None for what is no date."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
