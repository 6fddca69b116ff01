"""A row of another program's file, and what it claims about a trial, as plain values."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from review.extraction.numbers import ABOUT, ReportedNumbers
from review.extraction.spelling import identity
from review.extraction.vocabulary import Format, Positive
from review.protocol.vocabulary import Rater
from review.tabular.grid import Remark


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as it stands in a file, its numbers with a decimal point.

    `key` are the cells that say which comparison the row is of; no row number is among them.
    """

    line: int
    key: Mapping[str, str]
    cells: Mapping[str, str]

    def text(self, *names: str) -> str | None:
        """Return the first of these columns that is given, None for a missing value."""
        for name in names:
            value = self.cells.get(name)
            if value:
                return value
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of these columns that holds a number."""
        for name in names:
            value = self.cells.get(name)
            if value and NUMBER.fullmatch(value) and math.isfinite(float(value)):
                return float(value)
        return None


NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class StatedPool:
    """A pooled line that the file states of one of its outcomes, on the scale it prints."""

    comparison: str
    outcome: str
    kind: str
    """``DICH``, ``CONT`` or ``IV``."""
    measure: str
    method: str
    random: bool
    k: int | None
    estimate: float
    ci_low: float | None
    ci_high: float | None
    q: float | None
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class SourceTable:
    """All rows of a file, and what was noticed in reading it."""

    format: Format
    columns: tuple[str, ...]
    rows: tuple[SourceRow, ...]
    pools: tuple[StatedPool, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What a file says of a trial itself."""

    label: str
    year: int | None = None
    registration: str | None = None
    country: str | None = None
    population: str | None = None
    citation: str | None = None
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a number measures: the outcome and the instrument, by slug and name."""

    outcome: str
    outcome_name: str
    instrument: str
    instrument_name: str
    higher_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class Directions:
    """What the person who imports a file says of its directions and signs."""

    better: bool | None = None
    """Whether higher scores are better, where the file does not say; None leaves it open."""
    of: Mapping[str, bool] = field(default_factory=dict)
    """The same for one outcome, by its slug."""
    positive: Positive | None = None
    """What a positive ready effect means; None lets the file's own numbers say it."""
    legacy: bool = False
    """Read as releases were before signs and the directions of events were looked at."""

    def of_outcome(self, slug: str) -> bool | None:
        """Return whether higher is better for the scores of an outcome."""
        return self.of.get(slug, self.better)


@dataclass(frozen=True, slots=True)
class ArmName:
    """An arm by its label within the trial, and its treatment."""

    label: str
    treatment: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result stands in the database; two claims of one place must agree."""

    study: str
    """The trial's label, by `identity`."""
    arm: str
    versus: str | None
    instrument: str
    rater: Rater
    timepoint: str

    @property
    def turned(self) -> Place:
        """The same contrast, read from the other side."""
        assert self.versus is not None
        return replace(self, arm=self.versus, versus=self.arm)


class Values(NamedTuple):
    """The numbers of one result, and when it was measured."""

    numbers: ReportedNumbers = ReportedNumbers()
    weeks: float | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """All that a release says of a result, by column; None is not reported."""
        return {**{name: getattr(self.numbers, name) for name in ABOUT}, "weeks": self.weeks}

    @property
    def turned(self) -> Values:
        """The same contrast, read from the other side."""
        return self._replace(numbers=self.numbers.turned)


