"""What can be asked for: computing anew, and the exports, each by the command that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from review.people.rules import Deed


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that takes longer than a page may."""

    name: str
    title: str
    makes: str
    deed: Deed
    command: tuple[str, ...] = ()
    """The arguments of ``review`` that make it; nothing for what has code of its own."""
    file: str | None = None
    """The file that the command writes; None for a folder, which is packed into one ZIP file."""

    page: tuple[str, ...] = ("tasks",)
    """Where its page stands within a review, before its number."""
    waits: bool = False
    """Whether it waits for its turn where others are at work; else it is refused."""
    own: bool = False
    """Whether nobody sees it but who asked: it may tell what they enter blind."""

    @property
    def is_export(self) -> bool:
        """Whether a file comes of it."""
        return bool(self.command)


REPOOL: Final = Kind(
    "repool", "Compute the analyses anew",
    "Every analysis whose inputs changed since its last run gets a new run, and says what moved.",
    Deed.POOL,
)  # fmt: skip

_EXPORTS: Final = (
    Kind(
        "manuscript", "Manuscript",
        "Methods, results, tables, figures and checklists, in Word and Quarto.",
        Deed.LOOK, ("export", "manuscript"),
    ),
    Kind(
        "tables", "Tables and data",
        "All tables of the review for print and for computing, with the origin of each number.",
        Deed.LOOK, ("export", "tables"),
    ),
    Kind(
        "scripts", "Scripts",
        "R and Python scripts with the data, which compute the pooled estimates again.",
        Deed.LOOK, ("export", "script"),
    ),
    Kind(
        "checklists", "Checklists",
        "PRISMA 2020, PRISMA-LSR and an AMSTAR 2 self-audit, filled in.",
        Deed.LOOK, ("export", "checklists"),
    ),
    Kind(
        "references", "References (RIS)",
        "Reports of the included studies, for a reference manager.",
        Deed.LOOK, ("export", "references", "--format", "ris"), "references.ris",
    ),
    Kind(
        "bibtex", "References (BibTeX)",
        "Reports of the included studies, for LaTeX.",
        Deed.LOOK, ("export", "references", "--format", "bibtex"), "references.bib",
    ),
    Kind(
        "bibliography", "Bibliography",
        "Reports of the included studies as a list in APA style.",
        Deed.LOOK, ("export", "bibliography", "--format", "html"), "bibliography.html",
    ),
    Kind(
        "revman", "RevMan",
        "Analyses and study characteristics as CSV of RevMan, with references.",
        Deed.LOOK, ("export", "bundle", "revman"),
    ),
    Kind(
        "metapsy", "Metapsy",
        "The results that count as a Metapsy table: means, changes and events of two arms, g and "
        "log RR. Results of other kinds cannot be written; where there are no others, it fails.",
        Deed.LOOK, ("export", "bundle", "metapsy"),
    ),
    Kind(
        "report", "One page",
        "The review as it stands on one page that needs nothing beside itself, data included.",
        Deed.LOOK, ("export", "report"), "report.html",
    ),
    Kind(
        "site", "Pages for the public",
        "The pages of the newest release, for any server or none.",
        Deed.LOOK, ("site", "build"),
    ),
)  # fmt: skip

CHECK: Final = Kind(
    "check", "Look at files of a search",
    "What they hold, what cannot be read and why, and which records are there already.",
    Deed.COLLECT, page=("searches", "uploads"), waits=True,
)  # fmt: skip

IMPORT: Final = Kind(
    "import", "Import files of a search",
    "All records of the files that were looked at, or none.", Deed.COLLECT, waits=True,
)  # fmt: skip

COMPARE: Final = Kind(
    "compare", "Compare new records",
    "Certain duplicates among them are linked, possible ones wait for a person.", Deed.COLLECT,
    waits=True,
)  # fmt: skip

MATCH: Final = Kind(
    "match", "Look at PDF files",
    "Which report each of them is.", Deed.COLLECT, page=("fulltexts", "uploads"), waits=True,
)  # fmt: skip

CHECK_TABLES: Final = Kind(
    "check-tables", "Look at tables of results",
    "What they hold, what is wrong with them and where, and what they would add and correct.",
    Deed.EXTRACT, page=("extract", "uploads"), waits=True, own=True,
)  # fmt: skip

TAKE_TABLES: Final = Kind(
    "take-tables", "Take tables of results in",
    "All of the tables that were looked at and have nothing wrong, or none.",
    Deed.EXTRACT, page=("extract", "uploads"), waits=True, own=True,
)  # fmt: skip

OFFERED: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (REPOOL, *_EXPORTS)}
"""What can be asked for by its name alone, as it is offered."""

KINDS: Final[Mapping[str, Kind]] = {
    **OFFERED,
    **{
        kind.name: kind
        for kind in (CHECK, IMPORT, COMPARE, MATCH, CHECK_TABLES, TAKE_TABLES)
    },
}  # fmt: skip
"""All of them by name."""

OWN: Final = tuple(kind.name for kind in KINDS.values() if kind.own)
"""The names of those that only who asked for them sees."""
