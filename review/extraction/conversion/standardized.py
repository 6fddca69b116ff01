"""A standardized difference of two arms from a mean difference, a test or an effect of its own.

What standardizes is the standard deviation of scores within arms. A statistic of an adjusted model,
of an analysis by clusters or of two periods holds another one, and gives it up only with what the
report says of covariates, clusters or periods; without that the effect is refused, by name of what
is missing.
"""

from __future__ import annotations

import math
from dataclasses import replace

from review.effects import (
    d_from_f,
    d_from_p,
    d_from_r,
    d_from_t,
    f_from_eta_squared,
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_f,
    sd_from_p,
    sd_from_sd_of_change,
    sd_from_t,
    total_sd,
)
from review.effects.converted import Plain
from review.effects.correction import hedges_correction
from review.effects.quantiles import Distribution, quantile, t_from_p
from review.extraction.conversion.analysis_model import (
    NEEDS_BOTH,
    NEEDS_SD,
    AnalysisModel,
    analysis_model,
)
from review.extraction.conversion.hedges_g import hedges_g
from review.extraction.conversion.metrics import (
    CHANGE_DIFFERENCE,
    COHEN,
    CORRELATIONS,
    ETA_SQUARED,
    MEAN_DIFFERENCE,
    PARTIAL_ETA_SQUARED,
    logged_ratio,
    metric_name,
    printed_ratio,
    useless_metric,
)
from review.extraction.conversion.precision import variance_of
from review.extraction.conversion.reported import (
    Design,
    EstimateAndVariance,
    Lacking,
    Step,
    level_of,
    step_of,
    two_sided,
)
from review.extraction.numbers import ReportedNumbers


def standardized(
    x: ReportedNumbers, *, towards: int | None, design: Design, arms_sd: Step | None
) -> EstimateAndVariance:
    """Return Hedges' g of a contrast, and its sampling variance.

    Parameters
    ----------
    x
        The numbers of the contrast.
    towards
        1 if `n`'s arm scored higher by the report's words, -1 for the other, None for neither.
    design
        What the analysis behind the numbers did.
    arms_sd
        The arms' own SD, pooled, for statistics that hold another one.

    Returns
    -------
    EstimateAndVariance
        g = J(n1 + n2 - 2) d, with d in SDs of scores. Variance, with DE the design effect and R²
        the covariates' share: DE ((1 - R²)(1/n1 + 1/n2) + g²/(2N)) (Hedges 1982 for DE 1 and R²
        0; Borenstein 2009, table 12.3; White & Thomas 2005); of a difference with SE and SD,
        (SE/SD)² + g²/(2N) (What Works Clearinghouse 5.0, appendix E); of periods
        (1/n + g²/(2n)) 2(1 - r) (Elbourne et al. 2002).

    Raises
    ------
    Lacking
        Naming what is missing.
    """
    model = analysis_model(x, design)
    name = metric_name(x)
    if x.estimate is not None:
        if name in COHEN:
            return _of_d(x, model)
        if name in MEAN_DIFFERENCE or name in CHANGE_DIFFERENCE:
            return _of_difference(x, x.estimate, model, arms_sd)
        if name in ETA_SQUARED or name in PARTIAL_ETA_SQUARED:
            return _of_eta_squared(x, x.estimate, towards, model)
        if name in CORRELATIONS:
            return _of_correlation(x.estimate, model)
        if printed_ratio(x) or logged_ratio(x) or useless_metric(name):
            raise Lacking(_nothing(x))  # its p is of another test than Student's
    return _of_statistic(x, towards, model)


def _of_d(x: ReportedNumbers, model: AnalysisModel) -> EstimateAndVariance:
    assert x.estimate is not None
    se = None if model.plain else _own_se(x)
    if se is None:
        return hedges_g(x.estimate, (), model, conservative=True)
    j = float(hedges_correction(model.n1 + model.n2 - 2))
    g, variance = j * x.estimate, (j * se) ** 2
    recipe = "Hedges g = J(n1 + n2 - 2) d, and its variance J² SE² (Hedges 1981)"
    step = Step(
        {"estimate": g, "variance": variance}, recipe, {"d": x.estimate, "se": se}, {}, False
    )
    return EstimateAndVariance(g, variance, (step,), model.used)


