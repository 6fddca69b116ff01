"""Screening in a spreadsheet: records out as CSV, decisions back.

Each row says which review, stage and reviewer it was written for, so that it cannot come back as
somebody else's, or as the decision of another stage.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.errors import FileError, InvalidDataError, Problem, Remedy
from review.screening.choices import Choice
from review.screening.views import Card
from review.screening.vocabulary import STAGE_WORDS, Stage, verdict_of
from review.tabular.formulas import guarded
from review.tabular.grid import Remark
from review.tabular.header import Columns, Others
from review.tabular.numbers import Kind
from review.tabular.reading import bytes_of, read_table
from review.tabular.table import Line

COLUMNS: Final = (
    "record", "title", "warning", "authors", "year", "journal", "doi", "pmid", "abstract",
    "keywords", "verdict", "reason", "note", "review", "stage", "reviewer",
)  # fmt: skip
NEEDED: Final = ("record", "verdict")

MAX_BYTES: Final = 256 * 1024 * 1024
"""50,000 records with abstracts take a third of this."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a file of decisions was written for."""

    review: str
    stage: str
    reviewer: str

    def __str__(self) -> str:
        """``title and abstract of alliance, for anna``."""
        where = STAGE_WORDS.get(self.stage, self.stage)
        return f"{where} of {self.review}, for {self.reviewer}"


@dataclass(frozen=True, slots=True)
class DecisionSheet:
    """What a file holds: decisions, the lines that cannot be taken, and what it is for.

    A file without the columns review, stage and reviewer, made by hand, has no purpose.
    """

    choices: tuple[Choice, ...]
    problems: tuple[Problem, ...]
    purpose: Purpose | None
    remarks: tuple[Remark, ...] = ()


def render(cards: Iterable[Card], *, purpose: Purpose) -> str:
    """Return records as CSV with empty or own verdicts; text that a spreadsheet would run is not.

    The file holds nobody else's decisions, and says in each row what it is for.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for card in cards:
        mine = card.mine
        texts = (
            card.title, card.warning, "; ".join(card.authors), card.year and str(card.year),
            card.journal, card.doi, card.pmid, card.abstract, "; ".join(card.keywords),
            mine.verdict.value if mine else None, mine.reason if mine else None,
            mine.note if mine else None, purpose.review, purpose.stage, purpose.reviewer,
        )  # fmt: skip
        writer.writerow([card.record, *(guarded(text or "") for text in texts)])
    return out.getvalue()


_COLUMNS: Final = Columns(
    dict.fromkeys((*NEEDED, "reason", "note", "title", "review", "stage", "reviewer"), Kind.TEXT),
    NEEDED,
    others=Others.LEFT,
    synonyms={"decision": "verdict", "id": "record", "number": "record", "comment": "note"},
    form="a file of review screen export",
    listed_by="review screen export writes such a file",
    unread=frozenset(COLUMNS),
)


def read_decisions(path: Path, *, sheet: str | None = None) -> DecisionSheet:
    """Read decisions from a table with the columns record, verdict, and if any reason and note.

    Rows without a verdict are left out. What is wrong with a line is said beside the others'
    decisions, for each line stands alone; FileError is raised where the file itself cannot be read,
    or was written for several reviews, stages or reviewers.
    """
    data = bytes_of(path, most=MAX_BYTES)
    table = read_table(data, _COLUMNS, file=str(path), sheet=sheet)
    if any(problem.line is None or problem.line <= table.header_line for problem in table.problems):
        table.refuse([])
    problems: list[Problem] = []
    choices: list[Choice] = []
    purposes: dict[Purpose, int] = {}
    wrong = {problem.line for problem in table.problems}
    for line in table.lines:
        cells = {name: cell.strip() for name, cell in line.cells.items()}
        purpose = _purpose(cells)
        if purpose is not None:
            purposes.setdefault(purpose, line.line)
        if line.line in wrong:
            continue
        try:
            choice = _choice(line, cells)
        except InvalidDataError as error:
            problems.append(table.problem(line.line, None, str(error)))
            continue
        if choice is not None:
            choices.append(choice)
    if len(purposes) > 1:
        raise FileError(
            str(path),
            [table.problem(line, None, f"this row is for {one}") for one, line in purposes.items()],
        )
    return DecisionSheet(
        tuple(choices),
        tuple(sorted((*table.problems, *problems), key=lambda problem: problem.line or 0)),
        next(iter(purposes), None),
        tuple(table.remarks),
    )


def stage_of(purpose: Purpose | None, review: str, reviewer: str, stage: Stage | None) -> Stage:
    """Return the stage that a file's decisions are for: its own, else the one given.

    Raises InvalidDataError for a file of another review, stage or reviewer.
    """
    if purpose is None:
        return stage or Stage.TITLE_ABSTRACT
    asked = Purpose(review, stage.value if stage else purpose.stage, reviewer)
    if asked != purpose or purpose.stage not in set(Stage):
        raise InvalidDataError(
            f"the file was written for {purpose}, and this is {asked}; nothing was stored",
            remedy=Remedy("write one with", "review screen export"),
        )
    return Stage(purpose.stage)


def _purpose(cells: Mapping[str, str]) -> Purpose | None:
    review, stage, reviewer = (cells.get(name, "") for name in ("review", "stage", "reviewer"))
    return Purpose(review, stage, reviewer) if review and stage and reviewer else None


def _choice(line: Line, cells: Mapping[str, str]) -> Choice | None:
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
        title=cells.get("title") or None,
    )
