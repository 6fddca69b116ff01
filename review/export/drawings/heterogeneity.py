"""tau² of each level of a characteristic, as a planned location-scale model has it."""

from __future__ import annotations

from review.canonical import number
from review.errors import InvalidDataError
from review.figures.estimates import EstimateRow, Estimates
from review.figures.numbers import p_words
from review.living.reports.heterogeneity import by_words
from review.living.runs.contents import RunInputs
from review.living.runs.heterogeneity import HeterogeneityLine, ScaleTerm
from review.living.runs.results import RunResults
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.characteristics import value_in_words
from review.wording import capitalised

NO_INTERVAL = "at zero, its limit: no interval"


def heterogeneity_of(
    inputs: RunInputs, results: RunResults, formula: str | None = None
) -> Estimates:
    """Return tau² of each level with its interval, the mean effects beside.

    Parameters
    ----------
    inputs, results
        Of a run whose plan says what tau² depends on.
    formula : str or None
        One of the plan's `heterogeneity`; None is the first that has levels.

    Raises
    ------
    InvalidDataError
        If the plan has none with levels, or it could not be fitted.
    """
    line = _chosen(inputs, results, formula)
    assert line.p is not None
    scale = scale_of_run(inputs)
    return Estimates(
        title=f"{inputs.plan.title}: heterogeneity by {by_words(line)}",
        rows=tuple(_row(line, term, scale) for term in line.terms),
        label_header=capitalised(by_words(line)),
        before_headers=("k",),
        after_headers=(f"Mean {scale.shown} [CI]",),
        effect_label="τ²",
        reference=line.same_tau2,
        note=(
            f"Location-scale model, {inputs.plan.method}. Pale line: one τ² for all trials, "
            f"{number(line.same_tau2, 3)}; likelihood ratio χ² {number(line.stat)}, df {line.df}, "
            f"{p_words(line.p)}.{''.join(f' {told}' for told in line.beside)}"
        ),
        level=inputs.plan.level,
        decimals=3,
    )


def _chosen(inputs: RunInputs, results: RunResults, formula: str | None) -> HeterogeneityLine:
    title = inputs.plan.title
    lines = [
        line
        for line in results.heterogeneity
        if (line.by_level if formula is None else line.formula == formula)
    ]
    if not lines:
        what = "of levels" if formula is None else f"by {formula}"
        planned = ", ".join(line.formula for line in results.heterogeneity) or "none"
        raise InvalidDataError(
            f"{title}: no heterogeneity {what} was planned (heterogeneity: {planned}); name a "
            "characteristic with levels in the plan, as in heterogeneity: [country]"
        )
    (line, *_) = lines
    if line.p is None:
        raise InvalidDataError(f"{title}: heterogeneity by {by_words(line)}: {line.note}")
    if not line.by_level:
        raise InvalidDataError(
            f"{title}: τ² changes with {by_words(line)}, which has no levels to draw"
        )
    return line


def _row(line: HeterogeneityLine, term: ScaleTerm, scale: EffectScale) -> EstimateRow:
    label, mean = value_in_words(line.formula, term.label), _mean(term, scale)
    if term.tau2 is None or term.tau2_ci is None:
        told = (
            f"{mean}; τ² {number(term.tau2, 3)}, {NO_INTERVAL}" if term.tau2 is not None else mean
        )
        return EstimateRow(label, None, None, None, (str(term.k),), (told,))
    return EstimateRow(label, term.tau2, *term.tau2_ci, (str(term.k),), (mean,))


def _mean(term: ScaleTerm, scale: EffectScale) -> str:
    return f"{scale.number(term.estimate)} {scale.interval(term.ci)}"
