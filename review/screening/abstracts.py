"""The parts of a structured abstract, so that an eye finds the methods without reading it all."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

HEADINGS: Final = (
    "abstract", "aim", "aims", "aims and objectives", "background", "background and aims",
    "background and objectives", "conclusion", "conclusions", "context", "data collection",
    "data sources", "design", "discussion", "findings", "funding", "hypothesis", "implications",
    "interpretation", "intervention", "interventions", "introduction", "limitations",
    "main outcome",
    "main outcome measure", "main outcome measures", "main results", "materials and methods",
    "measurements", "method", "methods", "methods and findings", "methods and results",
    "objective", "objectives", "outcome measures", "participants", "patients",
    "patients and methods",
    "purpose", "registration", "result", "results", "results and conclusion", "selection criteria",
    "setting", "settings", "study design", "study selection", "subjects", "trial registration",
)  # fmt: skip
"""Headings of structured abstracts as MEDLINE and journals give them (NLM, Structured Abstracts:
the labels that are used most)."""

_WORDS: Final = "|".join(sorted(HEADINGS, key=len, reverse=True))
_HEADING: Final = re.compile(
    rf"(?:^|(?<=[.;?!)\]\s]))(?-i:(?=[A-Z]))({_WORDS})\s*(?::|\.(?=\s))\s+", re.IGNORECASE
)


class Part(NamedTuple):
    """A part of an abstract."""

    heading: str | None
    text: str


def parts_of(abstract: str) -> list[Part]:
    """Return an abstract by its headings, in order; one part where it has none.

    A heading is a word of `HEADINGS` with a colon (or, in capitals, a full stop), at the beginning
    or after a sentence. Lines of their own are parts of their own.

    Examples
    --------
    >>> parts_of("AIM: To see. METHODS: We looked.")
    [Part(heading='AIM', text='To see.'), Part(heading='METHODS', text='We looked.')]
    """
    found: list[Part] = []
    for line in abstract.splitlines():
        if line.strip():
            found += _of_line(line.strip())
    return found


def _of_line(line: str) -> list[Part]:
    found: list[Part] = []
    heading, at = None, 0
    for match in _HEADING.finditer(line):
        word = match.group(1)
        if ":" not in match.group() and not word.isupper():
            continue
        before = line[at : match.start()].strip()
        if before or heading:
            found.append(Part(heading, before))
        heading, at = word, match.end()
    found.append(Part(heading, line[at:].strip()))
    return found
