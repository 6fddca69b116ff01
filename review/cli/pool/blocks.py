"""What ``review pool`` adds to its JSON on request; keys and terms are metafor's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from review.arrays import Floats
from review.effects.risks import PER, rates, response_share, risks
from review.errors import InvalidDataError
from review.measures import Measure
from review.synthesis import (
    Correction,
    Method,
    Multilevel,
    MuPrior,
    Pooled,
    Robust,
    TauPrior,
    Test,
    design,
    doubtful_levels,
    estimable,
    glmm,
    margin_curve,
    multilevel,
    posterior,
    regress,
    subgroup_analysis,
)
from review.synthesis.location_scale import location_scale
from review.synthesis.moderators import PERFECT_FIT

Numbers = Floats
Block = dict[str, Any]


def bayes(
    yi: Numbers,
    vi: Numbers,
    level: float,
    tau_prior: TauPrior,
    mean_prior: MuPrior | None,
    margins: Sequence[float] = (),
) -> Block:
    """Return the Bayesian normal-normal model by quadrature, with its priors."""
    found = posterior(yi, vi, tau_prior=tau_prior, mu_prior=mean_prior, level=level)
    flat = "flat" if mean_prior is None else f"normal({mean_prior.mean:g}, {mean_prior.sd:g})"
    return {
        "prior_of_tau": f"{tau_prior.family.value}({tau_prior.scale:g})",
        "prior_of_mean": flat,
        "level": level,
        "mean": found.mean,
        "sd": found.sd,
        "median": found.median,
        "ci": found.ci,
        "pi": found.pi,
        "tau_mean": found.tau_mean,
        "tau_median": found.tau_median,
        "tau_ci": found.tau_ci,
        "probability_above_0": found.probability_above(0.0),
        "probability_new_above_0": found.probability_new_above(0.0),
        "posterior_margins": [
            {
                "margin": margin,
                "probability": found.probability_above(-margin),
                "probability_new": found.probability_new_above(-margin),
            }
            for margin in margins
        ],
        "shrunken": list(found.shrunken),
        "shrunken_sd": list(found.shrunken_sd),
    }


def counted(
    measure: Measure,
    model: str,
    counts: Sequence[Sequence[float]],
    level: float,
    points: int | None,
) -> Block:
    """Return counts pooled by a mixed model of their own likelihood, with what it leaves out."""
    whole = [row for row in zip(*counts, strict=True) if not any(map(math.isnan, row))]
    fit = glmm(measure.value, *zip(*whole, strict=True), model=model, level=level, points=points)
    silent = len(whole) - fit.k
    notes = ["nothing is added to a cell; the interval is normal, tau² by maximum likelihood"]
    if silent:
        told = "1 study says" if silent == 1 else f"{silent} studies say"
        notes.append(f"{told} nothing: no events, or events only, in both arms")
    if fit.points == 1:
        notes.append(
            "likelihood by Laplace's approximation, as lme4 has it; --points 15 is sharper"
        )
    return {
        "measure": measure.value,
        "model": model,
        "level": level,
        "k": fit.k,
        "estimate": fit.estimate,
        "se": fit.se,
        "p": fit.p,
        "ci": fit.ci,
        "tau2": fit.tau2,
        "sigma2": fit.sigma2,
        "Q": fit.Q,
        "Q_df": fit.Q_df,
        "Q_p": fit.Q_p,
        "points": fit.points,
        "natural": natural(measure, fit.estimate, fit.ci),
        "notes": notes,
    }


def metareg(
    yi: Numbers,
    vi: Numbers,
    formula: str,
    columns: Mapping[str, Sequence[str]],
    *,
    method: Method,
    test: Test,
    level: float,
) -> Block:
    """Return a meta-regression on the file's columns; text columns are factors."""
    coded, notes = estimable(design(formula, columns))
    fit = regress(yi, vi, coded, method=method, test=test, level=level)
    tested = fit.tested
    return {
        "formula": formula,
        "method": method.value,
        "test": test.value,
        "k": fit.k,
        "terms": fit.terms,
        "beta": fit.beta,
        "se": fit.se,
        "stat": [value if tested else None for value in fit.stat],
        "ddf": fit.ddf,
        "p": [value if tested else None for value in fit.p],
        "ci_lb": fit.ci_low,
        "ci_ub": fit.ci_high,
        "QM": fit.qm if tested else None,
        "QM_df": fit.qm_df,
        "QMp": fit.qm_p if tested else None,
        "QE": fit.q,
        "QE_df": fit.q_df,
        "QEp": fit.q_p,
        "tau2": None if method is Method.EE else fit.tau2,
        "I2": fit.i2,
        "R2": fit.r2,
        "notes": [*notes, *doubtful_levels(coded), *([] if tested else [PERFECT_FIT])],
    }


