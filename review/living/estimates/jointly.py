"""Several outcomes of each trial in one model, and what a run keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.living.estimates.effects import TrialEffects
from review.living.runs.contents import RunInputs
from review.living.runs.joint import (
    AssumedLine,
    CorrelationLine,
    DifferenceLine,
    JointLine,
    OutcomeLine,
    RobustLine,
)
from review.living.runs.results import PooledLine, RunResults
from review.protocol.pairs import of_each_two, pair_of
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis import Method, Test, pool
from review.synthesis.multivariate import (
    Combination,
    Multivariate,
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
    sampling_covariance,
)

RHOS = (0.0, 0.3, 0.6, 0.9)
"""Correlations of sampling errors that are tried beside the one assumed."""


@dataclass(frozen=True, slots=True)
class JointStudy:
    """What a trial gives: an effect of each outcome that it has, in the plan's order."""

    study: str
    labels: tuple[str, ...]
    yi: tuple[float, ...]
    vi: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Joint:
    """A fitted model of several outcomes, with what it was fitted to."""

    model: Multivariate
    studies: tuple[JointStudy, ...]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The trial and the outcome of each effect."""
        return [(one.study, label) for one in self.studies for label in one.labels]

    @property
    def clusters(self) -> list[str]:
        """The trial of each effect."""
        return [study for study, _ in self.rows]

    def tau2(self, label: str) -> float | None:
        """Return the variance of an outcome's true effects; None of a common effect."""
        if not self.model.components:
            return None
        component = self.model.components[0]
        return component.tau2[component.levels.index(label)]


def studies_of(inputs: RunInputs, effects: TrialEffects) -> tuple[JointStudy, ...]:
    """Return the trials of a run as the model takes them, each by the number of its study."""
    found: dict[int, list[tuple[str, float, float]]] = {}
    for trial, y, v in zip(inputs.trials, effects.yi.tolist(), effects.vi.tolist(), strict=True):
        assert trial.measured is not None
        found.setdefault(trial.study_id, []).append((trial.measured, y, v))
    return tuple(JointStudy(str(i), *zip(*of, strict=True)) for i, of in found.items())


def fit_studies(plan: Plan, studies: Sequence[JointStudy], rho: float | None = None) -> Joint:
    """Fit trials by a plan, their errors correlated by its `rho` or another.

    Raises
    ------
    InvalidDataError
        If no trial has the outcome that decides, or the model asks more than the trials give.
    """
    planned = [one.label for one in plan.outcomes]
    there = [label for label in planned if any(label in one.labels for one in studies)]
    if planned[0] not in there:
        raise InvalidDataError(
            f"no trial has {planned[0]}, which the plan decides on; name first an outcome that "
            f"trials have ({', '.join(there) or 'there is none'})"
        )
    rows = [
        (one.study, label, y, v)
        for one in studies
        for label, y, v in zip(one.labels, one.yi, one.vi, strict=True)
    ]
    names = [label for _, label, _, _ in rows]
    clusters, vi = [row[0] for row in rows], [row[3] for row in rows]
    times: dict[object, float] = {
        one.label: one.time for one in plan.outcomes if one.time is not None
    }
    assumed = plan.rho if rho is None else rho
    pairs = of_each_two(there, plan.correlations, assumed) if plan.correlations else assumed
    V = (
        sampling_covariance(vi, clusters, time=[times[name] for name in names], phi=assumed)
        if times
        else sampling_covariance(vi, clusters, kind=names, rho_kind=pairs)
    )
    fitted = multivariate(
        [row[2] for row in rows],
        V,
        [RandomEffect(clusters, names, Structure(plan.structure), "trials", times or None)],
        design=outcome_means(names, order=there),
        method=plan.method,
        test=plan.test,
        level=plan.level,
    )
    return Joint(fitted, tuple(studies))


def fit(inputs: RunInputs, effects: TrialEffects, plan: Plan | None = None) -> Joint:
    """Fit a planned model of several outcomes, or by another plan; raises as `fit_studies`."""
    return fit_studies(plan or inputs.plan, studies_of(inputs, effects))


