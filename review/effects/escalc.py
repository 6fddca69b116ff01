"""From extracted numbers to effects: the door to all measures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects import (
    change,
    checks,
    continuous,
    correlation,
    dichotomous,
    paired,
    rates,
    single,
    survival,
    variation,
)
from review.effects.columns import Column, Domain, Values, read_columns
from review.effects.effects import Effects, RowNote
from review.effects.quantiles import Distribution, quantile
from review.effects.specification import Computed, Form, Options, Specification, as_given
from review.effects.zero_cells import ZeroCells
from review.errors import InvalidDataError
from review.measures import Measure


class MissingColumnsError(InvalidDataError):
    """The columns that a measure needs are not there."""

    def __init__(self, measure: Measure, present: tuple[str, ...]):
        self.measure = measure
        self.present = present
        self.alternatives = required_columns(measure)
        told = ", or ".join(" ".join(names) for names in self.alternatives)
        super().__init__(
            f"{measure} needs the columns {told}; given: {' '.join(present) or 'none'}."
        )

    def __reduce__(self) -> tuple[type[MissingColumnsError], tuple[Measure, tuple[str, ...]]]:
        # workers hand their errors back pickled, by the arguments of this class
        return type(self), (self.measure, self.present)


def escalc(
    measure: Measure | str,
    columns: Mapping[str, Values],
    *,
    vtype: Variance | str | None = None,
    zero_cells: ZeroCells | None = None,
    correct: bool = True,
    level: float = 0.95,
) -> Effects:
    """Effects and sampling variances of a measure, one a row.

    Parameters
    ----------
    measure
        What to compute, by metafor's name.
    columns
        Name to values, (k,) each; names as `required_columns` tells them. Columns that the measure
        does not use are ignored. None and NaN mean "not reported".
    vtype
        Named variance formula; by default the first of `variance_formulas`.
    zero_cells
        What is done about zero cells of counts; by default 1/2 is added to each cell of the rows
        that have one, where the measure needs it (metafor's default).
    correct
        Whether standardized differences and log ratios of means are corrected for small-sample
        bias.
    level
        Confidence level of reported limits ``lbi`` and ``ubi``.

    Returns
    -------
    Effects
        In the order of the rows. A row with missing numbers, or for which the measure does not
        exist, has NaN for yi and vi and a note that says why.

    Raises
    ------
    MissingColumnsError
        If no way of computing the measure has all its columns.
    ImpossibleInputError
        If numbers cannot be right; all are named, with their row and column.
    InvalidDataError
        For an unknown measure or a variance formula that the measure does not have.

    Notes
    -----
    Where a paper's numbers can come in several forms (``ai bi ci di`` or ``ai n1i ci n2i``), a row
    missing in the first form is filled from the next.

    Examples
    --------
    >>> effects = escalc("SMD", {"m1i": [10.2], "sd1i": [2.1], "n1i": [20],
    ...                          "m2i": [9.1], "sd2i": [2.3], "n2i": [22]})
    >>> effects.yi.round(4).tolist(), effects.vi.round(4).tolist()
    ([0.4889], [0.0983])
    """
    try:
        measure = Measure(measure)
    except ValueError:
        raise InvalidDataError(
            f"There is no measure {measure!r}; known are {', '.join(Measure)}."
        ) from None
    checks.share("level", level)
    specification = _SPECIFICATIONS[measure]
    options = Options(
        vtype=_variance(measure, specification, vtype),
        zero_cells=specification.zero_cells if zero_cells is None else zero_cells,
        correct=correct,
        level=level,
    )
    forms = [form for form in specification.forms if form.is_told_by(columns)]
    if not forms:
        raise MissingColumnsError(measure, tuple(columns))
    with np.errstate(all="ignore"):  # what does not exist is found, and told, below
        canonical, filled = _read(forms, columns, options, counts=specification.counts)
        computed = specification.compute(canonical, options)
        exists = np.isfinite(computed.yi) & np.isfinite(computed.vi) & (computed.vi >= 0.0)
    return Effects(
        measure,
        np.where(exists, computed.yi, np.nan),
        np.where(exists, computed.vi, np.nan),
        _notes(
            canonical,
            (*filled, *computed.notes),
            exists,
        ),
    )


def required_columns(measure: Measure | str) -> tuple[tuple[str, ...], ...]:
    """The sets of columns from which a measure can be computed; one complete set is enough.

    Examples
    --------
    >>> required_columns("GEN")
    (('yi', 'vi'), ('yi', 'sei'), ('yi', 'lbi', 'ubi'))
    """
    return tuple(form.names for form in _SPECIFICATIONS[Measure(measure)].forms)


def variance_formulas(measure: Measure | str) -> tuple[Variance, ...]:
    """The variance formulas that a measure knows, the default first."""
    return _SPECIFICATIONS[Measure(measure)].variances


def has_correction(measure: Measure | str) -> bool:
    """Whether `correct` of `escalc` changes a measure.

    Examples
    --------
    >>> has_correction("SMD"), has_correction("MD")
    (True, False)
    """
    return _SPECIFICATIONS[Measure(measure)].corrects


def default_zero_cells(measure: Measure | str) -> ZeroCells:
    """What a measure does about zero cells where nothing else is asked for: metafor's default."""
    return _SPECIFICATIONS[Measure(measure)].zero_cells


def _variance(
    measure: Measure, specification: Specification, vtype: Variance | str | None
) -> Variance:
    if vtype is None:
        return specification.variances[0]
    if vtype not in specification.variances:
        raise InvalidDataError(
            f"{measure} has no variance formula {vtype}; "
            f"it knows {', '.join(specification.variances)}."
        )
    return Variance(vtype)


def _read(
    forms: list[Form], columns: Mapping[str, Values], options: Options, *, counts: bool
) -> tuple[tuple[Floats, ...], tuple[RowNote, ...]]:
    """Rows complete in no earlier form are taken from the next that has them, and noted.

    Counts are read in every form, to see whether they add up. Other forms are read only where an
    earlier one leaves rows open: what a file calls ``pi`` may be no p value.
    """
    first, *others = forms
    filled = first.canonical(read_columns(columns, first.columns, first.at_most), options)
    notes: list[RowNote] = []
    for form in others:
        missing = _incomplete(filled)
        if not counts and not missing.any():
            break
        other = form.canonical(read_columns(columns, form.columns, form.at_most), options)
        told = ~_incomplete(other)
        if counts:
            pairs = zip(filled, other, strict=True)
            differ = np.any([~np.isclose(one, two, rtol=1e-6) for one, two in pairs], axis=0)
            notes += [
                RowNote(int(row), "the counts do not add up to the totals reported beside them")
                for row in np.flatnonzero(differ & told & ~missing)
            ]
        take = missing & told
        filled = tuple(np.where(take, new, old) for old, new in zip(filled, other, strict=True))
        notes += [
            RowNote(int(row), f"computed from {' '.join(form.names)}")
            for row in np.flatnonzero(take)
        ]
    return filled, tuple(notes)


def _incomplete(values: tuple[Floats, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    missing = np.isnan(values[0])
    for value in values[1:]:
        missing = missing | np.isnan(value)
    return missing


def _notes(
    canonical: tuple[Floats, ...],
    notes: tuple[RowNote, ...],
    exists: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> tuple[RowNote, ...]:
    told = {note.row for note in notes if note.excludes}
    missing = _incomplete(canonical)
    reasons = (
        RowNote(
            int(row),
            "no effect: numbers are missing"
            if missing[row]
            else "no effect: the measure or its variance does not exist for these numbers",
            excludes=True,
        )
        for row in np.flatnonzero(~exists)
        if int(row) not in told
    )
    return tuple(sorted((*notes, *reasons), key=lambda note: note.row))


def _generic(values: tuple[Floats, ...], _: Options) -> Computed:
    yi, vi = values
    return Computed(yi, vi)


def _squared(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    yi, sei = values
    return yi, sei**2


def _from_interval(values: tuple[Floats, ...], options: Options) -> tuple[Floats, ...]:
    yi, lower, upper = values
    z = quantile(options.level, Distribution.Z)
    return yi, ((upper - lower) / (2.0 * z)) ** 2


_YI = Column("yi", Domain.REAL)
_SPECIFICATIONS: dict[Measure, Specification] = {
    Measure.GEN: Specification(
        (
            Form((_YI, Column("vi", Domain.NOT_NEGATIVE)), as_given),
            Form((_YI, Column("sei", Domain.NOT_NEGATIVE)), _squared),
            Form(
                (_YI, Column("lbi", Domain.REAL), Column("ubi", Domain.REAL)),
                _from_interval,
                at_most=(("lbi", "yi"), ("yi", "ubi")),
            ),
        ),
        _generic,
    ),
    **continuous.MEASURES,
    **variation.MEASURES,
    **paired.MEASURES,
    **change.MEASURES,
    **dichotomous.MEASURES,
    **rates.MEASURES,
    **survival.MEASURES,
    **correlation.MEASURES,
    **single.MEASURES,
}
