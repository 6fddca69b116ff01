"""Results in a spreadsheet: ``review extract template``, ``import`` and ``export``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.cli.context import (
    changing,
    json_option,
    judge,
    looking,
    reason_option,
    review_option,
    sheet_option,
)
from review.cli.extract.formats import other_formats
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_remarks, echo_table, plain_remarks
from review.config import settings
from review.extraction import field_queries
from review.extraction.actions import ImportReport
from review.extraction.fields import FieldSpec
from review.extraction.files import EXAMPLE, columns_of, table_text, template
from review.extraction.incoming import How, read_incoming, take_in
from review.extraction.sheet import entry_rows, explained
from review.extraction.twins import Answers
from review.extraction.vocabulary import EntryKind
from review.extraction.workbook import table_workbook
from review.people.rules import Deed
from review.tabular.grid import Remark
from review.tabular.reading import bytes_of
from review.wording import counted

MOST_DOUBTS = 20
"""Doubts that an import names; `review extract check` has them all."""


def echo_import(
    report: ImportReport, source: str, *, as_json: bool, remarks: Sequence[Remark] = ()
) -> None:
    """Print what an import did, and what was converted, skipped or guessed in reading the file."""
    if as_json:
        echo_json({**asdict(report), "remarks": plain_remarks(remarks)})
        return
    echo_remarks(source, remarks)
    if report.nothing_new:
        click.echo(f"{source}: nothing new in {counted(report.rows, 'row')}.")
        return
    click.echo(
        f"{source}: {counted(report.rows, 'row')}; "
        f"{counted(len(report.studies_added), 'study', 'studies')} and "
        f"{counted(report.results_added, 'result')} added, "
        f"{counted(report.results_unchanged, 'result')} unchanged, "
        f"{counted(len(report.corrections), 'value')} corrected."
    )
    more = [
        counted(n, what)
        for n, what in ((report.arms_added, "arm"), (report.reports_added, "report"))
        if n
    ]
    if more:
        click.echo(f"Known studies have {' and '.join(more)} more.")
    for line, told in report.asides:
        click.echo(f"{source}, line {line}: {told}.")
    if report.doubts:
        told = counted(len(report.doubts), "doubt")
        click.echo(f"{told} about what the file says (to set one aside: review extract dismiss):")
        for doubt in report.doubts[:MOST_DOUBTS]:
            click.echo(f"  line {doubt.line}, {doubt.study}: {doubt.why} [{doubt.key}]")
        if len(report.doubts) > MOST_DOUBTS:
            click.echo("  … and more: review extract check")
    if report.corrections:
        rows = [(c.study, c.what, c.field, c.old, c.new) for c in report.corrections]
        echo_table(("study", "of", "value", "old", "new"), rows)


def _explain_entries(report: ImportReport) -> None:
    if report.entries.get("single"):
        click.echo(
            f"{counted(report.entries['single'], 'study is', 'studies are')} entered once: "
            "nobody has checked their numbers against a second entry.",
            err=True,
        )


@click.command("template")
@click.option("--empty", is_flag=True, help="The header alone, without the invented example.")
@click.option("--out", type=click.Path(path_type=Path), help="A .csv or .xlsx file to write.")
@force_option
@review_option
@json_option
def template_(empty: bool, out: Path | None, review_slug: str | None, as_json: bool) -> None:
    """Print the CSV template: one row a result; docs/extract-a-trial.md explains the columns.

    With --review it has the review's custom fields; an .xlsx file offers lists for choices.
    """
    fields = _fields(review_slug) if review_slug is not None else []
    if as_json:
        echo_json({"columns": columns_of(fields), "explained": explained(fields)})
        return
    if out is None:
        click.echo(template(example=not empty, fields=fields), nl=False)
        return
    write_table(out, [] if empty else list(EXAMPLE), fields, form=False)
    click.echo(f"Wrote {out}.")


def _fields(review_slug: str | None) -> list[FieldSpec]:
    with looking(review_slug) as (session, review):
        return field_queries.field_specs(session, review)


def write_table(
    out: Path, rows: Sequence[Mapping[str, Any]], fields: Sequence[FieldSpec], *, form: bool
) -> None:
    """Write rows as the kind of file that the name says."""
    if out.suffix.lower() == ".xlsx":
        columns = columns_of(fields, form=form)
        content = table_workbook(columns, rows, fields=fields, explained=explained(fields))
        write_new(out, content)
    else:
        write_new(out, table_text(rows, fields=fields, form=form).encode())


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--entry",
    type=click.Choice([kind.value for kind in EntryKind]),
    help="blind: one of two entries that do not see each other; consensus: correct what was "
    "agreed. By default a study's consensus where it has one, else its single entry.",
)
@click.option("--extractor", metavar="NAME", help="Whose entry it is; by default yours.")
@click.option("--draft", is_flag=True, help="With --entry blind: not finished, not yet compared.")
@sheet_option
@click.option(
    "--distinct",
    multiple=True,
    metavar="NAME",
    help="This new study, arm, treatment or time is its own, although it is nearly a known one.",
)
@click.option(
    "--same",
    multiple=True,
    metavar="NAME=KNOWN",
    help="This name is the known one spelled differently; it is stored as the known one.",
)
@review_option
@reason_option
@json_option
@other_formats
def import_(
    file: Path,
    entry: str | None,
    extractor: str | None,
    draft: bool,
    sheet: str | None,
    distinct: tuple[str, ...],
    same: tuple[str, ...],
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Take a CSV or XLSX of the template's form: new rows are added, known ones corrected.

    The whole file or nothing. A row is known by its study, arm, instrument, rater, timepoint and
    analysis set; a row that is missing from the file removes nothing. A file that came from
    `review extract export` is refused where somebody changed a value since. Other programs' files
    (--format) are taken as releases; see docs/import-other-formats.md. A new name that is nearly a
    known one ("Adams (2015)", "Adams 2015") is asked about: answer with --same or --distinct.
    """
    blind = entry == EntryKind.BLIND.value
    if draft and not blind:
        raise click.UsageError("--draft goes with --entry blind")
    answers = Answers.given(distinct, same)
    kind = EntryKind(entry) if entry is not None else None
    how = How(kind, draft=draft, sheet=sheet, answers=answers)
    data = bytes_of(file)
    with looking(review_slug) as (session, review):
        rows = read_incoming(session, review, data, file=str(file), sheet=sheet)
    single = entry in (None, EntryKind.SINGLE.value)
    person = (extractor or settings().actor) if single else judge(extractor)
    with changing(review_slug, reason or f"import of {file.name}", Deed.EXTRACT) as (
        session,
        review,
    ):
        report = take_in(
            session, review, rows, file=str(file), how=how, person=person,
            actor=settings().actor, now=datetime.now(UTC),
        )  # fmt: skip
    echo_import(report, str(file), as_json=as_json, remarks=rows.remarks)
    if not as_json:
        _explain_entries(report)


@click.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="A .csv or .xlsx file to write.")
@force_option
@click.option("--entry", type=click.Choice(["blind", "single", "consensus"]), help="Which entries.")
@click.option("--extractor", metavar="NAME", help="Whose blind entries; by default yours.")
@review_option
@json_option
def export_(
    out: Path | None,
    entry: str | None,
    extractor: str | None,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Print what the review holds in the template's form, to correct and import again.

    Without --entry: of each study the entry that counts. Importing it unchanged changes nothing.
    """
    with looking(review_slug) as (session, review):
        fields = field_queries.field_specs(session, review)
        rows = entry_rows(
            session,
            review,
            kind=EntryKind(entry) if entry is not None else None,
            person=extractor or settings().actor,
            viewer=settings().actor,
        )
    if as_json:
        echo_json(rows)
    elif out is not None:
        write_table(out, rows, fields, form=True)
        click.echo(f"Wrote {counted(len(rows), 'row')} to {out}.")
    else:
        click.echo(table_text(rows, fields=fields, form=True), nl=False)
