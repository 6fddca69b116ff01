"""Whether the site is whole: ``python docs/checked.py build/docs``, the last step of ``make docs``.

Every link within it leads to a page and a place that are there, and no page loads anything from
elsewhere, so that it works from a folder and tells nobody who reads it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

LOADED = (
    "//script/@src | //img/@src | //link[@rel='stylesheet' or @rel='preload' or @rel='icon']/@href"
)


@cache
def _places(page: Path) -> frozenset[str]:
    tree = html.parse(str(page))
    return frozenset(str(name) for name in tree.xpath("//@id | //a/@name"))


def problems(folder: Path) -> Iterator[str]:
    """Yield what is wrong with a built site, page by page."""
    for page in sorted(folder.rglob("*.html")):
        name = page.relative_to(folder)
        tree = html.parse(str(page))
        for address in tree.xpath(LOADED):
            if urlsplit(address).scheme in ("http", "https") or address.startswith("//"):
                yield f"{name}: loads {address}"
        for link in tree.xpath("//a/@href"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists():
                yield f"{name}: no file at {link}"
            elif parts.fragment and target.suffix == ".html" and not _found(target, parts.fragment):
                yield f"{name}: no place at {link}"


def _found(page: Path, fragment: str) -> bool:
    return unquote(fragment) in _places(page) or fragment in _places(page)


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1])))
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(bool(found))
