"""Two entries of one study, cell by cell, and how far they agree. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from review.canonical import sha256_of
from review.extraction.entered import Entered, EnteredResult, ResultKey
from review.extraction.spelling import Spelling
from review.independent.agreement import cohen_kappa

RELATIVE_TOLERANCE: Final = 1e-9
"""Numbers this near are one number written twice; a difference of rounding is for people."""

ROW: Final = "row"
"""The field of a cell that stands for a whole result that one entry has and the other has not."""

_CHOICES: Final = frozenset(
    {
        "rater", "analysis_set", "instrument", "timepoint", "delivery_mode", "role", "randomised",
        "therapists", "adjusted", "clusters_analysed", "favours", "metric",
        "positive",
    }
)  # fmt: skip
"""Fields whose agreement kappa describes."""


class CellState(StrEnum):
    """How two cells stand to each other."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ONE_MISSING = "one_missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in both entries."""

    id: str
    """Names the place and both values: it changes when one of them does."""
    study: str
    place: str
    field: str
    first: Any
    second: Any
    state: CellState


@dataclass(frozen=True, slots=True)
class Pair:
    """Results of both entries that are about the same, or one that stands alone."""

    first_key: ResultKey | None
    second_key: ResultKey | None
    cells: tuple[Cell, ...]

    @property
    def key(self) -> ResultKey:
        """The first entry's key, or the other's where only that has the result."""
        found = self.first_key or self.second_key
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two entries of a study side by side."""

    study: str
    first: str
    second: str
    study_cells: tuple[Cell, ...]
    arm_cells: Mapping[str, tuple[Cell, ...]]
    pairs: tuple[Pair, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells in the order of a form."""
        arms = (cell for cells in self.arm_cells.values() for cell in cells)
        results = (cell for pair in self.pairs for cell in pair.cells)
        return (*self.study_cells, *arms, *results)

    @property
    def differing(self) -> tuple[Cell, ...]:
        """The cells that a person has to decide."""
        return tuple(cell for cell in self.cells if cell.state is not CellState.EQUAL)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two entries agree on one field, or on one study."""

    of: str
    compared: int
    equal: int
    different: int
    one_missing: int
    share: float
    kappa: float | None = None
    """Of a closed choice that both made, where it varies."""


def compare(first: Entered, second: Entered, *, tolerance: float = 0.0) -> Comparison:
    """Compare two entries of a study.

    Parameters
    ----------
    first, second
        The entries.
    tolerance
        The absolute difference up to which two numbers count as equal, beside a relative one of
        1e-9; 0 leaves differences of rounding to a person.

    Returns
    -------
    Comparison
        Choices and texts are compared exactly, and a value against none is told apart from two
        values. Results are matched by what they are about; those left over are matched where only
        one or two parts of that differ, and the parts become differing cells.
    """
    second = spelled_like(second, first)
    arms = {
        label: _cells(
            first,
            f"arm {label}",
            first.arms[label].values if label in first.arms else {},
            second.arms[label].values if label in second.arms else {},
            tolerance,
        )
        for label in dict.fromkeys((*first.arms, *second.arms))
    }
    return Comparison(
        study=first.study,
        first=first.person,
        second=second.person,
        study_cells=_cells(first, "study", first.values, second.values, tolerance),
        arm_cells=arms,
        pairs=tuple(
            _pair(first, one, other, first.results, second.results, tolerance)
            for one, other in _matched(first.results, second.results)
        ),
    )


def spelled_like(entered: Entered, other: Entered) -> Entered:
    """Return an entry with arms and times spelled as another one spells them.

    Who enters blind does not see what the other calls an arm: case and blanks tell none apart.
    """
    arms = Spelling(other.arms)
    times = Spelling(key.timepoint for key in other.results)

    def key_of(key: ResultKey) -> ResultKey:
        versus = arms.of(key.versus_arm) if key.versus_arm is not None else None
        return key._replace(
            arm=arms.of(key.arm), versus_arm=versus, timepoint=times.of(key.timepoint)
        )

    def values_of(result: EnteredResult) -> EnteredResult:
        favours = result.values.get("favours")
        if favours is None:
            return result
        return replace(result, values={**result.values, "favours": arms.of(favours)})

    return replace(
        entered,
        arms={arms.of(label): arm for label, arm in entered.arms.items()},
        results={key_of(key): values_of(result) for key, result in entered.results.items()},
    )


def _same(one: Any, other: Any, tolerance: float) -> bool:
    numbers = (int, float)
    if (
        isinstance(one, numbers)
        and isinstance(other, numbers)
        and not isinstance(one, bool)
        and not isinstance(other, bool)
    ):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE, abs_tol=tolerance)
    return bool(one == other)


