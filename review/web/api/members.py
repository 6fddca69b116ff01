"""Members and invitations of a review."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from review.errors import NotFoundError
from review.people.actions import add_person, leave_review
from review.people.invitations import invite, withdraw
from review.people.queries import member_called
from review.people.rules import Deed, Role
from review.people.views import people_of
from review.web.api import Slug, resources
from review.web.api.shapes import Cursor, Limit, Page, Shape, Time, cut
from review.web.visits import Visit, Visiting

routes = resources("people")

Handle = Annotated[str, Path(description="The name that the history shows.", max_length=80)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class MemberShape(Shape):
    """Somebody in a review."""

    handle: str
    name: str | None
    orcid: str | None
    role: Role
    other_names: list[str]


class InvitationShape(Shape):
    """A link into a review that nobody has followed yet."""

    number: int
    role: Role
    note: str | None
    made_by: str
    made_at: Time
    ends_at: Time


class NewInvitation(InvitationShape):
    """An invitation with its link, which is shown only now."""

    link: str


class Invite(BaseModel):
    """Whom to invite."""

    role: Role
    note: str | None = Field(default=None, max_length=200)


class RoleChange(BaseModel):
    """What a member is from now on, and why."""

    role: Role
    reason: str | None = Field(default=None, max_length=2000)


@routes.get("/reviews/{review}/members", Deed.MEMBERS)
def list_members(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[MemberShape]:
    """List who is in a review."""
    del review
    with visit.reading() as session:
        found = visit.review_of(session)
        people = people_of(session, found.id, found.title, now=visit.now)
    members = [MemberShape.model_validate(one) for one in people.members]
    return cut(members, cursor, limit, lambda one: one.handle)


@routes.patch("/reviews/{review}/members/{handle}", Deed.MEMBERS)
def change_member(visit: Visiting, review: Slug, handle: Handle, body: RoleChange) -> MemberShape:
    """Give a member another role."""
    del review
    with visit.writing(body.reason) as session:
        found = visit.review_of(session)
        person = member_called(session, found.id, handle)
        joined = add_person(session, found.id, person.handle, role=body.role, actor=visit.person)
    return _member(visit, joined.handle)


@routes.delete("/reviews/{review}/members/{handle}", Deed.MEMBERS)
def let_member_go(visit: Visiting, review: Slug, handle: Handle) -> MemberShape:
    """Let a member go: they may look from now on, and what they decided stays and counts."""
    del review
    with visit.writing() as session:
        found = visit.review_of(session)
        name = leave_review(session, found.id, handle, actor=visit.person).handle
    return _member(visit, name)


def _member(visit: Visit, handle: str) -> MemberShape:
    with visit.reading() as session:
        found = visit.review_of(session)
        people = people_of(session, found.id, found.title, now=visit.now)
    for one in people.members:
        if one.handle == handle:
            return MemberShape.model_validate(one)
    raise NotFoundError(f"{handle} is not in this review")


@routes.get("/reviews/{review}/invitations", Deed.MEMBERS)
def list_invitations(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[InvitationShape]:
    """List the links that nobody has followed yet."""
    del review
    with visit.reading() as session:
        found = visit.review_of(session)
        people = people_of(session, found.id, found.title, now=visit.now)
    links = [InvitationShape.model_validate(one) for one in people.links]
    links.sort(key=lambda one: one.number)
    return cut(links, cursor, limit, lambda one: f"{one.number:010}")


@routes.post("/reviews/{review}/invitations", Deed.MEMBERS, status_code=201)
def make_invitation(visit: Visiting, review: Slug, body: Invite) -> NewInvitation:
    """Make a link that lets one person join; it works once, for three days."""
    del review
    with visit.writing() as session:
        found = visit.review_of(session)
        row, secret = invite(
            session, found.id, role=body.role, note=body.note, by=visit.person, now=visit.now
        )
        return NewInvitation(
            number=row.id, role=body.role, note=row.note, made_by=row.made_by, made_at=row.made_at,
            ends_at=row.ends_at, link=visit.whole_address(f"/invitation/{secret}"),
        )  # fmt: skip


@routes.delete("/reviews/{review}/invitations/{number}", Deed.MEMBERS, status_code=204)
def take_invitation_back(visit: Visiting, review: Slug, number: Number) -> None:
    """Take a link back."""
    del review
    with visit.writing() as session:
        withdraw(session, visit.review_of(session).id, number, now=visit.now)
