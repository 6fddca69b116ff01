"""``review flow``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from review.citations.rules import heading
from review.cli.context import (
    FunctionT,
    changing,
    json_option,
    looking,
    reason_option,
    review_option,
)
from review.cli.figures import drawn_from, written
from review.cli.files import force_option
from review.cli.output import echo_json, echo_list, echo_table
from review.export.flow.model import Flow, FlowBox
from review.export.flow.prisma import figure_of, flow_of, listed
from review.export.flow.published import check_published, read_published_flow
from review.figures.prisma import prisma_plot
from review.people.rules import Deed
from review.screening.conduct import note_previous_version
from review.wording import counted


def _time(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """Return a time, the end of the day for a date; UTC where no zone is given."""
    del context, option
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-11-20 or 2026-11-20T09:30"
        ) from None
    if len(value) == 10:
        found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def update_options(function: FunctionT) -> FunctionT:
    """Add ``--since``, ``--version`` and ``--trigger``."""
    for option in (
        click.option("--trigger", metavar="TEXT", help="What made this version due."),
        click.option("--version", "version", metavar="TEXT", help="What this version is called."),
        click.option(
            "--since", callback=_time, metavar="TIME",
            help="An update since this time: the template for updated reviews.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.group("flow", invoke_without_command=True)
@click.option("--list", "box", metavar="BOX", help="List what a box counts, by its key.")
@click.option(
    "--out", "-o", "files", type=click.Path(path_type=Path), multiple=True,
    help="Draw the diagram to an .svg, .png or .pdf file; may be given several times.",
)  # fmt: skip
@force_option
@update_options
@review_option
@json_option
@click.pass_context
def flow_(
    context: click.Context,
    box: str | None,
    files: tuple[Path, ...],
    since: datetime | None,
    version: str | None,
    trigger: str | None,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Count the PRISMA 2020 flow from the ledger, check it, list it, draw it.

    Numbers that contradict one another are an error that names the difference.
    """
    if context.invoked_subcommand is not None:
        return
    with looking(review_slug) as (session, review):
        flow = flow_of(session, review, since=since, version=version, trigger=trigger)
        rows = listed(session, review, flow, box) if box is not None else None
    if files:
        drawn = drawn_from(review=flow.review)
        written(prisma_plot(figure_of(flow)), files, drawn=drawn, err=True)
    if rows is not None:
        _echo_list(rows, as_json=as_json)
    elif as_json:
        echo_json(_plain(flow))
    elif not files:
        _echo_flow(flow)


def _echo_list(rows: list[dict[str, object]], *, as_json: bool) -> None:
    echo_list(rows, _headed, as_json=as_json, empty="None.")


def _headed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a person reads it: the warning stands before the title."""
    said = {name: value for name, value in row.items() if name != "warning"}
    return said | ({"title": heading(row["title"], row["warning"])} if "warning" in row else {})


def _plain(flow: Flow) -> dict[str, Any]:
    return {
        "review": flow.review,
        "title": flow.title,
        "template": flow.template,
        "other_methods": flow.other_methods,
        "boxes": {key: _plain_box(box, flow.review) for key, box in flow.boxes.items()},
        "identities": [
            {"name": i.name, "left": i.left, "right": i.right, "closes": i.closes}
            for i in flow.identities
        ],
        "batches": flow.batches,
        "living": flow.living,
        "notes": flow.notes,
    }


def _plain_box(box: FlowBox, slug: str) -> dict[str, Any]:
    return {
        "label": box.label,
        "unit": box.unit,
        "n": box.n,
        "stated": box.stated,
        "parts": [{"key": part.key, "label": part.label, "n": part.n} for part in box.parts],
        "list": f"review flow --review {slug} --list {box.key}",
    }


def _echo_flow(flow: Flow) -> None:
    rows: list[tuple[str, int, str]] = []
    for box in flow.boxes.values():
        where = "other methods: " if box.key.startswith("other_") else ""
        rows.append((f"{where}{box.label}", box.n, box.key))
        rows += [(f"    {part.label}", part.n, part.key) for part in box.parts]
    echo_table(("", "n", "list with --list"), rows, right=("n",))
    if flow.living is not None:
        living = flow.living
        named = f"Version {living.version}. " if living.version else ""
        click.echo(f"{named}Changes since {living.since:%Y-%m-%d %H:%M} UTC: {living.trigger}")
        if living.changes:
            changes = [(c.label, c.before, c.now) for c in living.changes]
            echo_table(("of all versions", "before", "now"), changes, right=("before", "now"))
    for note in flow.notes:
        click.echo(note)
    click.echo(f"The flow closes: {len(flow.identities)} sums agree.")


@flow_.command("previous")
@click.option("--citation", required=True, metavar="TEXT", help="Of the previous version.")
@click.option("--studies", type=click.IntRange(0), required=True, help="It included.")
@click.option("--reports", type=click.IntRange(0), required=True, help="Of those studies.")
@review_option
@reason_option
def previous(
    citation: str, studies: int, reports: int, review_slug: str | None, reason: str | None
) -> None:
    """State what a previous version had included whose screening is not in this ledger."""
    with changing(review_slug, reason, Deed.COLLECT) as (session, review):
        note_previous_version(
            session,
            review,
            citation=citation,
            studies=studies,
            reports=reports,
            now=datetime.now(UTC),
        )
    included = f"{counted(studies, 'study', 'studies')} in {counted(reports, 'report')}"
    click.echo(f"Previous version: {included} ({citation}).")


@flow_.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def check_file(file: Path, as_json: bool) -> None:
    """Check the flow counts of a published database (Metapsy's search_flow.json)."""
    flow = read_published_flow(file)
    rows = [(i.name, i.left, i.right, i.left - i.right) for i in flow.identities]
    if as_json:
        keys = ("name", "left", "right", "difference")
        identities = [dict(zip(keys, row, strict=True)) for row in rows]
        found = {"counts": flow.counts, "reasons": flow.reasons, "identities": identities}
        echo_json({"file": flow.file, "closes": flow.closes, **found, "notes": flow.notes})
    else:
        right = ("left", "right", "difference")
        echo_table(("identity", *right), rows, right=right)
    check_published(flow)
