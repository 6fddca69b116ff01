"""The simulated rate of false claims of the panel for repeated looks, as a table that is shipped.

    python benchmarks/false_claims.py --out review/synthesis/false_claims.json

The mean effect lies exactly on the null value; trials of 15 to 100 participants an arm enter one by
one, standardized mean differences of normal effects with SD tau. A claim is a confidence sequence
(floor of the working tau² 0.04) above the null value at any look, or a crossed boundary of trial
sequential analysis (REML, floored Hartung-Knapp, O'Brien-Fleming spending); nominal 0.025. Looks
are spread evenly from the first, at three trials, to the last, at k; one look is at k alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from review.synthesis import pool_many, trial_sequential
from review.synthesis.evidence import TAU2_FLOOR, mixture_radius, tuned_rho
from review.synthesis.information import information_size
from review.synthesis.methods import Test

TAUS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8)
STUDIES, SHARES = (5, 10, 20, 40), (0.0, 0.5, 1.0)
DISTANCES = (0.25, 0.5)


def looks_at(k: int, share: float) -> list[int]:
    """Return the trials at each look: `share` of all looks that are possible, one at least."""
    count = max(1, round(share * (k - 2)))
    return sorted({round(x) for x in np.linspace(3, k, count)}) if count > 1 else [k]


def rates(tau: float, distance: float, repetitions: int, rng: np.random.Generator) -> dict:
    """Return false claims by k and looks: of the sequence and of the boundaries."""
    most = max(STUDIES)
    v = 2 / rng.uniform(15, 100, (repetitions, most))
    y = rng.normal(0, tau, v.shape) + rng.normal(0, np.sqrt(v))
    lengths = np.arange(3, most + 1)
    index = np.concatenate([np.arange(n) for n in lengths])
    offsets = np.concatenate([[0], np.cumsum(np.tile(lengths, repetitions))])
    flat_y, flat_v = y[:, index].ravel(), v[:, index].ravel()
    many = pool_many(flat_y, flat_v, offsets)
    work = np.maximum(many.tau2, TAU2_FLOOR)
    w = 1 / (flat_v + np.repeat(work, np.diff(offsets)))
    information = np.add.reduceat(w, offsets[:-1])
    mean = np.add.reduceat(w * flat_y, offsets[:-1]) / information
    rho = tuned_rho(information_size(distance, alpha=0.025, beta=0.1).required, alpha=0.05)
    above = mean * information > mixture_radius(information, rho, alpha=0.05)
    above = above.reshape(repetitions, -1)
    hopeful = (many.estimate / many.se > 1.9).reshape(repetitions, -1)
    found = {}
    for k in STUDIES:
        for share in SHARES:
            at = looks_at(k, share)
            columns = [n - 3 for n in at]
            crossed = 0
            for i in np.flatnonzero(hopeful[:, columns].any(axis=1)):
                analysis = trial_sequential(
                    y[i, :k] - distance, v[i, :k], at, margin=distance, test=Test.ADHOC,
                    futility=False,
                )  # fmt: skip
                crossed += analysis.crossed_at is not None
            found[k, share] = (above[:, columns].any(axis=1).mean(), crossed / repetitions)
    return found


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=4000)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rng = np.random.default_rng(20261130)
    table = {"sequence": [], "boundaries": []}
    for distance in DISTANCES:
        by_tau = [rates(tau, distance, given.repetitions, rng) for tau in TAUS]
        for place, name in enumerate(table):
            table[name].append(
                [
                    [[round(float(of[k, s][place]), 4) for s in SHARES] for k in STUDIES]
                    for of in by_tau
                ]
            )
        print(distance, flush=True)
    axes = {"distance": DISTANCES, "tau": TAUS, "k": STUDIES, "share": SHARES}
    told = {"repetitions": given.repetitions, "axes": axes, **table}
    given.out.write_text(json.dumps(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