def _own_se(x: ReportedNumbers) -> float | None:
    """Return the standard error of an estimate, from a normal interval where it is not given."""
    found = variance_of(x)
    return None if found is None else math.sqrt(found[0])


def _of_eta_squared(
    x: ReportedNumbers, eta_squared: float, towards: int | None, model: AnalysisModel
) -> EstimateAndVariance:
    if towards is None:
        raise Lacking("eta squared has no direction: enter the arm that did better (favours)")
    if model.design.adjusted and metric_name(x) in ETA_SQUARED:
        raise Lacking(
            "eta squared of an adjusted model is a share of all variance: enter the partial eta "
            "squared, F, t or the difference"
        )
    if x.df1 is not None and x.df1 > 1:
        raise Lacking(_several_df(x.df1, "eta squared"))
    share = model.share("eta squared", sd=NEEDS_BOTH)
    f = f_from_eta_squared(eta_squared, model.n1 + model.n2 - 2.0)
    d = d_from_f(f.value, model.n1, model.n2, direction=towards)
    return _in_scores(d.value, share, (step_of(f, f=f.value), step_of(d, d=d.value)), model)


def _of_correlation(r: float, model: AnalysisModel) -> EstimateAndVariance:
    if not model.plain:
        model.share("r", sd=NEEDS_BOTH)
        raise Lacking("r of such an analysis gives no d: enter the difference, t or F")
    d = d_from_r(r, model.n1, model.n2)
    return hedges_g(d.value, (step_of(d, d=d.value),), model)


def _several_df(df1: int, what: str) -> str:
    return (
        f"{what} with {df1} numerator degrees of freedom tests more than the difference of these "
        "two arms: enter the difference, or its own t, F or p"
    )


def _of_statistic(
    x: ReportedNumbers, towards: int | None, model: AnalysisModel
) -> EstimateAndVariance:
    n1, n2 = model.n1, model.n2
    if x.t is not None:
        # a t printed without its sign gets it from the words
        t = math.copysign(x.t, towards) if towards is not None and x.t > 0 else x.t
        what, converted = "t", d_from_t(t, n1, n2)
    elif x.f is None and x.p is None and x.p_below is None:
        raise Lacking(_nothing(x))
    elif x.f is not None and x.df1 is not None and x.df1 > 1:
        raise Lacking(_several_df(x.df1, "F"))
    elif towards is None and x.p == 1 and x.p_sides != 1:
        # a p of 1 is no difference, whichever way
        what, converted = "p", d_from_p(x.p, n1, n2, direction=1)
    elif towards is None:
        which = "F" if x.f is not None else "p"
        raise Lacking(
            f"{which} has no direction: enter the arm that did better (favours), and say whether "
            "higher scores are better on the instrument"
        )
    elif x.f is not None:
        what, converted = "F", d_from_f(x.f, n1, n2, direction=towards)
    elif model.design.paired and x.p is not None:
        within = towards * t_from_p(two_sided(x, x.p), model.df)
        what, converted = "p", d_from_t(within, n1, n2)
    elif x.p is not None:
        what, converted = "p", d_from_p(two_sided(x, x.p), n1, n2, direction=towards)
    elif model.design.paired:
        assert x.p_below is not None
        within = towards * t_from_p(two_sided(x, x.p_below), model.df)
        told = "p taken as equal to the threshold it was reported to be below"
        converted = replace(
            d_from_t(within, n1, n2), assumptions={"threshold": told}, approximate=True
        )
        what = "p"
    else:
        assert x.p_below is not None
        what = "p"
        converted = d_from_p(two_sided(x, x.p_below), n1, n2, direction=towards, exact=False)
    share = model.share(f"its {what}", sd=NEEDS_BOTH)
    steps = (step_of(converted, d=converted.value),)
    of_change = metric_name(x) in CHANGE_DIFFERENCE and not model.design.adjusted
    if of_change and not model.design.change and not model.design.paired:
        return _change_in_scores(x, converted.value, share, steps, model)
    return _in_scores(converted.value, share, steps, model)


