"""``review records``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from review.citations import actions, pair_queries, queries
from review.citations.formats.registry import WRITERS
from review.citations.models import Record
from review.citations.rereading import read_otherwise
from review.citations.rules import heading, warning_of
from review.citations.vocabulary import Format
from review.cli.context import changing, json_option, looking, review_option
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Session
from review.people.rules import Deed
from review.protocol.models import Review
from review.screening.queries import ledger, reasons
from review.screening.vocabulary import Stage, State
from review.tabular.reading import text_of
from review.wording import counted


def record_row(record: Record) -> dict[str, Any]:
    """Return a record as lists show it."""
    names = (
        "id", "title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid",
        "accession", "batch_id", "line", "notices",
    )  # fmt: skip
    return {name: getattr(record, name) for name in names}


def citation(record: dict[str, Any]) -> str:
    """Return a row of `record_row` on one line."""
    authors = record["authors"]
    who = f"{authors[0]}{' et al.' if len(authors) > 1 else ''}" if authors else "no author"
    where = " ".join(
        str(part) for part in (record["journal"], record["volume"], record["pages"]) if part
    )
    ids = ", ".join(f"{name.upper()} {record[name]}" for name in ("doi", "pmid") if record[name])
    parts = (f"{who} ({record['year'] or 'no year'})", titled(record), where, ids)
    return f"[{record['id']}] " + ". ".join(part for part in parts if part)


def titled(record: dict[str, Any]) -> str:
    """Return a row's title; that of a work whose results may not stand begins with the warning."""
    return heading(record["title"], warning_of(record["notices"]))


@click.group("records")
def records_() -> None:
    """Records: list, look at, and write to a file."""


