"""``review history`` and ``review verify``."""

from __future__ import annotations

from dataclasses import asdict

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Session
from review.errors import DatabaseStateError
from review.history import queries
from review.protocol.models import Review
from review.protocol.queries import review_called, reviews
from review.wording import counted


@click.command("history")
@review_option
@click.option("--entity", metavar="TABLE", help="Only changes of one table, such as result.")
@click.option(
    "--id", "entity_id", type=click.IntRange(1, 2**31 - 1), help="Only changes of one row of it."
)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many, newest first.",
)
@json_option
def history_(
    review_slug: str | None, entity: str | None, entity_id: int | None, limit: int, as_json: bool
) -> None:
    """Show who changed what, when and why: the newest first."""
    with opened().reading() as session:
        if review_slug is not None:
            review_called(session, review_slug)
        found = queries.events(
            session, viewer=settings().actor, review=review_slug, entity=entity,
            entity_id=entity_id, limit=limit,
        )  # fmt: skip
        events = [event.plain for event in found]
    if as_json:
        echo_json(events)
        return
    rows = [
        (
            event["seq"],
            event["at"][:19].replace("T", " "),
            event["actor"],
            event["review"],
            f"{event['action']} {event['entity']} {event['entity_id'] or ''}".rstrip(),
            _what(event["old"], event["new"]),
            event["reason"],
        )
        for event in events
    ]
    echo_table(("seq", "when (UTC)", "who", "review", "what", "values", "why"), rows)


def _what(old: dict[str, object] | None, new: dict[str, object] | None) -> str:
    if old is None:
        told = ("label", "slug", "handle", "number", "sealed", "said")
        named = {k: v for k, v in (new or {}).items() if k in told}
        return ", ".join(
            str(value) if name == "said" else f"{name} {value}" for name, value in named.items()
        )
    return ", ".join(f"{name}: {old[name]} to {value}" for name, value in (new or {}).items())


@click.command("verify")
@json_option
def verify_(as_json: bool) -> None:
    """Check that no event was altered, removed or reordered, and that runs noted the same.

    Decisions of screening and appraisals are held against their seals in the history. The chain
    alone does not show a cut or rewritten end; keep the printed head elsewhere to be able to tell.
    """
    from review.living.runs.queries import anchors  # the engine, which the list does without

    with opened().reading() as session:
        report = queries.verify(session, anchors(session))
        broken = [
            f"{one} of {review.slug}"
            for review in reviews(session)
            for one in _altered(session, review)
        ]
    if as_json:
        echo_json({**asdict(report), "altered": broken})
    else:
        click.echo(
            f"{counted(report.events, 'event')}, held against what "
            f"{counted(report.anchors, 'run')} noted of them."
        )
        click.echo(f"Head: {report.head_seq} {report.head_hash}")
    if not report.intact:
        raise DatabaseStateError("the history is not intact: " + "; ".join(report.problems))
    if broken:
        raise DatabaseStateError("altered after they were sealed: " + "; ".join(broken))
    if not as_json:
        click.echo("The history is intact, and what was judged is as it was sealed.")


def _altered(session: Session, review: Review) -> list[str]:
    # the history alone is printed without them
    from review.extraction.appraisal import queries as appraisal
    from review.screening import queries as screening

    decisions = screening.broken_seals(session, review)
    return [f"decision {number}" for number in decisions] + appraisal.broken_seals(session, review)
