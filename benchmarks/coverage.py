"""How often the forecast's 95 % band holds the next trial's effect: a Markdown table.

    python benchmarks/coverage.py [--repetitions 4000]

Simulated trials of 15 to 100 participants an arm, standardized mean differences of normal effects
with SD tau. Beside the band stand a normal one at the estimated tau² and t ones on k-1 and k-2
degrees of freedom (Higgins et al. 2009), of the same fits.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.special import ndtri, stdtrit

from review.synthesis import Method, pool
from review.synthesis.prediction import predictive

STUDIES, TAUS, LEVEL = (3, 4, 6, 10, 20), (0.0, 0.1, 0.2, 0.4, 0.8), 0.95


def covered(k: int, tau: float, repetitions: int, rng: np.random.Generator) -> list[float]:
    """Shares of repetitions in which each band holds the effect of trial k + 1."""
    hits = np.zeros(4)
    for _ in range(repetitions):
        v = 2 / rng.uniform(15, 100, k + 1)
        y = rng.normal(0, tau, k + 1) + rng.normal(0, np.sqrt(v))
        fit = pool(y[:k], v[:k])
        information = (1 / (v[:k] + fit.tau2)).sum()
        sd = np.sqrt(1 / information + fit.tau2 + v[k])
        low, high = predictive(y[:k], v[:k], method=Method.REML, tau2=fit.tau2).interval(v[k])
        away = abs(y[k] - fit.estimate) / sd
        quantiles = (ndtri(0.975), *(stdtrit(df, 0.975) for df in (k - 1, k - 2)))
        hits += [low <= y[k] <= high, *(away <= q for q in quantiles)]
    return list(100 * hits / repetitions)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=4000)
    repetitions = parser.parse_args().repetitions
    rng = np.random.default_rng(20261130)
    print("| k | tau | forecast | normal | t, k-1 | t, k-2 |\n|---:|---:|---:|---:|---:|---:|")
    for k in STUDIES:
        for tau in TAUS:
            told = " | ".join(f"{x:.1f}" for x in covered(k, tau, repetitions, rng))
            print(f"| {k} | {tau:g} | {told} |", flush=True)


if __name__ == "__main__":
    main()
