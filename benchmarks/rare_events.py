"""How often intervals of an odds ratio hold where events are rare: mixed models and the others.

``python benchmarks/rare_events.py [SIMULATIONS [RISK]]`` prints the table of docs/pool-a-file.md.

Trials of two arms of 50 to 200 persons each (uniform); risks in the control arms around `risk` (SD
of the logits 0.5); effects normal around the logarithm of `ratio` with SD `tau`, split between the
arms by halves. What is sought is the mean effect. Every scenario has its
own seed. UM.RS, at 0.1 s a fit, is not in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product

import numpy as np

from review.effects import escalc
from review.errors import InvalidDataError, ReviewError
from review.synthesis import glmm, mantel_haenszel, peto, pool

RISKS, RATIOS, TAUS, K = (0.01, 0.05), (1.0, 0.5), (0.0, 0.5), 12

Cells = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Found = tuple[float, tuple[float, float]]


def simulated(rng: np.random.Generator, risk: float, ratio: float, tau: float) -> Cells:
    """Return events and non-events of both arms of K trials."""
    n1, n2 = rng.integers(50, 201, (2, K))
    level = np.log(risk / (1 - risk)) + 0.5 * rng.standard_normal(K)
    effect = np.log(ratio) + tau * rng.standard_normal(K)
    middle = np.log(ratio) / 2
    one = rng.binomial(n1, 1 / (1 + np.exp(-(level + middle + effect / 2))))
    two = rng.binomial(n2, 1 / (1 + np.exp(-(level + middle - effect / 2))))
    return one, n1 - one, two, n2 - two


def inverse_variance(test: str, drop00: bool) -> Callable[[Cells], Found]:
    """Return REML of the log odds ratios, 0.5 added to the cells of trials with a zero cell."""

    def found(cells: Cells) -> Found:
        a, b, c, d = cells
        kept = (a + c > 0) & (b + d > 0) if drop00 else np.ones(a.size, bool)
        names = dict(zip(("ai", "bi", "ci", "di"), (x[kept] for x in cells), strict=True))
        effects = escalc("OR", names)
        fit = pool(effects.yi, effects.vi, test=test, tau2_ci=False)
        return fit.estimate, fit.ci

    return found


def of_tables(function: Callable[..., object]) -> Callable[[Cells], Found]:
    """Return a pooled table's estimate."""

    def found(cells: Cells) -> Found:
        fit = function(*cells)
        if fit.estimate is None or fit.ci is None:  # type: ignore[attr-defined]
            raise InvalidDataError("no estimate")
        return fit.estimate, fit.ci  # type: ignore[attr-defined]

    return found


def mixed(model: str) -> Callable[[Cells], Found]:
    """Return a mixed model of the counts."""

    def found(cells: Cells) -> Found:
        fit = glmm("OR", *cells, model=model)
        return fit.estimate, fit.ci

    return found


WAYS: dict[str, Callable[[Cells], Found]] = {
    "inverse variance, adhoc": inverse_variance("adhoc", False),
    "inverse variance, z": inverse_variance("z", False),
    "the same, drop00": inverse_variance("z", True),
    "Mantel-Haenszel": of_tables(mantel_haenszel),
    "Peto": of_tables(peto),
    "UM.FS": mixed("UM.FS"),
    "CM.AL": mixed("CM.AL"),
    "CM.EL": mixed("CM.EL"),
}


def main(simulations: int, only: float | None = None) -> None:
    """Print coverage (percent), bias and how often there is no estimate."""
    scenarios = list(product(RISKS, RATIOS, TAUS))
    table: dict[str, list[str]] = {way: [] for way in WAYS}
    scenarios = [one for one in scenarios if only in (None, one[0])]
    for risk, ratio, tau in scenarios:
        number = list(product(RISKS, RATIOS, TAUS)).index((risk, ratio, tau))
        rng = np.random.default_rng(number)
        drawn = [simulated(rng, risk, ratio, tau) for _ in range(simulations)]
        for way, compute in WAYS.items():
            held, errors, none = 0, [], 0
            for cells in drawn:
                try:
                    estimate, (low, high) = compute(cells)
                except ReviewError:
                    none += 1
                    continue
                held += low <= np.log(ratio) <= high
                errors.append(estimate - np.log(ratio))
            some = f" ({none})" if none else ""
            table[way].append(f"{100 * held / len(errors):.1f}, {np.mean(errors):+.2f}{some}")
    heads = [f"{100 * risk:g} %, {ratio:g}, {tau:g}" for risk, ratio, tau in scenarios]
    print("| way |", " | ".join(heads), "|")
    print("|---" * (len(heads) + 1) + "|")
    for way, row in table.items():
        print(f"| {way} |", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, *map(float, sys.argv[2:3]))
