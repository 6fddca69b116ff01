"""``review extract assign`` and ``queue``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import changing, json_option, judge, looking, reason_option, review_option
from review.cli.output import echo_json, echo_table
from review.errors import InvalidDataError
from review.extraction.assigning import actions
from review.extraction.assigning.views import extraction_queue
from review.extraction.queries import study_called
from review.people.rules import Deed
from review.wording import counted


@click.command("assign")
@click.argument("studies", nargs=-1)
@click.option("--to", "people", metavar="HANDLE", multiple=True, help="Whom to ask; repeat it.")
@click.option("--share", is_flag=True, help="All that nobody has entered, two people a study.")
@click.option("--release", is_flag=True, help="Ask them no longer; what they entered stays.")
@review_option
@reason_option
def assign_(
    studies: tuple[str, ...],
    people: tuple[str, ...],
    share: bool,
    release: bool,
    review_slug: str | None,
    reason: str | None,
) -> None:
    """Ask people to enter STUDIES, two a study; others may enter them all the same."""
    if not people:
        raise InvalidDataError("say whom to ask with --to HANDLE")
    if share == bool(studies) or (share and release):
        raise InvalidDataError("name studies, or give out all that nobody has entered with --share")
    now, n = datetime.now(UTC), 0
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        if share:
            n = actions.share_out(session, review, people, now=now)
        for label in studies:
            study = study_called(session, review, label)
            if release:
                because = reason or "asked no longer"
                n += sum(actions.release(session, study, who, because=because) for who in people)
            else:
                n += actions.assign(session, review, study, people, now=now)
    click.echo(f"{counted(n, 'ask')} {'taken back' if release else 'made'}.")


@click.command("queue")
@click.option("--as", "person", metavar="HANDLE", help="Whose; by default REVIEW_ACTOR.")
@click.option("--all", "everything", is_flag=True, help="Also what waits for others or is done.")
@review_option
@json_option
def queue_(person: str | None, everything: bool, review_slug: str | None, as_json: bool) -> None:
    """List the studies that wait for you to be entered or agreed on, and who has finished."""
    handle = judge(person)
    with looking(review_slug) as (session, review):
        found = extraction_queue(session, review, viewer=handle)
    tasks = [task for task in found.tasks if everything or task.next is not None]
    if as_json:
        echo_json(tasks)
        return
    if not tasks:
        click.echo("Nothing waits for you.")
        return
    headers = ("study", "stands", "asked", "yours", "others finished", "doubts", "next")
    echo_table(
        headers,
        [
            (
                task.study, task.stand.value, ", ".join(task.asked), task.mine,
                ", ".join(task.finished_by), task.doubts or "",
                task.next.value if task.next else "",
            )
            for task in tasks
        ],
        right=("doubts",),
    )  # fmt: skip
