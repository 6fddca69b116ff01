"""``review extract import --format``: other programs' files."""

from __future__ import annotations

import functools
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from review.canonical import number
from review.cli.context import (
    FunctionT,
    changing,
    json_option,
    looking,
    reason_option,
    review_option,
)
from review.cli.output import echo_json, echo_list, echo_remarks, echo_table, plain_remarks
from review.config import settings
from review.errors import FileError
from review.extraction.formats import queries
from review.extraction.formats.actions import import_release, reread_release
from review.extraction.formats.reading import MAX_BYTES, read_file
from review.extraction.formats.report import ReleaseReport, refused
from review.extraction.formats.source import Directions, Flag, slug
from review.extraction.queries import study_called
from review.extraction.vocabulary import Format, Positive
from review.people.rules import Deed
from review.tabular.reading import bytes_of
from review.wording import counted

if TYPE_CHECKING:
    from review.living.estimates.revman_lines import RecomputedLine

SHOWN = 20
"""Rows of a list that people see; --json has them all."""

URGENT = frozenset({"sign_conflict", "sign_flip", "sign_changed", "effect_changed", "edited_here"})
"""Flags that people see first."""


def other_formats(command: FunctionT) -> FunctionT:
    """Add ``--format`` and what goes with it; another program's file takes its own way."""

    @click.option(
        "--format", "format_", type=click.Choice([format_.value for format_ in Format]),
        help="Another program's file, taken as a release; by default our own table.",
    )  # fmt: skip
    @click.option(
        "--source", metavar="NAME",
        help="With --format: what the file is a release of, where a review takes from several.",
    )  # fmt: skip
    @click.option(
        "--better", multiple=True, metavar="lower|higher",
        help="With --format: which way is better for scores that do not say so yet; for one "
        "outcome alone: --better OUTCOME=higher. Events have their own direction by their name.",
    )  # fmt: skip
    @click.option(
        "--positive", type=click.Choice([positive.value for positive in Positive]),
        help="With --format metapsy: what a positive .g means, where the file does not show it: "
        "arm 1 did better, or arm 1 scored higher.",
    )  # fmt: skip
    @functools.wraps(command)
    def importing(
        *,
        format_: str | None,
        source: str | None,
        better: tuple[str, ...],
        positive: str | None,
        **rest: Any,
    ) -> None:
        if positive is not None and format_ != Format.METAPSY.value:
            raise click.UsageError("--positive goes with --format metapsy")
        if format_ is None:
            if source is not None or better:
                raise click.UsageError("--source and --better go with --format")
            command(**rest)
            return
        if rest.get("entry") is not None or rest.get("draft"):
            raise click.UsageError("--entry and --draft go with our own table, not with --format")
        import_formatted(
            rest["file"],
            Format(format_),
            source=source or format_,
            directions=_directions(better, positive),
            person=rest.get("extractor") or settings().actor,
            review_slug=rest["review_slug"],
            reason=rest["reason"],
            sheet=rest["sheet"],
            as_json=rest["as_json"],
        )

    return importing  # type: ignore[return-value]


def _directions(better: tuple[str, ...], positive: str | None) -> Directions:
    """Return what the options say of directions; raise UsageError."""
    words = {"lower": False, "higher": True}
    plain: bool | None = None
    of: dict[str, bool] = {}
    for given in better:
        outcome, _, word = given.rpartition("=")
        if word not in words:
            raise click.UsageError(
                f"--better {given}: say lower or higher, or OUTCOME=lower or OUTCOME=higher"
            )
        if outcome:
            of[slug(outcome)] = words[word]
        elif plain is not None and plain != words[word]:
            raise click.UsageError("--better lower and --better higher contradict each other")
        else:
            plain = words[word]
    return Directions(plain, of, Positive(positive) if positive is not None else None)


def import_formatted(
    file: Path,
    format_: Format,
    *,
    source: str,
    directions: Directions,
    person: str,
    review_slug: str | None,
    reason: str | None,
    sheet: str | None,
    as_json: bool,
) -> None:
    """Take another program's file, the whole of it or nothing, and say what it changed."""
    try:
        read = read_file(file, format_, sheet=sheet)
    except FileError as error:
        if as_json:
            digest = sha256(bytes_of(file, most=MAX_BYTES)).hexdigest()
            echo_json(refused(error, format_=format_, source=source, sha256=digest))
        raise
    with changing(review_slug, reason or f"import of {file.name}", Deed.EXTRACT) as (
        session,
        review,
    ):
        report = import_release(
            session,
            review,
            read,
            source=source,
            person=person,
            directions=directions,
            now=datetime.now(UTC),
        )
    from review.living.estimates.revman_lines import (
        recompute,  # the engine, which other commands do without
    )

    pooled = recompute(read.table)
    if as_json:
        remarks = plain_remarks(read.table.remarks)
        echo_json({**_plain(report), "pools": pooled, "remarks": remarks})
    else:
        echo_remarks(file, read.table.remarks)
        _echo(report, pooled)


def _plain(report: ReleaseReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__dataclass_fields__}


