"""``review import``: citation files into a review, and all that is said of each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from review.citations import queries
from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.duplicates import coming, coming_ids, foresee
from review.citations.files import CitationFile, open_citations
from review.citations.formats.columns import COLUMNS
from review.citations.formats.entry import Entry
from review.citations.formats.registry import KNOWN
from review.citations.intake import (
    FileReport,
    Told,
    known_as,
    reading_of,
    remembered,
    report_known,
    report_of,
    report_refused,
    store,
)
from review.cli.context import (
    by,
    json_option,
    opened,
    reason_option,
    require,
    review_option,
    sheet_option,
)
from review.cli.output import echo_json
from review.db import Database
from review.errors import FileError, InvalidDataError
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol.queries import review_called
from review.wording import counted

_MOST_NAMES: Final = 8
"""Names of fields that a line shows."""


@click.command("import", epilog=f"Formats: {KNOWN}.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--search", "search", type=int, metavar="ID", help="The search they came from.")
@click.option(
    "--encoding",
    help="Where a file does not say and guessing fails, such as cp1250. A file that was imported "
    "in another encoding is imported again, as long as nothing was decided on its records.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=NAME",
    help=f"For tables: the column that holds a field. Fields: {', '.join(COLUMNS)}. What is said "
    "once is remembered for later files of the same source.",
)
@sheet_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would come of it, duplicates too; store nothing.",
)
@review_option
@reason_option
@json_option
def import_(
    files: tuple[Path, ...],
    search: int | None,
    encoding: str | None,
    columns: tuple[str, ...],
    sheet: str | None,
    dry_run: bool,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take citation files into a review; their formats are told apart by what they say.

    Each file wholly or not at all, each as a batch. The same file twice adds nothing. Entries
    that cannot be read are listed with line and reason, and kept. What was guessed, understood in
    part or not read is said.
    """
    database = opened()
    told = Told(search, encoding, _mapping(columns), sheet)
    with database.reading() as session:
        review = review_called(session, review_slug)
        slug = review.slug
        if search is not None:
            queries.search_numbered(session, review, search)
    if dry_run:
        shown = _look_at(database, files, slug, told, as_json=as_json)
    else:
        shown = [_take(database, path, slug, told, reason) for path in files]
    if dry_run:
        pass
    elif as_json:
        echo_json([asdict(one) for one in shown])
    else:
        for one in shown:
            _echo(one)
    if any(one.error for one in shown):
        for one in shown:
            if one.error and as_json:
                click.echo(f"Error: {one.error}", err=True)
        raise click.exceptions.Exit(1)


def _look_at(
    database: Database, files: Sequence[Path], slug: str, told: Told, *, as_json: bool
) -> list[FileReport]:
    """Say what an import of files would do, as the page of an upload does; nothing is stored."""
    shown, prints, seen = [], list[Fingerprint](), set[str]()
    with database.reading() as session:
        review = review_called(session, slug)
        first = coming_ids(session)
        for path in files:
            file: CitationFile | None = None
            try:
                file = open_citations(path)
                known = known_as(session, review, file, told)
                if known is not None:
                    shown.append(report_known(str(path), known))
                    continue
                columns = remembered(session, review, told)
                reading = reading_of(file, told, called=str(path), columns=columns)
                if file.sha256 in seen:
                    raise InvalidDataError(f"{path} is the same file as another one of these")
                seen.add(file.sha256)
                entries = (item for item in reading.items if isinstance(item, Entry))
                prints += [coming(e, first + len(prints) + n) for n, e in enumerate(entries)]
                shown.append(report_of(reading, file=file, called=str(path)))
            except (FileError, InvalidDataError) as error:
                shown.append(report_refused(str(path), file, error))
        found = foresee(session, review, prints)
    counts = {"certain_duplicates": found.removed, "possible_duplicates": len(found.possible)}
    if as_json:
        echo_json({"files": [asdict(one) for one in shown], **counts})
        return shown
    for one in shown:
        _echo(one)
    certain = counted(found.removed, "is a certain duplicate", "are certain duplicates")
    click.echo(
        f"Nothing was stored. Of {counted(len(prints), 'record')} that can be imported, {certain} "
        f"of another; {counted(len(found.possible), 'pair')} would wait for a person."
    )
    return shown


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    found = {}
    for column in columns:
        name_of_field, equals, name = column.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--column is FIELD=NAME, not {column!r}")
        found[name_of_field.strip()] = name.strip()
    return found


