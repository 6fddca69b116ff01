"""``review extract field``: the custom fields of a review's form."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from review.cli.context import changing, json_option, looking, reason_option, review_option
from review.cli.output import echo_json, echo_table
from review.extraction import actions, field_queries
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.people.rules import Deed
from review.wording import counted


@click.group("field")
def field_() -> None:
    """Custom fields of the form; a change makes a version, and entries stay."""


@field_.command("add")
@click.argument("slug")
@click.option(
    "--level", type=click.Choice([level.value for level in FieldLevel]), required=True,
    help="What it describes.",
)  # fmt: skip
@click.option(
    "--kind", type=click.Choice([kind.value for kind in FieldKind]), required=True,
    help="What it holds.",
)  # fmt: skip
@click.option("--label", help="As people read it; by default its name.")
@click.option("--explain", "help_", metavar="TEXT", help="What is meant, for who fills it in.")
@click.option("--choice", "choices", multiple=True, help="One of its choices; repeat it.")
@click.option("--lowest", type=float, help="The lowest number allowed.")
@click.option("--highest", type=float, help="The highest number allowed.")
@review_option
@reason_option
@json_option
def add(
    slug: str,
    level: str,
    kind: str,
    label: str | None,
    help_: str | None,
    choices: tuple[str, ...],
    lowest: float | None,
    highest: float | None,
    review_slug: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Add a field, or a new version of one that is there."""
    spec = FieldSpec(
        slug=slug,
        level=FieldLevel(level),
        label=label or slug,
        kind=FieldKind(kind),
        choices=choices,
        lowest=lowest,
        highest=highest,
        help=help_,
    )
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        number = actions.define_field(session, review, spec, now=datetime.now(UTC)).number
    if as_json:
        echo_json({**asdict(spec), "version": number})
    else:
        click.echo(f"Field {slug}, version {number}: a column of the template from now on.")


@field_.command("retire")
@click.argument("slug")
@review_option
@reason_option
def retire(slug: str, review_slug: str | None, reason: str | None) -> None:
    """Take a field off the form; what was entered stays."""
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        actions.retire_field(session, review, slug=slug, now=datetime.now(UTC))
    click.echo(f"Field {slug} is retired; its values stay.")


@field_.command("restore")
@click.argument("slug")
@review_option
@reason_option
def restore(slug: str, review_slug: str | None, reason: str | None) -> None:
    """Ask for a retired field again, with the values that it kept."""
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        actions.retire_field(session, review, slug=slug, now=datetime.now(UTC), retired=False)
    click.echo(f"Field {slug} is a column of the template again.")


@field_.command("order")
@click.argument("slugs", nargs=-1, required=True)
@review_option
@reason_option
def order(slugs: tuple[str, ...], review_slug: str | None, reason: str | None) -> None:
    """Put fields of studies, of arms or of results in this order; the others follow."""
    with changing(review_slug, reason, Deed.PROTOCOL) as (session, review):
        moved = actions.order_fields(session, review, slugs, now=datetime.now(UTC))
    click.echo(f"{counted(moved, 'field stands', 'fields stand')} elsewhere now.")


@field_.command("list")
@review_option
@json_option
def list_fields(review_slug: str | None, as_json: bool) -> None:
    """List the fields, the newest version of each."""
    with looking(review_slug) as (session, review):
        rows = [
            {**asdict(field_queries.field_spec(version)), "version": version.number}
            for version in field_queries.field_versions(session, review)
        ]
    if as_json:
        echo_json(rows)
        return
    headers = (
        "field", "of each", "label", "holds", "choices", "from", "to", "retired", "help", "place",
        "version",
    )  # fmt: skip
    echo_table(headers, [tuple(_cell(value) for value in row.values()) for row in rows])


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "; ".join(value) if isinstance(value, tuple) else value
