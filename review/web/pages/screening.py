"""Screening: one record by keys, a list of them, what one decided, and how the stages stand."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.people.queries import person_known
from review.people.rules import Deed
from review.screening import actions, renewal, serving
from review.screening.actions import Decided, screener
from review.screening.choices import Choice
from review.screening.desk import Desk, Taken, desk, take
from review.screening.guidance import actions as guidance
from review.screening.lists import Said
from review.screening.many import mine_of, several
from review.screening.reranking import rerank_in_background
from review.screening.settling import stages_of
from review.screening.vocabulary import STAGE_WORDS, Stage, Verdict
from review.web.errors import remedy_words, sentence
from review.web.forms import FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.uploads import all_of
from review.web.visits import Sent, Visit, Visiting
from review.wording import counted

routes = Routes()

DONE: Final = {
    Verdict.INCLUDE: "included",
    Verdict.EXCLUDE: "excluded",
    Verdict.MAYBE: "kept as maybe",
}
"""A verdict as something that was done."""

LISTED: Final = (25, 50, 100)
"""How many records a list has."""

MOST_SKIPPED: Final = 50

PART: Final = "x-part"
"""The header by which the script of the page asks for a part of it."""


def stage_called(text: str) -> Stage:
    """Return a stage of an address; raise NotFoundError."""
    try:
        return Stage(text)
    except ValueError:
        raise NotFoundError(
            "there is no such stage", remedy=Remedy("see them with", "review screen status")
        ) from None


class SaidForm(Form):
    """What is said of a record: ``include``, ``maybe``, ``exclude`` or ``exclude 2``."""

    record: int = Field(ge=1, le=2**31 - 1)
    verdict: str = Field(pattern=r"^(include|maybe|exclude)( \d{1,4})?$")
    note: str = Field("", max_length=4000)
    request: str | None = Field(None, max_length=100)
    skip: str = ""
    back: str = ""

    @property
    def choice(self) -> Choice:
        """As the stage takes it."""
        return _choice(self.record, self.verdict, self.note, self.request)


def _choice(record: int, said: str, note: str = "", request: str | None = None) -> Choice:
    verdict, _, reason = said.partition(" ")
    return Choice(record, Verdict(verdict), reason or None, note or None, request=request)


class RecordForm(Form):
    """A record of which something is done."""

    record: int = Field(ge=1, le=2**31 - 1)
    back: str = ""


class LabelForm(RecordForm):
    """A label that is put on a record, or taken off."""

    label: str = Field(max_length=guidance.LONGEST_LABEL)
    off: bool = False


class NoteForm(RecordForm):
    """A note to the team."""

    note: str = Field(max_length=guidance.LONGEST_NOTE)


def _numbers(text: str) -> list[int]:
    found = [int(one) for one in text.split(",") if one.strip().isdecimal() and len(one) < 10]
    return found[:MOST_SKIPPED]


def _desk(
    visit: Visit, stage: Stage, *, again: int | None = None, skip: str = "", beyond: bool = False
) -> Desk:
    with visit.writing() as session:  # what is read is held
        review = visit.review_of(session)
        taken = take(
            session, review, screener(session, review, visit.person), stage=stage, now=visit.now,
            again=again, apart_from=_numbers(skip), in_share=not beyond,
        )  # fmt: skip
    return _laid(visit, stage, taken, beyond=beyond)


def _laid(
    visit: Visit, stage: Stage, taken: Taken, *, beyond: bool = False, whole: bool = True
) -> Desk:
    with visit.reading() as session:
        person = person_known(session, visit.person)
        assert person is not None  # records were taken in their name just now
        return desk(
            session, visit.review_of(session), person, taken, stage=stage, in_share=not beyond,
            whole=whole,
        )  # fmt: skip


def _shown(
    visit: Visit,
    view: Desk,
    *,
    part: bool = False,
    wrong: str = "",
    told: str = "",
    said: SaidForm | None = None,
    skip: str = "",
    beyond: bool = False,
) -> Response:
    """Return the page, or the part of it that changes from record to record."""
    number = view.sheet.card.record if view.sheet else 0
    skipped = [*_numbers(skip), number][-MOST_SKIPPED:]
    note = said.note if said is not None and wrong else _note_of(view)
    return page(
        visit, "screen_part.html" if part else "screen.html", view, wrong=wrong, told=told,
        skip=skip, skipping=",".join(map(str, skipped)), beyond=beyond, note=note, done=DONE,
        status=422 if wrong else 200,
    )  # fmt: skip


def _note_of(view: Desk) -> str:
    mine = view.sheet.card.mine if view.sheet else None
    return (mine.note or "") if isinstance(mine, Said) else ""


@routes.get("/r/{review}/screen", Deed.LOOK)
def stages(visit: Visiting) -> Response:
    """Say how each stage stands, what of it waits for the person, and whom it waits for."""
    with visit.reading() as session:
        review = visit.review_of(session)
        view = stages_of(session, review, person_known(session, visit.person))
    return page(visit, "stages.html", view)


@routes.get("/r/{review}/screen/mine", Deed.SCREEN)
def mine(
    visit: Visiting,
    stage: str = Stage.TITLE_ABSTRACT.value,
    verdict: str = "",
    q: str = "",
    label: str = "",
    before: int | None = None,
) -> Response:
    """List what the person decided, the last one first; each can be read again and changed."""
    asked = stage_called(stage)
    chosen = Verdict(verdict) if verdict in tuple(Verdict) else None
    with visit.reading() as session:
        review = visit.review_of(session)
        person = screener(session, review, visit.person)
        view = mine_of(
            session, review, person, stage=asked, verdict=chosen, containing=q or None,
            label=label or None, before=before,
        )  # fmt: skip
    given = {"stage": stage, "verdict": verdict, "q": q, "label": label}
    given = {name: value for name, value in given.items() if value}
    return page(
        visit, "mine.html", view, given={"verdict": verdict, "q": q, "label": label},
        first=visit.path("screen", "mine", **given) if before else "",
        next=visit.path("screen", "mine", **given, before=view.next) if view.next else "",
        done=DONE,
    )  # fmt: skip


@routes.get("/r/{review}/screen/{stage}", Deed.SCREEN)
def screen(
    visit: Visiting,
    stage: str,
    again: int | None = None,
    skip: str = "",
    late: int | None = None,
    beyond: bool = False,
) -> Response:
    """Show the next record that wants the person's decision, or one that they ask for."""
    view = _desk(visit, stage_called(stage), again=again, skip=skip, beyond=beyond)
    told = _thanks(late) if late is not None else ""
    return _shown(visit, view, told=told, skip=skip, beyond=beyond)


