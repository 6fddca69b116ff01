"""Coverage of the band in which the next trial of a network, or of an outcome, is expected.

``python -m benchmarks.ahead [--runs 150]`` prints the tables of docs/compare-several-treatments.md
and docs/several-outcomes.md (two fifths of the runs for outcomes, whose model is searched).

Networks: k trials of two (every fourth of three) of four treatments, 25 to 100 an arm, differences
0.3, 0.1 and 0 from the first, tau² common. Outcomes: client and therapist as in
``benchmarks/joint_alliance.py``, the therapist's view in every second trial; the model is CS. How
often the 95 % band of a trial of 60 an arm holds its effect, computed from the truth of each
simulated review, beside a normal band with tau² as estimated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from benchmarks.joint_alliance import WITHIN, C, T, drawn
from review.synthesis.multivariate import (
    OutcomesAhead,
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
    sampling_covariance,
)
from review.synthesis.network import NetworkAhead, from_arms, network

NAMES, TRUE = "ABCD", np.array([0.0, 0.3, 0.1, 0.0])
NEXT = 2 / 60
"""Sampling variance of the next trial."""

Band = tuple[float, float]


def network_of(rng: np.random.Generator, k: int, tau: float) -> tuple[Band, Band]:
    """Return the band of a next trial of B against A of one simulated network, and a normal one."""
    study, treatment, estimate, variance = [], [], [], []
    for number in range(k):
        there = rng.choice(4, 3 if number % 4 == 3 else 2, replace=False)
        if number < 3:  # all four are there
            there = np.array([number, number + 1])
        shifts = rng.normal(TRUE[there], tau / np.sqrt(2))
        v = 1 / rng.integers(25, 101)
        study += [number] * len(there)
        treatment += [NAMES[i] for i in there]
        estimate += rng.normal(shifts, np.sqrt(v)).tolist()
        variance += [v] * len(there)
    fitted = network(from_arms([str(s) for s in study], treatment, estimate, variance))
    now = network(fitted.layout.studies, test="z").difference("B", "A")
    half = 1.96 * np.sqrt(now.se**2 + fitted.tau2 + NEXT)
    band = NetworkAhead(fitted, "B", "A").predictive("B", "A").interval(NEXT)
    return band, (now.estimate - half, now.estimate + half)


def outcome_of(rng: np.random.Generator, k: int, tau: float, outcome: str) -> tuple[Band, Band]:
    """Return the same of a next trial of one of two outcomes."""
    studies, views, y, v = drawn(rng, k, tau)
    V = sampling_covariance(v, studies, kind=views, rho_kind=WITHIN)
    fit = multivariate(
        y, V, [RandomEffect(studies, views, Structure.CS)], design=outcome_means(views), test="t"
    )
    ahead, place = OutcomesAhead(fit, outcome), fit.terms.index(outcome)
    half = 1.96 * np.sqrt(fit.vcov[place][place] + ahead.tau2(outcome) + NEXT)
    band = ahead.predictive(outcome).interval(NEXT)
    return band, (fit.beta[place] - half, fit.beta[place] + half)


def lines(runs: int, seed: int) -> Iterator[str]:
    """Yield the table."""
    yield "| next trial of | trials | tau | band | normal |"
    yield "|---|---:|---:|---:|---:|"
    for what, sizes, truth in (
        ("a network", (6, 12, 24), 0.3), (C, (5, 8, 20), 0.2), (T, (8, 20), 0.0),
    ):  # fmt: skip
        for k in sizes:
            for tau in (0.1, 0.3):
                rng = np.random.default_rng((seed, k, int(10 * tau), len(what)))
                sd, held = np.sqrt(tau**2 + NEXT), np.zeros(2)
                count = runs if what == "a network" else max(1, 2 * runs // 5)
                for _ in range(count):
                    both = (
                        network_of(rng, k, tau)
                        if what == "a network"
                        else outcome_of(rng, k, tau, what)
                    )
                    held += [ndtr((b - truth) / sd) - ndtr((a - truth) / sd) for a, b in both]
                band, normal = 100 * held / count
                yield f"| {what} | {k} | {tau:g} | {band:.1f} | {normal:.1f} |"


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--seed", type=int, default=20261130)
    given = parser.parse_args()
    for line in lines(given.runs, given.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