def _take(database: Database, path: Path, slug: str, told: Told, reason: str | None) -> FileReport:
    file: CitationFile | None = None
    try:
        file = open_citations(path)
        with database.reading() as session:
            review = review_called(session, slug)
            known = known_as(session, review, file, told)
            if known is not None:
                return report_known(str(path), known)
            columns = remembered(session, review, told)
        reading = reading_of(file, told, called=str(path), columns=columns)
        with writing(database, by(slug, reason or f"import of {file.name}")) as session:
            review = review_called(session, slug)
            require(session, review, Deed.COLLECT)
            search = queries.search_numbered(session, review, told.search) if told.search else None
            return store(
                session, review, reading, file=file, called=str(path), search=search, told=told,
                now=datetime.now(UTC),
            )  # fmt: skip
    except (FileError, InvalidDataError) as error:
        return report_refused(str(path), file, error)


def _echo(shown: FileReport) -> None:
    if shown.error:
        click.echo(f"Error: {shown.error}", err=True)
        return
    if shown.already_imported:
        click.echo(f"{shown.file}: {shown.notes[0]}; nothing was added.")
        return
    kept = "stored" if shown.batch else "can be stored"
    click.echo(
        f"{shown.file}: {shown.format}, {shown.read} read, {shown.stored} {kept}, "
        f"{shown.rejected} rejected{f' (batch {shown.batch})' if shown.batch else ''}."
    )
    if shown.replaced_batch is not None:
        click.echo(f"  It takes the place of batch {shown.replaced_batch}, which is taken back.")
    for reject in shown.rejects:
        click.echo(_line(f"line {reject['line']}: {reject['reason']}"))
    for notice in _grouped(shown.notices):
        click.echo(_line(notice))
    for source, counts in shown.labels.items():
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        click.echo(
            _line(f"earlier decisions of {source} ({said}) are kept as labels; they are no votes")
        )
    for remark in shown.remarks:
        where = _where(remark["records"], remark["line"])
        click.echo(_line(f"{where}: {remark['remark']}"), err=True)
    for note in shown.notes[:_MOST_NOTES]:
        click.echo(_line(note), err=True)
    more = len(shown.notes) - _MOST_NOTES
    if more > 0:
        click.echo(_line(f"and {counted(more, 'note')} more like these (--json)"), err=True)
    _echo_fields(shown)


def _grouped(notices: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line a kind of notice: how many records, and the first of them."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for notice in notices:
        kinds.setdefault(notice["kind"], []).append(notice)
    for kind, found in kinds.items():
        lines = {notice["line"] for notice in found}
        title = " ".join((found[0]["title"] or "untitled").split())
        shown = title if len(title) <= _MOST_TITLE else f"{title[: _MOST_TITLE - 1]}…"
        yield f"{kind}: {_where(len(lines), min(lines))}: {shown}"


def _where(records: int, line: int) -> str:
    """Return how many records, and where the first is."""
    return f"line {line}" if records == 1 else f"{counted(records, 'record')}, first at line {line}"


def _line(text: str) -> str:
    """Return a sentence about a file, indented below its name, broken at 80 columns."""
    return textwrap.fill(
        text,
        _COLUMNS,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


_COLUMNS: Final = 80


_MOST_NOTES: Final = 10
_MOST_TITLE: Final = 60


def _echo_fields(shown: FileReport) -> None:
    mapped = shown.fields.get("mapped", {})
    if mapped:
        said = ", ".join(f"{name} as {of}" for name, of in mapped.items())
        click.echo(_line(f"columns read: {said}"), err=True)
    ignored = shown.fields.get("ignored", {})
    if ignored:
        names = list(ignored)
        more = len(names) - _MOST_NAMES
        said = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more (--json)" if more > 0 else "")
        click.echo(_line(f"fields kept in the raw entry only: {said}"), err=True)
