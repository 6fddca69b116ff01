"""The pages of a release as files that any server hands out, or none: they open from a folder.

Nothing in them runs, nothing is loaded from elsewhere, and every address is relative.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from markupsafe import Markup

from review.errors import NotFoundError
from review.export.site.content import released_digest, stamp
from review.export.site.model import SiteAnalysis, SiteContent, study_of
from review.web.lights import lights_table, shares_table
from review.web.plots import Addresses, forest_table
from review.web.render import HERE, environment

ROOMS: Final = (
    ("index.html", "Answer"), ("studies.html", "Studies"), ("flow.html", "Flow"),
    ("bias.html", "Risk of bias"), ("data.html", "Data and scripts"),
    ("versions.html", "All versions"), ("cite.html", "How to cite"),
)  # fmt: skip
"""Pages that are reached from all others."""

LARGEST: Final = 2_000_000
"""Bytes that a page of all may have, so that it goes by mail."""

KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}
"""Media types by the end of a name; others are plain text."""

ABOUT: Final[Mapping[str, str]] = {
    "effects.csv": "Effects that entered each analysis, with their variances and weights.",
    "numbers.csv": "The numbers as their reports give them, with report and page.",
    "pooled.csv": "Results, a row a margin.",
    "codebook.json": "What each column of the tables means.",
    "plans.json": "The planned analyses, as they were frozen.",
    "runs.json": "Each run with all that entered and all that came out.",
    "manifest.json": "What the release holds, with checksums and the head of the history.",
    "CITATION.cff": "How to cite it, for programs.",
    "reproduce.R": "Computes the results anew in R (metafor).",
    "reproduce.py": "Computes the results anew in Python.",
}


@dataclass(frozen=True, slots=True)
class DataLine:
    """A file to download."""

    name: str
    size: int
    sha256: str
    about: str
    as_released: bool
    """Whether it is, byte by byte, the file of the release's folder."""


class Site:
    """The files of a release by name, each made when it is asked for.

    Parameters
    ----------
    content
        What they say.
    data
        Makes the files of data and scripts.
    back
        In a preview within the application, the address of the review.
    """

    def __init__(
        self, content: SiteContent, data: Callable[[], Mapping[str, bytes]], *, back: str = ""
    ) -> None:
        self.content = content
        self._data = data
        self._made: Mapping[str, bytes] | None = None
        self.back = back

    @property
    def data(self) -> Mapping[str, bytes]:
        """The files of data and scripts by name."""
        if self._made is None:
            self._made = self._data()
        return self._made

    def pages(self) -> list[str]:
        """Return the names of all pages."""
        return [
            *(name for name, _ in ROOMS),
            *(f"analyses/{one.slug}.html" for one in self.content.analyses),
        ]

    def files(self) -> dict[str, bytes]:
        """Return every file of the site by name."""
        found = {name: self.file(name) for name in self.pages()}
        found["style.css"] = self.file("style.css")
        found["mark.svg"] = self.file("mark.svg")
        return {**found, **{f"data/{name}": made for name, made in self.data.items()}}

    def file(self, name: str) -> bytes:
        """Return a file by name; raise NotFoundError."""
        folder, _, last = name.rpartition("/")
        if name == "style.css":
            return (HERE / "static" / "css" / "review.css").read_bytes()
        if name == "mark.svg":
            return (HERE / "static" / "img" / "mark.svg").read_bytes()
        if folder == "data" and last in self.data:
            return self.data[last]
        if name not in self.pages():
            raise NotFoundError(f"the release has no page {name}")
        more: dict[str, Any] = {}
        if folder == "analyses":
            one = next(one for one in self.content.analyses if f"{one.slug}.html" == last)
            more = {"one": one, "plot": plot_of(one)}
        if name == "bias.html" and self.content.kept is not None:
            more = {"drawn": self._lights("studies.html")}
        if name == "data.html":
            more = {"files": [self._line(key) for key in sorted(self.data)]}
        return self._rendered(f"site/{folder or PurePosixPath(name).stem}.html", name, more)

    def _lights(self, studies: str) -> list[tuple[Markup, Markup]]:
        """Return the tables of risk of bias, whose rows lead to the studies of a page."""
        content = self.content
        return [
            (
                lights_table(
                    one,
                    [
                        "" if number is None else f"{studies}#study-{number}"
                        for number in (study_of(row.label, content.studies) for row in one.rows)
                    ],
                ),
                shares_table(one),
            )
            for one in (content.kept.bias if content.kept is not None else ())
        ]

    def _line(self, name: str) -> DataLine:
        content = self.data[name]
        digest = hashlib.sha256(content).hexdigest()
        about = ABOUT.get(name, "Read by the scripts.")
        return DataLine(
            name, len(content), digest, about, released_digest(self.content, name) == digest
        )

    def _rendered(self, template: str, name: str, more: Mapping[str, Any]) -> bytes:
        root = "../" if "/" in name else ""

        def to(page: str, anchor: str = "") -> str:
            return f"{root}{page}#{anchor}" if anchor else f"{root}{page}"

        html = environment().get_template(template).render(
            view=self.content, rooms=ROOMS, here=name, root=root, top=1, back=self.back,
            stamp=stamp(self.content), to=to, file=lambda of: f"{root}data/{of}", absent=(),
            **more,
        )  # fmt: skip
        return html.encode()

    def report(self) -> bytes:
        """Return all pages as one that needs nothing beside itself: styles and data are in it.

        The largest files of data are left out where it would be more than `LARGEST`.
        """
        held = sorted(self.data, key=lambda name: (len(self.data[name]), name))
        page = self._as_one(held)
        size = len(page)
        while size > LARGEST and held:
            size -= len(self.data[held.pop()]) * 4 // 3
        return page if len(held) == len(self.data) else self._as_one(held)

    def _as_one(self, held: Collection[str]) -> bytes:
        """Return all pages as one with these files of data."""

        def within(name: str) -> str:
            kind = KINDS.get(PurePosixPath(name).suffix, "text/plain").replace("; ", ";")
            return f"data:{kind};base64,{b64encode(self.data[name]).decode()}"

        html = environment().get_template("site/report.html").render(
            view=self.content, rooms=ROOMS, stamp=stamp(self.content),
            css=Markup(self.file("style.css").decode()),  # ours
            to=lambda page, anchor="": f"#{anchor or page.removesuffix('.html').replace('/', '-')}",
            file=within, absent=sorted(self.data.keys() - set(held)),
            files=[self._line(name) for name in sorted(held)],
            analyses=[(one, plot_of(one)) for one in self.content.analyses],
            drawn=self._lights(""),
        )  # fmt: skip
        return html.encode()


def plot_of(one: SiteAnalysis) -> list[tuple[str, Markup]]:
    """Return the forest plot of an analysis in each order: the order, the plot.

    Rows lead to what entered, below it.
    """
    pictures = set[str]()
    return [
        (
            order.by,
            forest_table(
                order.forest,
                Addresses(studies=order.places, study=f"#{one.slug}-trial-"),
                caption=f"{order.forest.title}, by {order.by}",
                pictures=pictures,
            ),
        )
        for order in one.orders
    ]
