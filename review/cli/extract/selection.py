"""``review extract selection``: what an analysis takes of each study, and why not the rest."""

from __future__ import annotations

import click

from review.cli.context import json_option, looking, review_option
from review.cli.output import echo_json
from review.living.reports.selected import chosen_of


@click.command("selection")
@click.argument("analysis")
@review_option
@json_option
def selection_(analysis: str, review_slug: str | None, as_json: bool) -> None:
    """List what an analysis would take of each study now, and what it would leave out, and why."""
    with looking(review_slug) as (session, review):
        rows = chosen_of(session, review, analysis)
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(row.study)
        for taken in row.chosen:
            click.echo(f"  + {taken}")
        for left in row.left_out:
            click.echo(f"  - {left}")
