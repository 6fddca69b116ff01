"""The unit of analysis: clusters, crossover, and several comparisons of one trial made one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects import (
    combine_arms,
    escalc,
    inflated_variance,
    shared_control_covariance_events,
    shared_control_covariance_md,
    shared_control_covariance_rates,
    shared_control_covariance_smd,
)
from review.errors import InvalidDataError
from review.extraction.conversion import arm_mean_sd, variance_of
from review.living.inputs.columns import time_of
from review.living.runs.contents import TrialInput
from review.measures import Family, Measure
from review.protocol.rules import Plan
from review.synthesis.aggregation import aggregate


@dataclass(frozen=True, slots=True)
class Joined:
    """One effect of several parts."""

    yi: float
    vi: float
    sizes: tuple[int | None, int | None]
    recipe: str


@dataclass(frozen=True, slots=True)
class Designed:
    """A variance that the trial's design explains, and what to say of it."""

    variance: float
    said: str = ""


def designed_variance(
    trial: TrialInput, plan: Plan, y: float, v: float, columns: Mapping[str, float]
) -> Designed:
    """Return the sampling variance of an effect under the trial's design.

    Parameters
    ----------
    trial, plan
        What was selected, by which plan.
    y, v
        Effect and variance as for independent persons in parallel arms.
    columns
        What `escalc` computed them from.

    Returns
    -------
    Designed
        Clusters: v times 1 + (m - 1) ICC (Donner & Klar 2000; Cochrane Handbook 23.1.4). Crossover,
        with r the correlation of the periods: v1 + v2 - 2 r √(v1 v2) of the periods' variances, so
        of a mean difference (s1² + s2² - 2 r s1 s2)/n, and by the delta method of ratios of means
        (metafor's ROMC), log odds ratios (MPORM), risk ratios (MPRR), risk differences (MPRD) and
        arcsine differences; of a standardized one (1/n + g²/(2n)) 2(1 - r) (Elbourne et al. 2002;
        Handbook 23.2.7); n is the smaller arm's. Without r, for other measures, and where a cell is
        empty, the arms count as independent: conservative, and said so.
    """
    taken = trial.clusters_analysed and trial.contrast is not None  # in the variance already
    if trial.cluster_size is not None and trial.icc is not None and not taken:
        converted = inflated_variance(v, trial.cluster_size, trial.icc)
        said = f"; {converted.recipe}, clusters of {trial.cluster_size:g}, ICC {trial.icc:g}"
        return Designed(converted.value, said)
    if not trial.crossover or trial.contrast is not None:
        return Designed(v)
    reported = [a.numbers.correlation for a in (*trial.intervention, *trial.comparator)]
    given = [r for r in reported if r is not None]
    r = given[0] if given else plan.crossover_correlation
    periods = None if r is None else _of_periods(plan.measure, y, columns)
    if r is None or periods is None:
        why = ""
        if r is not None:
            empty = f"{plan.measure.value} of a table with an empty cell"
            taker = empty if plan.measure in OF_PERIODS else plan.measure.value
            why = f": {taker} takes no correlation of the periods"
        return Designed(v, f"; crossover trial, its arms taken as independent (conservative){why}")
    v1, v2 = periods
    variance = v1 + v2 - 2 * r * math.sqrt(v1 * v2)
    origin = "reported" if given else "assumed"
    usual = (
        "" if plan.vtype == Variance.LS else f" (by the periods' variances, not vtype {plan.vtype})"
    )
    said = f"; crossover trial, {origin} correlation of the periods {r:g}{usual}"
    return Designed(variance, said)


_OF_ONE_PERIOD: Final = {
    Measure.OR: Measure.PLO, Measure.RR: Measure.PLN, Measure.RD: Measure.PR,
    Measure.AS: Measure.PAS,
}  # fmt: skip
OF_PERIODS: Final = frozenset({Measure.MD, Measure.SMD, Measure.ROM, *_OF_ONE_PERIOD})
"""Measures whose variance takes the correlation of a crossover trial's periods."""


def _of_periods(
    measure: Measure, y: float, columns: Mapping[str, float]
) -> tuple[float, float] | None:
    """Return the variances of what two periods give to a difference; None where not known."""
    if "m1i" in columns:
        n = min(columns["n1i"], columns["n2i"])
        if measure is Measure.SMD:
            half = 1 / n + y**2 / (2 * n)
            return half, half
        one, two = (columns[f"sd{of}i"] ** 2 / n for of in (1, 2))
        if measure is Measure.MD:
            return one, two
        if measure is Measure.ROM:
            return one / columns["m1i"] ** 2, two / columns["m2i"] ** 2
    if measure in _OF_ONE_PERIOD and "ai" in columns:
        events = [columns["ai"], columns["ci"]]
        sizes = [columns["n1i"], columns["n2i"]]
        if all(0 < x < n for x, n in zip(events, sizes, strict=True)):
            of_each = escalc(_OF_ONE_PERIOD[measure], {"xi": events, "ni": sizes}).vi
            return float(of_each[0]), float(of_each[1])
    return None


