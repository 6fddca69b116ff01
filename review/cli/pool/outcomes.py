"""Several outcomes of the same studies in one model, as a block of `review pool`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review.arrays import Floats
from review.cli.pool.blocks import Block, Numbers, natural
from review.errors import InvalidDataError
from review.measures import Measure
from review.synthesis.multivariate import (
    Combination,
    Multivariate,
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
)
from review.synthesis.multivariate.fitted import clustered


def outcomes(
    yi: Numbers,
    V: Floats | Numbers | list[list[float]],
    cluster: Sequence[str],
    outcome: Sequence[str],
    measure: Measure,
    *,
    structure: Structure,
    rho: float | None,
    level: float,
) -> Block:
    """Return a mean of each outcome, the differences of each from the first, and how they vary.

    Parameters
    ----------
    yi, cluster, outcome
        Of each row: its effect, the study whose people it is of, and what was measured.
    V : (k, k)
        Covariances of sampling errors; `rho` is what they assume, and only told.

    Returns
    -------
    Block
        Means and differences with normal tests, and robust ones (CR2, p null below four degrees of
        freedom); by REML.

    Raises
    ------
    InvalidDataError
        One outcome only, or what `multivariate` raises.
    """
    names = list(dict.fromkeys(outcome))
    if len(names) < 2:
        raise InvalidDataError("--outcome names a column with one value only; leave it out")
    random = [RandomEffect(cluster, outcome, structure)]
    fit = multivariate(yi, V, random, design=outcome_means(outcome), level=level)
    (component,) = fit.components
    first, *others = names
    same = fit.joint_test([{name: 1.0, first: -1.0} for name in others])
    return {
        "clusters": component.groups,
        "structure": structure.value,
        "rho": rho,
        "method": "REML",
        "means": [
            {
                "outcome": name,
                "k": outcome.count(name),
                **_told(fit, {name: 1.0}, cluster),
                **_back(fit, name, measure),
                "tau2": component.tau2[component.levels.index(name)],
            }
            for name in names
        ],
        "differences": [
            {"outcome": f"{name} - {first}", **_told(fit, {name: 1.0, first: -1.0}, cluster)}
            for name in others
        ],
        "one_mean": {"stat": same.stat, "df": same.df, "p": same.p},
        "correlations": [
            {"outcome": name, **dict(zip(component.levels, row, strict=True))}
            for name, row in zip(component.levels, component.correlations, strict=True)
        ],
        "QE": fit.q,
        "QE_df": fit.q_df,
        "QEp": fit.q_p,
        "loglik": fit.loglik,
        "notes": [*dict.fromkeys((*fit.notes, *component.notes, *_across(fit, cluster)))],
    }


def _across(fit: Multivariate, cluster: Sequence[str]) -> list[str]:
    """Return why nothing has a robust error, where covariances join clusters."""
    try:
        clustered(fit.working, cluster)
    except InvalidDataError as error:
        return [f"no robust errors: {error}"]
    return []


def _told(fit: Multivariate, factors: dict[str, float], cluster: Sequence[str]) -> Block:
    model = fit.combination(factors)
    told: dict[str, Any] = {
        "estimate": model.estimate, "se": model.se, "ci": model.ci, "p": model.p,
    }  # fmt: skip
    robust = _robust(fit, factors, cluster)
    found = {} if robust is None else {"se": robust.se, "df": robust.ddf, "p": robust.p}
    return {**told, **{f"robust_{name}": found.get(name) for name in ("se", "df", "p")}}


def _robust(
    fit: Multivariate, factors: dict[str, float], cluster: Sequence[str]
) -> Combination | None:
    try:
        return fit.robust_combination(factors, cluster)
    except InvalidDataError:  # a mean that one study carries has no error between studies
        return None


def _back(fit: Multivariate, name: str, measure: Measure) -> Block:
    line = fit.combination({name: 1.0})
    back = natural(measure, line.estimate, line.ci)
    return {} if back is None else {back["scale"]: [back["estimate"], *back["ci"]]}