def _echo(report: ReleaseReport, pooled: list[RecomputedLine]) -> None:
    if report.nothing_new:
        click.echo(f"{report.file}: nothing new in {counted(report.read, 'row')}.")
    else:
        click.echo(
            f"{report.file}: release {report.release} of {report.source}, "
            f"{counted(report.read, 'row')}: {report.added} added, {report.unchanged} unchanged, "
            f"{report.corrected} corrected, "
            f"{report.removed} removed."
        )
        click.echo(
            f"Results: {report.results_added} added, {report.results_corrected} corrected, "
            f"{report.results_withdrawn} withdrawn; studies: {len(report.studies_added)} added, "
            f"{len(report.studies_withdrawn)} withdrawn."
        )
    if report.signs:
        click.echo(f"{report.signs}.")
    if report.results_turned:
        click.echo(
            f"{counted(report.results_turned, 'stored effect')} turned: an earlier import took a "
            "positive g as a higher score of arm 1. Analyses that use them: review repool."
        )
    if report.directions_turned:
        told = ", ".join(f"{slug_}: {way}" for slug_, way in report.directions_turned.items())
        click.echo(f"Directions of events corrected, which is better now: {told}.")
    kinds = Counter(flag.kind for flag in report.flags)
    for flag, n in sorted(kinds.items(), key=lambda item: (item[0] not in URGENT, item[0])):
        click.echo(f"\n{flag.replace('_', ' ').capitalize()}: {n}")
        _flags([f for f in report.flags if f.kind == flag])
    if report.corrections:
        columns = Counter(cell.column for cell in report.corrections)
        click.echo("\nCells corrected, by column")
        echo_table(("column", "cells"), list(columns.items()), right=("cells",))
    for heading, rows in (("Added", report.additions), ("Removed", report.removals)):
        if rows:
            click.echo(f"\n{heading}")
            echo_table(("line", "row"), [(row.line, row.row) for row in rows[:SHOWN]])
            _rest(len(rows))
    _echo_pools(pooled)
    if report.without_direction:
        click.echo(
            f"\n{len(report.without_direction)} instruments do not say which way is better, and "
            "analyses refuse them: import again with --better lower or --better higher, for one of "
            f"them --better OUTCOME=lower ({', '.join(report.without_direction[:5])})."
        )


def _flags(flags: list[Flag]) -> None:
    click.echo(flags[0].reason + ".")
    rows = [(f.study, f.line, f.column, f.old, f.new) for f in flags[:SHOWN]]
    echo_table(("study", "line", "column", "old", "new"), rows)
    _rest(len(flags))


def _rest(n: int) -> None:
    if n > SHOWN:
        click.echo(f"… and {n - SHOWN} more; --json lists all.")


def _echo_pools(pooled: list[RecomputedLine]) -> None:
    if not pooled:
        return
    click.echo("\nPooled lines that the file states, computed again from its numbers")
    echo_table(
        ("outcome", "by", "k", "file", "here", "chi² in file", "chi² here", "agree"),
        [
            (
                p.outcome,
                p.how,
                p.k,
                number(p.stated, 6),
                p.reason or number(p.estimate, 6),
                number(p.stated_q, 4),
                number(p.q, 4),
                {True: "yes", False: "NO", None: ""}[p.agrees],
            )
            for p in pooled
        ],
        right=("k", "file", "here", "chi² in file", "chi² here"),
    )


@click.command("releases")
@review_option
@json_option
def releases_(review_slug: str | None, as_json: bool) -> None:
    """List the releases of other programs' files that were taken in."""
    with looking(review_slug) as (session, review):
        rows = [
            {
                "source": release.source,
                "release": release.number,
                "format": release.format.value,
                "file": release.file,
                "rows": release.rows,
                "imported": release.imported_at,
                "sha256": release.sha256,
            }
            for release in queries.releases(session, review)
        ]

    def shown(row: dict[str, Any]) -> dict[str, Any]:
        plain = {name: value for name, value in row.items() if name != "sha256"}
        return {**plain, "imported": f"{row['imported']:%Y-%m-%d}"}

    empty = "None; take one with: review extract import --format"
    echo_list(rows, shown, as_json=as_json, empty=empty)


@click.command("reread")
@click.option("--source", metavar="NAME", help="Which database; needed where there are several.")
@click.option(
    "--better", multiple=True, metavar="lower|higher",
    help="As for the import; by default as then.",
)  # fmt: skip
@click.option(
    "--positive", type=click.Choice([positive.value for positive in Positive]),
    help="What a positive .g means, where the rows do not show it.",
)  # fmt: skip
@review_option
@reason_option
@json_option
def reread_(
    source: str | None,
    better: tuple[str, ...],
    positive: str | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Read the kept rows of a release again, and say which effects and directions turned.

    For releases that older software read with another sign; values that you changed stay.
    """
    directions = _directions(better, positive)
    with changing(review_slug, reason or "kept rows of a release read again", Deed.EXTRACT) as (
        session,
        review,
    ):
        known = list(dict.fromkeys(r.source for r in queries.releases(session, review)))
        if source is None and len(known) > 1:
            raise click.UsageError(f"say which with --source: {', '.join(known)}")
        _, report = reread_release(
            session,
            review,
            source=source or (known[0] if known else Format.METAPSY.value),
            person=settings().actor,
            directions=directions,
            now=datetime.now(UTC),
        )
    if as_json:
        echo_json(_plain(report))
    else:
        _echo(report, [])


@click.command("source")
@click.argument("study")
@review_option
@json_option
def source_(study: str, review_slug: str | None, as_json: bool) -> None:
    """Show the rows of files that a study's results were made from, with every column."""
    with looking(review_slug) as (session, review):
        found = queries.origins(session, review, study_called(session, review, study))
    if as_json:
        echo_json(found)
        return
    for row in found:
        click.echo(f"{row.source}, release {row.release}: {row.file}, line {row.line}")
        for name, value in row.cells.items():
            click.echo(f"  {name}: {value}")
    if not found:
        click.echo(f"No file was the source of {study}; see: review extract trace")
