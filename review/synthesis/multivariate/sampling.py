"""Covariances of sampling errors that reports do not give, from assumed correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.errors import InvalidDataError

__all__ = ["sampling_covariance"]

Correlation = float | Mapping[tuple[object, object], float]
"""One for all pairs, or one for each pair, in either order."""


def sampling_covariance(
    vi: ArrayLike,
    cluster: Sequence[object],
    *,
    kind: Sequence[object] | None = None,
    rho_kind: Correlation | None = None,
    measurement: Sequence[object] | None = None,
    rho_measurement: Correlation | None = None,
    time: ArrayLike | None = None,
    time_other: ArrayLike | None = None,
    phi: float | None = None,
    group: Sequence[object] | None = None,
    other: Sequence[object] | None = None,
    n_group: ArrayLike | None = None,
    n_other: ArrayLike | None = None,
    correlations: ArrayLike | None = None,
) -> Floats:
    """Return the covariance matrix of sampling errors, metafor's ``vcalc``.

    Parameters
    ----------
    vi : array_like (k,)
        Sampling variances.
    cluster : sequence (k,)
        The sample: errors of different clusters are independent.
    kind, rho_kind
        Which construct an effect is of (``type``), and the correlation of errors of two.
    measurement, rho_measurement
        Which measurement of one construct it is (``obs``), and the correlation of two.
    time, time_other, phi
        When the first group (and the second, if another) was measured; errors at times t and s
        correlate by phi to the power of ``|t - s|``.
    group, other
        Which group is compared with which (``grp1``, ``grp2``): comparisons that share one
        correlate.
    n_group, n_other
        Sizes of the groups (``w1``, ``w2``); alike where not given.
    correlations : array_like (k, k)
        All correlations within clusters as reported, instead of all the above.

    Returns
    -------
    ndarray (k, k)

    Raises
    ------
    InvalidDataError
        If lengths differ, a correlation is missing or outside -1 to 1, or the correlations of a
        cluster cannot be: they have no positive definite matrix.

    Notes
    -----
    Kinds that differ take `rho_kind`; else measurements that differ take `rho_measurement`. This
    is multiplied by what shared groups and times make of two differences.

    References
    ----------
    Viechtbauer, documentation of metafor's ``vcalc``; Gleser & Olkin 2009, section 19.5 (shared
    groups).

    Examples
    --------
    >>> sampling_covariance([1, 4], ["a", "a"], kind=["x", "y"], rho_kind=0.5).round(9).tolist()
    [[1.0, 1.0], [1.0, 4.0]]
    """
    v = np.asarray(vi, dtype=np.float64)
    k = v.size
    if v.ndim != 1 or k == 0 or not np.isfinite(v).all() or (v <= 0).any():
        raise InvalidDataError("Sampling variances must be a list of numbers above zero.")
    label = _codes("clusters", cluster, k)
    same = label[:, None] == label
    if correlations is not None:
        R = np.asarray(correlations, dtype=np.float64)
        if R.shape != (k, k) or not np.allclose(R, R.T) or not np.allclose(np.diag(R), 1):
            raise InvalidDataError(f"Correlations must be a symmetric {k} x {k} matrix of ones on "
                                   "its diagonal.")  # fmt: skip
    else:
        R = _between("kinds", kind, rho_kind, k)
        within = _between("measurements", measurement, rho_measurement, k)
        if kind is None:
            R = within
        else:
            codes = _codes("kinds", kind, k)
            R = np.where(codes[:, None] == codes, within, R)
        R = R * _shared(k, group, other, n_group, n_other, time, time_other, phi)
    R = np.where(same, R, 0.0)
    np.fill_diagonal(R, 1.0)
    for one in range(int(label.max()) + 1):
        rows = np.flatnonzero(label == one)
        if rows.size > 1 and np.linalg.eigvalsh(R[np.ix_(rows, rows)])[0] <= 1e-12:
            raise InvalidDataError(
                f"The correlations assumed within {cluster[rows[0]]} cannot be: their matrix is "
                "not positive definite. Assume smaller ones, or tell apart effects that stand "
                "there twice."
            )
    sd = np.sqrt(v)
    found: Floats = R * np.outer(sd, sd)
    return found


def _codes(what: str, labels: Sequence[object] | None, k: int) -> Floats:
    given = [0] * k if labels is None else list(labels)
    if len(given) != k:
        raise InvalidDataError(f"{len(given)} {what} do not go with {k} effects.")
    found: dict[object, int] = {}
    return np.array([found.setdefault(one, len(found)) for one in given], dtype=np.float64)


def _between(what: str, labels: Sequence[object] | None, rho: Correlation | None, k: int) -> Floats:
    """Correlation (k, k) by two labels; 1 where they are the same."""
    if labels is None:
        return np.ones((k, k))
    codes = _codes(what, labels, k)
    if rho is None:
        raise InvalidDataError(f"Effects of several {what} need an assumed correlation.")
    if isinstance(rho, Mapping):
        R = np.ones((k, k))
        for i, one in enumerate(labels):
            for j, two in enumerate(labels):
                if one == two:
                    continue
                value = rho.get((one, two), rho.get((two, one)))
                if value is None:
                    raise InvalidDataError(f"No correlation is given of {one} and {two}.")
                R[i, j] = value
    else:
        R = np.where(codes[:, None] == codes, 1.0, float(rho))
    if (np.abs(R) > 1).any():
        raise InvalidDataError("A correlation of sampling errors lies outside -1 to 1.")
    return R


def _shared(
    k: int,
    group: Sequence[object] | None,
    other: Sequence[object] | None,
    n_group: ArrayLike | None,
    n_other: ArrayLike | None,
    time: ArrayLike | None,
    time_other: ArrayLike | None,
    phi: float | None,
) -> Floats:
    """Correlation (k, k) of differences of two groups at two times."""
    if other is not None and group is None:
        raise InvalidDataError("`other` names the second group: name the first too (`group`).")
    if time is None and time_other is not None:
        raise InvalidDataError("`time_other` is when the second group was measured: give `time`.")
    if time is not None and phi is None:
        raise InvalidDataError("Times need an assumed autocorrelation, `phi`.")
    if phi is not None and abs(phi) > 1:
        raise InvalidDataError("An autocorrelation lies between -1 and 1.")
    first = [1] * k if group is None else list(group)
    second: list[object] = [("none",)] * k if other is None else list(other)
    both = _codes("groups", [*first, *second], 2 * k) if len(first) == len(second) == k else None
    if both is None:
        raise InvalidDataError(f"{len(first)} and {len(second)} groups do not go with {k} effects.")
    t1 = np.ones(k) if time is None else np.asarray(time, dtype=np.float64)
    t2 = t1 if time_other is None else np.asarray(time_other, dtype=np.float64)
    w1 = np.ones(k) if n_group is None else np.asarray(n_group, dtype=np.float64)
    w2 = w1 if n_other is None else np.asarray(n_other, dtype=np.float64)
    if any(x.shape != (k,) for x in (t1, t2, w1, w2)) or (w1 <= 0).any() or (w2 <= 0).any():
        raise InvalidDataError(f"Times and sizes of groups must be {k} numbers, sizes above zero.")
    base = 1.0 if phi is None else phi
    g, t, s = both, np.concatenate([t1, t2]), np.sqrt(1 / np.concatenate([w1, w2]))
    alike = np.where(g[:, None] == g, np.power(base, np.abs(t[:, None] - t)), 0.0)
    C = alike * np.outer(s, s)
    R = C[:k, :k] - C[:k, k:] - C[k:, :k] + C[k:, k:]
    size = np.sqrt(np.diag(R))
    if (size <= 0).any():
        raise InvalidDataError("An effect compares a group with itself at one time.")
    found: Floats = R / np.outer(size, size)
    return found
