"""Trials of more than two treatments: differences that add up, and how their errors go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.effects import escalc
from review.errors import InvalidDataError
from review.measures import Measure
from review.synthesis.network import from_means

HALF = 0.5
"""Added to every cell of a trial in which one is empty, as metafor does to a table of two arms."""

_OF_ONE_ARM = {
    Measure.MD: Measure.MN,
    Measure.OR: Measure.PLO,
    Measure.RR: Measure.PLN,
    Measure.RD: Measure.PR,
    Measure.IRR: Measure.IRLN,
    Measure.IRD: Measure.IR,
}
"""What an arm gives to a difference, by the difference."""


@dataclass(frozen=True, slots=True)
class Together:
    """Differences of a trial's treatments from its first, and their covariance."""

    estimates: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    said: str = ""


def arms_together(
    measure: Measure,
    study: str,
    comparisons: Sequence[Mapping[str, float]],
    shared: float | None = None,
) -> Together:
    """Return the comparisons of a trial of several arms, as measured.

    Parameters
    ----------
    measure
        GEN, MD, SMD, OR, RR, RD, IRR or IRD.
    study
        What errors call the trial.
    comparisons : (m - 1,) of mappings
        What each gives to `escalc`, by metafor's names; the second group is the same in all.
    shared
        Of ready estimates: the variance of that group.

    Returns
    -------
    Together
        The covariance of two comparisons is the variance of the arm that they share. SMD: by the SD
        that all arms share, Gleser & Olkin 2009, eq. 19.19 and 19.20. Counts: where one cell of the
        trial is empty, 0.5 is added to all, of rates to the events of all arms.

    Raises
    ------
    InvalidDataError
        Where the numbers give no effect, or the measure has no arms.

    Examples
    --------
    >>> two = [{"m1i": 3, "sd1i": 1, "n1i": 10, "m2i": 1, "sd2i": 2, "n2i": 20},
    ...        {"m1i": 2, "sd1i": 1, "n1i": 10, "m2i": 1, "sd2i": 2, "n2i": 20}]
    >>> arms_together(Measure.MD, "a", two).covariance
    ((0.30000000000000004, 0.2), (0.2, 0.30000000000000004))
    """
    if measure is Measure.SMD:
        return _standardized(study, comparisons)
    if "yi" in comparisons[0]:
        if shared is None:
            raise InvalidDataError(f"{study} has several treatments and no numbers of their arms")
        ready = np.asarray([cells["yi"] for cells in comparisons])
        return _checked(study, ready, [cells["vi"] for cells in comparisons], shared)
    columns = {name: [float(cells[name]) for cells in comparisons] for name in comparisons[0]}
    said = _fill(columns) if measure.facts.zero_cells else ""
    found = escalc(measure, columns)
    if not found.known.all():
        raise InvalidDataError(f"the numbers of {study} give no {measure.value}")
    y = found.yi
    if measure is Measure.RD:
        y = np.asarray([c["ai"] / c["n1i"] - c["ci"] / c["n2i"] for c in comparisons])
    first = _variance_of_first(measure, {name: values[0] for name, values in columns.items()})
    return _checked(study, y, found.vi, first, said)


def _standardized(study: str, comparisons: Sequence[Mapping[str, float]]) -> Together:
    first = comparisons[0]
    arms = [(first["n2i"], first["m2i"], first["sd2i"])]
    arms += [(cells["n1i"], cells["m1i"], cells["sd1i"]) for cells in comparisons]
    n, mean, sd = zip(*arms, strict=True)
    names = [str(place) for place in range(len(arms))]
    (found,) = from_means([study] * len(arms), names, n, mean, sd)
    y, S = np.asarray(found.estimates), np.asarray(found.covariance)
    against = S[1:, 1:] - S[1:, :1] - S[:1, 1:] + S[0, 0]
    return Together(tuple((y[1:] - y[0]).tolist()), _nested(against), ", by the SD that they share")


def _fill(columns: dict[str, list[float]]) -> str:
    """Add half an event and half a non-event to every arm of a trial with an empty cell.

    Of rates half an event.
    """
    if "x1i" in columns:
        if min(columns["x1i"] + columns["x2i"]) > 0:
            return ""
        for name in ("x1i", "x2i"):
            columns[name] = [x + HALF for x in columns[name]]
        return "; 0.5 added to the events of all its arms, of which one has none"
    events, sizes = ("ai", "ci"), ("n1i", "n2i")
    cells = [
        cell
        for event, size in zip(events, sizes, strict=True)
        for x, n in zip(columns[event], columns[size], strict=True)
        for cell in (x, n - x)
    ]
    if min(cells) > 0:
        return ""
    for name in events:
        columns[name] = [x + HALF for x in columns[name]]
    for name in sizes:
        columns[name] = [n + 2 * HALF for n in columns[name]]
    return "; 0.5 added to all its cells, of which one is empty"


def _variance_of_first(measure: Measure, cells: Mapping[str, float]) -> float:
    """Return the variance of the arm that all comparisons share."""
    if measure is Measure.MD:
        arm = {"mi": [cells["m2i"]], "sdi": [cells["sd2i"]], "ni": [cells["n2i"]]}
    elif "x2i" in cells:
        arm = {"xi": [cells["x2i"]], "ti": [cells["t2i"]]}
    else:
        arm = {"xi": [cells["ci"]], "ni": [cells["n2i"]]}
    return float(escalc(_OF_ONE_ARM[measure], arm).vi[0])


def _checked(study: str, y: Floats, v: ArrayLike, shared: float, said: str = "") -> Together:
    matrix = np.full((y.size,) * 2, shared)
    np.fill_diagonal(matrix, v)
    if (np.linalg.eigvalsh(matrix) <= 0).any():
        raise InvalidDataError(
            f"the variances of {study} cannot be: those of its comparisons have no positive "
            "definite covariance matrix"
        )
    return Together(tuple(y.tolist()), _nested(matrix), said)


def _nested(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
