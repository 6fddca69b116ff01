"""``review people``: who is in a review, and what they may do in it."""

from __future__ import annotations

import click

from review.cli.context import changing, json_option, opened, reason_option, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Session
from review.extraction.appraisal.queries import judged_twice
from review.extraction.queries import entered_twice
from review.people import actions, queries
from review.people.rules import Role
from review.protocol.models import Review
from review.protocol.queries import review_called, reviews
from review.screening.queries import voted_twice
from review.screening.vocabulary import STAGE_WORDS


@click.group("people")
def people_() -> None:
    """Who takes part: somebody joins a review before they judge anything in it.

    Who you are is REVIEW_ACTOR. Roles: owner (all, and makes owners), reviewer, adjudicator (both
    screen, extract and settle), statistician (enters and appraises, does not screen), viewer
    (changes nothing).
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
    with changing(review_slug, None) as (session, review):
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
    with opened().reading() as session:
        review = review_called(session, review_slug)
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
    with changing(review_slug, reason) as (session, _):
        name = actions.rename_person(session, old, new).handle
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
    with changing(review_slug, reason) as (session, _):
        gone, kept = actions.merge_persons(session, name, into)
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
    with changing(review_slug, reason) as (session, review):
        person = actions.leave_review(session, review.id, name).handle
    click.echo(f"{person} is viewer now; what they had not decided stays in the queue.")
