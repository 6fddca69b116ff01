"""What ``review pool`` adds to its JSON on request; keys and terms are metafor's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from review.arrays import Floats
from review.errors import InvalidDataError
from review.measures import Measure
from review.synthesis import (
    Correction,
    FailSafeKind,
    Method,
    Multilevel,
    MuPrior,
    Pooled,
    Predictor,
    TauPrior,
    Test,
    begg,
    blup,
    cumulative,
    design,
    doubtful_levels,
    egger,
    estimable,
    fail_safe_n,
    henmi_copas,
    influence,
    leave_one_out,
    margin_curve,
    multilevel,
    pet_peese,
    posterior,
    profile_likelihood,
    regress,
    selection_3psm,
    subgroup_analysis,
    trim_and_fill,
)
from review.synthesis.asymmetry import Regression
from review.synthesis.moderators import PERFECT_FIT
from review.synthesis.trimfill import Estimator, Side

Numbers = Floats
Block = dict[str, Any]


SIZES: Final = {
    Predictor.SEI: "standard error",
    Predictor.VI: "sampling variance",
    Predictor.NI: "sample size",
    Predictor.NINV: "inverse of the sample size",
    Predictor.SQRTNI: "square root of the sample size",
    Predictor.SQRTNINV: "inverse square root of the sample size",
}
"""What Egger's test regresses on, in words."""


def diagnostics(
    yi: Numbers,
    vi: Numbers,
    method: Method,
    level: float,
    *,
    predictor: Predictor = Predictor.SEI,
    ni: Sequence[float | None] | None = None,
) -> Block:
    """Return sensitivity and bias diagnostics, each with its own method and test named.

    `predictor` is what stands for the size of a study in Egger's test, and `ni` the sample sizes
    that some predictors need.

    Deletion and small-study diagnostics are on metafor's default, the normal test. A block that the
    data do not allow is null and gives its reason under ``not_possible``.
    """
    z: dict[str, Any] = {"method": method, "test": Test.Z}
    size = Size(predictor, ni)
    blocks: Mapping[str, Callable[[], Any]] = {
        "leave_one_out": lambda: _leave_one_out(yi, vi, level, z),
        "cumulative": lambda: _cumulative(yi, vi, z),
        "influence": lambda: _influence(yi, vi, z),
        "egger_rma": lambda: _egger(yi, vi, Regression.RMA, method, level, size),
        "egger_lm": lambda: _egger(yi, vi, Regression.LM, method, level, size),
        "pet_peese": lambda: _pet_peese(yi, vi, level),
        "begg": lambda: _begg(yi, vi),
        "trimfill": lambda: _trimfill(yi, vi, level, z),
        "fail_safe_n": lambda: {
            kind.value: {"fsnum": fail_safe_n(yi, vi, kind=kind).fsnum} for kind in FailSafeKind
        },
        "henmi_copas": lambda: _henmi_copas(yi, vi, level),
        "selmodel_3psm": lambda: _selection(yi, vi, level),
        "blup": lambda: _blup(yi, vi, z),
        "profile_likelihood": lambda: _profile(yi, vi, method, level),
    }
    found: Block = {}
    not_possible: dict[str, str] = {}
    for name, compute in blocks.items():
        try:
            found[name] = compute()
        except InvalidDataError as error:
            found[name] = None
            not_possible[name] = str(error)
    return {**found, "not_possible": not_possible}


def _model(z: Mapping[str, Any]) -> Block:
    return {"method": z["method"].value, "test": z["test"].value}


def _leave_one_out(yi: Numbers, vi: Numbers, level: float, z: Mapping[str, Any]) -> Block:
    found = leave_one_out(yi, vi, level=level, **z)
    return {
        **_model(z),
        "estimate": found.estimate.tolist(),
        "se": found.se.tolist(),
        "ci_lb": found.ci[:, 0].tolist(),
        "ci_ub": found.ci[:, 1].tolist(),
        "Q": found.Q.tolist(),
        "tau2": found.tau2.tolist(),
        "I2": found.I2.tolist(),
    }


def _cumulative(yi: Numbers, vi: Numbers, z: Mapping[str, Any]) -> Block:
    found = cumulative(yi, vi, **z)
    return {
        **_model(z),
        "order": "rows",
        "estimate": found.estimate.tolist(),
        "se": found.se.tolist(),
        "tau2": found.tau2.tolist(),
        "I2": found.I2.tolist(),
    }


def _influence(yi: Numbers, vi: Numbers, z: Mapping[str, Any]) -> Block:
    found = influence(yi, vi, **z)
    names = ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "Q_del", "hat", "weight")
    return {
        "method": z["method"].value,
        **{name: getattr(found, name).tolist() for name in names},
        "influential": found.influential.tolist(),
    }


class Size(NamedTuple):
    """What stands for the size of a study, and the sample sizes where they are known."""

    predictor: Predictor
    ni: Sequence[float | None] | None

    @property
    def known(self) -> list[float] | None:
        """The sample sizes; raises InvalidDataError where the predictor needs them, and one lacks.

        None where it needs none.
        """
        if self.predictor in (Predictor.SEI, Predictor.VI):
            return None
        sizes = [n for n in self.ni or () if n is not None]
        if not sizes or len(sizes) < len(self.ni or ()):
            raise InvalidDataError(
                f"the {SIZES[self.predictor]} needs the sample size of every study: a column ni, "
                "or those of both arms"
            )
        return sizes


