"""What an import of a release did, as it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from review.errors import FileError
from review.extraction.formats.comparison import Cell, Moved
from review.extraction.formats.source import Flag, StatedPool
from review.extraction.vocabulary import Format


@dataclass(frozen=True, slots=True)
class Reject:
    """A place of the file that cannot be read."""

    line: int | None
    column: str | None
    reason: str


@dataclass
class ReleaseReport:
    """Counts are of rows; `results_…` are of what analyses see."""

    file: str
    format: Format
    source: str
    sha256: str
    release: int | None = None
    """The number of this release of its source; None where nothing was stored."""
    read: int = 0
    added: int = 0
    unchanged: int = 0
    corrected: int = 0
    removed: int = 0
    rejected: int = 0
    flags: list[Flag] = field(default_factory=list)
    corrections: list[Cell] = field(default_factory=list)
    additions: list[Moved] = field(default_factory=list)
    removals: list[Moved] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    studies_added: list[str] = field(default_factory=list)
    studies_withdrawn: list[str] = field(default_factory=list)
    results_added: int = 0
    results_corrected: int = 0
    results_withdrawn: int = 0
    signs: str | None = None
    """What a positive ready effect of the file is taken to mean, and why."""
    results_turned: int = 0
    """Stored effects that were read the other way round before."""
    directions_turned: dict[str, str] = field(default_factory=dict)
    """Instruments whose direction an earlier import took from the scores: what it is now."""
    without_direction: list[str] = field(default_factory=list)
    """Instruments that do not say which way is better; analyses refuse them until they do."""
    pools: list[StatedPool] = field(default_factory=list)
    """Pooled lines that the file itself states."""

    @property
    def nothing_new(self) -> bool:
        """Whether the review already held all of it."""
        return not (
            self.added
            or self.corrected
            or self.removed
            or self.results_added
            or self.results_corrected
            or self.results_withdrawn
            or self.results_turned
            or self.directions_turned
        )


def refused(error: FileError, *, format_: Format, source: str, sha256: str) -> ReleaseReport:
    """Return the report of a file of which nothing was stored."""
    rejects = [Reject(problem.line, problem.column, problem.reason) for problem in error.problems]
    lines = {reject.line for reject in rejects}
    return ReleaseReport(error.file, format_, source, sha256, rejected=len(lines), rejects=rejects)
