"""``review export report``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from review.cli.context import looking, review_option
from review.cli.files import force_option, write_new


@click.command("report")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The HTML file.")
@click.option("--release", "version", metavar="VERSION", help="Of a release; else as it stands.")
@force_option
@review_option
def report_(out: Path, version: str | None, review_slug: str | None) -> None:
    """Write the review as one page that needs nothing beside itself: answer, trials, data."""
    from review.export.site.content import data_of, site_now, site_of_release
    from review.living.releases.releases import release_called
    from review.web.site import Site

    with looking(review_slug) as (session, review):
        if version is None:
            content = site_now(session, review, now=datetime.now(UTC))
        else:
            content = site_of_release(session, review, release_called(session, review, version))
        data = data_of(session, content)
    page = Site(content, lambda: data).report()
    write_new(out, page)
    click.echo(f"{len(page) / 1000:,.0f} kB in {out}")
