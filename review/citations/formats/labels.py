"""Earlier decisions that other tools write into their exports: said, and never taken as votes.

Sources: Rayyan's export (``RAYYAN-INCLUSION: {"anna"=>"Included"} | RAYYAN-EXCLUSION-REASONS: …``)
and ASReview's (``ASReview_relevant`` in ``N1``, a column of 0 and 1 in CSV), read off their files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Label(NamedTuple):
    """What another tool says was decided on a record, or what somebody labelled it with."""

    source: str
    """The tool, such as Rayyan."""
    decision: str
    """``include``, ``exclude`` or ``maybe``; empty for labels that are no decision."""
    said: str
    """The words of the file: who, reasons, labels."""


_ASREVIEW: Final = re.compile(r"\bASReview_(relevant|irrelevant|not_seen)\b", re.IGNORECASE)
_RAYYAN: Final = re.compile(
    r"\b(?:RAYYAN-|(?=USER-NOTES))([A-Z-]+?)\s*:\s*(.*?)\s*(?=\|\s*(?:RAYYAN|USER|NOTICE)\b|$)",
    re.DOTALL,
)
_RAYYAN_VOTE: Final = re.compile(
    r"(?:^|[{,])\s*([^{}]+?)\s*(?:=>|:)\s*[\"']?(Included|Excluded|Maybe|Undecided)\b[\"']?",
    re.IGNORECASE,
)
"""``"anna"=>"Included"``, with quotation marks or without, with an arrow or a colon."""

_DECISIONS: Final = {
    "relevant": "include", "irrelevant": "exclude", "included": "include", "excluded": "exclude",
    "maybe": "maybe", "true": "include", "yes": "include", "include": "include",
    "false": "exclude", "no": "exclude", "exclude": "exclude",
    "1": "include", "0": "exclude", "1.0": "include", "0.0": "exclude",
}  # fmt: skip


def of_notes(notes: Iterable[str | None]) -> tuple[Label, ...]:
    """Return the labels in the notes of a record, in order, each once.

    Examples
    --------
    >>> of_notes(["ASReview_irrelevant"])
    (Label(source='ASReview', decision='exclude', said='ASReview_irrelevant'),)
    """
    return tuple(dict.fromkeys(label for note in notes if note for label in _of_note(note)))


def of_column(value: str | None) -> tuple[Label, ...]:
    """Return the label in ASReview's column of 0 and 1."""
    decision = _DECISIONS.get((value or "").strip().lower(), "")
    words = {"include": "relevant", "exclude": "irrelevant"}
    return (Label("ASReview", decision, f"ASReview_{words[decision]}"),) if decision else ()


def _of_note(note: str) -> Iterator[Label]:
    for found in _ASREVIEW.finditer(note):
        decision = _DECISIONS.get(found.group(1).lower(), "")
        yield Label("ASReview", decision, found.group().lower().replace("asreview", "ASReview"))
    if "RAYYAN-" not in note and "USER-NOTES" not in note:
        return
    for found in _RAYYAN.finditer(note):
        name, value = found.group(1), " ".join(found.group(2).split())
        if name == "INCLUSION":
            votes = _RAYYAN_VOTE.findall(value)
            if not votes:
                yield Label("Rayyan", "", f"inclusion: {value}")
            for who, verdict in votes:
                by = who.strip("\"' \\").replace('\\"', '"')
                decision = _DECISIONS.get(verdict.lower(), "")
                yield Label("Rayyan", decision, f"{by}: {verdict}")
        elif value:
            yield Label("Rayyan", "", f"{name.lower().replace('-', ' ')}: {value}")