@routes.post("/r/{review}/screen/{stage}", Deed.SCREEN)
def decide(visit: Visiting, stage: str, request: Request, sent: Sent) -> Response:
    """Keep what the person says of a record, and lead to the next one."""
    asked = stage_called(stage)
    part = PART in request.headers
    beyond = sent.get("beyond") == "1"
    skip = str(sent.get("skip", ""))
    try:
        form = read(SaidForm, sent)
    except FieldErrors as errors:
        record = str(sent.get("record", ""))
        again = int(record) if record.isdecimal() and len(record) < 10 else None
        view = _desk(visit, asked, again=again)
        return _shown(visit, view, part=part, wrong=sentence(str(errors)), skip=skip)
    try:
        done, ahead = _decided(visit, asked, [form.choice], show=part, skip=skip, beyond=beyond)
    except InvalidDataError as error:
        wrong = " ".join(filter(None, (sentence(str(error)), remedy_words(error.remedy))))
        view = _desk(visit, asked, again=form.record)
        return _shown(visit, view, part=part, wrong=wrong, said=form, skip=skip)
    if ahead is not None:
        told = _thanks(form.record) if done.late else _changed(done)
        return _shown(visit, ahead, part=True, told=told, skip=skip, beyond=beyond)
    query = {
        **({"late": form.record} if done.late else {}),
        **({"skip": skip} if _numbers(skip) else {}),
        **({"beyond": 1} if beyond else {}),
    }
    return to(visit.back(form.back) or visit.path("screen", stage, **query))


def _decided(
    visit: Visit,
    stage: Stage,
    choices: list[Choice],
    *,
    show: bool,
    each_alone: bool = False,
    skip: str = "",
    beyond: bool = False,
) -> tuple[Decided, Desk | None]:
    """Keep decisions and, to show it, hand the next record out in the same transaction."""
    with visit.writing() as session:
        review = visit.review_of(session)
        done = actions.decide(
            session, review, choices, stage=stage, handle=visit.person, now=visit.now,
            each_alone=each_alone,
        )  # fmt: skip
        made = len(done.decided) + len(done.changed)
        due = renewal.may_be_due(session, review, stage, decided=made) if made else False
        taken = None
        if show:
            taken = take(
                session, review, screener(session, review, visit.person), stage=stage,
                now=visit.now, apart_from=_numbers(skip), in_share=not beyond,
            )  # fmt: skip
    if due and visit.review is not None:
        rerank_in_background(visit.review, stage, database=visit.database, actor=visit.person)
    if taken is None:
        return done, None
    return done, _laid(visit, stage, taken, beyond=beyond, whole=False)


def _thanks(record: int) -> str:
    return (
        f"Thank you: others decided on record {record} while you read it, and it has all the "
        "decisions that the protocol asks for. Yours is kept beside them and counts in nothing."
    )


