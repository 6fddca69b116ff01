"""``review seed``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from review.cli.context import by, json_option, opened, require
from review.cli.extract.sheets import echo_import
from review.cli.output import echo_json
from review.config import settings
from review.extraction.seeds import load_seed, seed_called, seeds
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol.queries import reviews
from review.wording import counted


@click.group("seed")
def seed_() -> None:
    """Real reviews that come with the program."""


@seed_.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the seeds with their sources."""
    found = [(seed, len({row.row.study for row in seed.rows})) for seed in seeds()]
    if as_json:
        echo_json(
            [
                {
                    "name": seed.name,
                    "title": seed.protocol.review.title,
                    "studies": studies,
                    "sources": seed.protocol.sources,
                }
                for seed, studies in found
            ]
        )
        return
    for seed, studies in found:
        click.echo(
            f"{seed.name}: {seed.protocol.review.title} ({counted(studies, 'study', 'studies')})"
        )
        for source in seed.protocol.sources:
            click.echo(f"    {source}")


@seed_.command("load")
@click.argument("name")
@click.option("--until", type=int, metavar="YEAR", help="Only studies of that year or before.")
@json_option
def load(name: str, until: int | None, as_json: bool) -> None:
    """Load a seed, or what of it is not there yet.

    Loading with --until first and without it later lets the trials arrive as they did.
    """
    seed = seed_called(name)
    reason = f"seed {name}" + (f" until {until}" if until is not None else "")
    slug = seed.protocol.review.slug
    with writing(opened(), by(slug, reason)) as session:
        there = next((one for one in reviews(session) if one.slug == slug), None)
        if there is not None:
            require(session, there, Deed.EXTRACT)
        now = datetime.now(UTC)
        report = load_seed(session, seed, until=until, person=settings().actor, now=now)
    echo_import(report, name, as_json=as_json)
    if report.differing and not as_json:
        differ = "differs" if report.differing == 1 else "differ"
        click.echo(
            f"{counted(report.differing, 'value')} {differ} from the seed; what is stored stays."
        )
