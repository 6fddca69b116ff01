"""Which study a report probably belongs to, from registration numbers, DOIs, authors and sample."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_REGISTRY: Final = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\s?\d{8}|ACTRN\s?\d{14}|DRKS\d{8}|UMIN\d{9}|NTR\d{3,5}|NL\d{4,5}"
    r"|ChiCTR[-A-Z]*\d{8,10}|CTRI/\d{4}/\d{2,3}/\d{6}|IRCT\d{12,16}N\d+|KCT\d{7}|jRCT\w?\d{9,10}"
    r"|PACTR\d{15,16}|TCTR\d{11}|RBR-\w{6}|SLCTR/\d{4}/\d{3}|(?:EudraCT\D{0,12})?\d{4}-\d{6}-\d{2})"
    r"(?!\d)",
    re.IGNORECASE,
)
"""Numbers of the registries in WHO's ICTRP, each in the form that its registry gives out."""

_SAMPLE: Final = re.compile(
    r"\bN\s*=\s*(\d{1,3}(?:,\d{3})+|\d+)"
    r"|(\d{1,3}(?:,\d{3})+|\d+)\s+(?:\w+\s+){0,3}?(?:participants|patients|adults|clients|"
    r"individuals|subjects|adolescents|children|veterans|students|women|men)\b",
    re.IGNORECASE,
)

_FEWEST: Final = 8
"""A sample this small is a count of something else more often than a trial."""

SAME_REGISTRATION: Final = 1.0
SAME_DOI: Final = 1.0
SAME_FIRST_AUTHOR: Final = 0.35
SHARED_AUTHORS: Final = 0.35
SAME_SAMPLE: Final = 0.3
OFFERED_FROM: Final = 0.35
"""A suggestion needs a shared first author, most authors, or an identifier; it is never applied."""


def registrations(text: str) -> frozenset[str]:
    """Return the trial registration numbers in a text, in capitals and without spaces.

    Examples
    --------
    >>> sorted(registrations("Registered as ISRCTN 12345678 and nct01234567."))
    ['ISRCTN12345678', 'NCT01234567']
    """
    found = (re.sub(r"\s", "", match.group()).upper() for match in _REGISTRY.finditer(text))
    return frozenset(re.sub(r"^EUDRACT\D*", "", number) for number in found)


def sample_sizes(text: str) -> frozenset[int]:
    """Return the numbers of participants that a text speaks of."""
    sizes = {
        int((match.group(1) or match.group(2)).replace(",", ""))
        for match in _SAMPLE.finditer(text[:20_000])
        if len(match.group(1) or match.group(2)) < 8
    }
    return frozenset(size for size in sizes if size >= _FEWEST)


def surname(author: str) -> str:
    """Return an author's surname for comparison: ``"Müller-Hansen, F."`` gives ``mullerhansen``."""
    name = author.split(",")[0] if "," in author else _without_initials(author)
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in plain if c.isalpha())


def _without_initials(author: str) -> str:
    words = [w for w in author.split() if not re.fullmatch(r"(?:[A-Z]\.?-?){1,4}", w)]
    return words[-1] if words else author


def surname_of_label(label: str) -> str:
    """Return the surname in a study's name such as ``Andersson (2013)`` or ``Day & Schneider``."""
    head = re.split(r"[(\d,&]| et al| and ", label.strip(), maxsplit=1)[0]
    return "".join(c for c in unicodedata.normalize("NFKD", head).casefold() if c.isalpha())


@dataclass(frozen=True, slots=True)
class KnownStudy:
    """What a study can be recognised by."""

    id: int
    label: str
    registrations: frozenset[str]
    first_authors: frozenset[str]
    authors: frozenset[str]
    sizes: frozenset[int]
    dois: frozenset[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an included report says of itself."""

    record: int
    registrations: frozenset[str]
    authors: tuple[str, ...]
    """Surnames, the first author first."""
    sizes: frozenset[int]
    doi: str | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A study that a report may belong to, and why."""

    record: int
    study: str
    score: float
    why: tuple[str, ...]


def _alike(report: Candidate, study: KnownStudy) -> Suggestion:
    score, why = 0.0, []
    shared = sorted(report.registrations & study.registrations)
    if shared:
        score += SAME_REGISTRATION
        why.append(f"registration {', '.join(shared)}")
    if report.doi and report.doi.lower() in study.dois:
        score += SAME_DOI
        why.append(f"doi {report.doi}")
    if report.authors and report.authors[0] in study.first_authors:
        score += SAME_FIRST_AUTHOR
        why.append("first author")
    mine = set(report.authors)
    common = mine & study.authors
    smaller = min(len(mine), len(study.authors))
    if len(common) >= 2 and len(common) * 2 >= smaller:
        score += SHARED_AUTHORS
        why.append(f"{len(common)} authors shared")
    sizes = sorted(report.sizes & study.sizes)
    if sizes:
        score += SAME_SAMPLE
        why.append(f"{sizes[-1]} participants")
    if report.registrations and study.registrations and not shared:
        score /= 2
        why.append("but different registrations")
    return Suggestion(report.record, study.label, round(min(1.0, score), 2), tuple(why))


def suggest(report: Candidate, studies: Iterable[KnownStudy]) -> list[Suggestion]:
    """Return the studies that a report may belong to, the likeliest first.

    Parameters
    ----------
    report : Candidate
        An included report.
    studies : iterable of KnownStudy
        Of the review.

    Returns
    -------
    list of Suggestion
        Those with a score of at least `OFFERED_FROM`; a person links, or does not. Different
        registration numbers halve a score.
    """
    found = [_alike(report, study) for study in studies]
    offered = [suggestion for suggestion in found if suggestion.score >= OFFERED_FROM]
    return sorted(offered, key=lambda s: (-s.score, s.study))


def citation(
    *, authors: Sequence[str], title: str | None, journal: str | None, year: int | None
) -> str:
    """Return how a report is called where it is listed."""
    named = "; ".join(authors[:3]) + (" et al." if len(authors) > 3 else "")
    where = " ".join(part for part in (journal, f"({year})" if year else None) if part)
    return (
        ". ".join(part.rstrip(". ") for part in (named, title or "", where) if part) or "untitled"
    )
