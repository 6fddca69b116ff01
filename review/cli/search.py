"""``review search``: what was searched, when and how."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.citations import actions, queries
from review.citations.actions import SearchSpec
from review.citations.files import strategy_text
from review.citations.models import Search
from review.citations.vocabulary import SourceKind
from review.cli.context import changing, json_option, looking, reason_option, review_option
from review.cli.mending import Act, mends
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction.mending.acts import Mended
from review.people.rules import Deed


@click.group("search")
def search_() -> None:
    """Searches: what was searched, when, how, and by whom."""


@search_.command("add")
@click.option("--source", required=True, help="What was searched, such as PsycINFO.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in SourceKind]),
    default=SourceKind.DATABASE.value,
    show_default=True,
    help="Which column of the PRISMA flow it belongs to.",
)
@click.option("--platform", help="Through what, such as Ovid.")
@click.option("--database", help='Which segment, such as "APA PsycInfo <1806 to November 2026>".')
@click.option(
    "--strategy",
    type=click.Path(path_type=Path),
    help="A text file with the strategy, exactly as it was run.",
)
@click.option("--date", "ran_on", required=True, metavar="YYYY-MM-DD", help="When it was run.")
@click.option("--limits", help="Limits that were applied, such as languages or years.")
@click.option("--hits", type=click.IntRange(min=0), help="How many records the source found.")
@click.option("--by", "searched_by", help="Who ran it; you unless told otherwise.")
@review_option
@reason_option
@json_option
def add_search(
    source: str,
    kind: str,
    platform: str | None,
    database: str | None,
    strategy: Path | None,
    ran_on: str,
    limits: str | None,
    hits: int | None,
    searched_by: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Keep a search; import its records with --search and the number it gets."""
    spec = SearchSpec(
        source=source,
        ran_on=ran_on,
        searched_by=searched_by or settings().actor,
        kind=SourceKind(kind),
        platform=platform,
        database=database,
        strategy=strategy_text(strategy) if strategy else None,
        limits=limits,
        hits=hits,
    )
    with changing(review_slug, reason, Deed.COLLECT) as (session, review):
        shown = _search(actions.add_search(session, review, spec, now=datetime.now(UTC)))
    if as_json:
        echo_json(shown)
    else:
        click.echo(f"Added search {shown['search']} ({source}, {ran_on}).")


@search_.command("edit")
@click.argument("number", type=int, metavar="SEARCH")
@click.option("--source", help="What was searched.")
@click.option("--kind", type=click.Choice([kind.value for kind in SourceKind]), help="Its kind.")
@click.option("--platform", help="Through what.")
@click.option("--database", help="Which segment.")
@click.option(
    "--strategy",
    type=click.Path(path_type=Path),
    help="A text file with the strategy as it was run.",
)
@click.option("--date", "ran_on", metavar="YYYY-MM-DD", help="When it was run.")
@click.option("--limits", help="Limits that were applied.")
@click.option("--hits", type=click.IntRange(min=0), help="How many records the source found.")
@click.option("--by", "searched_by", help="Who ran it.")
@mends(why=True, moves=False)
def edit_search(
    act: Act, number: int, kind: str | None, strategy: Path | None, **values: Any
) -> Mended:
    """Correct what is kept of a SEARCH; its files and records stay as they are.

    An empty text (--limits "") takes a value away. The history keeps what it said before.
    """
    changes = {name: value or None for name, value in values.items() if value is not None}
    if values["hits"] is not None:
        changes["hits"] = values["hits"]
    if values["source"] is not None:
        changes["source"] = values["source"]
    if kind is not None:
        changes["kind"] = SourceKind(kind)
    if strategy is not None:
        changes["strategy"] = strategy_text(strategy)
    if not changes:
        raise click.UsageError("say what to change, such as --date")
    said = actions.edit_search(
        act.session, act.review, number=number, changes=changes, now=datetime.now(UTC)
    )
    return Mended(f"search {number} was corrected", said)


def _search(search: Search) -> dict[str, Any]:
    return {
        "search": search.id,
        "kind": search.kind,
        "source": search.source,
        "platform": search.platform,
        "database": search.database,
        "ran_on": search.ran_on,
        "limits": search.limits,
        "hits": search.hits,
        "searched_by": search.searched_by,
        "strategy": search.strategy,
    }


@search_.command("list")
@review_option
@json_option
def list_searches(review_slug: str | None, as_json: bool) -> None:
    """List a review's searches with their batches and the records that came of them."""
    with looking(review_slug) as (session, review):
        counts = queries.identified(session, review).batches
        rows = []
        for search in queries.searches(session, review):
            mine = [count for count in counts if count.search_id == search.id]
            found = {"batches": len(mine), "records": sum(count.identified for count in mine)}
            rows.append({**_search(search), **found})
        unstated = [asdict(count) for count in counts if count.search_id is None]
    if as_json:
        echo_json({"searches": rows, "batches_without_search": unstated})
        return
    names = ("search", "source", "platform", "ran_on", "hits", "batches", "records", "searched_by")
    right = ("search", "hits", "batches", "records")
    echo_table(names, [tuple(row[name] for name in names) for row in rows], right=right)
    if unstated:
        click.echo(f"{len(unstated)} batches were imported without a search.", err=True)