def join(
    trial: TrialInput,
    plan: Plan,
    yi: Floats,
    vi: Floats,
    sizes: Sequence[tuple[int | None, int | None]],
    recipes: Sequence[str],
) -> Joined:
    """Return one effect of a trial's parts.

    Parameters
    ----------
    trial, plan
        The trial, and the plan whose `rho` correlates several results.
    yi, vi : (p,)
        Oriented effects and variances of the comparisons, parts of parts in order.
    sizes, recipes
        Of each comparison.

    Returns
    -------
    Joined
        Aggregate: the plain mean of the parts, their errors correlated by `rho` (Borenstein et al.
        2009, eq. 24.6). Split: the comparisons share no participant and are weighted by inverse
        variance. Covariance: generalised least squares with the covariance that the shared
        comparator makes (Gleser & Olkin 2009).
    """
    if not trial.parts:
        return Joined(float(yi[0]), float(vi[0]), sizes[0], recipes[0])
    inner, start = [], 0
    for part in trial.parts:
        stop = start + _count(part)
        rows = slice(start, stop)
        inner.append(join(part, plan, yi[rows], vi[rows], sizes[rows], recipes[rows]))
        start = stop
    y = np.array([part.yi for part in inner])
    v = np.array([part.vi for part in inner])
    each = "; ".join(dict.fromkeys(part.recipe for part in inner))
    if trial.joined == "aggregate":
        one = aggregate(y, v, [0] * len(inner), rho=plan.rho)
        said = f"{len(inner)} results averaged, correlation {plan.rho:g} assumed; each: {each}"
        return Joined(float(one.yi[0]), float(one.vi[0]), _largest(inner), said)
    n1 = [part.sizes[0] for part in inner]
    total = sum(n for n in n1 if n is not None) if None not in n1 else None
    both = (total, inner[0].sizes[1])
    if trial.joined == "split":
        weights = 1 / v
        said = f"{len(inner)} comparisons with a split comparator; each: {each}"
        mean = float(np.sum(weights * y) / np.sum(weights))
        return Joined(mean, float(1 / np.sum(weights)), both, said)
    matrix = _covariances(trial, plan, y, v)
    solved = np.linalg.solve(matrix, np.ones(y.size))
    said = f"{len(inner)} comparisons with one comparator, covariance known (GLS); each: {each}"
    mean = float(solved @ y / np.sum(solved))
    return Joined(mean, float(1 / np.sum(solved)), both, said)


def _count(trial: TrialInput) -> int:
    return sum(_count(part) for part in trial.parts) if trial.parts else 1


def _largest(parts: Sequence[Joined]) -> tuple[int | None, int | None]:
    """The participants of the largest part: several results have the same persons."""
    return max((part.sizes for part in parts), key=lambda sizes: sum(n or 0 for n in sizes))


def _covariances(trial: TrialInput, plan: Plan, y: Floats, v: Floats) -> Floats:
    """Covariance matrix of comparisons that share their comparator."""
    matrix = np.diag(v)
    inflation = _inflation(trial)
    for i in range(y.size):
        for j in range(i):
            shared = _covariance(trial, plan, float(y[i]), float(y[j])) * inflation
            matrix[i, j] = matrix[j, i] = shared
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InvalidDataError(
            f"the variances of {trial.study} are smaller than its shared comparator allows"
        ) from None
    return matrix


def _inflation(trial: TrialInput) -> float:
    if trial.cluster_size is None or trial.icc is None:
        return 1.0
    return inflated_variance(1.0, trial.cluster_size, trial.icc).value


def _covariance(trial: TrialInput, plan: Plan, y1: float, y2: float) -> float:
    measure = plan.measure
    if measure is Measure.SMD:
        control, total = _smd_sizes(trial)
        return shared_control_covariance_smd(y1, y2, control, total).value
    arms = trial.comparator
    n = [arm.numbers.n or 0 for arm in arms]
    if measure is Measure.MD and arms:
        groups = [
            arm_mean_sd(
                arm.numbers,
                change=plan.scores == "change",
                medians=plan.medians,
                correlation=plan.change_correlation,
            )
            for arm in arms
        ]
        known = [group for group in groups if group is not None]
        pooled = combine_arms(n, [g.mean for g in known], [g.sd for g in known]).value
        return shared_control_covariance_md(pooled.sd, sum(n)).value
    if measure.facts.family is Family.RATES and arms:
        events = sum(arm.numbers.events or 0 for arm in arms)
        ratio, difference, of_roots = shared_control_covariance_rates(events, time_of(arms)).value
        found = {Measure.IRR: ratio, Measure.IRD: difference, Measure.IRSD: of_roots}[measure]
        if found is not None:
            return found
    counts = [arm.numbers.events for arm in arms]
    if measure in (Measure.RR, Measure.OR, Measure.RD) and arms and None not in counts:
        log_rr, log_or, rd = shared_control_covariance_events(
            sum(e or 0 for e in counts), sum(n)
        ).value
        return {Measure.RR: log_rr, Measure.OR: log_or, Measure.RD: rd}[measure]
    variances = [variance_of(arm.numbers) for arm in arms]
    if measure is Measure.GEN and arms and None not in variances:
        shares = np.array(n) / sum(n)
        return float(np.sum(shares**2 * np.array([found[0] for found in variances if found])))
    raise InvalidDataError(
        f"the covariance of {measure.value} of {trial.study} with a shared comparator is not "
        "known; plan several_arms as combine or split"
    )


def _smd_sizes(trial: TrialInput) -> tuple[float, float]:
    """Participants of the shared comparator, and of all arms."""
    if trial.comparator:
        arms = (*trial.intervention, *trial.comparator)
        control = sum(arm.numbers.n or 0 for arm in trial.comparator)
        return control, sum(arm.numbers.n or 0 for arm in arms)
    pairs = [
        (part.contrast.numbers, part.contrast_reversed) for part in trial.parts if part.contrast
    ]
    sizes = [(x.versus_n, x.n) if turned else (x.n, x.versus_n) for x, turned in pairs]
    if any(n is None for pair in sizes for n in pair):
        raise InvalidDataError(
            f"the covariance of the contrasts of {trial.study} needs the arms' sizes"
        )
    control = sizes[0][1] or 0
    return control, control + sum(n or 0 for n, _ in sizes)
