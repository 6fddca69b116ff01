"""``review export manuscript`` and ``review export checklists``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from review.cli.context import json_option, looking, opened, review_option
from review.cli.export.writing import echo_written, folder_option, format_option, style_option
from review.cli.files import moved, new_files
from review.cli.output import warn_outdated
from review.export import Format, NumberStyle
from review.export.manuscript.bundle import DocumentFormat, write_bundle, write_checklists
from review.export.manuscript.facts import facts_of
from review.living.job.freshness import outdated
from review.living.job.workers import helpers_for
from review.protocol.queries import review_called


@click.command("manuscript")
@folder_option
@style_option
@format_option(DocumentFormat)
@click.option(
    "--processes", type=click.IntRange(1), default=min(os.cpu_count() or 1, 4),
    show_default="as many as there are processors, at most 4",
    help="Work in so many processes; the files are the same.",
)  # fmt: skip
@review_option
@json_option
def manuscript(
    folder: Path,
    style: str,
    formats: tuple[str, ...],
    processes: int,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Write methods, results, tables, figures and checklists as one folder.

    The text is in Word and in Quarto Markdown; each number in it says which run it is from.

    A folder that an earlier export wrote is replaced as a whole: what is not made any more goes,
    files of yours stay, and both are named.
    """
    chosen = [DocumentFormat(name) for name in formats] or list(DocumentFormat)
    with opened().reading() as session, helpers_for(processes) as executor:
        review = review_called(session, review_slug)
        warn_outdated(outdated(session, review))
        with new_files(folder, whole=True, executor=executor) as place:
            parts = write_bundle(
                session, review, place, style=NumberStyle(style), formats=chosen, executor=executor
            )
            written = [path for part in parts for path in part]
    echo_written(moved(written, place, folder), as_json=as_json)


@click.command("checklists")
@folder_option
@style_option
@format_option(Format)
@review_option
@json_option
def checklists(
    folder: Path, style: str, formats: tuple[str, ...], review_slug: str | None, as_json: bool
) -> None:
    """Write PRISMA 2020, PRISMA-LSR and an AMSTAR 2 self-audit, filled from the database."""
    with looking(review_slug) as (session, review):
        facts = facts_of(session, review)
        warn_outdated(outdated(session, review))
    chosen = [Format(name) for name in formats] or list(Format)
    with new_files(folder) as place:
        written = write_checklists(facts, place, chosen, style=NumberStyle(style))
    echo_written(moved(written, place, folder), as_json=as_json)


DOCUMENTS: Final = (manuscript, checklists)
"""The commands of this module, as the group ``export`` takes them."""
