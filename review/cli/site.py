"""``review site``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from review.cli.context import opened, review_option
from review.errors import AlreadyExistsError, InvalidDataError, Remedy
from review.files import replace_folder, workplace
from review.protocol.queries import review_called
from review.wording import counted


@click.group("site")
def site_() -> None:
    """A release as pages that any server hands out, or that open from a folder."""


@site_.command("build")
@click.option("--release", "version", metavar="VERSION", help="Which; by default the newest.")
@click.option("--preview", is_flag=True, help="As a release made now would be; says so on top.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A folder.")
@click.option("--force", is_flag=True, help="Replace a site that was built there before.")
@review_option
def build(
    version: str | None, preview: bool, out: Path, force: bool, review_slug: str | None
) -> None:
    """Write the pages of a release: nothing runs in them, and built twice they are the same."""
    from review.export.site.content import data_of, site_now, site_of_release
    from review.living.releases.releases import release_called, releases
    from review.web.site import Site

    if preview and version:
        raise InvalidDataError("a preview is of no release: leave --release out")
    if out.exists() and (not force or not _is_site(out)):
        what = "is no site that was built" if force else "exists already"
        remedy = None if force else Remedy("replace a site with", "--force")
        raise AlreadyExistsError(f"{out} {what}", remedy=remedy)
    with opened().reading() as session:
        review = review_called(session, review_slug)
        if preview:
            content = site_now(session, review, now=datetime.now(UTC))
        else:
            made = releases(session, review)
            if not made and version is None:
                raise InvalidDataError(
                    f"review {review.slug} has no release",
                    remedy=Remedy("make one with", "review release create, or look with --preview"),
                )
            release = release_called(session, review, version or made[-1].version)
            content = site_of_release(session, review, release)
        data = data_of(session, content)
    files = Site(content, lambda: data).files()
    with workplace(out.parent) as folder:
        place = folder / "site"
        for name, text in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        replace_folder(place, out)
    size = sum(map(len, files.values())) / 1000
    click.echo(f"{counted(len(files), 'file')}, {size:,.0f} kB: open {out / 'index.html'}")


def _is_site(out: Path) -> bool:
    """Whether a folder holds what this command writes, and may be replaced."""
    return (out / "style.css").is_file() and (out / "data" / "manifest.json").is_file()
