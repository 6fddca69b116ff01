"""A meta-regression of a run as a bubble plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from review.errors import InvalidDataError
from review.export.contents.columns import abbreviated
from review.export.drawings.axis import axis_label, measured, sides_of
from review.export.drawings.studies import effects_of, method_of, require
from review.export.runs import model_words
from review.figures.bubble import Bubble, BubblePlot, Fitted
from review.figures.numbers import bracketed, fixed, p_words
from review.formula import Formula, parse
from review.living.estimates.moderators import fitted, known_rows, values_of
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.characteristics import OWN, in_words, problems
from review.protocol.rules import Plan
from review.synthesis import MetaRegression
from review.wording import capitalised, counted

STEPS: Final = 60
"""Stretches of the line; its bands are curves."""


def bubble_of(inputs: RunInputs, results: RunResults, moderator: str | None = None) -> BubblePlot:
    """Return the bubble plot of a run's trials against a moderator.

    Parameters
    ----------
    moderator : str or None
        A characteristic, or a formula over one; None for the first that the plan names.

    Raises
    ------
    InvalidDataError
        Where no moderator is named, too few trials have it, it does not vary, the run does not keep
        it, the formula is over several, or the plan pools counts.
    """
    plan = inputs.plan
    method_of(inputs, "a bubble plot")
    text = moderator or _planned(plan)
    formula = parse(text)
    name = _only_name(plan, formula)
    require(inputs, results, 3, "a bubble plot")
    rows, without = known_rows(inputs.trials, [name])
    values = values_of(inputs.trials, rows, name)
    effects = [results.effects[i] for i in rows]
    fit = _regression(inputs, formula, rows, results)
    weights = np.array([1 / (effect.vi + fit.tau2) for effect in effects])
    weights *= 100 / weights.sum()
    numbers = [float(value) for value in values if not isinstance(value, str)]
    whole = len(numbers) == len(values) and not fit.design.levels
    (left, right), (said, sign) = sides_of(inputs), measured(inputs)
    label = in_words(name)
    return BubblePlot(
        title=f"{plan.title}: effects by {label}",
        bubbles=tuple(
            Bubble(effect.study, _place(name, value, whole=whole), sign * effect.yi, float(weight))
            for effect, value, weight in zip(effects, values, weights, strict=True)
        ),
        fitted=tuple(
            _turned(one, sign)
            for one in (_line(fit, name, numbers) if whole else _groups(fit, name, values))
        ),
        moderator=capitalised(label),
        whole=all(value.is_integer() for value in numbers) if whole else False,
        notation=said,
        null_line=plan.has_null,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        note=_note(inputs, text, name, fit, results, whole=whole, missing=len(without)),
        level=plan.level,
    )


def _turned(one: Fitted, sign: float) -> Fitted:
    """Return a fitted value times a sign."""
    if sign > 0:
        return one
    return replace(
        one, estimate=-one.estimate, ci_low=-one.ci_high, ci_high=-one.ci_low,
        pi_low=-one.pi_high, pi_high=-one.pi_low,
    )  # fmt: skip


def _planned(plan: Plan) -> str:
    for text in (*plan.moderators, *plan.subgroups):
        if len(parse(text).names) == 1:
            return text
    known = ", ".join(sorted(OWN))
    raise InvalidDataError(f"{plan.title} plans no moderator; name one with --moderator: {known}")


def _only_name(plan: Plan, formula: Formula) -> str:
    names = formula.names
    if len(names) != 1:
        raise InvalidDataError(
            f"a bubble plot shows one characteristic, and {formula} has {len(names)}; name one"
        )
    if names[0] not in {*OWN, *plan.characteristics}:
        found = next(problems(names), None)
        raise InvalidDataError(
            found
            or f"the run of {plan.title} does not keep {names[0]}; add it to the plan's moderators "
            "with: review analysis revise"
        )
    return names[0]


def _regression(
    inputs: RunInputs, formula: Formula, rows: Sequence[int], results: RunResults
) -> MetaRegression:
    yi, vi = effects_of(results.effects)
    try:
        return fitted(inputs.plan, formula, inputs.trials, rows, yi, vi)[0]
    except InvalidDataError as error:
        raise InvalidDataError(
            f"no meta-regression of {inputs.plan.title} on {formula}, which {len(rows)} trials "
            f"report: {error}"
        ) from error


def _place(name: str, value: str | int | float, *, whole: bool) -> float | str:
    if whole and not isinstance(value, str):
        return float(value)
    text = str(value)
    return abbreviated(text) if name == "instrument" else text.replace("_", " ")


def _line(fit: MetaRegression, name: str, numbers: Sequence[float]) -> tuple[Fitted, ...]:
    at = np.linspace(min(numbers), max(numbers), STEPS + 1).tolist()
    found = fit.predict({name: at})
    return tuple(Fitted(x, p.estimate, *p.ci, *p.pi) for x, p in zip(at, found, strict=True))


def _groups(
    fit: MetaRegression, name: str, values: Sequence[str | int | float]
) -> tuple[Fitted, ...]:
    levels = sorted(set(values), key=str)
    return tuple(
        Fitted(_place(name, level, whole=False), p.estimate, *p.ci, *p.pi, k=values.count(level))
        for level, p in zip(levels, fit.predict({name: levels}), strict=True)
    )


def _note(
    inputs: RunInputs,
    text: str,
    name: str,
    fit: MetaRegression,
    results: RunResults,
    *,
    whole: bool,
    missing: int,
) -> str:
    plan = inputs.plan
    words = [f"Meta-regression, {model_words(results.pooled)}; k = {fit.k}."]
    if whole and fit.terms == ("intrcpt", name):
        said, sign = measured(inputs)
        low, high = sorted((sign * fit.ci_low[1], sign * fit.ci_high[1]))
        slope = f"{fixed(sign * fit.beta[1], 3)} {bracketed(low, high, 3)}"
        log = " of the logarithm" if said.is_ratio else ""
        words.append(f"Slope{log} per {in_words(name)} {slope}, {p_words(fit.p[1])};")
    elif fit.qm is not None and fit.qm_p is not None:
        df, ddf = fit.qm_df
        what = f"χ²({df})" if ddf is None else f"F({df}, {ddf:g})"
        shown = "Differences" if not whole else f"{text}"
        words.append(f"{shown}: {what} = {fixed(fit.qm, 2)}, {p_words(fit.qm_p)};")
    explained = [] if fit.r2 is None else [f"R² = {fixed(fit.r2, 1)}%"]
    residual = [] if plan.method == "EE" else [f"residual τ² = {fixed(fit.tau2, 3)}"]
    words.append(", ".join([*residual, *explained]) + ".")
    if missing:
        words.append(f"{counted(missing, 'trial does', 'trials do')} not report it.")
    if text not in (*plan.moderators, *plan.subgroups):
        words.append("Not in the plan: exploratory.")
    return " ".join(words)
