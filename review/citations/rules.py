"""Which pairs are linked, and how the numbers of identification add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from review.citations.vocabulary import Band, NoticeKind, SourceKind, Verdict

UNSTATED: str = "source unstated"
"""What the flow prints for a batch that was imported without a search."""


class PairState(StrEnum):
    """What a pair is now."""

    LINKED = "linked"
    OPEN = "open"
    DIFFERENT = "different"


def pair_state(band: Band, newest: Verdict | None) -> PairState:
    """Return what a pair is, from the band it was put in and the newest verdict of a person."""
    if newest is Verdict.DUPLICATE:
        return PairState.LINKED
    if newest is Verdict.DIFFERENT:
        return PairState.DIFFERENT
    if newest is None and band is Band.CERTAIN:
        return PairState.LINKED
    return PairState.OPEN


def speaks_against(rule: str) -> bool:
    """Return whether the rule that made a pair says why its records may be two works.

    Examples
    --------
    >>> speaks_against("same title, but the part numbers differ"), speaks_against("same DOI")
    (True, False)
    """
    return ", but " in rule or rule.startswith(("parts of", "one is a notice"))


def warning_of(notices: Iterable[Sequence[str]]) -> str | None:
    """Return what stands before a title: ``RETRACTED``, or None where its results may stand.

    `notices` are pairs of kind and words, as records keep them.
    """
    kinds = {NoticeKind(kind) for kind, _ in notices}
    serious = [kind.value for kind in NoticeKind if kind in kinds and kind.is_serious]
    return serious[0].upper() if serious else None


def heading(title: str | None, warning: str | None) -> str:
    """Return what a record is called wherever it is shown, after its warning, if it has one."""
    return f"{f'[{warning}] ' if warning else ''}{title or 'no title'}"


@dataclass(frozen=True, slots=True)
class BatchCount:
    """What one batch brought, and what of it is left when duplicates are taken away."""

    batch_id: int
    search_id: int | None
    kind: SourceKind | None
    """None where no search was stated."""
    source: str
    file: str
    read: int
    rejected: int
    identified: int
    """Records stored."""
    duplicates: int
    """Records of the batch that an earlier record represents."""

    @property
    def in_scope(self) -> int:
        """Records of the batch that represent themselves."""
        return self.identified - self.duplicates


@dataclass(frozen=True, slots=True)
class Identified:
    """The identification part of a flow diagram, batch by batch, in order of import."""

    batches: tuple[BatchCount, ...]

    @property
    def read(self) -> int:
        """Entries seen in the files."""
        return sum(batch.read for batch in self.batches)

    @property
    def rejected(self) -> int:
        """Entries that could not be read."""
        return sum(batch.rejected for batch in self.batches)

    @property
    def identified(self) -> int:
        """Records stored."""
        return sum(batch.identified for batch in self.batches)

    @property
    def duplicates(self) -> int:
        """Duplicate records removed before screening."""
        return sum(batch.duplicates for batch in self.batches)

    @property
    def in_scope(self) -> int:
        """Records to screen."""
        return self.identified - self.duplicates
