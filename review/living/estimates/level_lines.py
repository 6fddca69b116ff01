"""What a run keeps of random effects: the mean as a pooled line, and what stands beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import ndtri

from review.errors import InvalidDataError
from review.living.estimates.jointly import RHOS, stated_lines
from review.living.estimates.levels import (
    MEAN,
    Levels,
    LevelStudy,
    clusters_of,
    fit_studies,
    i2_of,
    shared_arms,
    without_each,
)
from review.living.runs.joint import RobustLine
from review.living.runs.levels import AssumedMean, LevelsLine, VarianceLine
from review.living.runs.results import PooledLine
from review.protocol.levels import terms_of
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis.multivariate import ratio_test


def levels_pooled(plan: Plan, fitted: Levels) -> PooledLine:
    """Return the mean as a pooled line; k is trials, tau² the sum of all variances."""
    model, random = fitted.model, plan.method not in WITHOUT_TAU2
    half = float(ndtri((1 + model.level) / 2)) * fitted.se
    total, typical = float(sum(fitted.sigma2)), fitted.typical
    return PooledLine(
        k=len(fitted.studies),
        measure=plan.measure.value,
        method=plan.method,
        test=plan.test,
        level=model.level,
        estimate=fitted.estimate,
        se=fitted.se,
        stat=fitted.estimate / fitted.se,
        ddf=fitted.ddf,
        p=fitted.p,
        ci=fitted.ci,
        z_ci=(fitted.estimate - half, fitted.estimate + half),
        pi=fitted.pi if random and fitted.terms else None,
        tau2=total if random else None,
        se_tau2=None,
        tau2_ci=None,
        I2=i2_of(fitted)[0],
        H2=1.0 if typical is None else (total + typical) / typical,
        Q=model.q,
        Q_df=model.q_df,
        Q_p=model.q_p,
        notes=tuple(_notes(plan, fitted)),
    )


def _notes(plan: Plan, fitted: Levels) -> Iterator[str]:
    yield from fitted.model.notes
    for name, _, why in fitted.without:
        yield f"random effect of {name}: {why}"
    if plan.method not in WITHOUT_TAU2 and not fitted.terms:
        yield "no random effect is left, so that one common effect is told"
    if plan.test == "t" and fitted.ddf is None:
        yield "one effect, and no degree of freedom for a t-test: the interval is normal"


def levels_line(plan: Plan, fitted: Levels) -> LevelsLine:
    """Return what a run keeps of random effects beside the mean."""
    clusters = clusters_of(fitted)
    return LevelsLine(
        trials=len(fitted.studies),
        effects=fitted.model.k,
        terms=tuple(_term_lines(plan, fitted)),
        rho=plan.rho,
        phi=plan.phi,
        stated=stated_lines(plan),
        shared=_sharing(plan, fitted.studies),
        robust=_robust(fitted, clusters),
        clusters=len(set(clusters)),
        loglik=fitted.model.loglik,
        aic=fitted.model.aic,
        assumed=tuple(_assumed(plan, fitted)),
    )


def _term_lines(plan: Plan, fitted: Levels) -> Iterator[VarianceLine]:
    if plan.method in WITHOUT_TAU2:
        return
    told = dict(zip(fitted.terms, _tested(plan, fitted), strict=True))
    dropped = {name: (groups, why) for name, groups, why in fitted.without}
    for names in terms_of(plan.random):
        name = " / ".join(names)
        if name in told:
            yield told[name]
        else:
            groups, why = dropped[name]
            yield VarianceLine(
                term=name, groups=groups, sigma2=None, i2=None, stat=None, p=None, note=why
            )


def _tested(plan: Plan, fitted: Levels) -> Iterator[VarianceLine]:
    each = zip(fitted.model.components, i2_of(fitted)[1], without_each(plan, fitted), strict=True)
    for component, i2, smaller in each:
        (sigma2,) = component.tau2
        test = ratio_test(fitted.model, smaller)
        yield VarianceLine(
            term=component.name,
            groups=component.groups,
            sigma2=sigma2,
            i2=i2,
            stat=test.stat if sigma2 > 0 else 0.0,
            p=test.p if sigma2 > 0 else 1.0,
        )


def _sharing(plan: Plan, studies: Sequence[LevelStudy]) -> int:
    """Return how many comparisons share the comparator of another of their result."""
    results = [(one.study, result.about) for one in studies for result in one.results]
    arms = shared_arms(plan, studies)
    shared = Counter((at, arm.comparator) for at, arm in zip(results, arms, strict=False))
    return sum(count for count in shared.values() if count > 1)


def _robust(fitted: Levels, clusters: Sequence[int]) -> RobustLine | None:
    """Return the robust test of the mean; None where the clusters are too few for one."""
    try:
        found = fitted.model.robust_combination({MEAN: 1.0}, clusters)
    except InvalidDataError:
        return None
    if found.ddf is None or not np.isfinite([found.se, found.ddf, *found.ci]).all():
        return None
    return RobustLine(se=found.se, df=found.ddf, p=found.p, ci=found.ci)


def _assumed(plan: Plan, fitted: Levels) -> Iterator[AssumedMean]:
    """Yield the mean by other correlations of errors, where any study has several results."""
    if len(fitted.studies) == fitted.model.k:
        return
    for rho in RHOS:
        try:
            by = fit_studies(plan, fitted.studies, rho)
        except InvalidDataError:
            continue
        yield AssumedMean(
            rho=rho,
            estimate=by.estimate,
            ci=by.ci,
            sigma2=by.sigma2,
            loglik=by.model.loglik,
        )
