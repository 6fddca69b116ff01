"""``review new``, ``list`` and ``english``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from review.cli.context import by, changing, json_option, opened, review_option
from review.cli.output import echo_json, echo_table
from review.config import settings
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol import queries
from review.protocol.vocabulary import English


@click.command("new")
@click.argument("slug", required=False)
@click.option("--title", help="The review's title.")
@click.option("--question", default="", help="The question it asks.")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="A whole protocol (YAML) instead; see docs/plan-a-review.md.",
)
def new_(slug: str | None, title: str | None, question: str, file: Path | None) -> None:
    """Make a review: SLUG with --title, or a whole protocol with --file."""
    # what makes a review validates it; the list of reviews does not wait for that
    from review.protocol import actions
    from review.protocol.files import read_protocol, validated
    from review.protocol.specs import ReviewSpec

    if (file is None) == (slug is None):
        raise click.UsageError("give SLUG with --title, or --file")
    if file is not None:
        protocol = read_protocol(file)
        name = protocol.review.slug
        with writing(opened(), by(name, f"protocol {file.name}")) as session:
            actions.take_protocol(session, protocol, owner=settings().actor, now=datetime.now(UTC))
    else:
        if title is None:
            raise click.UsageError("a review needs --title")
        values = {"slug": slug, "title": title, "question": question}
        spec = validated(ReviewSpec, values, source="review new")
        name = spec.slug
        with writing(opened(), by(name)) as session:
            actions.new_review(session, spec, owner=settings().actor)
    click.echo(f"Made review {name}.")


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the reviews."""
    with opened().reading() as session:
        rows = [(r.slug, r.title, r.question) for r in queries.reviews(session)]
    headers = ("review", "title", "question")
    if as_json:
        echo_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        echo_table(headers, rows)


@click.command("english")
@click.argument("english", required=False, type=click.Choice([one.value for one in English]))
@review_option
@json_option
def english_(english: str | None, review_slug: str | None, as_json: bool) -> None:
    """Show or choose the English of a review: how what it prints is spelled.

    British (en-GB) where none is chosen. Manuscripts and tables follow it, and it is the language
    of Word documents. What people wrote, such as titles and names of trials, stays as it is.
    """
    if english is not None:
        from review.protocol.actions import choose_english

        with changing(review_slug, None, Deed.PROTOCOL) as (session, review):
            choose_english(session, review, English(english))
    with opened().reading() as session:
        review = queries.review_called(session, review_slug)
        now = review.english or English.GB
        slug = review.slug
    if as_json:
        echo_json({"review": slug, "english": now.value})
    else:
        click.echo(f"{slug} is printed in {now.value}.")
