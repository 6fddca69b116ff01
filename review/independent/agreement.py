"""How far reviewers agree, beyond chance and beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from scipy.special import ndtri

from review.arrays import Floats, Indices
from review.errors import InvalidDataError

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement of two reviewers on the same records.

    `kappa` is None where chance alone would agree always (both used one category only); `ci` is
    None where the large-sample interval has no width to go by (perfect agreement, one record).
    """

    n: int
    observed: float
    expected: float
    kappa: float | None
    se: float | None
    ci: tuple[float, float] | None
    level: float
    pabak: float
    """Prevalence- and bias-adjusted: (q p_o - 1) / (q - 1) for q categories."""
    prevalence: tuple[float, ...]
    """Share of each category, mean of both reviewers."""
    bias: tuple[float, ...]
    """Share of each category, first reviewer minus second."""
    categories: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    """Counts: rows the first reviewer's categories, columns the second's."""


@dataclass(frozen=True, slots=True)
class FleissKappa:
    """Agreement when every record was judged by the same number of reviewers, whoever they were."""

    n: int
    raters: int
    observed: float
    expected: float
    kappa: float | None
    se: float | None
    ci: tuple[float, float] | None
    level: float
    prevalence: tuple[float, ...]
    categories: tuple[str, ...]


def by_pair(
    said: Iterable[Mapping[str, ValueT]],
) -> dict[tuple[str, str], list[tuple[ValueT, ValueT]]]:
    """Return what each two persons said of the same things, pairs in order of name.

    `said` has a mapping of person to what they said for each thing that was judged.
    """
    found: dict[tuple[str, str], list[tuple[ValueT, ValueT]]] = {}
    for judged in said:
        for pair in combinations(sorted(judged), 2):
            found.setdefault(pair, []).append((judged[pair[0]], judged[pair[1]]))
    return dict(sorted(found.items()))


def _interval(estimate: float, se: float | None, level: float) -> tuple[float, float] | None:
    if se is None or se <= 0:
        return None
    half = float(ndtri((1 + level) / 2)) * se
    return max(-1.0, estimate - half), min(1.0, estimate + half)


def _check(categories: Sequence[str], level: float) -> None:
    if len(set(categories)) != len(categories) or len(categories) < 2:
        raise InvalidDataError("agreement needs two different categories or more")
    if not 0.5 < level < 1:
        raise InvalidDataError(f"a level of confidence lies between 0.5 and 1, not {level}")


def _numbered(values: Sequence[str], categories: Sequence[str]) -> Indices:
    place = {category: index for index, category in enumerate(categories)}
    try:
        return np.array([place[value] for value in values], dtype=np.intp)
    except KeyError as error:
        raise InvalidDataError(f"{error.args[0]!r} is none of {', '.join(categories)}") from None


def cohen_kappa(
    first: Sequence[str], second: Sequence[str], *, categories: Sequence[str], level: float = 0.95
) -> Kappa:
    """Return Cohen's kappa of two reviewers, with raw agreement and prevalence beside it.

    Parameters
    ----------
    first, second : sequence of str
        Verdicts on the same records in the same order, (n,).
    categories : sequence of str
        All that could be said; categories that nobody used change PABAK only.
    level : float
        Of the interval, two-sided.

    Returns
    -------
    Kappa

    Raises
    ------
    InvalidDataError
        For lists of different length, none at all, or a verdict that is no category.

    Notes
    -----
    kappa = (p_o - p_e) / (1 - p_e) (Cohen 1960, doi 10.1177/001316446002000104). The standard error
    is the large-sample one for kappa other than zero (Fleiss, Cohen & Everitt 1969,
    doi 10.1037/h0028106, equation 13), the interval kappa ± z se, cut at -1 and 1. PABAK: Byrt,
    Bishop & Carlin 1993, doi 10.1016/0895-4356(93)90018-V, for q categories as Brennan & Prediger
    1981. Kappa falls with prevalence far from one half, hence prevalence stands beside it.

    Examples
    --------
    >>> cohen_kappa(list("iiee"), list("iiei"), categories="ie").kappa
    0.5
    """
    _check(categories, level)
    if len(first) != len(second) or not first:
        raise InvalidDataError("agreement needs two lists of verdicts on the same records")
    q, n = len(categories), len(first)
    table = np.zeros((q, q), dtype=np.int64)
    np.add.at(table, (_numbered(first, categories), _numbered(second, categories)), 1)
    p: Floats = table / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float(np.trace(p)), float(rows @ columns)
    kappa = se = None
    if expected < 1:
        kappa = (observed - expected) / (1 - expected)
        se = _standard_error(p, kappa, expected, n)
    return Kappa(
        n=n,
        observed=observed,
        expected=expected,
        kappa=kappa,
        se=se,
        ci=None if kappa is None else _interval(kappa, se, level),
        level=level,
        pabak=(q * observed - 1) / (q - 1),
        prevalence=tuple(((rows + columns) / 2).tolist()),
        bias=tuple((rows - columns).tolist()),
        categories=tuple(categories),
        table=tuple(tuple(row) for row in table.tolist()),
    )


