"""``review search`` and ``review import``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.citations import actions, queries
from review.citations.actions import SearchSpec
from review.citations.files import CitationFile, open_citations, strategy_text
from review.citations.formats.csv import COLUMNS
from review.citations.formats.reading import read_citations
from review.citations.models import Batch, Search
from review.citations.vocabulary import Format, SourceKind
from review.cli.context import (
    by,
    changing,
    json_option,
    opened,
    reason_option,
    review_option,
    sheet_option,
)
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.db import Database
from review.errors import FileError
from review.history.actions import writing
from review.people.queries import refuse_viewers
from review.protocol.queries import review_called
from review.wording import counted


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
    with changing(review_slug, reason) as (session, review):
        shown = _search(actions.add_search(session, review, spec, now=datetime.now(UTC)))
    if as_json:
        echo_json(shown)
    else:
        click.echo(f"Added search {shown['search']} ({source}, {ran_on}).")


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
    with opened().reading() as session:
        review = review_called(session, review_slug)
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


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an import says of one file."""

    file: str
    format: Format | None
    sha256: str | None
    read: int
    stored: int
    rejected: int
    already_imported: bool
    rejects: list[dict[str, Any]]
    batch: int | None = None
    search: int | None = None
    encoding: str | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--search", "search", type=int, metavar="ID", help="The search they came from.")
@click.option("--encoding", help="Where a file does not say and guessing fails, such as cp1250.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    help=f"For CSV: the column that holds a field. Fields: {', '.join(COLUMNS)}.",
)
@sheet_option
@review_option
@reason_option
@json_option
def import_(
    files: tuple[Path, ...],
    search: int | None,
    encoding: str | None,
    columns: tuple[str, ...],
    sheet: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take citation files into a review: RIS, NBIB, PubMed or EndNote XML, refer, RefWorks,
    Web of Science, BibTeX, CSL-JSON, CSV, TSV or XLSX, told apart by what they say.

    Each file wholly or not at all, each as a batch. The same file twice adds nothing. Entries
    that cannot be read are listed with line and reason, and kept.
    """  # noqa: D205 -- the list of formats is the summary
    database = opened()
    mapping = _mapping(columns)
    with database.reading() as session:
        review = review_called(session, review_slug)
        slug = review.slug
        if search is not None:
            queries.search_numbered(session, review, search)
    shown = [
        _take(
            database,
            path,
            slug,
            search,
            encoding=encoding,
            columns=mapping,
            sheet=sheet,
            reason=reason,
        )
        for path in files
    ]
    if as_json:
        echo_json(shown)
    else:
        for one in shown:
            _echo_import(one)
    if any(one.error for one in shown):
        for one in shown:
            if one.error and as_json:
                click.echo(f"Error: {one.error}", err=True)
        raise click.exceptions.Exit(1)


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    found = {}
    for column in columns:
        field, equals, name = column.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--column is FIELD=NAME, not {column!r}")
        found[field.strip()] = name.strip()
    return found


def _take(
    database: Database,
    path: Path,
    slug: str,
    search: int | None,
    *,
    encoding: str | None,
    columns: dict[str, str],
    sheet: str | None,
    reason: str | None,
) -> _Shown:
    file: CitationFile | None = None
    try:
        file = open_citations(path)
        with database.reading() as session:
            known = queries.batch_of_file(session, review_called(session, slug), file.sha256)
            if known is not None:
                return _known(path, known)
        reading = read_citations(
            file.data, file=str(path), encoding=encoding, columns=columns, sheet=sheet
        )
        with writing(database, by(slug, reason or f"import of {file.name}")) as session:
            review = review_called(session, slug)
            refuse_viewers(session, review.id, settings().actor)
            found = queries.search_numbered(session, review, search) if search else None
            done = actions.import_batch(
                session, review, reading, file=file, search=found, now=datetime.now(UTC)
            )
            if done.already_imported:
                return _known(path, done.batch)
            return _Shown(
                file=str(path),
                format=reading.format,
                sha256=file.sha256,
                read=done.batch.read,
                stored=done.batch.stored,
                rejected=done.batch.rejected,
                already_imported=False,
                rejects=[{"line": r.line, "reason": r.reason} for r in reading.rejects],
                batch=done.batch.id,
                search=search,
                encoding=reading.encoding,
                notes=tuple(f"line {a.line}, of no record: {a.text}" for a in reading.asides),
            )
    except FileError as error:
        problems = [{"line": p.line, "reason": p.reason} for p in error.problems]
        at_lines = sum(problem.line is not None for problem in error.problems)
        return _Shown(
            file=str(path),
            format=None,
            sha256=file.sha256 if file else None,
            read=at_lines,
            stored=0,
            rejected=at_lines,
            already_imported=False,
            rejects=problems,
            error=str(error),
        )


def _known(path: Path, batch: Batch) -> _Shown:
    note = (
        f"already imported as batch {batch.id} ({batch.file}, {counted(batch.stored, 'record')}, "
        f"{batch.imported_at:%Y-%m-%d})"
    )
    return _Shown(
        file=str(path),
        format=batch.format,
        sha256=batch.sha256,
        read=0,
        stored=0,
        rejected=0,
        already_imported=True,
        rejects=[],
        batch=batch.id,
        search=batch.search_id,
        encoding=batch.encoding,
        notes=(note,),
    )


def _echo_import(shown: _Shown) -> None:
    if shown.error:
        click.echo(f"Error: {shown.error}", err=True)
        return
    if shown.already_imported:
        click.echo(f"{shown.file}: {shown.notes[0]}; nothing was added.")
        return
    click.echo(
        f"{shown.file}: {shown.format}, {shown.read} read, {shown.stored} stored, "
        f"{shown.rejected} rejected (batch {shown.batch})."
    )
    for reject in shown.rejects:
        click.echo(f"  line {reject['line']}: {reject['reason']}")
    for note in shown.notes:
        click.echo(f"  {note}", err=True)