@dataclass(frozen=True, slots=True)
class Flag:
    """Something in a file that a person should look at."""

    kind: str
    study: str
    line: int | None
    column: str | None
    reason: str
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One result that one row of a file states."""

    row: SourceRow
    study: StudyFacts
    measurement: Measurement
    arm: ArmName
    versus: ArmName | None
    rater: Rater
    timepoint: str
    values: Values

    def place(self, timepoint: str | None = None) -> Place:
        """Return where the result belongs."""
        return Place(
            study=identity(self.study.label),
            arm=self.arm.label,
            versus=self.versus.label if self.versus else None,
            instrument=self.measurement.instrument,
            rater=self.rater,
            timepoint=timepoint or self.timepoint,
        )


@dataclass(frozen=True, slots=True)
class Content:
    """What a whole file claims: each result once."""

    studies: Mapping[str, StudyFacts]
    measurements: Mapping[str, Measurement]
    arms: Mapping[tuple[str, str], ArmName]
    results: Mapping[Place, Values]
    origins: Mapping[Place, tuple[SourceRow, ...]]
    """Rows that state each result."""
    flags: tuple[Flag, ...] = field(default=())
    reading: Mapping[str, Any] | None = None
    """How signs were read, where the format leaves that to its files."""
    signs: str | None = None
    """The same in words, with its proof."""


MOST_PERSONS: Final = 1_000_000_000
"""No arm has more; a larger count is a slip of the keyboard, and no database column holds it."""


def whole(number: float, *, least: int = 1) -> int | None:
    """Return a number of persons; None for what cannot be one."""
    return int(number) if number.is_integer() and least <= number <= MOST_PERSONS else None


def slug(text: str, *, at_most: int = 60) -> str:
    """Return ``beck-depression-inventory`` for any name; ``unnamed`` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower())[:at_most].strip("-") or "unnamed"


def year_in(label: str) -> int | None:
    """Return the year that a label such as ``Ryberg 2019b`` ends with."""
    found = re.search(r"(?<!\d)((?:18|19|20)\d{2})[a-z]?\)?\s*$", label)
    return int(found.group(1)) if found else None


def gathered(claims: Sequence[Claim], flags: Sequence[Flag] = ()) -> Content:
    """Return each result of a file once, under one place.

    A contrast that a file also gives the other way round is one result. Rows of one place with
    different numbers are told apart by their week, then by a running number, and flagged.
    """
    studies: dict[str, StudyFacts] = {}
    measurements: dict[str, Measurement] = {}
    arms: dict[tuple[str, str], ArmName] = {}
    results: dict[Place, Values] = {}
    origins: dict[Place, tuple[SourceRow, ...]] = {}
    noted = list(flags)
    for claim in claims:
        key = identity(claim.study.label)
        studies.setdefault(key, claim.study)
        measurements.setdefault(claim.measurement.instrument, claim.measurement)
        for arm in (claim.arm, claim.versus):
            if arm is not None:
                arms.setdefault((key, arm.label), arm)
        place, values = _settled(claim, results, noted)
        results[place] = values
        origins[place] = (*origins.get(place, ()), claim.row)
    return Content(studies, measurements, arms, results, origins, tuple(noted))


def _settled(
    claim: Claim, results: Mapping[Place, Values], noted: list[Flag]
) -> tuple[Place, Values]:
    number = 1
    weeks = claim.row.number("time_weeks")
    place = claim.place()
    while True:
        if place.versus is not None and place.turned in results:
            place = place.turned
            values = claim.values.turned
        else:
            values = claim.values
        if place not in results or _agree(results[place], values):
            break
        number += 1
        after = f", {weeks:g} weeks" if weeks is not None else ""
        later = f" ({number})" if number > 2 or weeks is None else ""
        place = claim.place(f"{claim.timepoint}{after}{later}")
    if number > 1:
        noted.append(
            Flag(
                "several_results",
                claim.study.label,
                claim.row.line,
                None,
                f"another row of the file gives other numbers for the same arms, instrument, "
                f"rater and time; this one is kept as timepoint {place.timepoint!r}",
            )
        )
    return place, results.get(place, values)


def _agree(one: Values, other: Values) -> bool:
    there = other.columns
    return all(same_value(value, there[name]) for name, value in one.columns.items())


def same_value(one: float | str | None, other: float | str | None) -> bool:
    """Whether two values of a result say the same."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return same_number(float(one), float(other))
    return one == other


SAME: Final = 1e-9
"""Relative difference below which two printed doubles are the same number (R prints 15 digits)."""


def same_number(one: float, other: float) -> bool:
    """Whether two numbers differ by no more than the digits a program prints."""
    return abs(one - other) <= SAME * max(1.0, abs(one), abs(other))
