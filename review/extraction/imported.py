"""What an import of an extraction table did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CorrectedValue:
    """One value that an import changed."""

    study: str
    what: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class EntryDoubt:
    """A doubt about what a line of the file says."""

    line: int
    study: str
    what: str
    kind: str
    why: str
    key: str


@dataclass
class ImportReport:
    """What an import did."""

    rows: int
    studies_added: list[str] = field(default_factory=list)
    arms_added: int = 0
    """To studies that were there already."""
    reports_added: int = 0
    """Of studies that were there already."""
    results_added: int = 0
    results_unchanged: int = 0
    corrections: list[CorrectedValue] = field(default_factory=list)
    values_added: int = 0
    """Of custom fields, and of what blind entries say of studies and arms."""
    differing: int = 0
    """Values that are stored otherwise and were left, because the import only adds."""
    entries: dict[str, int] = field(default_factory=dict)
    """How many studies the file has of each kind of entry."""

    asides: list[tuple[int, str]] = field(default_factory=list)
    """What was taken otherwise than it stands in the file, by line."""
    lines: dict[int, int] = field(default_factory=dict)
    """The line of the file by the id of each new or corrected result."""
    doubts: list[EntryDoubt] = field(default_factory=list)
    """Doubts about new and corrected results, found at once."""

    @property
    def nothing_new(self) -> bool:
        """Whether the database already held all of it."""
        return not (
            self.studies_added
            or self.arms_added
            or self.reports_added
            or self.results_added
            or self.corrections
            or self.values_added
        )
