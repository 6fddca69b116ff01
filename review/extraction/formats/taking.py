"""A release on its way into a review: what it says, what the one before said, what is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from review.extraction.formats import queries
from review.extraction.formats.known import Known
from review.extraction.formats.models import ImportedRelease
from review.extraction.formats.reading import ReadFile
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.report import ReleaseReport
from review.extraction.formats.signs import LEGACY
from review.extraction.formats.source import Content, Directions, Flag, SourceRow
from review.extraction.vocabulary import Format, Positive
from review.protocol.models import Review

WITHDRAWN: Final = "not in release"
"""How the reason of a study begins that a later release no longer has."""


@dataclass(frozen=True, slots=True)
class Former:
    """How the release before was read."""

    directions: Directions
    reading: Mapping[str, Any] | None

    @classmethod
    def of(cls, release: ImportedRelease | None) -> Former:
        """Return how a release was read, or how the first one would have been."""
        if release is None:
            return cls(Directions(), None)
        if release.reading is None:
            legacy = release.format is Format.METAPSY
            return cls(Directions(release.better, legacy=legacy), LEGACY if legacy else None)
        said = Directions(release.better, positive=Positive(release.reading["positive"]))
        return cls(said, release.reading)


@dataclass(slots=True)
class Taking:
    """One file on its way into one review; `new` shrinks to what may be taken."""

    session: Session
    review: Review
    read: ReadFile
    source: str
    former: Former
    previous: ImportedRelease | None
    old_rows: list[SourceRow]
    old: Content
    new: Content
    known: Known
    report: ReleaseReport

    @classmethod
    def of(
        cls, session: Session, review: Review, read: ReadFile, source: str, directions: Directions
    ) -> Taking:
        """Read what a file claims, beside what the release before claimed."""
        previous = queries.newest_release(session, review, source)
        rows = queries.rows_of(session, previous) if previous else []
        former, content = Former.of(previous), FORMATS[read.table.format].content
        return cls(
            session,
            review,
            read,
            source,
            former,
            previous,
            rows,
            content(rows, former.directions, None),
            content(read.table.rows, directions, former.reading),
            Known(session, review),
            ReleaseReport(
                read.file, read.table.format, source, read.sha256, read=len(read.table.rows)
            ),
        )

    @property
    def number(self) -> int:
        """The release's number among those of its source."""
        return (self.previous.number if self.previous else 0) + 1

    @property
    def file(self) -> str:
        """The file's name without its folders."""
        return Path(self.read.file).name

    @property
    def where(self) -> str:
        """Why a study or a number is not there any more."""
        return f"{WITHDRAWN} {self.number} of {self.source} ({self.file})"

    @property
    def same(self) -> bool:
        """Whether it is the release before, read as it was."""
        return (
            self.previous is not None
            and self.previous.sha256 == self.read.sha256
            and _positive(self.new.reading) == _positive(self.previous.reading)
        )

    def edited(self, study: str, line: int | None, column: str, here: Any, there: Any) -> None:
        """Flag what a person changed here since the release before, and the file says otherwise."""
        reason = "it was changed here since the release before; what stands here is kept"
        self.report.flags.append(
            Flag(
                "edited_here",
                study,
                line,
                column,
                reason,
                None if here is None else str(here),
                None if there is None else str(there),
            )
        )


def _positive(reading: Mapping[str, Any] | None) -> str | None:
    return None if reading is None else str(reading["positive"])