def fit_of_some(plan: Plan, studies: Sequence[JointStudy]) -> Joint | None:
    """Fit some trials; None where they do not carry the model."""
    try:
        return fit_studies(plan, studies)
    except InvalidDataError:
        return None


def kept_studies(inputs: RunInputs, results: RunResults) -> dict[int, JointStudy]:
    """Return the trials of a stored run by study, in their order, as they were fitted."""
    effects = TrialEffects(
        yi=np.array([effect.yi for effect in results.effects]),
        vi=np.array([effect.vi for effect in results.effects]),
        sizes=(),
        recipes=(),
    )
    return {int(one.study): one for one in studies_of(inputs, effects)}


def decided(plan: Plan, fitted: Joint) -> Combination:
    """Return the mean of the outcome that a plan decides on."""
    return fitted.model.combination({plan.outcomes[0].label: 1.0})


def deciding_line(plan: Plan, fitted: Joint) -> PooledLine:
    """Return the outcome that a plan decides on as a pooled line; k is trials of the model.

    Q and I² (from Q) are of the whole model, tau² is of the outcome.
    """
    found, model = decided(plan, fitted), fitted.model
    half = float(ndtri((1 + model.level) / 2)) * found.se
    random = plan.method not in WITHOUT_TAU2
    tau2 = fitted.tau2(plan.outcomes[0].label)
    df = model.q_df
    return PooledLine(
        k=len(fitted.studies),
        measure=plan.measure.value,
        method=plan.method,
        test=plan.test,
        level=model.level,
        estimate=found.estimate,
        se=found.se,
        stat=found.stat,
        ddf=model.ddf,
        p=found.p,
        ci=found.ci,
        z_ci=(found.estimate - half, found.estimate + half),
        pi=model.prediction(plan.outcomes[0].label, tau2) if tau2 is not None else None,
        tau2=tau2 if random else None,
        se_tau2=None,
        tau2_ci=None,
        I2=100 * max(0.0, (model.q - df) / model.q) if df and model.q > 0 else 0.0,
        H2=max(1.0, model.q / df) if df else 1.0,
        Q=model.q,
        Q_df=df,
        Q_p=model.q_p,
        notes=tuple(_notes(fitted)),
    )


def _notes(fitted: Joint) -> Iterator[str]:
    yield from fitted.model.notes
    there = fitted.model.terms
    if len(there) == 1:
        yield f"no trial has another outcome than {there[0]}: the model is of that one alone"
    for label in there if fitted.model.components else ():
        k = sum(label in one.labels for one in fitted.studies)
        if k == 1 and len(there) > 1:
            yield f"one trial alone has {label}, so that how its effects vary cannot be told"


def weights(inputs: RunInputs, fitted: Joint) -> Floats:
    """Return of each effect its share of the deciding estimate, percent (n,).

    Effects of other outcomes enter too, as far as they go together with it.
    """
    row = np.abs(coefficients(inputs, fitted))
    found: Floats = 100 * row / row.sum()
    return found


def coefficients(inputs: RunInputs, fitted: Joint) -> Floats:
    """Return by what each effect (n,) enters the mean of the outcome that the plan decides on."""
    place = fitted.model.terms.index(inputs.plan.outcomes[0].label)
    by_row = dict(zip(fitted.rows, fitted.model.coefficients()[place].tolist(), strict=True))
    return np.array([by_row[str(t.study_id), str(t.measured)] for t in inputs.trials])


def joint_line(inputs: RunInputs, fitted: Joint) -> JointLine:
    """Return what a run keeps of several outcomes beside the one that it decides on."""
    plan, model = inputs.plan, fitted.model
    there = list(model.terms)
    first, others = there[0], there[1:]
    equal = model.joint_test([{one: 1.0, first: -1.0} for one in others]) if others else None
    return JointLine(
        trials=len(fitted.studies),
        effects=model.k,
        structure=plan.structure,
        rho=plan.rho,
        stated=stated_lines(plan),
        outcomes=tuple(_outcome(plan, fitted, label) for label in there),
        differences=tuple(_difference(fitted, label, first) for label in others),
        equal_stat=equal.stat if equal else None,
        equal_df=len(others),
        equal_ddf=equal.ddf if equal else None,
        equal_p=equal.p if equal else None,
        correlations=tuple(correlations(fitted)),
        loglik=model.loglik,
        aic=model.aic,
        assumed=tuple(_assumed(plan, fitted)),
        without=tuple(one.label for one in plan.outcomes if one.label not in there),
    )