@records_.command("list")
@click.option("--batch", type=int, metavar="ID", help="Those of one batch.")
@click.option("--containing", metavar="TEXT", help="Those with a text in title, abstract or id.")
@click.option("--in-scope", is_flag=True, help="Without duplicates.")
@click.option("--after", type=int, metavar="RECORD", help="Those after a record: the next page.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@review_option
@json_option
def list_records(
    batch: int | None,
    containing: str | None,
    in_scope: bool,
    after: int | None,
    limit: int | None,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """List records in order of import, each with its file, line and source."""
    with looking(review_slug) as (session, review):
        found = queries.listed_records(
            session,
            review,
            batch=batch,
            containing=containing,
            in_scope_only=in_scope,
            after=after,
            limit=limit,
        )
        rows = [
            {
                **record_row(listed.record),
                "file": listed.record.batch.file,
                "source": listed.source,
                "duplicate_of": listed.duplicate_of,
            }
            for listed in found
        ]
    if as_json:
        echo_json(rows)
        return
    headers = ("record", "title", "year", "file", "line", "duplicate of")
    names = ("id", "title", "year", "file", "line", "duplicate_of")
    cells = [tuple({**row, "title": titled(row)}[name] for name in names) for row in rows]
    echo_table(headers, cells, right=("record", "year", "line", "duplicate of"))


@records_.command("show")
@click.argument("record", type=int)
@review_option
@json_option
def show_record(record: int, review_slug: str | None, as_json: bool) -> None:
    """Show all of a record: fields, remarks, where it came from, duplicates, the raw entry."""
    with looking(review_slug) as (session, review):
        found = queries.record_numbered(session, review, record)
        search = found.batch.search
        shown: dict[str, Any] = {
            **record_row(found),
            **{n: getattr(found, n) for n in ("kind", "issn", "url", "language", "keywords")},
            "abstract": found.abstract_known,
            "abstract_added_from": found.added[-1].source if found.added else None,
            "remarks": found.remarks,
            "labels": found.labels,
            "file": found.batch.file,
            "sha256": found.batch.sha256,
            "source": search.source if search else None,
            "search": search.id if search else None,
            "pairs": [
                {**asdict(pair), "state": pair.state}
                for pair in pair_queries.some_pairs(session, review, record=record)
            ],
            "read_today": read_otherwise(found),
            "raw": found.raw,
        }
    if as_json:
        echo_json(shown)
        return
    for name, value in shown.items():
        if name in ("notices", "labels"):
            for first, *said in value:
                click.echo(f"{name.removesuffix('s')}: {first} ({', '.join(filter(None, said))})")
        elif name == "read_today":
            for field, today in value.items():
                said = "; ".join(today) if isinstance(today, list) else today or "nothing"
                click.echo(f"read today, its {field} would be: {said}")
        elif name not in ("raw", "pairs") and value not in (None, []):
            text = "; ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{name.replace('_', ' ')}: {text}")
    for pair in shown["pairs"]:
        other = pair["later_id"] if pair["earlier_id"] == record else pair["earlier_id"]
        click.echo(f"pair {pair['id']} with record {other}: {pair['state']} ({pair['rule']})")
    click.echo(f"\n{shown['raw']}")


@records_.command("abstract")
@click.argument("record", type=int)
@click.argument("file", type=click.File("rb"))
@click.option("--source", required=True, metavar="TEXT", help="Where it was found, such as PubMed.")
@review_option
def abstract(record: int, file: BinaryIO, source: str, review_slug: str | None) -> None:
    """Add the abstract of a record whose file has none, from a text FILE; - reads standard input.

    Those who screen read it, marked as added; the record stays as its file has it. The newest
    counts.
    """
    text = text_of(file.read(4 * actions.LONGEST_ABSTRACT + 4), file=file.name)
    with changing(review_slug, None, Deed.COLLECT) as (session, review):
        actions.add_abstract(
            session, review, record, text, source=source, person=settings().actor,
            now=datetime.now(UTC),
        )  # fmt: skip
    click.echo(f"Added the abstract of record {record}, from {source}.", err=True)


@records_.command("export")
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in WRITERS]),
    default=Format.RIS.value,
    show_default=True,
    help="The format to write.",
)
@click.option(
    "--out", "-o", "output", type=click.Path(path_type=Path), help="A file; else the screen."
)
@force_option
@click.option("--batch", type=int, metavar="ID", help="Those of one batch.")
@click.option("--in-scope", is_flag=True, help="Without duplicates.")
@review_option
def export_records(
    kind: str, output: Path | None, batch: int | None, in_scope: bool, review_slug: str | None
) -> None:
    """Write records to a file that other programs read, with what was decided of each.

    Each carries its number, source and file, what it is a duplicate of, and where it stands in
    screening; single reviewers' verdicts are not told.
    """
    with looking(review_slug) as (session, review):
        found = queries.listed_records(session, review, batch=batch, in_scope_only=in_scope)
        entries = [queries.entry_of(listed.record) for listed in found]
        labels = list(_labels(session, review, found))
    text = WRITERS[Format(kind)](entries, labels)
    if output is None:
        click.echo(text, nl=False)
        return
    write_new(output, text.encode())
    click.echo(f"Wrote {counted(len(entries), 'record')} to {output}.", err=True)


def _labels(
    session: Session, review: Review, found: Sequence[queries.ListedRecord]
) -> Iterator[list[str]]:
    screened = ledger(session, review)
    texts = {reason.place: reason.label for reason in reasons(session, review)}
    for listed in found:
        number = listed.record.id
        file, line = listed.record.batch.file, listed.record.line
        labels = [f"record: {number}", f"source: {listed.source}", f"file: {file}, line {line}"]
        if listed.duplicate_of is not None:
            labels.append(f"duplicate of record: {listed.duplicate_of}")
        labels.append(f"status: {screened.box(number)}")
        for stage in Stage:
            standing = screened.standing(stage, number)
            if standing.state in (State.INCLUDED, State.EXCLUDED):
                labels.append(f"{stage}: {standing.state}")
                if standing.reason is not None:
                    labels.append(f"{stage} reason: {texts.get(standing.reason, standing.reason)}")
        yield labels
