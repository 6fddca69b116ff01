"""What ``review pool`` refits many times on request: permutation tests and subsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from statistics import median, quantiles
from typing import Any

from review.arrays import Floats
from review.synthesis import Method, Test, bootstrap, design, estimable, gosh, permutation_test
from review.synthesis.design import intercept_only
from review.synthesis.subsets import MOST_SUBSETS

Numbers = Floats
Block = dict[str, Any]


def permutation(
    yi: Numbers,
    vi: Numbers,
    formula: str | None,
    columns: Mapping[str, Sequence[str]],
    count: int,
    *,
    method: Method,
    test: Test,
    seed: int,
    executor: Executor | None,
) -> Block:
    """Return permutation p-values of a meta-regression's terms, or of the mean by its signs."""
    terms, notes = (
        estimable(design(formula, columns))
        if formula is not None
        else (intercept_only(yi.size), ())
    )
    found = permutation_test(
        yi, vi, terms, method=method, test=test, iterations=count, seed=seed, executor=executor
    )
    return {
        "method": method.value,
        "test": test.value,
        "arrangements": found.arrangements,
        "exact": found.exact,
        "seed": found.seed,
        "terms": found.terms,
        "p": found.p,
        "QMp": found.qm_p,
        "notes": notes,
    }


def subsets(
    yi: Numbers,
    vi: Numbers,
    count: int,
    *,
    method: Method,
    test: Test,
    seed: int,
    executor: Executor | None,
) -> Block:
    """Return how the pooled estimate and I² scatter over subsets, and what each study does there.

    The clusters that a display of such subsets (GOSH) shows come from single studies: where the
    median estimates with and without one lie far apart, that study makes them.
    """
    every = 2**yi.size - 1 <= min(count, MOST_SUBSETS)
    found = gosh(
        yi, vi, count=None if every else count, seed=seed, method=method, test=test,
        executor=executor,
    )  # fmt: skip
    with_, without = [], []
    for study in range(found.k):
        chosen = found.members(study)
        with_.append(_median(found.estimate[chosen]))
        without.append(_median(found.estimate[~chosen]))
    return {
        "method": method.value,
        "test": test.value,
        "subsets": len(found),
        "complete": found.complete,
        "seed": None if found.complete else seed,
        "estimate": _spread(found.estimate),
        "I2": _spread(found.I2),
        "median_with": with_,
        "median_without": without,
    }


def resamples(
    yi: Numbers, vi: Numbers, count: int, *, method: Method, test: Test, level: float, seed: int
) -> Block:
    """Return percentile intervals over samples of the studies, drawn with replacement."""
    found = bootstrap(yi, vi, count=count, seed=seed, method=method, test=test, level=level)
    return {
        "method": method.value,
        "samples": count,
        "seed": seed,
        "level": level,
        **{
            f"{name}_ci": _percentiles(getattr(found, name), level)
            for name in ("estimate", "tau2", "I2")
        },
    }


def _percentiles(values: Numbers, level: float) -> tuple[float, float]:
    """Return the central interval of some values, interpolated as R's type 7 does."""
    ordered = sorted(values.tolist())

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = ordered[min(below + 1, len(ordered) - 1)]
        return float(ordered[below] + (place - below) * (above - ordered[below]))

    return at((1 - level) / 2), at((1 + level) / 2)


def _median(values: Numbers) -> float | None:
    return median(values.tolist()) if values.size else None


def _spread(values: Numbers) -> Block:
    """Return the least, the quartiles and the largest of some values."""
    given = values.tolist()
    low, middle, high = quantiles(given, n=4, method="inclusive") if len(given) > 1 else given * 3
    return {"min": min(given), "q1": low, "median": middle, "q3": high, "max": max(given)}