def _standard_error(p: Floats, kappa: float, expected: float, n: int) -> float:
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agree = np.diag(p) * (1 - (rows + columns) * (1 - kappa)) ** 2
    margins = (columns[:, None] + rows[None, :]) ** 2
    np.fill_diagonal(margins, 0.0)
    differ = (1 - kappa) ** 2 * float((p * margins).sum())
    variance = float(agree.sum()) + differ - (kappa - expected * (1 - kappa)) ** 2
    return math.sqrt(max(0.0, variance) / n) / (1 - expected)


def fleiss_kappa(
    verdicts: Sequence[Sequence[str]], *, categories: Sequence[str], level: float = 0.95
) -> FleissKappa:
    """Return Fleiss' kappa for two reviewers a record or more.

    Parameters
    ----------
    verdicts : sequence of sequences of str
        For each record its verdicts, (n, m) with the same m >= 2; who gave them does not matter.
    categories : sequence of str
        All that could be said.
    level : float
        Of the interval, two-sided.

    Returns
    -------
    FleissKappa
        None for kappa where one category was used only.

    Raises
    ------
    InvalidDataError
        For records with different numbers of verdicts, fewer than two, or none at all.

    Notes
    -----
    Fleiss 1971, doi 10.1037/h0031619, equations 1 to 7. The standard error is the delete-one
    jackknife over records (Efron & Stein 1981, doi 10.1214/aos/1176345462), because the one of that
    paper holds for kappa = 0 only.
    """
    _check(categories, level)
    sizes = {len(row) for row in verdicts}
    if len(sizes) != 1 or min(sizes) < 2:
        raise InvalidDataError("each record needs the same number of verdicts, two or more")
    m, n, q = sizes.pop(), len(verdicts), len(categories)
    counts: Floats = np.zeros((n, q))
    for row, given in enumerate(verdicts):
        np.add.at(counts[row], _numbered(given, categories), 1.0)
    counts = counts[np.lexsort(counts.T)]  # no digit hangs on the order of the records
    per_record = ((counts**2).sum(axis=1) - m) / (m * (m - 1))
    totals = counts.sum(axis=0)
    shares = totals / (n * m)
    observed, expected = float(per_record.mean()), float((shares**2).sum())
    kappa = se = None
    if expected < 1:
        kappa = (observed - expected) / (1 - expected)
        se = _jackknife(counts, per_record, m) if n > 1 else None
    return FleissKappa(
        n=n,
        raters=m,
        observed=observed,
        expected=expected,
        kappa=kappa,
        se=se,
        ci=None if kappa is None else _interval(kappa, se, level),
        level=level,
        prevalence=tuple(shares.tolist()),
        categories=tuple(categories),
    )


def _jackknife(counts: Floats, per_record: Floats, m: int) -> float | None:
    n = len(counts)
    observed = (per_record.sum() - per_record) / (n - 1)
    shares = (counts.sum(axis=0) - counts) / ((n - 1) * m)
    expected = (shares**2).sum(axis=1)
    if bool((expected >= 1).any()):
        return None
    left_out = (observed - expected) / (1 - expected)
    return math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