def _egger(
    yi: Numbers, vi: Numbers, model: Regression, method: Method, level: float, size: Size
) -> Block:
    found = egger(
        yi, vi, model=model, predictor=size.predictor, ni=size.known, method=method, level=level
    )
    if found.stat is None or found.p is None:
        raise InvalidDataError(
            "no degree of freedom or no scatter is left about the line, so that it has no test"
        )
    names = {
        Regression.RMA: f"mixed-effects meta-regression ({method.value})",
        Regression.LM: "weighted regression with multiplicative dispersion (classical Egger)",
    }
    return {
        "model": names[model],
        "predictor": SIZES[size.predictor],
        "stat": found.stat,
        **({"df": found.ddf} if model is Regression.LM else {}),
        "p": found.p,
        "limit_estimate": found.limit_estimate,
        "limit_ci": found.limit_ci,
    }


def _pet_peese(yi: Numbers, vi: Numbers, level: float) -> Block:
    found = pet_peese(yi, vi, level=level)
    return {
        "model": "weighted regression with multiplicative dispersion",
        "chosen": found.conditional,
        "estimate": found.estimate,
        "ci": found.ci,
        **{
            name: {"estimate": part.limit_estimate, "ci": part.limit_ci, "p_slope": part.p}
            for name, part in (("pet", found.pet), ("peese", found.peese))
        },
    }


def _profile(yi: Numbers, vi: Numbers, method: Method, level: float) -> Block:
    by = method if method in (Method.ML, Method.REML) else Method.REML
    found = profile_likelihood(yi, vi, method=by, level=level)
    return {"method": by.value, "tau2": found.tau2, "tau2_ci": found.ci}


def bayes(
    yi: Numbers, vi: Numbers, level: float, tau_prior: TauPrior, mean_prior: MuPrior | None
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
        "shrunken": list(found.shrunken),
        "shrunken_sd": list(found.shrunken_sd),
    }


def _begg(yi: Numbers, vi: Numbers) -> Block:
    found = begg(yi, vi)
    if found.tau is None:
        raise InvalidDataError("all effects or all variances are alike: they have no order")
    return {"kendall_tau": found.tau, "p": found.p}


def _trimfill(yi: Numbers, vi: Numbers, level: float, z: Mapping[str, Any]) -> list[Block]:
    found = [
        trim_and_fill(yi, vi, side=side, estimator=estimator, level=level, **z)
        for side in Side
        for estimator in Estimator
    ]
    return [
        {
            "method": z["method"].value,
            "side": filled.side.value,
            "estimator": filled.estimator.value,
            "k0": filled.k0,
            "estimate": filled.fit.estimate,
            "se": filled.fit.se,
            "ci": filled.fit.ci,
            "tau2": filled.fit.tau2,
            "filled_yi": filled.filled_yi.tolist(),
        }
        for filled in found
    ]


def _henmi_copas(yi: Numbers, vi: Numbers, level: float) -> Block:
    found = henmi_copas(yi, vi, level=level)
    return {"estimate": found.estimate, "se": found.se, "ci": found.ci}


def _selection(yi: Numbers, vi: Numbers, level: float) -> Block:
    found = selection_3psm(yi, vi, level=level)
    return {
        "method": "ML",
        "steps": found.step,
        "alternative": found.alternative.value,
        "estimate": found.estimate,
        "se": found.se,
        "tau2": found.tau2,
        "delta": [1.0, found.delta],
        "LRT": found.LRT,
        "LRTp": found.LRTp,
    }


def _blup(yi: Numbers, vi: Numbers, z: Mapping[str, Any]) -> Block:
    found = blup(yi, vi, **z)
    return {
        "method": z["method"].value,
        "pred": found.estimate.tolist(),
        "se": found.se.tolist(),
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
        "robust": {correction.value: _robust(fit, correction) for correction in Correction},
        "notes": [*notes, *doubtful_levels(coded), *fit.notes],
    }


def _robust(fit: Multilevel, correction: Correction) -> Block:
    found = fit.robust(correction)
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
) -> Block | None:
    """Return numbers transformed back to the scale that people read; None where they are on it."""
    facts = measure.facts
    back: Callable[[float], float]
    if facts.ratio is not None:
        scale, back = measure.scale.removeprefix("log "), _exp
    elif facts.natural is not None:
        scale, back = facts.natural.name, facts.natural.back
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


def margins(pooled: Pooled, values: Sequence[float]) -> list[Block]:
    """Return what the interval says against each margin; positive favours the intervention."""
    curve = margin_curve(pooled.estimate, pooled.se, pooled.ddf, values, level=pooled.level)
    return [
        {"margin": margin, "p": p, "conclusion": conclusion, "equivalent": equivalent}
        for margin, p, conclusion, equivalent in zip(
            curve.margins, curve.p, curve.conclusions, curve.equivalent, strict=True
        )
    ]
