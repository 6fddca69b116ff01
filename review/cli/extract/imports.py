"""Imports of results: ``review extract imports`` and ``undo``."""

from __future__ import annotations

import click

from review.cli.context import json_option, looking, review_option
from review.cli.mending import Act, mends
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.extraction.mending.acts import Mended
from review.extraction.mending.undoing import undo_import
from review.extraction.past_imports import past_imports


@click.command("imports")
@review_option
@json_option
def imports_(review_slug: str | None, as_json: bool) -> None:
    """List the imports of results, the newest first, each with its number for extract undo."""
    with looking(review_slug) as (session, review):
        found = past_imports(session, review)
    if as_json:
        echo_json(found)
        return
    if not found:
        click.echo("None yet; take one in with: review extract import")
        return
    rows = [
        (
            past.number,
            f"{past.at:%Y-%m-%d}",
            past.by,
            past.file,
            past.rows,
            past.added.get("study", 0),
            past.added.get("result", 0),
            past.changed,
            f"undone: {past.undone}" if past.undone else "stands",
        )
        for past in found
    ]
    headers = (
        "import", "when", "by", "file", "rows", "new studies", "new results", "changed", "state",
    )  # fmt: skip
    echo_table(headers, rows, right=("import", "rows", "new studies", "new results", "changed"))


@click.command("undo")
@click.argument("number", type=int, metavar="IMPORT")
@mends()
def undo_(act: Act, number: int) -> Mended:
    """Take an import of results back, by the number that review extract imports prints.

    What it added is withdrawn, what it changed is as before; nothing is deleted. Refused, naming
    what, where something of it was changed since or something was decided on it.
    """
    if not act.reason and not act.dry_run:
        raise click.UsageError("say why with --reason, or look first with --dry-run")
    return undo_import(
        act.session, act.review, number=number, person=settings().actor,
        reason=act.reason or "a dry run",
    )  # fmt: skip
