"""``review extract compare``, ``resolve``, ``finish`` and ``reopen``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from review.canonical import number
from review.cli.context import changing, json_option, judge, looking, review_option
from review.cli.output import echo_json, echo_table
from review.errors import InvalidDataError
from review.extraction import actions
from review.extraction.comparison import Cell, agreement_by_field, agreement_by_study
from review.extraction.consensus import (
    Sides,
    comparable,
    reach_consensus,
    resolve,
    sides,
    written_cell,
)
from review.extraction.vocabulary import Taken
from review.people.rules import Deed
from review.wording import counted

between_option = click.option(
    "--between", nargs=2, metavar="NAME NAME", help="Whose entries, where there are more than two."
)
tolerance_option = click.option(
    "--tolerance", type=click.FloatRange(min=0), default=0.0, show_default=True,
    help="Difference up to which two numbers count as equal.",
)  # fmt: skip


@click.command("compare")
@click.argument("studies", nargs=-1)
@between_option
@tolerance_option
@review_option
@json_option
def compare_(
    studies: tuple[str, ...],
    between: tuple[str, str] | None,
    tolerance: float,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Compare two finished blind entries cell by cell; all studies that have two by default."""
    with looking(review_slug) as (session, review):
        labels = studies or tuple(comparable(session, review))
        found = [
            sides(session, review, label, between=between or None, tolerance=tolerance)
            for label in labels
        ]
    by_field = agreement_by_field([side.comparison for side in found])
    by_study = agreement_by_study([side.comparison for side in found])
    if as_json:
        echo_json(
            {
                "studies": [_plain(side) for side in found],
                "agreement_by_field": by_field,
                "agreement_by_study": by_study,
            }
        )
        return
    if not found:
        click.echo("No study has two finished blind entries.")
    for side in found:
        _echo_sides(side)
    if by_field:
        click.echo("\nAgreement by field")
        echo_table(
            ("field", "cells", "equal", "different", "one missing", "share", "kappa"),
            [
                (a.of, a.compared, a.equal, a.different, a.one_missing, number(a.share, 3),
                 number(a.kappa))
                for a in by_field
            ],
            right=("cells", "equal", "different", "one missing", "share", "kappa"),
        )  # fmt: skip


def _plain(side: Sides) -> dict[str, Any]:
    comparison = side.comparison
    return {
        "study": comparison.study,
        "first": comparison.first,
        "second": comparison.second,
        "consensus": side.agreed,
        "cells": len(comparison.cells),
        "equal": len(comparison.cells) - len(comparison.differing),
        "differing": [
            {**asdict(cell), "decided": _decided(side, cell)} for cell in comparison.differing
        ],
        "open": len(side.open),
    }


def _decided(side: Sides, cell: Cell) -> dict[str, Any] | None:
    found = side.decided.get(cell.id)
    if found is None:
        return None
    return {"value": found.value, "taken": found.taken, "reason": found.reason}


def _echo_sides(side: Sides) -> None:
    comparison = side.comparison
    equal = len(comparison.cells) - len(comparison.differing)
    state = "consensus reached" if side.agreed else f"{len(side.open)} open"
    click.echo(
        f"{comparison.study}: {equal} of {counted(len(comparison.cells), 'cell')} equal, "
        f"{len(comparison.differing)} differ, {state}"
    )
    if comparison.differing:
        rows = []
        for cell in comparison.differing:
            decided = side.decided.get(cell.id)
            rows.append(
                (cell.id, cell.place, cell.field, written_cell(cell.first),
                 written_cell(cell.second), f"{written_cell(decided.value)}: {decided.reason}"
                 if decided else "")
            )  # fmt: skip
        headers = ("cell", "where", "value", comparison.first, comparison.second, "decided")
        echo_table(headers, rows)


@click.command("resolve")
@click.argument("study")
@click.argument("cells", nargs=-1)
@click.option("--take", metavar="NAME", help="Whose value holds.")
@click.option("--value", metavar="TEXT", help="Another value, which neither entered.")
@click.option("--reason", metavar="TEXT", help="Why; kept with the decision.")
@between_option
@tolerance_option
@review_option
@json_option
def resolve_(
    study: str,
    cells: tuple[str, ...],
    take: str | None,
    value: str | None,
    reason: str | None,
    between: tuple[str, str] | None,
    tolerance: float,
    review_slug: str | None,
    as_json: bool,
) -> None:
    """Decide differing CELLS (their ids, or `open` for all); the last one makes the consensus.

    Both entries stay as they are. Without cells: make the consensus of entries that agree.
    """
    person, now = judge(), datetime.now(UTC)
    if cells and (take is None) == (value is None):
        raise click.UsageError("give --take NAME or --value TEXT")
    if cells and not reason:
        raise click.UsageError("give --reason TEXT")
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        found = sides(session, review, study, between=between or None, tolerance=tolerance)
        taken = _taken(found, take)
        chosen = [c.id for c in found.open] if cells == ("open",) else list(cells)
        for cell in chosen:
            resolve(
                session, review, found, cell,
                taken=taken, value=value, reason=reason or "", person=person, now=now,
            )  # fmt: skip
        found = sides(session, review, study, between=between or None, tolerance=tolerance)
        left = len(found.open)
        if not left:
            reach_consensus(session, review, found, person=person, now=now)
    if as_json:
        echo_json({"study": study, "decided": chosen, "open": left, "consensus": not left})
        return
    click.echo(f"{study}: {counted(len(chosen), 'cell')} decided, {left} open.")
    if not left:
        click.echo("The consensus is made; it counts from now on, and both entries stay.")


def _taken(found: Sides, take: str | None) -> Taken:
    if take is None:
        return Taken.OTHER
    names = {found.comparison.first: Taken.FIRST, found.comparison.second: Taken.SECOND}
    if take not in names:
        raise InvalidDataError(f"the entries are by {' and '.join(names)}, not {take}")
    return names[take]


@click.command("finish")
@click.argument("study")
@review_option
@json_option
def finish_(study: str, review_slug: str | None, as_json: bool) -> None:
    """Say that your blind entry of a study is complete: it can be compared, not changed."""
    person = judge()
    with changing(review_slug, None, Deed.EXTRACT) as (session, review):
        actions.finish_entry(session, review, study=study, person=person, now=datetime.now(UTC))
    if as_json:
        echo_json({"study": study, "extractor": person, "finished": True})
    else:
        click.echo(f"Your entry of {study} is finished.")


@click.command("reopen")
@click.argument("study")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept in the history.")
@review_option
@json_option
def reopen_(study: str, reason: str, review_slug: str | None, as_json: bool) -> None:
    """Change your finished blind entry after all; not after the consensus."""
    person = judge()
    with changing(review_slug, reason, Deed.EXTRACT) as (session, review):
        actions.reopen_entry(session, review, study=study, person=person)
    if as_json:
        echo_json({"study": study, "extractor": person, "finished": False})
    else:
        click.echo(f"Your entry of {study} is open again.")
