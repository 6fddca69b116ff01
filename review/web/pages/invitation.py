"""Following an invitation: into a review, or to the own account."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from review.db import Session
from review.errors import AlreadyExistsError, InvalidDataError
from review.history.actions import Attribution, writing
from review.people.accounts.actions import set_password
from review.people.accounts.queries import credential_of
from review.people.accounts.rules import check_password
from review.people.accounts.secrets import password_hash
from review.people.actions import Described, checked_handle, describe_person, person_called
from review.people.invitations import accept, invitation_of
from review.people.models import Person
from review.people.queries import members, person_known
from review.people.rules import Deed, Role, near_misses
from review.protocol.queries import reviews
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.sessions import set_cookie, start_for
from review.web.visits import Sent, Visit, Visiting

routes = Routes()


@dataclass(frozen=True, slots=True)
class Leads:
    """What a link leads to."""

    review: str | None
    title: str | None
    role: Role | None
    person: str | None
    """Whose account it opens."""
    has_password: bool
    made_by: str


class NewAccount(Form):
    """Somebody who was not here before."""

    handle: str
    display_name: str = ""
    password: str
    again: str
    is_new: bool = False


class NewPassword(Form):
    """A password, typed twice."""

    password: str = Field(repr=False)
    again: str = Field(repr=False)


@routes.get("/invitation/{secret}", Deed.ENTER)
def invitation_page(visit: Visiting, secret: str) -> Response:
    """Show what the link leads to."""
    return page(visit, "invitation.html", _leads(visit, secret), form=Blank())


@routes.post("/invitation/{secret}", Deed.ENTER)
def follow(request: Request, visit: Visiting, secret: str, sent: Sent) -> Response:
    """Join as who is signed in, make an account and join, or set a password."""
    leads = _leads(visit, secret)
    if leads.person is None and visit.known is not None:
        with visit.writing(f"invitation by {leads.made_by}") as session:
            accept(session, invitation_of(session, secret, visit.now), _me(session, visit),
                   now=visit.now)  # fmt: skip
        return to(_after(leads))
    try:
        person_id = _password_set(visit, secret, sent) if leads.person else _joined(
            visit, secret, leads, sent
        )  # fmt: skip
    except FieldErrors as errors:
        return page(visit, "invitation.html", leads, form=errors, status=422)
    response = to(_after(leads))
    set_cookie(response, request, start_for(request, person_id))
    return response


def _after(leads: Leads) -> str:
    return f"/r/{leads.review}" if leads.review else "/"


def _leads(visit: Visit, secret: str) -> Leads:
    with visit.reading() as session:
        found = invitation_of(session, secret, visit.now)
        slugs = {review.id: review for review in reviews(session)}
        review = slugs.get(found.review_id) if found.review_id is not None else None
        person = session.get(Person, found.for_id) if found.for_id is not None else None
        return Leads(
            review.slug if review else None, review.title if review else None, found.role,
            person.handle if person else None,
            person is not None and credential_of(session, person) is not None, found.made_by,
        )  # fmt: skip


def _me(session: Session, visit: Visit) -> Person:
    return person_called(session, visit.person)


def _joined(visit: Visit, secret: str, leads: Leads, sent: Sent) -> int:
    form = read(NewAccount, sent)
    handle = _free_handle(visit, secret, form)
    stored = _hashed(form.password, form.again, form.model_dump(), handle)
    by = Attribution(
        actor=handle, review=leads.review, reason=f"invitation by {leads.made_by}", at=visit.now,
        request=visit.request_id,
    )  # fmt: skip
    with writing(visit.database, by) as session:
        found = invitation_of(session, secret, visit.now)
        if person_known(session, handle) is not None:
            raise AlreadyExistsError(f"{handle} is taken")
        person = person_called(session, handle)
        describe_person(session, person, Described(display_name=form.display_name))
        set_password(session, person, stored, now=visit.now)
        accept(session, found, person, now=visit.now)
        return person.id


def _free_handle(visit: Visit, secret: str, form: NewAccount) -> str:
    typed = form.model_dump(exclude={"password", "again"})
    try:
        handle = checked_handle(form.handle)
    except InvalidDataError as error:
        raise FieldErrors(typed, {"handle": f"{error}."}) from None
    with visit.reading() as session:
        if person_known(session, handle) is not None:
            raise FieldErrors(
                typed,
                {"handle": f"{handle} is taken. If it is you, sign in first, then open the link."},
            )
        found = invitation_of(session, secret, visit.now)
        known = [p.handle for p, _ in members(session, found.review_id or 0)]
    near = near_misses(handle, known)
    if near and not form.is_new:
        raise FieldErrors(
            typed,
            {
                "handle": f"{' and '.join(near)} took part already. If that is you, ask for a link "
                "to your account; if you are somebody else, say so below.",
                "is_new": "",
            },
        )
    return handle


def _password_set(visit: Visit, secret: str, sent: Sent) -> int:
    form = read(NewPassword, sent)
    with visit.reading() as session:
        found = invitation_of(session, secret, visit.now)
        handle = session.get_one(Person, found.for_id).handle
    stored = _hashed(form.password, form.again, {}, handle)
    by = Attribution(actor=handle, reason="a link", at=visit.now, request=visit.request_id)
    with writing(visit.database, by) as session:
        found = invitation_of(session, secret, visit.now)
        person = session.get_one(Person, found.for_id)
        set_password(session, person, stored, now=visit.now)
        accept(session, found, person, now=visit.now)
        return person.id


def _hashed(password: str, again: str, typed: dict[str, object], handle: str) -> str:
    values = {name: str(value) for name, value in typed.items()}
    if password != again:
        raise FieldErrors(values, {"again": "The two differ."})
    try:
        check_password(password, handle, values.get("display_name"))
    except InvalidDataError as error:
        raise FieldErrors(values, {"password": f"{str(error).capitalize()}."}) from None
    return password_hash(password)
