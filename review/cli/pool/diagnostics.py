"""How much a result of `review pool` hangs on single studies, and on those that nobody saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from review.cli.pool.blocks import Block, Numbers
from review.errors import InvalidDataError
from review.protocol.asymmetry import PREDICTORS, predictor_words
from review.synthesis import (
    FailSafeKind,
    Method,
    Predictor,
    Test,
    begg,
    blup,
    cumulative,
    egger,
    fail_safe_n,
    henmi_copas,
    influence,
    leave_one_out,
    pet_peese,
    profile_likelihood,
    selection_3psm,
    trim_and_fill,
)
from review.synthesis.asymmetry import Regression
from review.synthesis.trimfill import Estimator, Side

SIZES: Final = {Predictor(name): predictor_words(name) for name in PREDICTORS}
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
