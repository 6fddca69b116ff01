"""Planned subgroup analyses and meta-regressions. Pure: inputs and effects in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from review.arrays import Floats
from review.errors import ReviewError
from review.formula import FACTORS, Call, Formula, Name, names_in, parse
from review.living.estimates.effects import TrialEffects
from review.living.estimates.sensitivity import tau2_of
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.living.runs.results import ModeratorLine, TermLine, VariantLine
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.rules import Plan
from review.synthesis import (
    Design,
    MetaRegression,
    Method,
    Test,
    classify,
    design,
    doubtful_levels,
    estimable,
    regress,
    subgroup_analysis,
)
from review.synthesis.moderators import PERFECT_FIT
from review.wording import capitalised

Known = str | int | float

NOBODY_HAS_IT: Final = "no trial has a value of it"

FEWEST_IN_A_CATEGORY: Final = 4
FEWEST_FOR_A_NUMBER: Final = 6
"""Trials below which a category or a slope is said to rest on few (Fu et al. 2011, J Clin Epidemiol
64:1187: four a category, six to ten for a continuous variable)."""


def moderator_lines(inputs: RunInputs, effects: TrialEffects) -> tuple[ModeratorLine, ...]:
    """Return the planned subgroup analyses and meta-regressions of a run.

    Trials without a value are named in the line, and so are categories with few trials.
    """
    return (
        *(_subgroup_line(inputs, effects, name) for name in inputs.plan.subgroups),
        *(_regression_line(inputs, effects, text) for text in inputs.plan.moderators),
    )


def known_rows(
    trials: Sequence[TrialInput], names: Sequence[str]
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """Return which trials have a value of every name, and why each other has not."""
    rows, without = [], []
    for i, trial in enumerate(trials):
        missing = [name for name in names if trial.characteristic(name) is None]
        if not missing:
            rows.append(i)
            continue
        told = "; ".join(
            f"{in_words(name)}: {value_in_words(name, trial.because(name))}" for name in missing
        )
        without.append(LeftOut(study=trial.study, reason=told))
    return rows, tuple(without)


def values_of(trials: Sequence[TrialInput], rows: Sequence[int], name: str) -> list[Known]:
    """Return a characteristic of some trials, all of which have it."""
    found = [trials[i].characteristic(name) for i in rows]
    return [value for value in found if value is not None]


def fitted(
    plan: Plan,
    formula: Formula,
    trials: Sequence[TrialInput],
    rows: Sequence[int],
    yi: Floats,
    vi: Floats,
) -> tuple[MetaRegression, tuple[str, ...]]:
    """Return the meta-regression of some trials, and what is to be said of its columns.

    Characteristics that are text are categories, also where every value looks like a number.
    """
    coded, notes = coded_design(formula, trials, rows)
    fit = regress(
        yi[list(rows)],
        vi[list(rows)],
        coded,
        method=Method(plan.method),
        test=Test(plan.test),
        level=plan.level,
    )
    return fit, (*notes, *doubtful_levels(coded))


def coded_design(
    formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int]
) -> tuple[Design, tuple[str, ...]]:
    """Return a formula coded for some trials, and which of its columns cannot be estimated."""
    columns = {name: values_of(trials, rows, name) for name in formula.names}
    text = {n for n, values in columns.items() if any(isinstance(v, str) for v in values)}
    return estimable(design(formula, columns, categories=text))


def _subgroup_line(inputs: RunInputs, effects: TrialEffects, name: str) -> ModeratorLine:
    plan, trials = inputs.plan, inputs.trials
    rows, without = known_rows(trials, [name])
    labels = [label_of(value) for value in values_of(trials, rows, name)]
    line = ModeratorLine(moderator=name, kind="subgroups", lines=(), without=without)
    if not rows:
        return line.model_copy(update={"note": NOBODY_HAS_IT})
    try:
        groups = subgroup_analysis(
            effects.yi[rows],
            effects.vi[rows],
            labels,
            method=Method(plan.method),
            test=Test(plan.test),
            level=plan.level,
        )
    except ReviewError as error:
        return line.model_copy(update={"note": str(error)})
    return line.model_copy(
        update={
            "stat": groups.q_between,
            "df": groups.df,
            "ddf": groups.ddf,
            "p": groups.p,
            "remarks": (*few(name, labels), *alike(name, labels)),
            "lines": tuple(
                VariantLine(
                    variant=name,
                    label=group.label,
                    k=group.k,
                    estimate=group.estimate,
                    ci=group.ci,
                    tau2=tau2_of(Method(plan.method), group.tau2),
                    p=group.p,
                    conclusion=classify(group.ci, plan.margin).value,
                )
                for group in groups.groups
            ),
        }
    )


def _regression_line(inputs: RunInputs, effects: TrialEffects, text: str) -> ModeratorLine:
    plan, trials = inputs.plan, inputs.trials
    formula = parse(text)
    rows, without = known_rows(trials, formula.names)
    line = ModeratorLine(moderator=text, kind="meta-regression", lines=(), without=without)
    if not rows:
        return line.model_copy(update={"note": NOBODY_HAS_IT})
    try:
        fit, notes = fitted(plan, formula, trials, rows, effects.yi, effects.vi)
    except ReviewError as error:
        return line.model_copy(update={"note": str(error)})
    tests = [test for test in fit.tests if np.isfinite(test.stat)]
    return line.model_copy(
        update={
            "stat": fit.qm if fit.tested else None,
            "df": fit.qm_df[0],
            "ddf": fit.qm_df[1],
            "p": fit.qm_p if fit.tested else None,
            "tests": tuple(
                TermLine(term=one.term, stat=one.stat, df=one.df, ddf=one.ddf, p=one.p)
                for one in (tests if len(formula.terms) > 1 else ())
            ),
            "remarks": (
                *thin(formula, trials, rows),
                *notes,
                *(() if fit.tested else (f"{capitalised(PERFECT_FIT)}.",)),
            ),
            "lines": tuple(
                VariantLine(
                    variant=text,
                    label=term,
                    k=fit.k,
                    estimate=fit.beta[i],
                    ci=(fit.ci_low[i], fit.ci_high[i]),
                    tau2=tau2_of(Method(plan.method), fit.tau2),
                    p=fit.p[i] if fit.tested else None,
                )
                for i, term in enumerate(fit.terms)
            ),
            "at_mean": _at_mean(formula, trials, rows, fit),
        }
    )


def _at_mean(
    formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int], fit: MetaRegression
) -> VariantLine | None:
    """Return the effect at the means of the moderators, where all of them are plain numbers."""
    means = means_of(formula, trials, rows)
    if means is None:
        return None
    (there,) = fit.predict(means)
    return VariantLine(
        variant=str(formula), label=named_means(means), k=fit.k, estimate=there.estimate,
        ci=there.ci,
    )  # fmt: skip


def means_of(
    formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int]
) -> dict[str, list[float]] | None:
    """Return the mean of each moderator; None with categories, powers or interactions."""
    plain = formula.intercept and all(
        len(term) == 1 and isinstance(formula.variables[term[0]], Name) for term in formula.terms
    )
    if not plain or not formula.names:
        return None
    means: dict[str, list[float]] = {}
    for name in formula.names:
        values = values_of(trials, rows, name)
        if any(isinstance(value, str) for value in values):
            return None
        means[name] = [float(np.mean(np.asarray(values, dtype=float)))]
    return means


def named_means(means: Mapping[str, Sequence[float]]) -> str:
    """Return means as people read them: ``year 2009.3, mean age 42.0``."""
    return ", ".join(f"{in_words(name)} {_mean_in_words(mean)}" for name, (mean,) in means.items())


def _mean_in_words(mean: float) -> str:
    """Return a mean as people read it: ``2009.3``, ``0.42``."""
    return f"{mean:.1f}" if abs(mean) >= 10 else f"{mean:.2g}"


def label_of(value: Known) -> str:
    """Return a value as the name of a subgroup."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def thin(formula: Formula, trials: Sequence[TrialInput], rows: Sequence[int]) -> list[str]:
    """Say which categories have few trials, and which numbers."""
    told: list[str] = []
    categories = {
        name
        for variable in formula.variables
        if isinstance(variable, Call) and variable.function in FACTORS
        for name in names_in(variable)
    }
    for name in formula.names:
        values = values_of(trials, rows, name)
        if name in categories or any(isinstance(value, str) for value in values):
            told += few(name, [label_of(value) for value in values])
        elif len(rows) < FEWEST_FOR_A_NUMBER:
            told.append(
                f"Few trials: {len(rows)} for a slope on {in_words(name)}; at least "
                f"{FEWEST_FOR_A_NUMBER} are advised."
            )
    return told


def few(name: str, labels: Sequence[str]) -> list[str]:
    """Say which categories have few trials."""
    few = {g: n for g, n in sorted(Counter(labels).items()) if n < FEWEST_IN_A_CATEGORY}
    if not few:
        return []
    told = ", ".join(f"{label} ({n})" for label, n in few.items())
    advice = f"at least {FEWEST_IN_A_CATEGORY} a category are advised"
    return [f"Few trials by {in_words(name)}: {told}; {advice}."]


def alike(name: str, labels: Sequence[str]) -> tuple[str, ...]:
    """Say which categories differ in capitals or spaces only."""
    return doubtful_levels(
        design(Formula((Name(name),), ((0,),), True), {name: list(labels)}, categories={name})
    )
