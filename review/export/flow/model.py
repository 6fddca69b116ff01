"""The PRISMA 2020 flow of records, reports and studies, as values that are checked.

Page et al. 2021, BMJ 372:n71, doi 10.1136/bmj.n71, figure 1 and its template for updated reviews;
what a living review adds, after Akl et al. 2024 (PRISMA-LSR), doi 10.1136/bmj-2024-079183.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from review.citations.vocabulary import SourceKind
from review.errors import NotFoundError, ReviewError


class FlowDoesNotCloseError(ReviewError):
    """The numbers of a flow contradict one another; the ledger or this software is at fault."""


class Unit(StrEnum):
    """What a box counts; the three are never mixed."""

    RECORDS = "records"
    REPORTS = "reports"
    STUDIES = "studies"


class Template(StrEnum):
    """Which of PRISMA's templates is filled."""

    NEW = "new"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Part:
    """One line within a box, such as a source or a reason."""

    key: str
    label: str
    n: int
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box: its PRISMA name, its number, and the ids it counts."""

    key: str
    label: str
    unit: Unit
    n: int
    ids: tuple[int, ...] = ()
    """Of records, for reports too; of studies where studies are counted."""
    parts: tuple[Part, ...] = ()
    stated: int = 0
    """Of `n`, what was stated of a previous version and stands in no ledger."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Two ways to count the same; they must agree."""

    name: str
    left: int
    right: int

    @property
    def closes(self) -> bool:
        """Whether they agree."""
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Change:
    """A number at the preceding version and now."""

    box: str
    label: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Living:
    """What a living review adds: version, what triggered it, what changed since the one before."""

    version: str | None
    since: datetime
    trigger: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One imported file: what it brought and what became of it."""

    batch: int
    source: str
    kind: SourceKind | None
    file: str
    read: int
    rejected: int
    stored: int
    duplicates: int = 0
    included: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole flow diagram in numbers."""

    review: str
    title: str
    template: Template
    other_methods: bool
    boxes: Mapping[str, FlowBox]
    identities: tuple[Identity, ...]
    batches: tuple[BatchLine, ...]
    living: Living | None = None
    notes: tuple[str, ...] = ()

    def n(self, key: str) -> int:
        """Return the number in a box, 0 where the template has no such box."""
        return self.boxes[key].n if key in self.boxes else 0

    def box(self, key: str) -> FlowBox | Part:
        """Return a box, or a line within one, by its key; raise NotFoundError."""
        if key in self.boxes:
            return self.boxes[key]
        for box in self.boxes.values():
            for part in box.parts:
                if part.key == key:
                    return part
        raise NotFoundError(f"the flow has no box {key!r} (it has: {', '.join(self.boxes)})")


def check(flow: Flow) -> None:
    """Raise FlowDoesNotCloseError, naming every difference, unless all identities hold."""
    wrong = [identity for identity in flow.identities if not identity.closes]
    if wrong:
        raise FlowDoesNotCloseError(
            "the flow does not close: "
            + "; ".join(
                f"{i.name}: {i.left} is not {i.right} (difference {i.left - i.right})"
                for i in wrong
            )
        )
