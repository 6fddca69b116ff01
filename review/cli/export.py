"""``review export``."""

from __future__ import annotations

from pathlib import Path

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json, warn_outdated
from review.errors import NotFoundError
from review.export import Format, write_tables
from review.export.run_data import changes_data, pooled_data, reported_table
from review.export.run_tables import latest_runs, tables_of
from review.living.freshness import outdated
from review.protocol.queries import review_called


@click.group("export")
def export_() -> None:
    """Files for the manuscript."""


@export_.command("tables")
@click.option(
    "--out", "-o", "folder", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="The folder to write to; it is made where it does not exist.",
)  # fmt: skip
@click.option(
    "--format", "formats", type=click.Choice([f.value for f in Format]), multiple=True,
    help="May be given several times; all formats by default.",
)  # fmt: skip
@review_option
@json_option
def tables(folder: Path, formats: tuple[str, ...], review_slug: str | None, as_json: bool) -> None:
    """Write pooled estimates, study results, and the change since the last run.

    CSV and XLSX keep all digits and hold the reported numbers with their sources as well; DOCX and
    LaTeX are rounded for print.
    """
    with opened().reading() as session:
        review = review_called(session, review_slug)
        title = review.title
        runs = latest_runs(session, review)
        warn_outdated(outdated(session, review))
    if not runs:
        raise NotFoundError("there is no run to export yet; make one with: review repool")
    chosen = [Format(name) for name in formats] or list(Format)
    for_print = tables_of(title, runs)
    with_numbers = {
        **for_print,
        "pooled_estimates": pooled_data(title, runs),
        "changes": changes_data(title, runs),
        "reported_numbers": reported_table(title, runs),
    }
    written = [
        path
        for name in chosen
        for path in write_tables(
            with_numbers if name in (Format.CSV, Format.XLSX) else for_print, folder, [name]
        )
    ]
    if as_json:
        echo_json(written)
        return
    for path in written:
        click.echo(f"Wrote {path}")
