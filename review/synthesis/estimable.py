"""Which columns of a design the data can tell apart, and what is left out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.design import SMALL, Design


def without_redundant(design: Design) -> tuple[Design, tuple[str, ...]]:
    """Drop columns that are combinations of earlier ones, as metafor does.

    Parameters
    ----------
    design : Design

    Returns
    -------
    tuple of Design and tuple of str
        The design that can be fitted, and the names of the columns left out.

    References
    ----------
    Chambers & Hastie 1992, section 4.4.2 (aliased coefficients).

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> kept, dropped = without_redundant(design("x + z", {"x": [1, 2, 4], "z": [2, 4, 8]}))
    >>> kept.columns, dropped
    (('intrcpt', 'x'), ('z',))
    """
    kept, _ = _independent(design.matrix)
    names = design.columns
    return (
        replace(
            design,
            matrix=design.matrix[:, kept],
            columns=tuple(names[i] for i in kept),
            assign=tuple(design.assign[i] for i in kept),
        ),
        tuple(name for i, name in enumerate(names) if i not in kept),
    )


def estimable(design: Design) -> tuple[Design, tuple[str, ...]]:
    """Drop redundant columns as `without_redundant`, and say of what each is a combination.

    Returns
    -------
    tuple of Design and tuple of str
        The design that can be fitted, and a sentence for each column left out.

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> data = {"a": [1, 2, 4, 7], "b": [1, 0, 0, 1], "c": [2, 2, 4, 8]}
    >>> estimable(design("a + b + c", data))[1]
    ('c is redundant: it is a combination of a and b. It was left out.',)
    """
    kept, combinations = _independent(design.matrix)
    if len(kept) == len(design.columns):
        return design, ()
    reduced, dropped = without_redundant(design)
    told = []
    for name, weights in zip(dropped, combinations, strict=True):
        parts = [reduced.columns[i] for i in np.flatnonzero(np.abs(weights) > SMALL)]
        *most, last = parts or [""]
        if most:
            why = f"it is a combination of {', '.join(most)} and {last}"
        else:
            why = f"it is a multiple of {last}" if last else "no row has it"
        told.append(f"{name} is redundant: {why}. It was left out.")
    return reduced, tuple(told)


def redundancy(design: Design) -> InvalidDataError:
    """Return what refuses a design that cannot be estimated, naming what is a combination of what.

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> str(redundancy(design("x + z", {"x": [1, 2, 4], "z": [2, 4, 8]})))
    'The moderators are redundant: z is a multiple of x.'
    """
    _, told = estimable(design)
    named = " ".join(
        sentence.replace(" is redundant: it is ", " is ").removesuffix(" It was left out.")
        for sentence in told
    )
    return InvalidDataError(
        f"The moderators are redundant: {named or 'one is a combination of the others.'}"
    )


def _independent(matrix: Floats) -> tuple[list[int], list[Floats]]:
    """Return the columns that no earlier ones combine to, and for each other one the weights."""
    kept: list[int] = []
    others: list[int] = []
    basis = np.zeros((matrix.shape[0], 0))
    for i, column in enumerate(matrix.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # a second pass makes Gram-Schmidt as good as QR
        size = float(np.linalg.norm(rest))
        if size > SMALL * float(np.linalg.norm(column)):
            kept.append(i)
            basis = np.column_stack([basis, rest / size])
        else:
            others.append(i)
    scale = np.linalg.norm(matrix, axis=0)
    scale[scale == 0] = 1.0
    unit = matrix / scale
    weights = [np.linalg.lstsq(unit[:, kept], unit[:, i], rcond=None)[0] for i in others]
    return kept, weights


def doubtful_levels(design: Design) -> tuple[str, ...]:
    """Say which levels of a factor may be one, differing in capitals and spaces alone.

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> doubtful_levels(design("m", {"m": ["low", "Low", "high"]}))
    ('Low and low of m differ in capitals or spaces only, and were taken for different levels.',)
    """
    told = []
    for label, levels in design.levels:
        alike: dict[str, list[str]] = {}
        for level in levels:
            alike.setdefault("".join(level.split()).casefold(), []).append(level)
        told += [
            f"{' and '.join(found)} of {label} differ in capitals or spaces only, and were taken "
            "for different levels."
            for found in alike.values()
            if len(found) > 1
        ]
    return tuple(told)
