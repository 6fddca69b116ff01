"""``review people``: who is in a review, and what they may do in it."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import (
    by,
    changing,
    json_option,
    looking,
    opened,
    reason_option,
    review_option,
)
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Session
from review.extraction.appraisal.queries import judged_twice
from review.extraction.queries import entered_twice
from review.history.actions import writing
from review.people import actions, queries
from review.people.rules import Deed, Role
from review.protocol.models import Review
from review.protocol.queries import reviews
from review.screening.queries import voted_twice
from review.screening.vocabulary import STAGE_WORDS


@click.group("people")
def people_() -> None:
    """Who takes part: somebody joins a review before they judge anything in it.

    Who you are is REVIEW_ACTOR. Roles: lead (all, and decides who takes part), reviewer,
    adjudicator (both screen, extract and settle), statistician (plans, computes and releases
    analyses, enters and appraises, does not screen), viewer (changes nothing).
    """


@people_.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]),
    help="What they do; reviewer by default.",
)  # fmt: skip
@click.option("--new", "is_new", is_flag=True, help="Somebody else than the one with a like name.")
@review_option
def add(name: str, role: str | None, is_new: bool, review_slug: str | None) -> None:
    """Let somebody called NAME join a review, or change their role."""
    with changing(review_slug, None, Deed.MEMBERS) as (session, review):
        slug = review.slug
        joined = actions.add_person(
            session, review.id, name, role=Role(role) if role else None, actor=settings().actor,
            is_new=is_new,
        )  # fmt: skip
    before = (
        f", not {joined.before.value} any more" if joined.before not in (None, joined.role) else ""
    )
    already = ", as before" if joined.before is joined.role else ""
    click.echo(f"{joined.handle} is {joined.role.value} of {slug}{before}{already}.")


@people_.command("list")
@review_option
@json_option
def list_(review_slug: str | None, as_json: bool) -> None:
    """List the people of a review with their roles, and names that were merged into theirs."""
    with looking(review_slug) as (session, review):
        others = queries.other_names(session)
        rows = [
            (person.handle, member.role.value, ", ".join(others.get(person.id, [])))
            for person, member in queries.members(session, review.id)
        ]
    headers = ("name", "role", "also_known_as")
    if as_json:
        echo_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        echo_table(("name", "role", "also known as"), rows)


@people_.command("rename")
@click.argument("old")
@click.argument("new")
@review_option
@reason_option
def rename(old: str, new: str, review_slug: str | None, reason: str | None) -> None:
    """Call somebody NEW from now on, in every review; the history keeps the name of its time."""
    with changing(review_slug, reason, Deed.MEMBERS) as (session, review):
        name = actions.rename_person(session, review.id, old, new, actor=settings().actor).handle
    click.echo(f"{old} is called {name} now; REVIEW_ACTOR={name} says who they are.")


@people_.command("merge")
@click.argument("name")
@click.argument("into")
@click.option("--reason", required=True, metavar="TEXT", help="Why they are one person.")
@review_option
def merge(name: str, into: str, reason: str, review_slug: str | None) -> None:
    """Say that NAME is another name of INTO: what both did counts as one person's.

    What was decided stays as it was written. Where both names judged the same thing, it was one
    person who judged it twice: such judgements are listed, count once, and want another reviewer.
    """
    with changing(review_slug, reason, Deed.MEMBERS) as (session, review):
        queries.member_who_may(session, review.id, settings().actor, Deed.MEMBERS)
        gone, kept = actions.merge_persons(session, name, into, now=datetime.now(UTC))
        told = [f"{gone.handle} is {kept.handle} from now on."]
        for review in reviews(session):
            told += _twice(session, review, kept.id)
    click.echo("\n".join(told))


def _twice(session: Session, review: Review, person: int) -> list[str]:
    found = [
        f"record {record}, {STAGE_WORDS[stage]}"
        for stage, record in voted_twice(session, review, person)
    ]
    found += [f"blind entry of {study}" for study in entered_twice(session, review, person)]
    found += [f"risk of bias of {target}" for target in judged_twice(session, review, person)]
    if not found:
        return []
    return [
        f"In {review.slug}, judged under both names ({len(found)}, each counts once from now on):",
        *(f"  {one}" for one in found),
    ]


@people_.command("leave")
@click.argument("name")
@review_option
@reason_option
def leave(name: str, review_slug: str | None, reason: str | None) -> None:
    """Let somebody go: what they decided stays and counts, others make what is missing."""
    with changing(review_slug, reason, Deed.MEMBERS) as (session, review):
        person = actions.leave_review(session, review.id, name, actor=settings().actor).handle
    click.echo(f"{person} is viewer now; what they had not decided stays in the queue.")


@people_.command("link")
@click.argument("name")
def link(name: str) -> None:
    """Print a link that works once, with which NAME sets a password: a first one, or a new one.

    Who has the link has the account. It works for three days; an earlier link of theirs is dead.
    """
    from review.people.invitations import open_door_for
    from review.web.settings import web_settings

    now = datetime.now(UTC)
    with writing(opened(), by(reason=f"a link for {name}")) as session:
        person = actions.person_there(session, name)
        _, secret = open_door_for(session, person, by=settings().actor, now=now)
    origin = web_settings().origin or ""
    click.echo(f"{origin}/invitation/{secret}")


@people_.command("close")
@click.argument("name")
@click.option("--because", required=True, metavar="TEXT", help="Why; NAME and the history see it.")
def close(name: str, because: str) -> None:
    """Close the account of NAME in every review: signed out, and nothing is done under it."""
    with writing(opened(), by(reason=because)) as session:
        actions.close_account(session, name, because=because, now=datetime.now(UTC))
    click.echo(f"The account of {name} is closed; what they did stays, and counts.")


@people_.command("reopen")
@click.argument("name")
@reason_option
def reopen(name: str, reason: str | None) -> None:
    """Open the closed account of NAME again, with the roles that they had."""
    with writing(opened(), by(reason=reason)) as session:
        actions.reopen_account(session, name)
    click.echo(f"{name} may come in again.")


@people_.command("password")
@click.argument("name")
def password(name: str) -> None:
    """Set the password of NAME by typing it: the first account of a server, for instance.

    All sessions of theirs end.
    """
    from review.people.accounts.actions import set_password
    from review.people.accounts.rules import check_password
    from review.people.accounts.secrets import password_hash

    database = opened()
    typed = click.prompt("Password", hide_input=True, confirmation_prompt="The same again")
    with database.reading() as session:
        person = queries.person_known(session, name)
        check_password(typed, name, person.email if person else None)
    stored = password_hash(typed)
    with writing(database, by(reason=f"password of {name}")) as session:
        person = actions.person_called(session, actions.checked_handle(name))
        set_password(session, person, stored, now=datetime.now(UTC))
    click.echo(f"{name} signs in with it from now on.")
