"""Screening in a spreadsheet: records out as CSV, decisions back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from review.errors import InvalidDataError, Problem
from review.screening.actions import Choice
from review.screening.views import Card
from review.screening.vocabulary import Verdict
from review.tabular.formulas import guarded
from review.tabular.header import Columns, Others
from review.tabular.numbers import Kind
from review.tabular.reading import bytes_of, read_table
from review.tabular.table import Line, Read

COLUMNS: Final = (
    "record", "title", "authors", "year", "journal", "doi", "pmid", "abstract", "keywords",
    "verdict", "reason", "note",
)  # fmt: skip
NEEDED: Final = ("record", "verdict")

MAX_BYTES: Final = 256 * 1024 * 1024
"""50,000 records with abstracts take a third of this."""

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
        writer.writerow([card.record, *(guarded(text or "") for text in texts)])
    return out.getvalue()


_COLUMNS: Final = Columns(
    dict.fromkeys((*NEEDED, "reason", "note"), Kind.TEXT),
    NEEDED,
    others=Others.LEFT,
    synonyms={"decision": "verdict", "id": "record", "number": "record", "comment": "note"},
    form="a file of review screen export",
    listed_by="review screen export writes such a file",
    unread=frozenset(COLUMNS),
)


def read_decisions(path: Path, *, sheet: str | None = None) -> Read[Choice]:
    """Read decisions from a table with the columns record, verdict, and if any reason and note.

    Rows without a verdict are left out; other columns are not read. Raises FileError with every
    problem.
    """
    data = bytes_of(path, most=MAX_BYTES)
    table = read_table(data, _COLUMNS, file=str(path), sheet=sheet)
    problems: list[Problem] = []
    choices: list[Choice] = []
    for line in table.lines:
        try:
            choice = _choice(line)
        except InvalidDataError as error:
            problems.append(table.problem(line.line, None, str(error)))
            continue
        if choice is not None:
            choices.append(choice)
    if problems or table.problems:
        table.refuse(problems)
    return Read(tuple(choices), table.remarks)


def _choice(line: Line) -> Choice | None:
    cells = {name: cell.strip() for name, cell in line.cells.items()}
    if not cells["verdict"]:
        if cells.get("reason"):
            raise InvalidDataError("there is a reason but no verdict")
        return None
    number = cells["record"]
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        raise InvalidDataError(f"{number!r} is no record number")
    return Choice(
        record=int(number),
        verdict=verdict_of(cells["verdict"]),
        reason=cells.get("reason") or None,
        note=cells.get("note") or None,
        line=line.line,
    )
