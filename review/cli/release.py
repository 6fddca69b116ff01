"""``review release``: versions of a review that are given out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from review.cli.context import changing, json_option, looking, review_option
from review.cli.files import force_option, write_new
from review.cli.output import echo_json, echo_table
from review.cli.runs import echo_sections
from review.export.drawings.forest import forest_of
from review.export.site.kept import kept_now
from review.export.tracing.origins import origin
from review.figures import forest_plot, save
from review.living.releases.releases import ReleaseSpec, create_release, diff_releases, releases
from review.living.reports.pages import markdown
from review.living.runs.queries import newest_of_each, snapshot_of
from review.living.runs.results import Snapshot
from review.people.rules import Deed
from review.wording import counted


@click.group("release")
def release_() -> None:
    """Freeze a version of a review: data, plans, runs, figures, checksums, how to cite it."""


@release_.command("create")
@click.argument("version")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--because", required=True, metavar="TEXT", help="What prompted the release.")
@click.option("--licence", default="CC-BY-4.0", show_default=True, help="An SPDX identifier.")
@click.option("--author", "authors", multiple=True, metavar="'FAMILY, GIVEN'", help="Repeatable.")
@click.option("--no-figures", is_flag=True, help="Leave the forest plots out.")
@review_option
def create(
    version: str,
    out: Path,
    because: str,
    licence: str,
    authors: tuple[str, ...],
    no_figures: bool,
    review_slug: str | None,
) -> None:
    """Write a release VERSION to a new folder and keep its manifest in the database."""
    spec = ReleaseSpec(version, because, licence, authors)
    with changing(review_slug, because, Deed.RELEASE) as (session, review):
        runs = newest_of_each(session, review)
        figures = (
            {}
            if no_figures
            else {
                f"forest_{run.version.analysis.slug}.svg": _forest(
                    snapshot_of(run), origin(run.key)
                )
                for run in runs
            }
        )
        now = datetime.now(UTC)
        release = create_release(
            session, review, spec, folder=out, now=now, figures=figures,
            shown=kept_now(session, review),
        )  # fmt: skip
        files, digest = len(release.manifest["files"]), release.sha256
    click.echo(f"Released {version}: {counted(files, 'file')} in {out}, manifest {digest[:12]}…")


def _forest(snapshot: Snapshot, drawn: str) -> Callable[[Path], None]:
    return partial(_draw, snapshot, drawn)


def _draw(snapshot: Snapshot, drawn: str, path: Path) -> None:
    save(forest_plot(forest_of(*snapshot)), path, origin=drawn)


@release_.command("list")
@review_option
@json_option
def list_(review_slug: str | None, as_json: bool) -> None:
    """List the releases of a review."""
    with looking(review_slug) as (session, review):
        found = releases(session, review)
        if as_json:
            echo_json([{**r.manifest, "sha256": r.sha256} for r in found])
            return
        rows = [
            (r.version, f"{r.created:%Y-%m-%d}", r.because, len(r.manifest["runs"]), r.sha256[:12])
            for r in found
        ]
    echo_table(("release", "created", "because", "runs", "manifest"), rows)


@release_.command("diff")
@click.argument("before")
@click.argument("after")
@review_option
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write Markdown to a file."
)
@force_option
@json_option
def diff(before: str, after: str, review_slug: str | None, out: Path | None, as_json: bool) -> None:
    """Say what changed from one release to another: data, methods, results."""
    with looking(review_slug) as (session, review):
        found = diff_releases(session, review, before, after)
        title = review.title
    if out is not None:
        write_new(out, markdown(title, found.sections).encode())
        click.echo(f"Wrote {out}")
    elif as_json:
        echo_json(found)
    else:
        echo_sections(found.sections)
