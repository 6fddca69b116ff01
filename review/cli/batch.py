"""``review batch``: imported citation files, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from review.citations import actions, queries
from review.citations.models import Batch
from review.citations.rules import UNSTATED
from review.cli.context import changing, json_option, looking, review_option
from review.cli.output import echo_json, echo_list
from review.people.rules import Deed
from review.wording import counted


@click.group("batch")
def batch_() -> None:
    """Imported citation files: list them, and take one back."""


def _row(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.id,
        "file": batch.file,
        "source": batch.search.source if batch.search else UNSTATED,
        "format": batch.format.value,
        "encoding": batch.encoding,
        "records": batch.stored,
        "rejected": batch.rejected,
        "imported": batch.imported_at,
        "taken_back_because": batch.withdrawn_because,
    }


@batch_.command("list")
@review_option
@json_option
def list_(review_slug: str | None, as_json: bool) -> None:
    """List the imported citation files, those that were taken back too."""
    with looking(review_slug) as (session, review):
        found = [*queries.batches(session, review), *queries.withdrawn_batches(session, review)]
        rows = [_row(batch) for batch in sorted(found, key=lambda batch: batch.id)]
    echo_list(
        rows, _shown, as_json=as_json, right=("batch", "records", "rejected"),
        empty="None yet; take files in with: review import FILE…",
    )  # fmt: skip


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {**row, "imported": f"{row['imported']:%Y-%m-%d}"}
    return {name.replace("_", " "): value for name, value in plain.items()}


@batch_.command("undo")
@click.argument("number", type=int, metavar="BATCH")
@click.option("--reason", metavar="TEXT", help="Why it is taken back; kept in the history.")
@click.option("--dry-run", is_flag=True, help="Only say what would be taken back.")
@review_option
@json_option
def undo(
    number: int, reason: str | None, dry_run: bool, review_slug: str | None, as_json: bool
) -> None:
    """Take an imported file back, as long as nothing was decided on its records.

    Nothing is deleted: its records stay in the database and in the history, and no list, count,
    flow or export has them any more. The same file can then be imported again.
    """
    if dry_run:
        with looking(review_slug) as (session, review):
            undone = actions.undo_of_batch(session, review, number)
    elif reason is None:
        raise click.UsageError("say why with --reason, or look first with --dry-run")
    else:
        with changing(review_slug, reason, Deed.COLLECT) as (session, review):
            undone = actions.undo_batch(session, review, number=number, reason=reason)
    if as_json:
        echo_json({**asdict(undone), "undone": not dry_run})
        return
    what = (
        f"batch {undone.batch} ({undone.file}, {undone.source}): "
        f"{counted(undone.records, 'record')}, {counted(undone.rejects, 'reject')}, "
        f"{counted(undone.pairs, 'pair')} of likely duplicates"
    )
    if undone.decided:
        click.echo(
            f"Cannot take back {what}. Something was decided on its records: "
            f"{'; '.join(undone.decided)}."
        )
    elif dry_run:
        click.echo(f"Would take back {what}.\nNothing was decided on its records.")
    else:
        click.echo(f"Took back {what}. The file can be imported again.")
