"""What ``review pool`` adds to its JSON on request; keys and terms are metafor's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis import (
    Correction,
    FailSafeKind,
    Method,
    Multilevel,
    Pooled,
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


def diagnostics(yi: Numbers, vi: Numbers, method: Method, level: float) -> Block:
    """Return sensitivity and bias diagnostics, each with its own method and test named.

    Deletion and small-study diagnostics are on metafor's default, the normal test. A block that the
    data do not allow is null and gives its reason under ``not_possible``.
    """
    z: dict[str, Any] = {"method": method, "test": Test.Z}
    blocks: Mapping[str, Callable[[], Any]] = {
        "leave_one_out": lambda: _leave_one_out(yi, vi, level, z),
        "cumulative": lambda: _cumulative(yi, vi, z),
        "influence": lambda: _influence(yi, vi, z),
        "egger_rma": lambda: _egger(yi, vi, Regression.RMA, method, level),
        "egger_lm": lambda: _egger(yi, vi, Regression.LM, method, level),
        "begg": lambda: _begg(yi, vi),
        "trimfill": lambda: _trimfill(yi, vi, level, z),
        "fail_safe_n": lambda: {
            kind.value: {"fsnum": fail_safe_n(yi, vi, kind=kind).fsnum} for kind in FailSafeKind
        },
        "henmi_copas": lambda: _henmi_copas(yi, vi, level),
        "selmodel_3psm": lambda: _selection(yi, vi, level),
        "blup": lambda: _blup(yi, vi, z),
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


def _egger(yi: Numbers, vi: Numbers, model: Regression, method: Method, level: float) -> Block:
    found = egger(yi, vi, model=model, method=method, level=level)
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
        "predictor": "standard error",
        "stat": found.stat,
        **({"df": found.ddf} if model is Regression.LM else {}),
        "p": found.p,
        "limit_estimate": found.limit_estimate,
        "limit_ci": found.limit_ci,
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
    yi: Numbers, vi: Numbers, groups: Sequence[str], *, method: Method, test: Test, level: float
) -> Block:
    """Return each group pooled with its own tau², and the test between groups."""
    found = subgroup_analysis(yi, vi, groups, method=method, test=test, level=level)
    return {
        "groups": [asdict(group) for group in found.groups],
        "QM": found.q_between,
        "QM_df": [found.df, found.ddf],
        "QMp": found.p,
        "common_tau2": found.common_tau2,
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
