"""A meta-regression of a run as a bubble plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from review.errors import InvalidDataError
from review.export.drawings.axis import axis_label, favours, has_null, notation
from review.export.drawings.studies import effects_of, method_of, require
from review.export.run_tables import model_words
from review.figures.bubble import Bubble, BubblePlot, Fitted
from review.figures.numbers import bracketed, fixed, p_words
from review.figures.scale import Notation
from review.living.snapshot import Effect, RunInputs, RunResults
from review.protocol.rules import Plan
from review.protocol.vocabulary import Moderator
from review.synthesis import MetaRegression, Method, Test, design, regress
from review.wording import counted

STEPS: Final = 60
"""Stretches of the line; its bands are curves."""


def bubble_of(
    inputs: RunInputs, results: RunResults, moderator: Moderator | None = None
) -> BubblePlot:
    """Return the bubble plot of a run's trials against a moderator.

    Parameters
    ----------
    moderator : Moderator or None
        None for the first that the plan names.

    Raises
    ------
    InvalidDataError
        Where no moderator is named, too few trials have it, it does not vary, or the plan pools
        counts.
    """
    plan = inputs.plan
    method = method_of(inputs, "a bubble plot")
    name = moderator or _planned(plan)
    require(inputs, results, 3, "a bubble plot")
    known = [
        (effect, value)
        for effect, value in zip(
            results.effects, (t.characteristic(name) for t in inputs.trials), strict=True
        )
        if value is not None
    ]
    effects, values = [effect for effect, _ in known], [value for _, value in known]
    fit = _regression(plan, method, name, effects, values)
    weights = np.array([1 / (effect.vi + fit.tau2) for effect in effects])
    weights *= 100 / weights.sum()
    whole = all(isinstance(value, int) for value in values)
    left, right = favours(plan)
    label = name.value.replace("_", " ")
    return BubblePlot(
        title=f"{plan.title}: effects by {label}",
        bubbles=tuple(
            Bubble(effect.study, _place(name, value), effect.yi, float(weight))
            for effect, value, weight in zip(effects, values, weights, strict=True)
        ),
        fitted=_line(fit, name, values) if whole else _groups(fit, name, values),
        moderator=label.capitalize(),
        whole=whole,
        notation=notation(inputs),
        null_line=has_null(plan),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        note=_note(inputs, name, fit, results, whole=whole),
        level=plan.level,
    )


def _planned(plan: Plan) -> Moderator:
    for name in (*plan.moderators, *plan.subgroups):
        return name
    known = ", ".join(item.value for item in Moderator)
    raise InvalidDataError(f"{plan.title} plans no moderator; name one with --moderator: {known}")


def _regression(
    plan: Plan,
    method: Method,
    name: Moderator,
    effects: Sequence[Effect],
    values: Sequence[str | int],
) -> MetaRegression:
    try:
        return regress(
            *effects_of(effects),
            design(f"~ {name.value}", {name.value: values}),
            method=method,
            test=Test(plan.test),
            level=plan.level,
        )
    except InvalidDataError as error:
        raise InvalidDataError(
            f"no meta-regression of {plan.title} on {name.value}, which {len(effects)} trials "
            f"report: {error}"
        ) from error


def _place(name: Moderator, value: str | int) -> float | str:
    if isinstance(value, int):
        return float(value)
    return value.upper() if name is Moderator.INSTRUMENT else value.replace("_", " ")


def _line(fit: MetaRegression, name: Moderator, values: Sequence[str | int]) -> tuple[Fitted, ...]:
    numbers = [float(value) for value in values]
    at = np.linspace(min(numbers), max(numbers), STEPS + 1).tolist()
    found = fit.predict({name.value: at})
    return tuple(Fitted(x, p.estimate, *p.ci, *p.pi) for x, p in zip(at, found, strict=True))


def _groups(
    fit: MetaRegression, name: Moderator, values: Sequence[str | int]
) -> tuple[Fitted, ...]:
    levels = sorted({str(value) for value in values})
    return tuple(
        Fitted(_place(name, level), p.estimate, *p.ci, *p.pi, k=values.count(level))
        for level, p in zip(levels, fit.predict({name.value: levels}), strict=True)
    )


def _note(
    inputs: RunInputs, name: Moderator, fit: MetaRegression, results: RunResults, *, whole: bool
) -> str:
    plan = inputs.plan
    words = [f"Meta-regression, {model_words(results.pooled)}; k = {fit.k}."]
    if whole:
        slope = f"{fixed(fit.beta[1], 3)} {bracketed(fit.ci_low[1], fit.ci_high[1], 3)}"
        log = " of the logarithm" if notation(inputs) is Notation.RATIO else ""
        words.append(f"Slope{log} per {name.value.replace('_', ' ')} {slope}, {p_words(fit.p[1])};")
    elif fit.qm is not None and fit.qm_p is not None:
        df, ddf = fit.qm_df
        what = f"χ²({df})" if ddf is None else f"F({df}, {ddf:g})"
        words.append(f"Differences: {what} = {fixed(fit.qm, 2)}, {p_words(fit.qm_p)};")
    explained = [] if fit.r2 is None else [f"R² = {fixed(fit.r2, 1)}%"]
    residual = [] if plan.method == "EE" else [f"residual τ² = {fixed(fit.tau2, 3)}"]
    words.append(", ".join([*residual, *explained]) + ".")
    missing = len(results.effects) - fit.k
    if missing:
        words.append(f"{counted(missing, 'trial does', 'trials do')} not report it.")
    if name not in (*plan.moderators, *plan.subgroups):
        words.append("Not in the plan: exploratory.")
    return " ".join(words)
