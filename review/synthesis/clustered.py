"""Robust errors of an ordinary meta-regression whose effects come in clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.design import Design
from review.synthesis.moderators import MetaRegression
from review.synthesis.robust import (
    Correction,
    Robust,
    WorkingModel,
    cluster_robust,
    cluster_rows,
)


def robust_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[object] | NDArray[np.generic],
    fit: MetaRegression,
    *,
    correction: Correction = Correction.CR2,
) -> Robust:
    """Robust errors of an ordinary meta-regression whose effects come in clusters.

    Parameters
    ----------
    yi, vi : array_like (k,)
        As they were given to `regress`.
    cluster : sequence (k,)
        The study, or what else makes effects dependent.
    fit : MetaRegression
        Its tau² makes the working model, v + tau² and no covariance.
    correction : Correction

    Returns
    -------
    Robust

    Raises
    ------
    InvalidDataError
        If lengths differ or there are too few clusters.

    References
    ----------
    Hedges, Tipton & Johnson 2010, Res Synth Methods 1:39.

    Examples
    --------
    >>> from review.synthesis.design import intercept_only
    >>> from review.synthesis.moderators import regress
    >>> y, v = [0.1, 0.3, 0.2, 0.5], [0.1, 0.1, 0.1, 0.1]
    >>> fit = regress(y, v, intercept_only(4))
    >>> round(robust_regression(y, v, ["a", "a", "b", "c"], fit).beta[0], 9)
    0.275
    """
    y, v = checked_studies(yi, vi)
    design: Design = fit.design
    if len(cluster) != y.size or design.matrix.shape[0] != y.size:
        raise InvalidDataError("Effects, clusters and the fitted model differ in length.")
    rows = cluster_rows(cluster)
    total = v + fit.tau2
    phi = tuple(total[r][:, :, None] * np.eye(r.shape[1]) for r in rows)
    model = WorkingModel(rows, phi, y, design.matrix, design.columns)
    return cluster_robust(model, correction=correction, level=fit.level)