def _change_in_scores(
    x: ReportedNumbers, d: float, share: float, steps: tuple[Step, ...], model: AnalysisModel
) -> EstimateAndVariance:
    """Return the effect of a d that is in SDs of change, in SDs of scores."""
    if x.correlation is None:
        raise Lacking(
            "its test is of change, not of scores: enter the correlation of both occasions "
            "(correlation)"
        )
    scores = d * math.sqrt(2.0 * (1.0 - x.correlation))
    recipe = "d in SDs of scores = d of change √(2(1 - r))"
    told: dict[str, Plain] = {"d of change": d, "correlation": x.correlation}
    return _in_scores(scores, share, (*steps, Step({"d": scores}, recipe, told, {}, False)), model)


def _in_scores(
    d: float, share: float, steps: tuple[Step, ...], model: AnalysisModel
) -> EstimateAndVariance:
    """Return the effect of a d that is in SDs of its model, in SDs of scores."""
    if model.plain:
        return hedges_g(d, steps, model)
    scaled = d * math.sqrt(share)
    recipe = f"d in SDs of scores, {math.sqrt(share):.4g} times that of the model: {model.words}"
    step = Step({"d": scaled}, recipe, {"d of the model": d}, {}, False)
    return hedges_g(scaled, (*steps, step), model)


def _nothing(x: ReportedNumbers) -> str:
    """Say why an estimate, or none, gives no standardized difference."""
    name = metric_name(x)
    if x.estimate is None:
        if x.sd is not None or x.se is not None or x.mean is not None:
            return "it needs the difference of the arms (estimate, metric MD), its t, F or p"
        return "it has neither means and SDs of both arms, nor a difference, t, F or p"
    useless = useless_metric(name)
    if useless is not None:
        return useless
    if printed_ratio(x) or logged_ratio(x):
        return (
            f"an {x.metric} is of events and no difference of means: enter means and SDs, or plan "
            "it as an analysis of its own"
        )
    if not name:
        return "its estimate does not say what it is of: enter metric (MD, SMD, d, ...)"
    return f"an estimate of {x.metric} is no difference of means: enter that, or its t, F or p"


def _of_difference(
    x: ReportedNumbers, difference: float, model: AnalysisModel, arms_sd: Step | None
) -> EstimateAndVariance:
    sd, steps = _sd_of_scores(x, model, arms_sd)
    if sd is not None:
        if sd == 0.0:
            raise Lacking("an SD of 0 standardizes nothing")
        se, how = (None, ()) if model.plain else _se_of_difference(x, difference, model)
        d = difference / sd
        return hedges_g(d, (*steps, *how), model, se=None if se is None else se / sd,
                          conservative=True)  # fmt: skip
    found = _model_sd(x, difference, model)
    if found is None:
        raise Lacking(
            f"a difference needs {NEEDS_SD}, or its own SE, interval, t, F or p, to standardize it"
        )
    of_model, how = found
    if metric_name(x) in CHANGE_DIFFERENCE and not model.design.change:
        if not model.design.adjusted:
            of_model, how = _scores_of_change(x, of_model, how)
    elif model.design.change and model.design.adjusted and x.r_squared is None:
        raise Lacking(
            "a difference of change that is adjusted for covariates holds the SD left after "
            "adjustment: enter the SD of change (sd_change), or r_squared"
        )
    share = model.share("its SE, interval, t, F or p")
    scores = of_model / math.sqrt(share)
    if scores == 0.0:
        raise Lacking("an SE of 0 standardizes nothing")
    told: dict[str, Plain] = {"difference": difference, "sd": scores}
    recipe = "difference over the SD within groups"
    if not model.plain:
        recipe += f" of scores, {scores:.6g}; of the model, {of_model:.6g}: {model.words}"
    d = difference / scores
    return hedges_g(d, (*how, Step({"d": d}, recipe, told, {}, False)), model)


