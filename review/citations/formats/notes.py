"""Notes on a record: what formats without a field of their own carry of notices and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from review.citations.formats.entry import Entry
from review.citations.formats.labels import Label
from review.citations.formats.labels import of_notes as labels_of_notes
from review.citations.formats.notices import Notice
from review.citations.vocabulary import NoticeKind

_KINDS: Final = "|".join(kind.value for kind in NoticeKind)
_NOTICE: Final = re.compile(
    rf"\bNOTICE ({_KINDS}): (.*?)\s*(?=\| (?:NOTICE|RAYYAN|ASReview)|$)", re.DOTALL
)

SEPARATOR: Final = " | "
"""What stands between notes in formats that have one field for all of them."""


def notes_on(entry: Entry, given: Sequence[str]) -> list[str]:
    """Return the notes given and, in forms that are read back, an entry's notices and labels."""
    return [
        *given,
        *(f"NOTICE {notice.kind.value}: {notice.said}" for notice in entry.notices),
        *(_written(label) for label in entry.labels),
    ]


def _written(label: Label) -> str:
    if label.source != "Rayyan":
        words = {"include": "relevant", "exclude": "irrelevant"}
        return f"ASReview_{words.get(label.decision, 'not_seen')}"
    who, _, verdict = label.said.rpartition(": ")
    if label.decision or verdict == "Undecided":
        return f'RAYYAN-INCLUSION: {{"{who}"=>"{verdict}"}}'
    name, _, value = label.said.partition(": ")
    return f"RAYYAN-{name.upper().replace(' ', '-')}: {value}"


def said_in(notes: Iterable[str | None]) -> tuple[tuple[Notice, ...], tuple[Label, ...]]:
    """Return the notices and the labels that notes tell of, each once."""
    texts = [note for note in notes if note]
    if not texts:
        return (), ()
    found = [
        Notice(NoticeKind(match.group(1)), " ".join(match.group(2).split()))
        for text in texts
        if "NOTICE " in text
        for match in _NOTICE.finditer(text)
    ]
    return tuple(dict.fromkeys(found)), labels_of_notes(texts)
