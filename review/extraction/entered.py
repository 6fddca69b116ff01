"""What one entry says of a study, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from review.extraction.vocabulary import EntryKind


class ResultKey(NamedTuple):
    """What a result is about; no entry has two of one key."""

    arm: str
    versus_arm: str | None
    instrument: str
    rater: str
    timepoint: str
    analysis_set: str
    with_instrument: str | None

    def __str__(self) -> str:
        """For people: ``Video against In person, wai, client, post, itt``."""
        versus = f" against {self.versus_arm}" if self.versus_arm else ""
        related = f" with {self.with_instrument}" if self.with_instrument else ""
        return (
            f"{self.arm}{versus}, {self.instrument}{related}, {self.rater}, {self.timepoint}, "
            f"{self.analysis_set}"
        )


@dataclass(frozen=True, slots=True)
class EnteredResult:
    """One result: its values that are not None by column, custom fields among them."""

    result_id: int
    version: int
    values: Mapping[str, Any]
    """With ``citation`` and ``doi`` of its report."""
    not_reported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnteredArm:
    """An arm as an entry describes it."""

    version: int | None
    """None where the entry keeps its own description."""
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """All that one entry says of one study."""

    entry_id: int
    study: str
    kind: EntryKind
    person: str
    finished: bool
    version: int | None
    values: Mapping[str, Any]
    """Of the study: facts and custom fields that are not None."""
    arms: Mapping[str, EnteredArm]
    results: Mapping[ResultKey, EnteredResult]
