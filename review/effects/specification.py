"""What a measure needs and how it is computed: the entries of the dispatch table."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TypeAlias

from review.arrays import Floats
from review.conventions import Variance
from review.effects.columns import Column
from review.effects.effects import Pair, RowNote
from review.effects.quantiles import t_from_signed_p
from review.effects.zero_cells import HALF_ADDED, ZeroCells


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of one call of `escalc`."""

    vtype: Variance
    zero_cells: ZeroCells
    correct: bool
    level: float


@dataclass(frozen=True, slots=True)
class Computed:
    """Effects before the last check: yi and vi may be infinite or NaN where none exists."""

    yi: Floats
    vi: Floats
    notes: tuple[RowNote, ...] = ()


Canonical: TypeAlias = Callable[[tuple[Floats, ...], Options], tuple[Floats, ...]]
Compute: TypeAlias = Callable[[tuple[Floats, ...], Options], Computed]


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which papers report what a measure needs.

    Parameters
    ----------
    columns
        What is read, by name.
    canonical
        From those columns to the numbers that the measure computes with, the same for each form.
    at_most
        Pairs of column names: the first may not exceed the second.
    unless
        Column names that give one of these another meaning (``di`` is Cohen's d, but a cell of the
        2x2 table beside ``ci``): where one of them is there, this form is not read.
    """

    columns: tuple[Column, ...]
    canonical: Canonical
    at_most: tuple[tuple[str, str], ...] = ()
    unless: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    def is_told_by(self, names: Container[str]) -> bool:
        """Whether columns of these names report in this form."""
        return all(name in names for name in self.names) and not any(
            name in names for name in self.unless
        )


@dataclass(frozen=True, slots=True)
class Specification:
    """A measure: how it may be reported, how it is computed, which variances it knows.

    Parameters
    ----------
    forms
        In order of preference; a row missing in one is filled from the next.
    compute
        From the canonical numbers to yi and vi.
    variances
        Known formulas, the default first.
    zero_cells
        The rule when the caller names none.
    corrects
        Whether `correct` changes it: a small-sample bias is known.
    counts
        Whether the canonical numbers are counts, which all forms of one row must agree on.
    """

    forms: tuple[Form, ...]
    compute: Compute
    variances: tuple[Variance, ...] = (Variance.LS,)
    zero_cells: ZeroCells = HALF_ADDED
    corrects: bool = False
    counts: bool = False


def as_given(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    """The columns as they were read: the form is canonical already."""
    return values


def through_t(from_t: Canonical, df: Callable[..., Floats]) -> Canonical:
    """A signed p as the t that it is of; `df` gives degrees of freedom from the other numbers."""

    def canonical(values: tuple[Floats, ...], options: Options) -> tuple[Floats, ...]:
        p, *others = values
        return from_t((t_from_signed_p(p, df(*others)), *others), options)

    return canonical


def by(formula: Callable[..., Pair], *choices: str) -> Compute:
    """Compute by a formula of the canonical numbers that takes the options of those names."""

    def compute(values: tuple[Floats, ...], options: Options) -> Computed:
        return Computed(*formula(*values, **{name: getattr(options, name) for name in choices}))

    return compute