def _cell(study: str, place: str, field: str, one: Any, other: Any, tolerance: float) -> Cell:
    if one is None or other is None:
        state = CellState.ONE_MISSING
    else:
        state = CellState.EQUAL if _same(one, other, tolerance) else CellState.DIFFERENT
    name = sha256_of([study, place, field, one, other])[:8]
    return Cell(name, study, place, field, one, other, state)


def _cells(
    entered: Entered,
    place: str,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    tolerance: float,
) -> tuple[Cell, ...]:
    return tuple(
        _cell(entered.study, place, name, first.get(name), second.get(name), tolerance)
        for name in dict.fromkeys((*first, *second))
    )


def _pair(
    entered: Entered,
    one: ResultKey | None,
    other: ResultKey | None,
    first: Mapping[ResultKey, EnteredResult],
    second: Mapping[ResultKey, EnteredResult],
    tolerance: float,
) -> Pair:
    if one is None or other is None:
        key = one or other
        a = None if one is None else _summary(first[one])
        b = None if other is None else _summary(second[other])
        return Pair(one, other, (_cell(entered.study, str(key), ROW, a, b, tolerance),))
    parts = tuple(
        _cell(entered.study, str(one), name, a, b, tolerance)
        for name, a, b in zip(ResultKey._fields, one, other, strict=True)
        if a is not None or b is not None
    )
    values = _cells(entered, str(one), first[one].values, second[other].values, tolerance)
    return Pair(one, other, (*parts, *values))


def _summary(result: EnteredResult) -> str:
    numbers = [f"{n} {v:g}" for n, v in result.values.items() if isinstance(v, (int, float))]
    return ", ".join(numbers) or "no numbers"


def _matched(
    first: Mapping[ResultKey, EnteredResult], second: Mapping[ResultKey, EnteredResult]
) -> list[tuple[ResultKey | None, ResultKey | None]]:
    """Pair results by key, then what is left over by likeness, the most alike first."""
    found: dict[ResultKey | None, ResultKey | None] = {key: key for key in first if key in second}
    left = [key for key in first if key not in second]
    right = [key for key in second if key not in first]
    likeness = sorted(
        (
            (-_alike(one, other, first[one], second[other]), i, j)
            for i, one in enumerate(left)
            for j, other in enumerate(right)
            if sum(a != b for a, b in zip(one, other, strict=True)) <= 2
        ),
    )
    taken: set[int] = set()
    for _, i, j in likeness:
        if left[i] not in found and j not in taken:
            found[left[i]] = right[j]
            taken.add(j)
    pairs: list[tuple[ResultKey | None, ResultKey | None]] = [
        (key, found.get(key)) for key in first
    ]
    return [*pairs, *((None, key) for j, key in enumerate(right) if j not in taken)]


def _alike(one: ResultKey, other: ResultKey, first: EnteredResult, second: EnteredResult) -> int:
    parts = sum(a == b for a, b in zip(one, other, strict=True))
    shared = [n for n in first.values if n in second.values]
    equal = sum(_same(first.values[n], second.values[n], 0.0) for n in shared)
    return parts * 100 + equal


def agreement_by_field(comparisons: Sequence[Comparison]) -> tuple[Agreement, ...]:
    """Return the agreement of all compared cells of each field, over all studies."""
    by_field: dict[str, list[Cell]] = {}
    for comparison in comparisons:
        for cell in comparison.cells:
            by_field.setdefault(cell.field, []).append(cell)
    return tuple(
        _agreement(name, cells, kappa=name in _CHOICES) for name, cells in sorted(by_field.items())
    )


def agreement_by_study(comparisons: Sequence[Comparison]) -> tuple[Agreement, ...]:
    """Return the agreement of all compared cells of each study."""
    return tuple(_agreement(c.study, c.cells, kappa=False) for c in comparisons if c.cells)


def _agreement(of: str, cells: Iterable[Cell], *, kappa: bool) -> Agreement:
    every = list(cells)
    count = {state: sum(cell.state is state for cell in every) for state in CellState}
    return Agreement(
        of=of,
        compared=len(every),
        equal=count[CellState.EQUAL],
        different=count[CellState.DIFFERENT],
        one_missing=count[CellState.ONE_MISSING],
        share=count[CellState.EQUAL] / len(every),
        kappa=_kappa(every) if kappa else None,
    )


def _kappa(cells: Sequence[Cell]) -> float | None:
    both = [cell for cell in cells if cell.first is not None and cell.second is not None]
    first = [str(cell.first) for cell in both]
    second = [str(cell.second) for cell in both]
    categories = sorted({*first, *second})
    if len(categories) < 2:
        return None
    return cohen_kappa(first, second, categories=categories).kappa