def _outcome(plan: Plan, fitted: Joint, label: str) -> OutcomeLine:
    own = [
        (y, v)
        for one in fitted.studies
        for name, y, v in zip(one.labels, one.yi, one.vi, strict=True)
        if name == label
    ]
    found, tau2 = fitted.model.combination({label: 1.0}), fitted.tau2(label)
    assert found.p is not None
    yi, vi = zip(*own, strict=True)
    alone = pool(yi, vi, method=Method(plan.method), test=Test(plan.test), level=plan.level)
    return OutcomeLine(
        label=label,
        k=len(own),
        estimate=found.estimate,
        se=found.se,
        p=found.p,
        ci=found.ci,
        pi=None if tau2 is None else fitted.model.prediction(label, tau2),
        tau2=tau2,
        robust=_robust(fitted, {label: 1.0}),
        alone=alone.estimate,
        alone_ci=alone.ci,
    )


def _difference(fitted: Joint, label: str, first: str) -> DifferenceLine:
    factors = {label: 1.0, first: -1.0}
    found = fitted.model.combination(factors)
    assert found.p is not None
    return DifferenceLine(
        label=label,
        versus=first,
        both=sum({label, first} <= set(one.labels) for one in fitted.studies),
        estimate=found.estimate,
        se=found.se,
        p=found.p,
        ci=found.ci,
        robust=_robust(fitted, factors),
    )


def _robust(fitted: Joint, factors: Mapping[str, float]) -> RobustLine | None:
    """Return the robust test of a combination; None where the trials are too few for one."""
    try:
        found = fitted.model.robust_combination(factors, fitted.clusters)
    except InvalidDataError:
        return None
    if found.ddf is None or not np.isfinite([found.se, found.ddf, *found.ci]).all():
        return None
    return RobustLine(se=found.se, df=found.ddf, p=found.p, ci=found.ci)


def correlations(fitted: Joint) -> Iterator[CorrelationLine]:
    """Yield the correlation of true effects of each two outcomes; none of a common effect."""
    if not fitted.model.components:
        return
    terms, component = fitted.model.terms, fitted.model.components[0]
    places = [component.levels.index(term) for term in terms]
    for j, second in enumerate(terms):
        for i, first in enumerate(terms[:j]):
            value = component.correlations[places[i]][places[j]]
            yield CorrelationLine(first=first, second=second, value=value)


def stated_lines(plan: Plan) -> tuple[CorrelationLine, ...]:
    """Return the correlations of sampling errors that a plan states of two."""
    return tuple(
        CorrelationLine(first=first, second=second, value=value)
        for first, second, value in map(pair_of, plan.correlations)
    )


def _assumed(plan: Plan, fitted: Joint) -> Iterator[AssumedLine]:
    """Yield the deciding outcome and the first difference by other correlations of errors."""
    if len(fitted.model.terms) < 2:
        return
    first, second = fitted.model.terms[:2]
    for rho in RHOS:
        try:
            by = fit_studies(plan, fitted.studies, rho)
        except InvalidDataError:
            continue
        other = by.model
        mean = other.combination({first: 1.0})
        apart = other.combination({second: 1.0, first: -1.0})
        yield AssumedLine(
            rho=rho,
            estimate=mean.estimate,
            ci=mean.ci,
            difference=apart.estimate,
            difference_ci=apart.ci,
            loglik=other.loglik,
            tau2=tuple(by.tau2(label) or 0.0 for label in other.terms),
            correlations=tuple(pair.value for pair in correlations(by)),
        )
