"""``review dedupe``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from review.citations import duplicates, pair_queries
from review.citations.models import Record
from review.citations.vocabulary import Verdict
from review.cli.context import (
    by,
    changing,
    json_option,
    looking,
    opened,
    reason_option,
    require,
    review_option,
)
from review.cli.output import echo_json, echo_table
from review.cli.records import citation, record_row
from review.config import settings
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol.queries import review_called
from review.wording import counted


@click.group("dedupe")
def dedupe_() -> None:
    """Duplicate records: found, linked, looked at, parted again."""


@dedupe_.command("run")
@review_option
@reason_option
@json_option
def run(review_slug: str | None, reason: str | None, as_json: bool) -> None:
    """Compare the records imported since the last run with each other and all before them.

    Certain duplicates are linked, possible ones queued; nothing earlier is touched.
    """
    database = opened()
    with database.reading() as session:
        review = review_called(session, review_slug)
        slug = review.slug
        found = duplicates.compare_new_records(session, review)
    with writing(database, by(slug, reason or "comparison of new records")) as session:
        review = review_called(session, slug)
        require(session, review, Deed.COLLECT)
        duplicates.store_comparisons(session, review, found, now=datetime.now(UTC))
        stats = duplicates.dedupe_stats(session, review)
    bands = [pair.comparison.band.value for pair in found.pairs]
    shown = {
        "compared": found.records,
        "certain": bands.count("certain"),
        "possible": bands.count("possible"),
        **_stats(stats),
    }
    if as_json:
        echo_json(shown)
    elif not found.records:
        click.echo("No record is new since the last run.")
    else:
        click.echo(
            f"Compared {counted(found.records, 'new record')}: "
            f"{counted(shown['certain'], 'pair')} linked, {shown['possible']} for a person to "
            "look at (review dedupe review). "
            f"{stats.in_scope} of {counted(stats.records, 'record')} remain."
        )


def _stats(stats: duplicates.DedupeStats) -> dict[str, Any]:
    return {name: value for name, value in asdict(stats).items() if name != "rules"}


@dedupe_.command("stats")
@review_option
@json_option
def stats_(review_slug: str | None, as_json: bool) -> None:
    """Say where the search for duplicates stands, and which rules made the pairs."""
    with looking(review_slug) as (session, review):
        stats = duplicates.dedupe_stats(session, review)
    if as_json:
        echo_json(asdict(stats))
        return
    rows = [(name.replace("_", " "), value) for name, value in _stats(stats).items()]
    echo_table(("", "number"), rows, right=("number",))
    if stats.rules:
        echo_table(("rule", "pairs"), list(stats.rules.items()), right=("pairs",))


_VERDICTS = {"duplicate": Verdict.DUPLICATE, "different": Verdict.DIFFERENT}


@dedupe_.command("review")
@click.argument("pair", required=False, type=int)
@click.option("--duplicate", "verdict", flag_value="duplicate", help="They are one; link them.")
@click.option("--different", "verdict", flag_value="different", help="They are two.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Pairs.")
@review_option
@reason_option
@json_option
def review_pairs(
    pair: int | None,
    verdict: str | None,
    limit: int,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Show the pairs that wait for a person, or decide one: PAIR with --duplicate or --different.

    PAIR alone shows both its records in full.
    """
    if verdict is not None:
        if pair is None:
            raise click.UsageError("say which PAIR")
        _decide(pair, verdict, review_slug, reason)
        click.echo(f"Pair {pair}: {verdict}.", err=as_json)
        if as_json:
            echo_json({"pair": pair, "verdict": verdict})
        return
    with looking(review_slug) as (session, review):
        if pair is not None:
            found = pair_queries.pair_numbered(session, review, pair)
            rows = [_pair(found.id, found.rule, found.score, found.earlier, found.later)]
            rows[0]["evidence"] = found.evidence
        else:
            waiting = pair_queries.open_pairs(session, review, limit=limit)
            rows = [
                _pair(o.pair.id, o.rule, o.score, o.pair.earlier, o.pair.later) for o in waiting
            ]
    if as_json:
        echo_json(rows)
        return
    if not rows:
        click.echo("No pair waits for a person.")
    for row in rows:
        click.echo(f"Pair {row['pair']}, {row['score']:.2f}: {row['rule']}")
        for side in ("earlier", "later"):
            click.echo(f"  {citation(row[side])}")


def _decide(pair: int, verdict: str, review_slug: str | None, reason: str | None) -> None:
    with changing(review_slug, reason, Deed.COLLECT) as (session, review):
        duplicates.decide_pair(
            session,
            review,
            pair=pair,
            verdict=_VERDICTS[verdict],
            person=settings().actor,
            now=datetime.now(UTC),
            reason=reason,
        )


def _pair(number: int, rule: str, score: float, earlier: Record, later: Record) -> dict[str, Any]:
    return {
        "pair": number,
        "score": score,
        "rule": rule,
        "earlier": record_row(earlier),
        "later": record_row(later),
    }


@dedupe_.command("undo")
@click.argument("pair", type=int)
@review_option
@reason_option
def undo(pair: int, review_slug: str | None, reason: str | None) -> None:
    """Take a link or a verdict back.

    A pair that was linked automatically becomes different, and stays so in later runs. What a
    person had said of a pair is taken back, and it waits in the queue again.
    """
    with changing(review_slug, reason, Deed.COLLECT) as (session, review):
        decision = duplicates.undo_pair(
            session,
            review,
            pair=pair,
            person=settings().actor,
            now=datetime.now(UTC),
            reason=reason,
        )
        verdict = decision.verdict
    click.echo(f"Pair {pair} is {verdict} now.")


@dedupe_.command("link")
@click.argument("one", type=int)
@click.argument("other", type=int)
@review_option
@reason_option
def link(one: int, other: int, review_slug: str | None, reason: str | None) -> None:
    """Link two records that the comparison did not offer."""
    with changing(review_slug, reason, Deed.COLLECT) as (session, review):
        pair = duplicates.link_records(
            session,
            review,
            records=(one, other),
            person=settings().actor,
            now=datetime.now(UTC),
            reason=reason,
        ).id
    click.echo(f"Linked records {one} and {other} (pair {pair}).")
