"""Screening in a spreadsheet: records out as CSV, decisions back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.screening.actions import Choice
from review.screening.views import Card
from review.screening.vocabulary import Verdict

COLUMNS: Final = (
    "record", "title", "authors", "year", "journal", "doi", "pmid", "abstract", "keywords",
    "verdict", "reason", "note",
)  # fmt: skip
NEEDED: Final = ("record", "verdict")

MAX_BYTES: Final = 256 * 1024 * 1024
"""50,000 records with abstracts take a third of this."""

_ACTIVE: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What a spreadsheet takes for a formula (OWASP ASVS 5.0, 1.2.10), apostrophes before it too."""

_WORDS: Final = {
    **{verdict.value: verdict for verdict in Verdict},
    **{verdict.value[0]: verdict for verdict in Verdict},
    "included": Verdict.INCLUDE,
    "excluded": Verdict.EXCLUDE,
}


def verdict_of(text: str) -> Verdict:
    """Return the verdict of ``include``, ``exclude``, ``maybe`` or their first letters.

    Raises InvalidDataError for anything else.
    """
    verdict = _WORDS.get(text.strip().casefold())
    if verdict is None:
        raise InvalidDataError(f"{text!r} is no verdict; use include, exclude or maybe")
    return verdict


def _guarded(text: str) -> str:
    return f"'{text}" if _ACTIVE.match(text) else text


def _plain(text: str) -> str:
    return text[1:] if text.startswith("'") and _ACTIVE.match(text[1:]) else text


def render(cards: Iterable[Card]) -> str:
    """Return records as CSV with empty or own verdicts; text that a spreadsheet would run is not.

    The file holds nobody else's decisions.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for card in cards:
        mine = card.mine
        texts = (
            card.title, "; ".join(card.authors), card.year and str(card.year), card.journal,
            card.doi, card.pmid, card.abstract, "; ".join(card.keywords),
            mine.verdict.value if mine else None, mine.reason if mine else None,
            mine.note if mine else None,
        )  # fmt: skip
        writer.writerow([card.record, *(_guarded(text or "") for text in texts)])
    return out.getvalue()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(str(path), [Problem(None, None, "it is larger than 256 MiB")])
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InvalidDataError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        reason = "it is not UTF-8 text; save it as CSV UTF-8"
        raise FileError(str(path), [Problem(line, None, reason)]) from None


def read_decisions(path: Path) -> list[Choice]:
    """Read decisions from a CSV with the columns record, verdict, and if any reason and note.

    Rows without a verdict are left out; other columns are not read; a semicolon or a tab may part
    the cells, as spreadsheets in some countries write them. Raises FileError with every problem.
    """
    text = _text(path)
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    problems: list[Problem] = []
    choices: list[Choice] = []
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        problems += [
            Problem(1, name, "the column is missing") for name in NEEDED if name not in header
        ]
        problems += [
            Problem(1, name, "the column appears twice")
            for name in COLUMNS
            if header.count(name) > 1
        ]
        if problems:
            raise FileError(str(path), problems)
        for row in reader:
            line = reader.line_num
            try:
                choice = _choice(header, row, line)
            except InvalidDataError as error:
                problems.append(Problem(line, None, str(error)))
                continue
            if choice is not None:
                choices.append(choice)
    except csv.Error as error:
        raise FileError(str(path), [Problem(reader.line_num, None, str(error))]) from None
    if problems:
        raise FileError(str(path), problems)
    return choices


def _choice(header: Sequence[str], row: Sequence[str], line: int) -> Choice | None:
    cells = {
        name: clean_text(_plain(value).strip()) for name, value in zip(header, row, strict=False)
    }
    if not any(cells.values()) or not cells.get("verdict"):
        if cells.get("reason"):
            raise InvalidDataError("there is a reason but no verdict")
        return None
    if len(row) > len(header):
        raise InvalidDataError("the row has more cells than the header")
    number = cells.get("record", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise InvalidDataError(f"{number!r} is no record number")
    return Choice(
        record=int(number),
        verdict=verdict_of(cells["verdict"]),
        reason=cells.get("reason") or None,
        note=cells.get("note") or None,
        line=line,
    )