def clustered(
    yi: Numbers,
    vi: Numbers,
    cluster: Sequence[str],
    *,
    formula: str | None,
    columns: Mapping[str, Sequence[str]],
    rho: float | None,
    level: float,
) -> Block:
    """Return a three-level model, or correlated and hierarchical effects where rho is given.

    Robust errors are by cluster, with Satterthwaite degrees of freedom; p is null below four.
    """
    coded, notes = estimable(design(formula or "1", columns))
    fit: Multilevel = multilevel(
        yi,
        vi,
        cluster,
        design=coded if formula is not None else None,
        rho=rho or 0.0,
        level=level,
    )
    return {
        "clusters": fit.clusters,
        "rho": rho,
        "method": "REML",
        "terms": fit.terms,
        "beta": fit.beta,
        "se": fit.se,
        "ci_lb": fit.ci_low,
        "ci_ub": fit.ci_high,
        "sigma2": fit.sigma2,
        "loglik": fit.loglik,
        "QE": fit.q,
        "I2": fit.i2,
        "pi": fit.pi,
        **({"weights": fit.weights().tolist()} if formula is None else {}),
        "robust": {
            correction.value: robust_block(fit.robust(correction)) for correction in Correction
        },
        "notes": [*notes, *doubtful_levels(coded), *fit.notes],
    }


def robust_block(found: Robust) -> Block:
    """Return errors that allow for what effects of a cluster share, term by term."""
    return {
        "terms": found.terms,
        "se": found.se,
        "tstat": found.stat,
        "df": found.df,
        "p": found.p,
        "ci_lb": found.ci_low,
        "ci_ub": found.ci_high,
        "notes": found.notes,
    }


def scaled(
    yi: Numbers,
    vi: Numbers,
    formula: str | None,
    scale: str,
    columns: Mapping[str, Sequence[str]],
    link: str,
    *,
    method: Method,
    test: Test,
    level: float,
) -> Block:
    """Return a location-scale model on the file's columns, with the test of one tau²."""
    coded, notes = estimable(design(scale, columns))
    location, more = (None, ()) if formula is None else estimable(design(formula, columns))
    fit = location_scale(
        yi, vi, scale=coded, location=location, link=link, method=method, test=test, level=level
    )
    one = fit.heteroscedasticity
    return {
        "scale": scale,
        "formula": formula,
        "link": link,
        "method": method.value,
        "test": test.value,
        "k": fit.k,
        "terms": fit.terms,
        "beta": fit.beta,
        "se": fit.se,
        "p": fit.p,
        "ci_lb": fit.ci_low,
        "ci_ub": fit.ci_high,
        "scale_terms": fit.scale_terms,
        "alpha": fit.alpha,
        "alpha_se": fit.alpha_se,
        "alpha_p": fit.alpha_p,
        "alpha_ci_lb": fit.alpha_low,
        "alpha_ci_ub": fit.alpha_high,
        "tau2": fit.tau2,
        "one_tau2": None if one is None else one.tau2,
        "LRT": None if one is None else one.stat,
        "LRT_df": None if one is None else one.df,
        "LRTp": None if one is None else one.p,
        "loglik": fit.loglik,
        "notes": [*dict.fromkeys((*notes, *more)), *fit.notes],
    }


