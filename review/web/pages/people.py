"""Who takes part in a review: members, roles, invitations."""

from __future__ import annotations

from starlette.responses import Response

from review.people.actions import add_person, leave_review
from review.people.invitations import invite, open_door_for_member, withdraw
from review.people.queries import member_called
from review.people.rules import Deed, Role
from review.people.views import People, people_of
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

ROLES = (
    (Role.LEAD, "lead", "Everything, and decides who takes part."),
    (Role.REVIEWER, "reviewer", "Screens, extracts, appraises."),
    (Role.ADJUDICATOR, "adjudicator", "As a reviewer; settles what reviewers disagree on."),
    (Role.STATISTICIAN, "statistician",
     "Plans, computes and releases analyses, extracts and appraises; does not screen."),
    (Role.VIEWER, "viewer", "Looks, and changes nothing."),
)  # fmt: skip
"""Role, its name, and what it means."""


class InviteForm(Form):
    """Somebody to invite."""

    role: Role
    note: str = ""


class RoleForm(Form):
    """What a member is from now on, and why."""

    role: Role
    reason: str = ""


class LeaveForm(Form):
    """Why somebody leaves."""

    reason: str = ""


def _view(visit: Visit) -> People:
    with visit.reading() as session:
        review = visit.review_of(session)
        return people_of(session, review.id, review.title, now=visit.now)


@routes.get("/r/{review}/people", Deed.LOOK)
def people(visit: Visiting) -> Response:
    """List the members, and for a lead what can be done about them."""
    return page(visit, "people.html", _view(visit), form=Blank(role="reviewer"), roles=ROLES)


@routes.post("/r/{review}/people/invitations", Deed.MEMBERS)
def invite_somebody(visit: Visiting, sent: Sent) -> Response:
    """Make a link, and show it once: nobody can read it again."""
    try:
        form = read(InviteForm, sent)
    except FieldErrors as errors:
        return page(visit, "people.html", _view(visit), form=errors, roles=ROLES, status=422)
    with visit.writing() as session:
        review = visit.review_of(session)
        _, secret = invite(
            session, review.id, role=form.role, note=form.note or None, by=visit.person,
            now=visit.now,
        )  # fmt: skip
    return page(visit, "link.html", visit.whole_address(f"/invitation/{secret}"), who=form.note)


@routes.post("/r/{review}/people/invitations/{number}/withdraw", Deed.MEMBERS)
def withdraw_invitation(visit: Visiting, number: int) -> Response:
    """Take a link back."""
    with visit.writing() as session:
        withdraw(session, visit.review_of(session).id, number, now=visit.now)
    return to(visit.path("people"))


@routes.post("/r/{review}/people/{handle}/link", Deed.MEMBERS)
def link_for_member(visit: Visiting, handle: str) -> Response:
    """Make the link to the account of a member who has worked without one."""
    with visit.writing() as session:
        review = visit.review_of(session)
        person = member_called(session, review.id, handle)
        _, secret = open_door_for_member(session, review.id, person, by=visit.person, now=visit.now)
    return page(visit, "link.html", visit.whole_address(f"/invitation/{secret}"), who=handle)


@routes.post("/r/{review}/people/{handle}/role", Deed.MEMBERS)
def change_role(visit: Visiting, handle: str, sent: Sent) -> Response:
    """Give a member another role; their sessions get new cookies."""
    try:
        form = read(RoleForm, sent)
    except FieldErrors as errors:
        return page(visit, "people.html", _view(visit), form=errors, roles=ROLES, status=422)
    with visit.writing(form.reason or None) as session:
        review = visit.review_of(session)
        person = member_called(session, review.id, handle)
        add_person(session, review.id, person.handle, role=form.role, actor=visit.person)
    return to(visit.path("people"))


@routes.post("/r/{review}/people/{handle}/leave", Deed.MEMBERS)
def let_go(visit: Visiting, handle: str, sent: Sent) -> Response:
    """Let a member go: they may look from now on, and what they decided stays."""
    form = read(LeaveForm, sent)
    with visit.writing(form.reason or None) as session:
        leave_review(session, visit.review_of(session).id, handle, actor=visit.person)
    return to(visit.path("people"))


@routes.post("/r/{review}/leave", Deed.LOOK)
def leave(visit: Visiting, sent: Sent) -> Response:
    """Leave oneself."""
    form = read(LeaveForm, sent)
    with visit.writing(form.reason or None) as session:
        leave_review(session, visit.review_of(session).id, visit.person, actor=visit.person)
    return to(visit.path("people"))
