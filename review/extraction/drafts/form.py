"""A trial as somebody types it: every cell a text, nothing checked yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from review.extraction.entered import ResultKey
from review.extraction.numbers import MAX_QUOTE
from review.extraction.vocabulary import Level

MOST_ROWS: Final = 500
"""Of one list of a form: three arms at four times with forty instruments."""

Typed = Annotated[str, StringConstraints(max_length=2 * MAX_QUOTE)]
"""A cell as typed, which may be too long: that is said beside it, and nothing is cut."""
Key = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Cells = Annotated[dict[Name, Typed], Field(max_length=200)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


At = Literal["study", "arm", "report", "block", "row", "note"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the form something is; the key is that of its arm, report, block, row or note."""

    at: At
    key: str | None = None


class Source(_Part):
    """Where numbers stand: in which report, on which page of which PDF, in which words."""

    report: Typed | None = None
    """The key of one of the form's reports."""
    pdf: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    pdf_page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    page: Typed | None = None
    """As printed: a page or a table."""
    quote: Typed | None = None

    def over(self, below: Source | None) -> Source:
        """Return this source with what it does not say from another one."""
        if below is None:
            return self
        mine = {name: value for name, value in self if value not in (None, "")}
        return below.model_copy(update=mine)


class StudyPart(_Part):
    """What is known of the study."""

    cells: Cells = {}


class ArmPart(_Part):
    """An arm; `id` of one that is stored."""

    key: Key
    id: Number | None = None
    label: Typed = ""
    cells: Cells = {}


class ReportPart(_Part):
    """A publication; `id` of one that is stored."""

    key: Key
    id: Number | None = None
    citation: Typed = ""
    doi: Typed = ""


class Row(_Part):
    """A result as typed; `result` is the id of one that is stored."""

    key: Key
    result: Number | None = None
    arm: Typed = ""
    """The key of one of the form's arms."""
    versus_arm: Typed = ""
    cells: Cells = {}
    source: Source | None = None
    """Where it differs from that of the block."""
    sources: Annotated[dict[Name, Source], Field(max_length=60)] = {}
    """Of a cell, where it differs from that of the row."""
    withdraw: Typed | None = None
    """Why a stored result is none."""


class Block(_Part):
    """Results of one instrument, rater, timepoint and set of participants."""

    key: Key
    level: Level = Level.ARM
    instrument: Typed = ""
    rater: Typed = ""
    timepoint: Typed = ""
    analysis_set: Typed = ""
    with_instrument: Typed = ""
    gives: Typed = ""
    """What the report gives; which columns the page shows, and nothing else."""
    source: Source | None = None
    rows: Annotated[tuple[Row, ...], Field(max_length=MOST_ROWS)] = ()


class NotePart(_Part):
    """What the report says that is no number to pool."""

    key: Key
    topic: Typed = ""
    text: Typed = ""
    source: Typed = ""
    certainty: Typed = ""


class Tick(_Part):
    """A doubt that was looked into."""

    key: Key
    reason: Typed = ""


class Form(_Part):
    """A trial as typed."""

    study: StudyPart = StudyPart()
    arms: Annotated[tuple[ArmPart, ...], Field(max_length=MOST_ROWS)] = ()
    reports: Annotated[tuple[ReportPart, ...], Field(max_length=MOST_ROWS)] = ()
    blocks: Annotated[tuple[Block, ...], Field(max_length=MOST_ROWS)] = ()
    notes: Annotated[tuple[NotePart, ...], Field(max_length=MOST_ROWS)] = ()
    doubts: Annotated[tuple[Tick, ...], Field(max_length=MOST_ROWS)] = ()


class StoredThing(_Part):
    """A study, arm, report or result as it was stored: its version, name or key, and cells."""

    version: int = 1
    label: str | None = None
    """Of an arm its label, of a report its citation."""
    key: dict[str, str] = {}
    """Of a result: the parts of its key."""
    cells: dict[str, str] = {}
    source: Source | None = None
    """Of a result; its report by id."""
    sources: dict[str, Source] = {}


class Stored(_Part):
    """What an entry said when a form was made of it, by the ids of what it is about."""

    study: StoredThing = StoredThing()
    arms: dict[int, StoredThing] = {}
    reports: dict[int, StoredThing] = {}
    results: dict[int, StoredThing] = {}


KEY_PARTS: Final = ResultKey._fields
"""Of a result: arms, instrument, rater, timepoint, set."""