def subgroups(
    yi: Numbers,
    vi: Numbers,
    groups: Sequence[str],
    measure: Measure,
    *,
    method: Method,
    test: Test,
    level: float,
    common_tau2: bool = False,
) -> Block:
    """Return each group pooled with its own tau² or one of all, and the test between groups."""
    found = subgroup_analysis(
        yi, vi, groups, method=method, test=test, level=level, common_tau2=common_tau2
    )
    told: list[Block] = []
    for group in found.groups:
        back = natural(measure, group.estimate, group.ci, group.pi)
        named = {} if back is None else {back["scale"]: [back["estimate"], *back["ci"]]}
        told.append(asdict(group) | named)
    return {
        "groups": told,
        "QM": found.q_between,
        "QM_df": [found.df, found.ddf],
        "QMp": found.p,
        "common_tau2": found.common_tau2,
    }


def _exp(x: float) -> float:
    return math.exp(x) if x < 709.0 else math.inf


def natural(
    measure: Measure,
    estimate: float,
    ci: tuple[float, float],
    pi: tuple[float, float] | None = None,
    size: float | None = None,
) -> Block | None:
    """Return numbers transformed back to the scale that people read; None where they are on it.

    `size` is of double arcsines and double roots: the persons or time of a study, or the harmonic
    mean of all.
    """
    facts = measure.facts
    back: Callable[[float], float]
    if facts.ratio is not None:
        scale, back = measure.scale.removeprefix("log "), _exp
    elif (read_as := facts.read_at(size)) is not None:
        scale, back = read_as.name, read_as.back
    else:
        return None

    def limits(of: tuple[float, float]) -> list[float]:
        return sorted(map(back, of))

    return {
        "scale": scale,
        "estimate": back(estimate),
        "ci": limits(ci),
        "pi": None if pi is None else limits(pi),
    }


def absolute(pooled: Pooled, measure: Measure, baselines: Sequence[float]) -> list[Block]:
    """Return risks, their difference for 1,000 persons and numbers needed at each baseline risk."""
    found = [risks(measure, pooled.estimate, pooled.ci, baseline) for baseline in baselines]
    return [
        {
            "baseline": one.baseline,
            "risk": one.risk,
            "risk_ci": one.risk_ci,
            "per_1000": PER * one.difference,
            "per_1000_ci": [PER * limit for limit in one.difference_ci],
            "nnt": one.nnt,
            "nnt_ci": one.nnt_ci,
            "nnt_ci_through_infinity": one.through_infinity,
        }
        for one in found
    ]


def absolute_rates(pooled: Pooled, measure: Measure, baselines: Sequence[float]) -> list[Block]:
    """Return rates, their difference and the person-time needed at each baseline rate.

    All is in the file's unit of time.
    """
    found = [rates(measure, pooled.estimate, pooled.ci, baseline) for baseline in baselines]
    return [
        {
            "baseline": one.baseline,
            "rate": one.risk,
            "rate_ci": one.risk_ci,
            "difference": one.difference,
            "difference_ci": one.difference_ci,
            "time_needed": one.nnt,
            "time_needed_ci": one.nnt_ci,
            "time_needed_ci_through_infinity": one.through_infinity,
        }
        for one in found
    ]


def share_above(columns: Mapping[str, Sequence[float | None]], cutoff: float) -> float:
    """Return the share of the second arms above a score, by means and SDs, weighted by size.

    Raises InvalidDataError where no row gives mean, SD and size.
    """
    given = [columns.get(name) for name in ("m2i", "sd2i", "n2i")]
    rows = zip(*(column or () for column in given), strict=False)  # none where one has no column
    whole = [(m, sd, n) for m, sd, n in rows if m is not None and sd and n]
    if not whole:
        raise InvalidDataError("--cutoff takes the second arms' m2i, sd2i and n2i; no row has them")
    total = math.fsum(n for _, _, n in whole)
    return math.fsum(n * response_share(m, sd, cutoff) for m, sd, n in whole) / total


def margins(pooled: Pooled, values: Sequence[float]) -> list[Block]:
    """Return what the interval says against each margin; positive favours the intervention."""
    curve = margin_curve(pooled.estimate, pooled.se, pooled.ddf, values, level=pooled.level)
    return [
        {"margin": margin, "p": p, "conclusion": conclusion, "equivalent": equivalent}
        for margin, p, conclusion, equivalent in zip(
            curve.margins, curve.p, curve.conclusions, curve.equivalent, strict=True
        )
    ]
