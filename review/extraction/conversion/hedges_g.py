"""Hedges' g of a d, and its sampling variance by what the analysis behind it did."""

from __future__ import annotations

from typing import Final

from review.effects import escalc
from review.effects.converted import Plain
from review.effects.correction import hedges_correction
from review.extraction.conversion.analysis_model import AnalysisModel, analysis_model
from review.extraction.conversion.reported import Design, EstimateAndVariance, Step
from review.extraction.numbers import ReportedNumbers
from review.measures import Measure


def from_g(x: ReportedNumbers, g: float, design: Design) -> EstimateAndVariance:
    """Return a g without precision with the variance that follows from the sizes."""
    model = analysis_model(x, design)
    variance, recipe = _variance(g, model, None, conservative=True)
    told: dict[str, Plain] = {
        "estimate": g, "n": float(model.n1), "versus_n": float(model.n2),
    }  # fmt: skip
    step = Step({"variance": variance}, f"variance of g from the sizes, {recipe}", told, {}, False)
    return EstimateAndVariance(g, variance, (step,), model.used)


_HEDGES: Final = "1/n1 + 1/n2 + g²/(2(n1 + n2)) (Hedges 1982, eq. 8)"


def hedges_g(
    d: float,
    steps: tuple[Step, ...],
    model: AnalysisModel,
    *,
    se: float | None = None,
    conservative: bool = False,
) -> EstimateAndVariance:
    """Return Hedges' g of a d; `se` is that of d where the report gives it."""
    n1, n2 = model.n1, model.n2
    told: dict[str, Plain] = {"d": d, "n": float(n1), "versus_n": float(n2)}
    if model.plain:
        effects = escalc(Measure.SMD, {"di": [d], "n1i": [n1], "n2i": [n2]})
        g, variance = float(effects.yi[0]), float(effects.vi[0])
        recipe = "its variance from the sizes (Hedges 1981)"
    else:
        g = float(hedges_correction(n1 + n2 - 2)) * d
        variance, recipe = _variance(g, model, se, conservative=conservative)
        recipe = f"its variance {recipe}"
        if se is not None:
            told["se of d"] = se
    step = Step(
        {"estimate": g, "variance": variance},
        f"Hedges g = J(n1 + n2 - 2) d, and {recipe}",
        told,
        {},
        False,
    )
    return EstimateAndVariance(g, variance, (*steps, step), model.used)


def _variance(
    g: float, model: AnalysisModel, se: float | None, *, conservative: bool
) -> tuple[float, str]:
    """Return the variance of a g, and its formula in words; `se` is that of d."""
    total = model.n1 + model.n2
    if model.design.paired:
        n = min(model.n1, model.n2)
        apart = n * se**2 if se is not None else model.apart
        if apart is None:
            return model.sizes + g**2 / (2.0 * total), (
                f"as of independent arms, {_HEDGES}: the correlation of the periods is not known "
                "(conservative)"
            )
        return (1.0 / n + g**2 / (2.0 * n)) * apart, (
            f"(1/n + g²/(2n)) 2(1 - r), with 2(1 - r) {apart:.4g} (Elbourne et al. 2002)"
        )
    spread = g**2 / (2.0 * total)
    if se is not None:
        return se**2 + spread * (model.inflation or 1.0), (
            "(SE/SD)² + g²/(2(n1 + n2)) (What Works Clearinghouse 5.0)"
        )
    if model.inflation is None:
        model.share("its precision", sd="its SE or interval")
    assert model.inflation is not None
    r_squared = model.r_squared
    if r_squared is None:
        if not conservative:
            model.share("its precision")
        r_squared = 0.0
        words = f"{_HEDGES}, as if not adjusted: R² is not known (conservative)"
    elif r_squared:
        words = f"(1 - R²)(1/n1 + 1/n2) + g²/(2(n1 + n2)), R² {r_squared:.4g} (Borenstein 2009)"
    else:
        words = _HEDGES
    if model.inflation != 1.0:
        words += f", times the design effect {model.inflation:.4g}"
    return model.inflation * ((1.0 - r_squared) * model.sizes + spread), words
