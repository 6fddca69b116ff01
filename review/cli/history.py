"""``review history``."""

from __future__ import annotations

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.history import queries
from review.protocol.queries import review_called


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
