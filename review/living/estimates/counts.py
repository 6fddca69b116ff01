"""Planned analyses that pool the counts themselves: Mantel-Haenszel, Peto, mixed models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, nan

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.effects import design_effect
from review.errors import InvalidDataError
from review.living.estimates.mixed import pool_mixed
from review.living.inputs.columns import time_of
from review.living.runs.contents import ArmInput, TrialInput
from review.measures import MIXED, PER_TIME, AnalysisKind, Family, Measure
from review.protocol.rules import Plan
from review.synthesis import Method, Pooled, Test, mantel_haenszel, mantel_haenszel_rates, peto
from review.synthesis.tables import PooledTables


def pool_tables(plan: Plan, trials: Sequence[TrialInput]) -> Pooled:
    """Return the pooled estimate of trials' counts, positive favouring the intervention.

    Parameters
    ----------
    plan : with method ``MH`` (measure OR, RR, RD, IRR or IRD), ``PETO`` (measure PETO) or a mixed
        model of `review.measures.MIXED`.
    trials : each with counts of events and persons, of rates with events and person-years, of both
        sides or of a single arm; arms of one side are added up. Those of trials randomised by
        clusters are divided by the design effect.

    Returns
    -------
    Pooled
        Without between-trial variance but of a mixed model; ratios as logarithms. A note gives the
        ratio (or difference, or proportion) of the events as counted, before its sign is turned.

    Raises
    ------
    InvalidDataError
        If a trial gives a ready effect instead of counts, if events are good in one trial and bad
        in another, if no trial has any event, if clusters leave no person of an arm, or if a mixed
        model has no maximum.

    Notes
    -----
    See :func:`review.synthesis.mantel_haenszel`, :func:`review.synthesis.mantel_haenszel_rates`,
    :func:`review.synthesis.peto` and :func:`review.synthesis.glmm`. Nothing is added to any cell of
    the estimate. Weights: Mantel-Haenszel's own, Peto's variances, or those of
    `review.living.estimates.mixed`. Effective sizes of clusters: Cochrane Handbook 23.1.4, by whole
    persons (of rates whole events) where a likelihood counts them.
    """
    if plan.kind is AnalysisKind.SINGLE_ARM:
        events, others = _counted([_single(plan, trial) for trial in trials], plan, trials)
        signs = {float(trial.sign) for trial in trials}
        if len(signs) > 1:
            raise InvalidDataError(
                "events are good by one instrument and bad by another; count one of them the other "
                "way round"
            )
        found = pool_mixed(
            [events, others], plan.method, plan.measure, level=plan.level, sign=signs.pop(),
            sides=_per_time(plan.intervention.label, plan.measure),
        )  # fmt: skip
        return _with_designs(found, plan, trials)
    higher = {trial.higher_is_better for trial in trials}
    if len(higher) > 1:
        raise InvalidDataError(
            "events are good by one instrument and bad by another; count one of them the other "
            "way round, or pool by inverse variance"
        )
    cells = _counted([cells_of(plan, trial) for trial in trials], plan, trials)
    sign = 1.0 if higher == {True} else -1.0
    sides = f"{plan.intervention.label} against {plan.comparator.label}"
    sides = _per_time(sides, plan.measure)
    found = pool_cells(cells, plan.method, plan.measure, level=plan.level, sign=sign, sides=sides)
    return _with_designs(found, plan, trials)


def _per_time(sides: str, measure: Measure) -> str:
    """Return what is compared, with the unit of time where the measure has one."""
    return f"{sides}, {PER_TIME}" if of_time(measure) and not measure.facts.ratio else sides


def design_effect_of(trial: TrialInput) -> float:
    """Return by what a trial's counts are divided: 1 where persons were allocated."""
    if trial.cluster_size is None or trial.icc is None:
        return 1.0
    return design_effect(trial.cluster_size, trial.icc).value


def _counted(
    cells: Sequence[tuple[float, ...]], plan: Plan, trials: Sequence[TrialInput]
) -> tuple[Floats, ...]:
    """Return cells (k,) each as a model counts them, those of clusters by their effective sizes."""
    effects = np.array([design_effect_of(trial) for trial in trials])
    columns = np.array(cells, dtype=float).T / effects
    if plan.method in MIXED:
        whole = slice(0, None, 2) if of_time(plan.measure) else slice(None)
        columns[whole] = np.where(effects > 1, np.rint(columns[whole]), columns[whole])
    persons = columns.reshape(-1, 2, len(trials)).sum(axis=1)
    for place in np.flatnonzero((persons == 0).any(axis=0)).tolist():
        raise InvalidDataError(
            f"an arm of {trials[place].study} has less than half a person by its design effect "
            f"{effects[place]:g}; look at cluster_size and icc"
        )
    return tuple(columns)


def _with_designs(found: Pooled, plan: Plan, trials: Sequence[TrialInput]) -> Pooled:
    """Return an estimate that says what was done about persons who are not independent.

    Cochrane Handbook 6.5, sections 23.1.4 and 23.2.5: counts of clusters are divided by the design
    effect; periods of a crossover trial taken for two groups make intervals too wide.
    """
    notes = list(found.notes)
    clustered = [
        f"{one.study} ({effect:.3g}, ICC {one.icc:g})"
        for one in trials
        if (effect := design_effect_of(one)) > 1
    ]
    if clustered:
        timed = of_time(plan.measure)
        what, whole = ("person-time", "events") if timed else ("persons", "persons")
        whole = f", to whole {whole}" if plan.method in MIXED else ""
        notes.append(
            f"Randomised by clusters, events and {what} divided by the design effect{whole} "
            f"(Cochrane Handbook 23.1.4): {', '.join(clustered)}."
        )
    crossed = [one.study for one in trials if one.crossover]
    if crossed:
        notes.append(
            f"Crossover, and pooled by counts as if its periods were two groups, which is "
            f"conservative: {', '.join(crossed)}."
        )
    return replace(found, notes=tuple(notes))


