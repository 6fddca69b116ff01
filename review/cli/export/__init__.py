"""``review export``."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli.context import json_option, looking, review_option
from review.cli.export.guideline import GUIDELINES
from review.cli.export.manuscript import DOCUMENTS
from review.cli.export.report import report_
from review.cli.export.reproduction import REPRODUCTION
from review.cli.export.writing import echo_written, folder_option, format_option, style_option
from review.cli.files import moved, new_files
from review.cli.output import echo_table, warn_outdated
from review.errors import NotFoundError
from review.export import Format, NumberStyle
from review.export.contents.registry import CONTENTS, NAMES, collect, write_collection
from review.export.runs import latest_runs
from review.export.tracing.provenance import write_provenance
from review.living.job.freshness import outdated


@click.group("export")
def export_() -> None:
    """Files for the manuscript."""


for command in (*DOCUMENTS, *REPRODUCTION, *GUIDELINES, report_):
    export_.add_command(command)


def _list(context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        echo_table(("table", "what"), [(c.name, c.what) for c in CONTENTS])
        context.exit()


@export_.command("tables")
@folder_option
@format_option(Format)
@click.option(
    "--table", "names", type=click.Choice(NAMES), multiple=True, metavar="NAME",
    help="Only this table; may be given several times. All by default.",
)  # fmt: skip
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list,
    help="List the tables by name, and stop.",
)  # fmt: skip
@style_option
@review_option
@json_option
def tables(
    folder: Path,
    formats: tuple[str, ...],
    style: str,
    names: tuple[str, ...],
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Write the tables of a review: studies, results, pooled estimates, changes and more.

    Tables without content are not written; a word on standard error says how to fill them.

    CSV, XLSX and JSON keep all digits and hold the reported numbers with their sources as well;
    DOCX, LaTeX, HTML and Markdown are rounded for print. provenance.json says which run each number
    comes from; review trace reads it.
    """
    with looking(review_slug) as (session, review):
        runs = latest_runs(session, review)
        collected = collect(session, review, runs, names)
        warn_outdated(outdated(session, review))
        for content in collected.empty:
            click.echo(f"No {content.name} yet; they come with: {content.remedy}", err=True)
        if not collected.data:
            raise NotFoundError("there is nothing to export yet")
        chosen = [Format(name) for name in formats] or list(Format)
        with new_files(folder) as place:
            exported = write_collection(collected, place, chosen, style=NumberStyle(style))
            written = [*exported, write_provenance(session, place, exported)]
    echo_written(moved(written, place, folder), as_json=as_json)
