"""Planned location-scale models. Pure: inputs and effects in, lines out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from review.errors import InvalidDataError, ReviewError
from review.formula import Formula, Name, parse
from review.living.estimates.effects import TrialEffects
from review.living.estimates.moderators import (
    NOBODY_HAS_IT,
    coded_design,
    known_rows,
    label_of,
    thin,
    values_of,
)
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.living.runs.heterogeneity import HeterogeneityLine, ScaleTerm, Tau2At
from review.protocol.characteristics import in_words
from review.synthesis.location_scale import LocationScale, location_scale
from review.wording import capitalised


def heterogeneity_lines(inputs: RunInputs, effects: TrialEffects) -> tuple[HeterogeneityLine, ...]:
    """Return the planned location-scale models of a run.

    A category alone is coded by its levels, each with a mean and a tau² of its own; a level of one
    trial, of which no variance can be estimated, is left out with its name. Trials without a value
    are named too.
    """
    return tuple(_line(inputs, effects, text) for text in inputs.plan.heterogeneity)


def _line(inputs: RunInputs, effects: TrialEffects, text: str) -> HeterogeneityLine:
    formula = parse(text)
    rows, without = known_rows(inputs.trials, formula.names)
    by_level = _is_category(formula, inputs.trials, rows)
    line = HeterogeneityLine(formula=text, by_level=by_level, without=without)
    if not rows:
        return line.model_copy(update={"note": NOBODY_HAS_IT})
    try:
        if by_level:
            rows, alone = _with_several(inputs.trials, rows, formula.names[0])
            line = line.model_copy(update={"without": (*without, *alone)})
            formula = Formula(formula.variables, formula.terms, intercept=False)
        return _fitted(line, formula, inputs, effects, rows)
    except ReviewError as error:
        return line.model_copy(update={"note": str(error).rstrip(".")})


def _is_category(formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int]) -> bool:
    """Whether a formula is the name of one characteristic whose values are text."""
    alone = formula.terms == ((0,),) and isinstance(formula.variables[0], Name)
    if not alone or not formula.intercept:
        return False
    values = values_of(trials, rows, formula.names[0])
    return any(isinstance(value, str) for value in values)


def _with_several(
    trials: Sequence[TrialInput], rows: Sequence[int], name: str
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """Return the trials whose level has another trial, and why the others are left out."""
    labels = dict(zip(rows, map(label_of, values_of(trials, rows, name)), strict=True))
    count = Counter(labels.values())
    kept = [row for row in rows if count[labels[row]] > 1]
    if len({labels[row] for row in kept}) < 2:
        raise InvalidDataError(
            f"fewer than two categories of {in_words(name)} have two trials or more, so that no "
            "two tau² can be compared"
        )
    return kept, tuple(
        LeftOut(
            study=trials[row].study,
            reason=f"{in_words(name)}: the only trial of {labels[row]}, which has no tau²",
        )
        for row in rows
        if count[labels[row]] == 1
    )


def _fitted(
    line: HeterogeneityLine,
    formula: Formula,
    inputs: RunInputs,
    effects: TrialEffects,
    rows: list[int],
) -> HeterogeneityLine:
    plan, trials = inputs.plan, inputs.trials
    coded, notes = coded_design(formula, trials, rows)
    fit = location_scale(
        effects.yi[rows],
        effects.vi[rows],
        location=coded,
        scale=coded,
        method=plan.method,
        test=plan.test,
        level=plan.level,
    )
    against = fit.heteroscedasticity
    if against is None:
        raise InvalidDataError("nothing varies that tau² could depend on")
    # levels are the columns, in their order
    levels = coded.levels[0][1] if line.by_level else ()
    count = Counter(map(label_of, values_of(trials, rows, formula.names[0])))
    return line.model_copy(
        update={
            "k": fit.k,
            "terms": tuple(_terms(fit, levels, count)),
            "at": _ends(formula, trials, rows, fit),
            "same_tau2": against.tau2,
            "stat": against.stat,
            "df": against.df,
            "p": against.p,
            "loglik": fit.loglik,
            "remarks": (
                *thin(formula, trials, rows),
                *notes,
                *(f"{capitalised(note)}." for note in fit.notes),
            ),
        }
    )


def _terms(fit: LocationScale, levels: Sequence[str], count: Counter[str]) -> Iterator[ScaleTerm]:
    scale = None
    if fit.alpha_low is not None and fit.alpha_high is not None and fit.alpha_p is not None:
        scale = list(zip(fit.alpha, fit.alpha_low, fit.alpha_high, fit.alpha_p, strict=True))
    for i, label in enumerate(levels or fit.terms):
        coefficient, low, high, p = scale[i] if scale is not None else (None,) * 4
        limits = None if low is None or high is None else (low, high)
        yield ScaleTerm(
            label=label,
            k=count[label] if levels else fit.k,
            estimate=fit.beta[i],
            ci=(fit.ci_low[i], fit.ci_high[i]),
            p=fit.p[i],
            coefficient=coefficient,
            coefficient_ci=limits,
            coefficient_p=p,
            tau2=_or_zero(math.exp(fit.alpha[i]), fit) if levels else None,
            tau2_ci=(math.exp(limits[0]), math.exp(limits[1])) if levels and limits else None,
        )


def _or_zero(tau2: float, fit: LocationScale) -> float:
    """Return a tau², zero where its logarithm ran to its limit."""
    return 0.0 if fit.alpha_se is None and tau2 <= fit.zero else tau2


def _ends(
    formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int], fit: LocationScale
) -> tuple[Tau2At, ...]:
    """Return tau² at the lowest and the highest value, where one number says it all."""
    if len(formula.names) != 1:
        return ()
    (name,) = formula.names
    values = values_of(trials, rows, name)
    if any(isinstance(value, str) for value in values):
        return ()
    ends = [min(map(float, values)), max(map(float, values))]
    return tuple(
        Tau2At(label=f"{in_words(name)} {end:g}", tau2=_or_zero(float(tau2), fit))
        for end, tau2 in zip(ends, fit.tau2_at({name: ends}), strict=True)
    )