def _changed(done: Decided) -> str:
    """Say that a decision took the place of one made before, as in another tab."""
    return "".join(
        f"You had decided on record {record} before: this takes its place, and both are kept."
        for record in done.changed
    )


@routes.post("/r/{review}/screen/{stage}/undo", Deed.SCREEN)
def undo(visit: Visiting, stage: str, sent: Sent) -> Response:
    """Take back what the person decided on a record, and show it again."""
    asked, form = stage_called(stage), read(RecordForm, sent)
    try:
        with visit.writing() as session:
            actions.withdraw(
                session, visit.review_of(session), form.record, stage=asked, handle=visit.person,
                now=visit.now,
            )  # fmt: skip
    except InvalidDataError as error:  # somebody settled it meanwhile
        return _shown(visit, _desk(visit, asked), wrong=sentence(str(error)))
    return to(visit.back(form.back) or visit.path("screen", stage, again=form.record))


@routes.post("/r/{review}/screen/{stage}/leave", Deed.SCREEN)
def leave(visit: Visiting, stage: str) -> Response:
    """Give back what the person holds; it waits for others at once."""
    stage_called(stage)
    with visit.writing() as session:
        review = visit.review_of(session)
        serving.release(session, screener(session, review, visit.person), now=visit.now)
    return to(visit.path("screen"))


@routes.post("/r/{review}/screen/{stage}/label", Deed.SCREEN)
def label(visit: Visiting, stage: str, sent: Sent) -> Response:
    """Put a label of the person's own on a record, or take it off."""
    asked, form = stage_called(stage), read(LabelForm, sent)
    with visit.writing() as session:
        review = visit.review_of(session)
        guidance.put_label(
            session, review, form.record, form.label, stage=asked, now=visit.now,
            person=screener(session, review, visit.person), is_on=not form.off,
        )  # fmt: skip
    return to(visit.back(form.back) or visit.path("screen", stage, again=form.record))


@routes.post("/r/{review}/screen/{stage}/note", Deed.SCREEN)
def note(visit: Visiting, stage: str, sent: Sent) -> Response:
    """Keep a note to the team without a decision."""
    asked, form = stage_called(stage), read(NoteForm, sent)
    with visit.writing() as session:
        review = visit.review_of(session)
        guidance.add_note(
            session, review, form.record, form.note, stage=asked, now=visit.now,
            person=screener(session, review, visit.person),
        )  # fmt: skip
    return to(visit.back(form.back) or visit.path("screen", stage, again=form.record))


@routes.get("/r/{review}/screen/{stage}/list", Deed.SCREEN)
def listed(visit: Visiting, stage: str, n: int = LISTED[0], q: str = "") -> Response:
    """Show many records at once, to decide the same on some of them."""
    return _list(visit, stage_called(stage), n, q)


def _list(
    visit: Visit, stage: Stage, n: int, q: str, *, told: str = "", wrong: tuple[str, ...] = ()
) -> Response:
    with visit.writing() as session:  # what is shown is held
        review = visit.review_of(session)
        person = screener(session, review, visit.person)
        view = several(
            session, review, person, stage=stage, now=visit.now, containing=q or None,
            count=n if n in LISTED else LISTED[0],
        )  # fmt: skip
    return page(
        visit, "screen_list.html", view, told=told, wrong=wrong, q=q, sizes=LISTED,
        words=STAGE_WORDS[stage], status=422 if wrong else 200,
    )  # fmt: skip


@routes.post("/r/{review}/screen/{stage}/list", Deed.SCREEN)
def decide_several(visit: Visiting, stage: str, sent: Sent) -> Response:
    """Say the same of the records that are ticked; each is kept or refused by itself."""
    asked = stage_called(stage)
    numbers = [int(one) for one in all_of(sent, "records") if str(one).isdecimal()]
    n = str(sent.get("n", ""))
    count, q = int(n) if n.isdecimal() and len(n) < 4 else LISTED[0], str(sent.get("q", ""))
    if not numbers:
        return _list(visit, asked, count, q, wrong=("Nothing is ticked, so nothing was decided.",))
    try:
        said = read(SaidForm, {**sent, "record": str(numbers[0])})
    except FieldErrors as errors:
        return _list(visit, asked, count, q, wrong=(sentence(str(errors)),))
    choices = [_choice(record, said.verdict) for record in numbers]
    done, _ = _decided(visit, asked, choices, show=False, each_alone=True)
    wrong = tuple(sentence(problem.reason) for problem in done.refused)
    made = len(done.decided) + len(done.changed) + len(done.unchanged)
    told = f"{counted(made, 'record')} {DONE[choices[0].verdict]}."
    if done.late:
        told += f" {counted(len(done.late), 'record')} had all decisions by then."
    return _list(visit, asked, count, q, told=told, wrong=wrong)
