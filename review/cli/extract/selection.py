"""``review extract selection``: what an analysis takes of each study, and why not the rest."""

from __future__ import annotations

import click

from review.cli.context import json_option, opened, review_option
from review.cli.output import echo_json
from review.living.reports.selected import chosen_of
from review.protocol.queries import review_called


@click.command("selection")
@click.argument("analysis")
@review_option
@json_option
def selection_(analysis: str, review_slug: str | None, as_json: bool) -> None:
    """List what an analysis would take of each study now, and what it would leave out, and why."""
    with opened().reading() as session:
        rows = chosen_of(session, review_called(session, review_slug), analysis)
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(row.study)
        for taken in row.chosen:
            click.echo(f"  + {taken}")
        for left in row.left_out:
            click.echo(f"  - {left}")
