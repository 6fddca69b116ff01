"""Coverage and width of joint against separate models of an alliance that two people rate.

``python benchmarks/joint_alliance.py [--runs 300]`` prints the table of docs/several-outcomes.md.

Trials are drawn: client and therapist in the same 50 to 120 participants, true effects with means
0.2 and 0 and SD 0.2 each, correlated by 0.7; errors correlated by 0.6. The therapist's view is
missing at random in half of the trials. The joint model assumes the correlation of errors given by
``rho`` (0.6 is right, 0.2 and 0.8 are wrong); separate models pool each view by REML and take a
difference of the two as if their errors were independent.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from scipy import stats

from review.errors import InvalidDataError
from review.synthesis import pool
from review.synthesis.multivariate import (
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
    sampling_covariance,
)

MEANS, TAU, BETWEEN, WITHIN = np.array([0.2, 0.0]), 0.2, 0.7, 0.6
C, T = "client", "therapist"


def drawn(
    rng: np.random.Generator, k: int, tau: float = TAU
) -> tuple[list[int], list[str], list[float], list[float]]:
    """Return studies, views, effects and variances of k trials."""
    studies, views, y, v = [], [], [], []
    between = tau**2 * np.array([[1, BETWEEN], [BETWEEN, 1]])
    for study in range(k):
        variance = 4 / rng.integers(50, 121)
        errors = variance * np.array([[1, WITHIN], [WITHIN, 1]])
        both = rng.multivariate_normal(MEANS, between + errors)
        for place, view in enumerate((C, T)[: 2 if study % 2 == 0 else 1]):
            studies.append(study)
            views.append(view)
            y.append(float(both[place]))
            v.append(float(variance))
    return studies, views, y, v


def one_run(rng: np.random.Generator, k: int) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return estimate and interval of each model and quantity."""
    studies, views, y, v = drawn(rng, k)
    found: dict[tuple[str, str], tuple[float, float, float]] = {}
    alone = {}
    for view in (C, T):
        rows = [i for i, one in enumerate(views) if one == view]
        alone[view] = pool([y[i] for i in rows], [v[i] for i in rows], test="t")
        found["separate", view] = (alone[view].estimate, *alone[view].ci)
    apart = alone[T].estimate - alone[C].estimate
    half = stats.t.ppf(0.975, len(y) - 2) * math.hypot(alone[T].se, alone[C].se)
    found["separate", "difference"] = (apart, apart - half, apart + half)
    for name, structure, rho in (
        ("UN", Structure.UN, 0.6), ("CS", Structure.CS, 0.6),
        ("CS, rho 0.2", Structure.CS, 0.2), ("CS, rho 0.8", Structure.CS, 0.8),
    ):  # fmt: skip
        V = sampling_covariance(v, studies, kind=views, rho_kind=rho)
        fit = multivariate(
            y, V, [RandomEffect(studies, views, structure)], design=outcome_means(views), test="t"
        )
        difference = {T: 1.0, C: -1.0}
        for quantity, factors in ((C, {C: 1.0}), (T, {T: 1.0}), ("difference", difference)):
            line = fit.combination(factors)
            found[name, quantity] = (line.estimate, *line.ci)
            try:
                robust = fit.robust_combination(factors, studies)
            except InvalidDataError:
                continue
            found[f"{name}, robust", quantity] = (robust.estimate, *robust.ci)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261130)
    given = parser.parse_args()
    truth = {C: 0.2, T: 0.0, "difference": -0.2}
    print("| trials | model | quantity | RMSE | mean width | coverage, % |")
    print("|---|---|---|---|---|---|")
    for k in (8, 20):
        rng = np.random.default_rng(given.seed + k)
        runs = [one_run(rng, k) for _ in range(given.runs)]
        for name, quantity in runs[0]:
            lines = np.array([run[name, quantity] for run in runs if (name, quantity) in run])
            true = truth[quantity]
            rmse = math.sqrt(float(np.mean((lines[:, 0] - true) ** 2)))
            width = float(np.mean(lines[:, 2] - lines[:, 1]))
            covered = 100 * float(np.mean((lines[:, 1] <= true) & (true <= lines[:, 2])))
            print(f"| {k} | {name} | {quantity} | {rmse:.3f} | {width:.2f} | {covered:.1f} |")


if __name__ == "__main__":
    main()
