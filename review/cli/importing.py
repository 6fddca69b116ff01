"""``review import``: citation files into a review, and all that is said of each."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from review.citations import actions, queries
from review.citations.files import CitationFile, open_citations
from review.citations.formats.columns import COLUMNS
from review.citations.formats.reading import NoRecordError, Reading, read_citations
from review.citations.formats.registry import KNOWN
from review.citations.models import Batch
from review.citations.vocabulary import Format
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


@dataclass(frozen=True, slots=True)
class Shown:
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
    replaced_batch: int | None = None
    remarks: list[dict[str, Any]] = field(default_factory=list)
    """What was understood only in part: sentence, number of records, line of the first."""
    notices: list[dict[str, Any]] = field(default_factory=list)
    """Retractions, corrections and concerns that the file tells of."""
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    """Earlier decisions of other tools, by tool."""
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    """Names that the file has for its fields, with an example: read, ignored, and mapped."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the command line says of how to read files."""

    search: int | None
    encoding: str | None
    columns: Mapping[str, str]
    sheet: str | None
    reason: str | None


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
    """Take citation files into a review; their formats are told apart by what they say.

    Each file wholly or not at all, each as a batch. The same file twice adds nothing. Entries
    that cannot be read are listed with line and reason, and kept. What was guessed, understood in
    part or not read is said.
    """
    database = opened()
    told = _Told(search, encoding, _mapping(columns), sheet, reason)
    with database.reading() as session:
        review = review_called(session, review_slug)
        slug = review.slug
        if search is not None:
            queries.search_numbered(session, review, search)
    shown = [_take(database, path, slug, told) for path in files]
    if as_json:
        echo_json([asdict(one) for one in shown])
    else:
        for one in shown:
            _echo(one)
    if any(one.error for one in shown):
        for one in shown:
            if one.error and as_json:
                click.echo(f"Error: {one.error}", err=True)
        raise click.exceptions.Exit(1)


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    found = {}
    for column in columns:
        name_of_field, equals, name = column.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--column is FIELD=NAME, not {column!r}")
        found[name_of_field.strip()] = name.strip()
    return found


def _take(database: Database, path: Path, slug: str, told: _Told) -> Shown:
    file: CitationFile | None = None
    try:
        file = open_citations(path)
        with database.reading() as session:
            review = review_called(session, slug)
            known = queries.batch_of_file(session, review, file.sha256)
            if known is not None and not _is_other_encoding(known, told.encoding):
                return _known(path, known)
            remembered = _remembered(session, review, told)
        reading = read_citations(
            file.data,
            file=str(path),
            encoding=told.encoding,
            columns=told.columns,
            remembered=remembered,
            sheet=told.sheet,
        )
        reason = told.reason or f"import of {file.name}"
        with writing(database, by(slug, reason)) as session:
            review = review_called(session, slug)
            require(session, review, Deed.COLLECT)
            replaced = None
            known = queries.batch_of_file(session, review, file.sha256)
            if known is not None and _is_other_encoding(known, told.encoding):
                why = f"imported again as {reading.encoding} instead of {known.encoding}"
                actions.undo_batch(session, review, number=known.id, reason=why)
                replaced = known.id
            search = queries.search_numbered(session, review, told.search) if told.search else None
            done = actions.import_batch(
                session, review, reading, file=file, search=search, now=datetime.now(UTC)
            )
            if done.already_imported:
                return _known(path, done.batch)
            return _stored(path, file, reading, done.batch, replaced)
    except (FileError, InvalidDataError) as error:
        return _refused(path, file, error)


def _is_other_encoding(batch: Batch, encoding: str | None) -> bool:
    """Whether a person says that a file that was imported is in another encoding."""
    if encoding is None:
        return False
    plain = re.sub(r"[^a-z0-9]", "", batch.encoding.split(" (")[0].lower())
    guessed = "(" in batch.encoding
    return guessed or plain != re.sub(r"[^a-z0-9]", "", encoding.lower())


def _remembered(session: Any, review: Any, told: _Told) -> Mapping[str, str]:
    if told.search is None:
        return {}
    search = queries.search_numbered(session, review, told.search)
    return queries.columns_of_source(session, search)


def _stored(
    path: Path, file: CitationFile, reading: Reading, batch: Batch, replaced: int | None
) -> Shown:
    said = reading.said
    return Shown(
        file=str(path),
        format=reading.format,
        sha256=file.sha256,
        read=batch.read,
        stored=batch.stored,
        rejected=batch.rejected,
        already_imported=False,
        rejects=[{"line": r.line, "reason": r.reason} for r in reading.rejects],
        batch=batch.id,
        search=batch.search_id,
        encoding=reading.encoding,
        notes=tuple(_notes(reading)),
        replaced_batch=replaced,
        remarks=[asdict(one) for one in said.remarks.values()],
        notices=[asdict(one) for one in said.notices],
        labels=said.labels,
        fields={
            "read": reading.names.read,
            "ignored": reading.names.ignored,
            "mapped": reading.names.mapped,
        },
    )


def _notes(reading: Reading) -> Iterator[str]:
    """Yield what was guessed, skipped or taken from an earlier file."""
    if "(" in reading.encoding:
        yield (
            f"the encoding is {reading.encoding}; if letters are wrong, import the file again with "
            "--encoding NAME, which takes this batch's place"
        )
    yield from reading.notes
    yield from (f"line {aside.line}, of no record: {aside.text}" for aside in reading.asides)


def _refused(path: Path, file: CitationFile | None, error: FileError | InvalidDataError) -> Shown:
    problems = error.problems if isinstance(error, FileError) else ()
    read = error.read if isinstance(error, NoRecordError) else 0
    return Shown(
        file=str(path),
        format=None,
        sha256=file.sha256 if file else None,
        read=read,
        stored=0,
        rejected=read,
        already_imported=False,
        rejects=[{"line": p.line, "reason": p.reason} for p in problems],
        error=error.told,
    )


def _known(path: Path, batch: Batch) -> Shown:
    note = (
        f"already imported as batch {batch.id} ({batch.file}, {counted(batch.stored, 'record')}, "
        f"{batch.imported_at:%Y-%m-%d})"
    )
    return Shown(
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


def _echo(shown: Shown) -> None:
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


def _echo_fields(shown: Shown) -> None:
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