def _sd_of_scores(
    x: ReportedNumbers, model: AnalysisModel, arms_sd: Step | None
) -> tuple[float | None, tuple[Step, ...]]:
    """Return the SD that standardizes where the report gives it, and the steps that led to it."""
    if model.design.change and x.sd_change is not None:
        return x.sd_change, ()
    if x.sd is not None and not (model.design.change and metric_name(x) in CHANGE_DIFFERENCE):
        return x.sd, ()
    if arms_sd is not None and not model.plain and not model.design.change:
        return arms_sd.gives["sd"], (arms_sd,)
    if metric_name(x) in CHANGE_DIFFERENCE and x.sd_change is not None and not model.design.change:
        sd, steps = _scores_of_change(x, x.sd_change, ())
        return sd, steps
    if x.residual_sd is not None:
        if model.r_squared is None:
            return None, ()
        converted = total_sd(x.residual_sd, model.r_squared)
        return converted.value, (step_of(converted, sd=converted.value),)
    return None, ()


def _scores_of_change(
    x: ReportedNumbers, sd_change: float, steps: tuple[Step, ...]
) -> tuple[float, tuple[Step, ...]]:
    if x.correlation is None:
        raise Lacking(
            "its SD is of change, not of scores: enter the SD of scores (sd), or the correlation "
            "of both occasions (correlation)"
        )
    converted = sd_from_sd_of_change(sd_change, x.correlation)
    return converted.value, (*steps, step_of(converted, sd=converted.value))


def _se_of_difference(
    x: ReportedNumbers, difference: float, model: AnalysisModel
) -> tuple[float | None, tuple[Step, ...]]:
    found = _model_sd(x, difference, model)
    return (None, ()) if found is None else (found[0] * math.sqrt(model.sizes), found[1])


def _model_sd(
    x: ReportedNumbers, difference: float, model: AnalysisModel
) -> tuple[float, tuple[Step, ...]] | None:
    """Return the SD within groups that a difference's statistics hold, whatever its model."""
    n1, n2 = model.n1, model.n2
    if x.se is not None:
        converted = sd_from_difference_se(x.se, n1, n2)
    elif x.variance is not None:
        converted = sd_from_difference_se(math.sqrt(x.variance), n1, n2)
    elif model.design.paired and x.ci_low is not None and x.ci_high is not None:
        wide = quantile(level_of(x), Distribution.T, model.df)
        converted = sd_from_difference_se((x.ci_high - x.ci_low) / 2.0 / wide, n1, n2)
    elif x.ci_low is not None and x.ci_high is not None:
        converted = sd_from_difference_interval(x.ci_low, x.ci_high, n1, n2, level=level_of(x))
    elif x.t is not None:
        converted = sd_from_t(difference, x.t, n1, n2)
    elif x.f is not None and (x.df1 is None or x.df1 == 1):
        converted = sd_from_f(difference, x.f, n1, n2)
    elif model.design.paired and x.p is not None:
        converted = sd_from_t(difference, t_from_p(two_sided(x, x.p), model.df), n1, n2)
    elif x.p is not None:
        converted = sd_from_p(difference, two_sided(x, x.p), n1, n2)
    elif x.residual_sd is not None:
        told: dict[str, Plain] = {"residual_sd": x.residual_sd}
        return x.residual_sd, (
            Step({"sd": x.residual_sd}, "SD within groups of the model", told, {}, False),
        )
    else:
        return None
    return converted.value, (step_of(converted, sd=converted.value),)