def pool_cells(
    cells: Sequence[ArrayLike],
    method: str,
    measure: Measure,
    *,
    level: float,
    sign: float = 1.0,
    sides: str = "the first arm against the second",
    points: int | None = None,
) -> Pooled:
    """Return the pooled estimate of counts, as `pool_tables` does of trials.

    Parameters
    ----------
    cells : events and non-events of the intervention, then of the comparator, (k,) each; of rates
        events and person-time. Mixed models also pool those of one arm.
    method, measure, level : as in a plan.
    sign : -1 where fewer events are better.
    sides : what is compared, for the note of the events as counted.
    points : of a mixed model's quadrature, as in :func:`review.synthesis.glmm`.
    """
    if method in MIXED:
        return pool_mixed(
            cells, method, measure, level=level, sign=sign, sides=sides, points=points
        )
    a, b, c, d = counts = [np.asarray(column, dtype=np.float64) for column in cells]
    if method == "PETO":
        found = peto(a, b, c, d, level=level)
    elif of_time(measure):
        found = mantel_haenszel_rates(a, b, c, d, measure=measure.value, level=level)
    else:
        found = mantel_haenszel(a, b, c, d, measure=measure.value, level=level)
    if found.estimate is None or found.se is None or found.stat is None or found.ci is None:
        raise InvalidDataError("the trials' events give no estimate: one side has none at all")
    low, high = sorted(sign * limit for limit in found.ci)
    df = max(found.Q_df, 0)
    return Pooled(
        k=int(a.size),
        method=Method.EE,
        test=Test.Z,
        level=level,
        estimate=sign * found.estimate,
        se=found.se,
        stat=sign * found.stat,
        ddf=None,
        p=found.p if found.p is not None else 1.0,
        ci=(low, high),
        pi=None,
        tau2=0.0,
        se_tau2=None,
        tau2_ci=None,
        I2=_i2(found.Q, df),
        I2_ci=None,
        H2=found.Q / df if df else 1.0,
        H2_ci=None,
        Q=found.Q,
        Q_df=df,
        Q_p=found.Q_p,
        weights=_weights(method, measure, counts),
        loglik=nan,
        iterations=0,
        boundary=True,
        modes=1,
        I2_q=_i2(found.Q, df),
        notes=tuple(_notes(measure, found, int(a.size), sides)),
    )


def _i2(q: float, df: int) -> float:
    return 100 * max(0.0, (q - df) / q) if q > 0 else 0.0


def of_time(measure: Measure) -> bool:
    """Whether a measure is of events in person-time, not among persons."""
    return measure.facts.family in (Family.RATES, Family.RATE_OF_ONE)


def cells_of(plan: Plan, trial: TrialInput) -> tuple[float, float, float, float]:
    """Return events and non-events of the intervention, then of the comparator.

    Of rates events and time at risk, in the person-years that rates are told for. Raises
    InvalidDataError for a trial without counts on both sides.
    """
    _have_counts(plan, trial, " for both sides")
    return (*_side(plan, trial.intervention), *_side(plan, trial.comparator))


def _single(plan: Plan, trial: TrialInput) -> tuple[float, float]:
    """Return events and non-events (or time) of a single arm; raise InvalidDataError."""
    _have_counts(plan, trial, "")
    return _side(plan, trial.intervention)


def _have_counts(plan: Plan, trial: TrialInput, where: str) -> None:
    timed = of_time(plan.measure)
    among = "person_years" if timed else "n"
    arms = [arm.numbers for arm in (*trial.intervention, *trial.comparator)]
    given = all(x.events is not None and getattr(x, among) for x in arms)
    if trial.contrast is not None or not given:
        raise InvalidDataError(
            f"{trial.study} gives no counts of events and {'person-years' if timed else 'persons'}"
            f"{where}; leave it out or pool by inverse variance"
        )


def _side(plan: Plan, arms: Sequence[ArmInput]) -> tuple[float, float]:
    events = sum(arm.numbers.events or 0 for arm in arms)
    if of_time(plan.measure):
        return events, time_of(arms)
    return events, sum(arm.numbers.n or 0 for arm in arms) - events


def _weights(method: str, measure: Measure, cells: Sequence[Floats]) -> Floats:
    a, b, c, d = cells
    n1, n2, total = a + b, c + d, a + b + c + d
    if method == "PETO":
        parts = n1 * n2 * (a + c) * (b + d) / (total**2 * np.maximum(total - 1, 1))
    elif measure is Measure.OR:
        parts = b * c / total
    elif measure is Measure.RR:
        parts = c * n1 / total
    elif measure is Measure.IRR:
        parts = c * b / (b + d)
    elif measure is Measure.IRD:
        parts = b * d / (b + d)
    else:
        parts = n1 * n2 / total
    whole = parts.sum()
    percent: Floats = 100 * parts / whole if whole > 0 else np.full(a.size, 100 / a.size)
    return percent


def _notes(measure: Measure, found: PooledTables, trials: int, sides: str) -> list[str]:
    assert found.estimate is not None
    assert found.ci is not None
    ratio = measure.facts.ratio is not None
    value, low, high = (exp(x) if ratio else x for x in (found.estimate, *found.ci))
    name = "Peto OR" if measure is Measure.PETO else measure.value
    counted = f"Events as counted, {sides}"
    notes = [f"{counted}: {name} {value:.7f} ({low:.7f}, {high:.7f})."]
    if found.k < trials:
        notes.append(f"{trials - found.k} trials without events add nothing to the estimate.")
    return notes
