"""A report to try the entering page with: it looks like one of a trial, and says it is invented.

Its numbers were made up once; what follows from others (differences, their intervals) was computed
from them. `python -m review.demonstration.trial_report FILE` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from review.demonstration.pdfs import A4, Face, pdf_of, rule, shown, width

TITLE: Final = (
    "An invented trial of cognitive behavioural therapy",
    "for panic disorder by video or in person",
)
FIRST_PAGE: Final = 211
"""As printed; the file's first page."""
_SIZE, _LEADING, _MARGIN, _GAP = 11, 14.5, 48, 20
_COLUMN: Final = (A4[0] - 2 * _MARGIN - _GAP) / 2
_SAID: Final = "INVENTED TRIAL, made for demonstration: no person and no number in it is real"

_TEXT: Final = files("review.demonstration") / "data" / "trial-report.md"
"""Its words: a paragraph to a part, the abstract first."""

TABLE: Final = (
    ("Table 1. Panic severity (PDSS) as rated by clients: n, mean and SD (invented numbers)",),
    ("", "Before", "", "", "After (week 12)", "", "", "Follow-up (week 38)", "", ""),
    ("Group", "n", "Mean", "SD", "n", "Mean", "SD", "n", "Mean", "SD"),
    ("Video", "52", "15.9", "4.3", "50", "9.1", "4.6", "47", "8.4", "4.9"),
    ("In person", "52", "16.2", "4.1", "49", "8.7", "4.5", "46", "8.6", "4.7"),
)


def trial_report() -> bytes:
    """Return the PDF, the same bytes every time."""
    _, abstract, *text = (" ".join(part.split()) for part in _TEXT.read_text("utf-8").split("\n\n"))
    cut = text.index("# Results")
    pages: list[str] = []
    for drawn, y, part in (
        (*_title(abstract, A4[1] - 92), text[:cut]), (*_table(A4[1] - 80), text[cut:]),
    ):  # fmt: skip
        lines = _lines(part)
        half = sum(_height(kind) for kind, *_ in lines) / 2
        left, rest = _filled(lines, 0, y, foot=y - half)
        right, _ = _filled(rest, 1, y, foot=0)
        pages.append(drawn + left + right + _frame(len(pages)))
    return pdf_of(pages, first=FIRST_PAGE, title=f"{TITLE[0]} {TITLE[1]}")


def _height(kind: str) -> float:
    return {"gap": _LEADING / 3, "head": _LEADING * 1.2}.get(kind, _LEADING)


def _frame(place: int) -> str:
    said = shown(_SAID, _MARGIN, A4[1] - 36, 8.5, Face.BOLD)
    journal = "Journal of Invented Trials 0 (0)"
    number = str(FIRST_PAGE + place)
    return (
        said
        + shown(journal, A4[0] - _MARGIN - width(journal, 8.5), A4[1] - 36, 8.5, Face.ITALIC)
        + rule(_MARGIN, A4[1] - 42, A4[0] - 2 * _MARGIN)
        + shown(number, A4[0] / 2 - width(number, 9) / 2, 32, 9)
    )


def _title(abstract: str, y: float) -> tuple[str, float]:
    made = ""
    for line in TITLE:
        made += shown(line, _MARGIN, y, 17, Face.BOLD)
        y -= 21
    made += shown(
        "By nobody, of no place. Not peer reviewed, not published.", _MARGIN, y, 10, Face.ITALIC
    )
    y -= 22
    for line, last in _wrapped(abstract, A4[0] - 2 * _MARGIN - 24, _SIZE):
        made += _justified(line, _MARGIN + 12, y, A4[0] - 2 * _MARGIN - 24, last=last)
        y -= _LEADING
    made += rule(_MARGIN, y, A4[0] - 2 * _MARGIN)
    return made, y - 20


def _lines(text: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Return the lines of a column: kind (head, text, gap), words, whether a paragraph ends."""
    lines: list[tuple[str, str, bool]] = []
    for part in text:
        if part.startswith("# "):
            lines += [("gap", "", True), ("head", part[2:], True)]
            continue
        lines += [("text", line, last) for line, last in _wrapped(part, _COLUMN, _SIZE)]
        lines.append(("gap", "", True))
    return lines


def _filled(
    lines: list[tuple[str, str, bool]], column: int, y: float, *, foot: float
) -> tuple[str, list[tuple[str, str, bool]]]:
    x = _MARGIN + column * (_COLUMN + _GAP)
    made = ""
    for place, (kind, words, last) in enumerate(lines):
        if y < foot + (2 * _LEADING if kind == "head" else 0):
            return made, lines[place:]
        if kind == "head":
            made += shown(words, x, y, 11, Face.BOLD)
        elif kind == "text":
            made += _justified(words, x, y, _COLUMN, last=last)
        y -= _height(kind)
    return made, []


def _justified(line: str, x: float, y: float, room: float, *, last: bool) -> str:
    blanks = line.count(" ")
    stretch = 0 if last or not blanks else (room - width(line, _SIZE)) / blanks
    return shown(line, x, y, _SIZE, stretch=stretch)


def _wrapped(text: str, room: float, size: float) -> list[tuple[str, bool]]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if width(longer, size) > room:
            lines.append((line, False))
            longer = word
        line = longer
    return [*lines, (line, True)]


def _table(y: float) -> tuple[str, float]:
    wide = A4[0] - 2 * _MARGIN
    ends = (0, 110, 160, 205, 270, 320, 365, 415, 460, 499)
    made = shown(TABLE[0][0], _MARGIN, y, 9.5, Face.BOLD) + rule(_MARGIN, y - 6, wide, 1)
    y -= 19
    for place, row in enumerate(TABLE[1:]):
        for cell, end in zip(row, ends, strict=True):
            at = _MARGIN + (end if place == 0 or not end else end - width(cell, 9.5))
            made += shown(cell, at - (22 if place == 0 and end else 0), y, 9.5) if cell else ""
        if place == 1:
            made += rule(_MARGIN, y - 5, wide)
            y -= 4
        y -= 14
    made += rule(_MARGIN, y + 8, wide, 1)
    return made, y - 16


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(trial_report())
