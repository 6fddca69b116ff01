"""The parts of ``review screen`` in which somebody judges a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from review.cli.context import changing, json_option, judge, looking, review_option
from review.cli.output import echo_json
from review.cli.screen.options import stage_option
from review.config import settings
from review.people.rules import Deed
from review.screening import actions, renewal, views
from review.screening.choices import Choice
from review.screening.lists import Said
from review.screening.reranking import rerank_in_background
from review.screening.views import Card
from review.screening.vocabulary import STAGE_WORDS, Stage, verdict_of
from review.wording import counted

if TYPE_CHECKING:
    pass


@click.command("undo")
@click.argument("record", type=int)
@stage_option
@review_option
def undo_(record: int, stage: Stage, review_slug: str | None) -> None:
    """Take back what you decided on a RECORD: you are undecided, until somebody adjudicates."""
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        taken = actions.withdraw(
            session, review, record, stage=stage, handle=judge(), now=datetime.now(UTC)
        )
    click.echo(
        f"Record {record}: taken back." if taken else f"You have not decided on record {record}."
    )


def _echo_card(card: Card) -> None:
    authors = "; ".join(card.authors[:6]) + (" et al." if len(card.authors) > 6 else "")
    click.echo(f"Record {card.record}: {card.heading}")
    where = ", ".join(str(x) for x in (authors, card.journal, card.year) if x)
    if where:
        click.echo(where)
    for name in ("doi", "pmid"):
        if getattr(card, name):
            click.echo(f"{name}: {getattr(card, name)}")
    if card.abstract:
        click.echo()
        click.echo(card.abstract)
    if card.abstract_from:
        click.echo(f"(not in the file: {card.abstract_from})")


@click.command("next")
@stage_option
@click.option(
    "--limit", "-n", type=click.IntRange(1), default=1, show_default=True, help="How many."
)
@review_option
@json_option
def next_(stage: Stage, limit: int, review_slug: str | None, as_json: bool) -> None:
    """Show the next records that want your decision; they wait for you for ten minutes."""
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        person = actions.screener(session, review, judge())
        handle = person.handle
        reading = views.next_to_read(
            session, review, person, stage=stage, now=datetime.now(UTC), count=limit
        )
    if as_json:
        echo_json(
            {
                "stage": stage, "reviewer": handle, "left": reading.left,
                "records": reading.cards, "elsewhere": reading.elsewhere,
            }
        )  # fmt: skip
        return
    if not reading.cards:
        echo_nothing(stage, reading.left, reading.elsewhere)
        return
    for card in reading.cards:
        _echo_card(card)
        click.echo()
    click.echo(f"{reading.left} left for {handle}.", err=True)


def echo_nothing(stage: Stage, left: int, elsewhere: Sequence[str]) -> None:
    """Say that nothing is to be read, and what is to be done instead."""
    if left:
        click.echo(
            f"Others are reading all {counted(left, 'record')} that want your decision; "
            "ask again in a while."
        )
    else:
        click.echo(f"Nothing wants your decision on {STAGE_WORDS[stage]}.")
    for line in elsewhere:
        click.echo(f"  {line}")


def thanks(record: int) -> str:
    """Return what is said of a decision that came after all that were wanted."""
    return (
        f"Thank you: others decided on record {record} while you read it, and it has all the "
        "decisions that the protocol asks for; yours is kept beside them and counts in nothing, so "
        "that it changes nothing that is settled."
    )


@click.command("decide")
@click.argument("record", type=int)
@click.argument("verdict")
@click.option("--reason", metavar="TEXT", help="Why excluded: a reason's words or its number.")
@click.option("--note", metavar="TEXT", help="Anything worth keeping.")
@click.option("--request", metavar="NAME", help="Sent twice under one name, decided once.")
@stage_option
@review_option
@json_option
def decide_(
    record: int,
    verdict: str,
    reason: str | None,
    note: str | None,
    request: str | None,
    stage: Stage,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Say include, exclude or maybe of a RECORD (or i, e, m).

    Deciding again changes your decision; the earlier one is kept. After an adjudication it stands.
    """
    choice = Choice(record, verdict_of(verdict), reason, note, request=request)
    with changing(review_slug, None, Deed.SCREEN) as (session, review):
        decided = actions.decide(
            session, review, [choice], stage=stage, handle=judge(), now=datetime.now(UTC)
        )
        due, slug = renewal.may_be_due(session, review, stage, decided=1), review.slug
    if due:
        rerank_in_background(slug, stage)
    if as_json:
        echo_json({"record": record, "stage": stage, "verdict": choice.verdict, **asdict(decided)})
    elif decided.late:
        click.echo(thanks(record))
    else:
        said = f"Record {record}: {choice.verdict.value}"
        click.echo(f"{said}, as before." if decided.unchanged else f"{said}.")


@click.command("show")
@click.argument("record", type=int)
@stage_option
@review_option
@json_option
def show_(record: int, stage: Stage, review_slug: str | None, as_json: bool) -> None:
    """Show a RECORD with the decisions that you may see."""
    with looking(review_slug) as (session, review):
        found = views.dossier(session, review, record, stage=stage, handle=settings().actor)
    if as_json:
        echo_json(found)
        return
    _echo_card(found.card)
    click.echo()
    click.echo(f"{stage.value.replace('_', ' ')}: {found.state.value}")
    if found.hidden:
        said = [found.card.mine] if found.card.mine else []
        click.echo("What others may have decided is hidden until all have decided.")
    else:
        said = [*found.others, *found.adjudications]
    for one in said:
        click.echo(f"  {words(one)}")
    for one in found.late:
        click.echo(f"  {words(one)}; came late, and counts in nothing")
    for name, value in (
        ("full text", found.retrieval and found.retrieval.value.replace("_", " ")),
        ("because", found.retrieval_reason),
        ("PDF", found.pdf_sha256),
        ("removed", found.removed_because),
        ("duplicate of", found.duplicate_of),
    ):
        if value:
            click.echo(f"{name}: {value}")


def words(said: Said) -> str:
    """Return who said what of a record, and why."""
    reason = f", {said.reason}" if said.reason else ""
    note = f" ({said.note})" if said.note else ""
    return f"{said.who}: {said.verdict.value}{reason}{note}"
