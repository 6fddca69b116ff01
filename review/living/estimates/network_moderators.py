"""Planned subgroups and meta-regressions of a network. Pure: inputs and effects in, lines out.

A line is of the comparison that the plan decides on; what it says of the other treatments against
the reference stands beside it. Of two treatments all numbers are those of a contrast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from review.errors import ReviewError
from review.formula import parse
from review.living.estimates.effects import TrialEffects
from review.living.estimates.moderators import (
    NOBODY_HAS_IT,
    alike,
    coded_design,
    few,
    known_rows,
    label_of,
    means_of,
    named_means,
    thin,
    values_of,
)
from review.living.estimates.networks import against_line, against_reference, studies_of
from review.living.estimates.sensitivity import tau2_of
from review.living.inputs.characteristics import one_value
from review.living.runs.contents import Characteristic, RunInputs, TrialInput
from review.living.runs.results import AgainstLine, ModeratorLine, TermLine, VariantLine
from review.protocol.characteristics import OWN, in_words
from review.protocol.rules import Plan
from review.synthesis import Design, Method, classify
from review.synthesis.design import INTERCEPT
from review.synthesis.methods import Model
from review.synthesis.moderators import TermTest
from review.synthesis.network import (
    LevelEffects,
    Moderated,
    NetworkGroup,
    NetworkStudy,
    Slope,
    grouped,
    levels,
    moderated,
)

ALL: str = "all comparisons"
"""What the test is of that no comparison differs between subgroups."""

SHARED: str = "one coefficient for all treatments"
"""What is tested against a coefficient for each treatment."""


def network_moderator_lines(inputs: RunInputs, effects: TrialEffects) -> tuple[ModeratorLine, ...]:
    """Return the planned subgroup analyses and meta-regressions of a network.

    Trials without a value are named in the line, and so are categories with few trials.
    """
    plan = inputs.plan
    if not plan.subgroups and not plan.moderators:
        return ()
    trials, studies = _whole_trials(inputs), studies_of(inputs, effects)
    return (
        *(_subgroups(plan, trials, studies, name) for name in plan.subgroups),
        *(_regression(plan, trials, studies, text) for text in plan.moderators),
    )


def _whole_trials(inputs: RunInputs) -> list[TrialInput]:
    """Return of each trial its first comparison, with what all of them have in common."""
    rows: dict[int, list[TrialInput]] = {}
    for trial in inputs.trials:
        rows.setdefault(trial.study_id, []).append(trial)
    names = [name for name in inputs.plan.characteristics if name not in OWN]
    return [
        of_study[0].model_copy(
            update={"characteristics": tuple(_common(name, of_study) for name in names)}
        )
        for of_study in rows.values()
    ]


def _common(name: str, rows: Sequence[TrialInput]) -> Characteristic:
    without = next((row for row in rows if row.characteristic(name) is None), None)
    if without is not None:
        return Characteristic(name=name, because=without.because(name))
    return one_value(name, [row.characteristic(name) for row in rows], "arms")


def _model(plan: Plan) -> Model:
    return Model.of(plan.method, plan.test, plan.level)


def _subgroups(
    plan: Plan, trials: Sequence[TrialInput], studies: Sequence[NetworkStudy], name: str
) -> ModeratorLine:
    rows, without = known_rows(trials, [name])
    labels = [label_of(value) for value in values_of(trials, rows, name)]
    line = ModeratorLine(moderator=name, kind="subgroups", lines=(), without=without)
    if not rows:
        return line.model_copy(update={"note": NOBODY_HAS_IT})
    reference, own = plan.comparator.label, plan.intervention.label
    try:
        found = grouped(
            [studies[i] for i in rows], labels, reference=reference, **_model(plan).settings
        )
    except ReviewError as error:
        return line.model_copy(update={"note": str(error)})
    lines = tuple(_of_group(plan, name, group) for group in found.groups)
    missing = _without_estimate(name, lines)
    remarks = (*few(name, labels), *alike(name, labels), *missing)
    decides = found.test_of(own)
    if decides is None:
        remarks = (
            *remarks,
            f"Fewer than two subgroups have {own} against {reference}: no test of this comparison.",
        )
    others = [f for rule in plan.other_treatments if (f := found.test_of(rule.label)) is not None]
    named = [(f"{one.term} - {reference}", one) for one in others]
    together = found.together
    if together is not None and others:
        named.append((ALL, together))
    return line.model_copy(
        update={
            "lines": lines,
            "remarks": remarks,
            **(_tested(decides) if decides is not None else {}),
            "tests": tuple(_term(term, test) for term, test in named),
        }
    )


def _without_estimate(name: str, lines: Sequence[VariantLine]) -> Iterator[str]:
    """Yield which groups have no estimate of the deciding comparison, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in lines:
        if one.estimate is None:
            by_reason.setdefault(one.note or "", []).append(one.label)
    if by_reason:
        told = "; ".join(f"{', '.join(labels)} ({why})" for why, labels in by_reason.items())
        yield f"No estimate by {in_words(name)}: {told}."


def _tested(test: TermTest) -> dict[str, object]:
    return {"stat": test.stat, "df": test.df, "ddf": test.ddf, "p": test.p}


def _term(term: str, test: TermTest) -> TermLine:
    return TermLine(term=term, stat=test.stat, df=test.df, ddf=test.ddf, p=test.p)


def _of_group(plan: Plan, name: str, group: NetworkGroup) -> VariantLine:
    """Return a subgroup's line of the deciding comparison, or why it has none."""
    why = None if group.note is None else group.note.rstrip(".")
    line = VariantLine(variant=name, label=group.label, k=group.k, note=why)
    fitted, own = group.found, plan.intervention.label
    if fitted is None:
        return line
    line = line.model_copy(update={"others": against_reference(plan, fitted)})
    if own not in fitted.treatments:
        return line.model_copy(update={"note": f"no trial of it has {own}"})
    found = fitted.difference(own, fitted.reference)
    return line.model_copy(
        update={
            "estimate": found.estimate,
            "ci": found.ci,
            "tau2": tau2_of(Method(plan.method), fitted.tau2),
            "p": found.p if found.se > 0 else None,
            "conclusion": classify(found.ci, plan.margin).value,
        }
    )


def _regression(
    plan: Plan, trials: Sequence[TrialInput], studies: Sequence[NetworkStudy], text: str
) -> ModeratorLine:
    formula = parse(text)
    rows, without = known_rows(trials, formula.names)
    line = ModeratorLine(moderator=text, kind="meta-regression", lines=(), without=without)
    if not rows:
        return line.model_copy(update={"note": NOBODY_HAS_IT})
    own = plan.intervention.label
    if not any(own in studies[i].treatments for i in rows):
        return line.model_copy(update={"note": f"no trial with a value of it has {own}"})
    try:
        coded, notes = coded_design(formula, trials, rows)
        if not formula.intercept:
            told = [studies[i] for i in rows]
            rare = (*thin(formula, trials, rows), *notes)
            return line.model_copy(update=_levels(plan, text, coded, told, rare))
        if len(coded.columns) == 1:
            return line.model_copy(update={"note": " ".join(notes)})
        found = moderated(
            [studies[i] for i in rows], coded, reference=plan.comparator.label,
            **_model(plan).settings,
        )  # fmt: skip
    except ReviewError as error:
        return line.model_copy(update={"note": str(error)})
    tests = [test for test in found.tests if np.isfinite(test.stat)]
    several = len(formula.terms) > 1
    means = means_of(formula, trials, rows)
    return line.model_copy(
        update={
            "lines": (_at(plan, text, INTERCEPT, found), *_slopes(plan, text, found)),
            "df": found.test.df,
            "ddf": found.test.ddf,
            **(_tested(found.test) if found.tested else {}),
            "tests": tuple(_term(one.term, one) for one in (tests if several else ())),
            "remarks": (*thin(formula, trials, rows), *_assumed(found), *notes, *found.notes),
            "at_mean": None if means is None else _at(
                plan, text, named_means(means), found, _coded_at(found, coded, means)
            ),
            "by_treatment": tuple(_apart(plan, text, found)),
            "alike": None if found.alike is None or not np.isfinite(found.alike.stat)
            else _term(SHARED, found.alike),
        }
    )  # fmt: skip


def _levels(
    plan: Plan, text: str, coded: Design, studies: Sequence[NetworkStudy], notes: Sequence[str]
) -> dict[str, object]:
    """Return what a formula without intercept gives: each treatment's effect in each column."""
    found = levels(studies, coded, reference=plan.comparator.label, **_model(plan).settings)
    own = plan.intervention.label
    decides = found.test_of(own)
    planned = [rule.label for rule in plan.other_treatments]
    untold = "; ".join(found.untold)
    return {
        "lines": tuple(_level(plan, text, column, found) for column in found.columns),
        **(_tested(decides) if decides is not None else {}),
        "tests": tuple(
            _term(f"{name} - {found.reference}", test)
            for name in planned
            if (test := found.test_of(name)) is not None
        ),
        "remarks": (*notes, *((f"No trials tell: {untold}.",) if untold else ())),
    }


def _level(plan: Plan, text: str, column: str, found: LevelEffects) -> VariantLine:
    """Return the deciding comparison in one column, the others beside it."""
    here = {one.treatment: one for one in found.effects if one.column == column}
    own = here.get(plan.intervention.label)
    line = VariantLine(
        variant=text, label=column, k=found.k,
        others=tuple(
            AgainstLine(
                treatment=rule.label, estimate=one.estimate, ci=one.ci,
                p=one.p if found.tested else None,
            )
            for rule in plan.other_treatments
            if (one := here.get(rule.label)) is not None
        ),
    )  # fmt: skip
    if own is None:
        return line.model_copy(update={"note": "no trials tell it"})
    tau2 = tau2_of(Method(plan.method), found.tau2)
    p = own.p if found.tested else None
    return line.model_copy(update={"estimate": own.estimate, "ci": own.ci, "tau2": tau2, "p": p})


def _assumed(found: Moderated) -> Iterator[str]:
    """Yield what the coefficients assume, where there are several treatments to assume it of."""
    if len(found.treatments) > 1:
        yield (
            f"Assumed: the same change of every treatment against {found.reference}, and none of "
            "two others against each other."
        )


def _coded_at(found: Moderated, coded: Design, means: Mapping[str, Sequence[float]]) -> list[float]:
    (there,) = coded.rows(means).tolist()
    return [there[coded.columns.index(slope.column)] for slope in found.slopes]


def _at(
    plan: Plan, text: str, label: str, found: Moderated, values: Sequence[float] = ()
) -> VariantLine:
    """Return the deciding comparison where the moderators' columns have values."""
    own = found.at(plan.intervention.label, values)
    return VariantLine(
        variant=text, label=label, k=found.k, estimate=own.estimate, ci=own.ci,
        tau2=tau2_of(Method(plan.method), found.tau2) if label == INTERCEPT else None,
        p=own.p if found.tested and label == INTERCEPT else None,
        others=tuple(
            against_line(found.at(rule.label, values))
            for rule in plan.other_treatments
            if rule.label in found.treatments
        ),
    )  # fmt: skip


def _slopes(plan: Plan, text: str, found: Moderated) -> Iterator[VariantLine]:
    for slope in found.slopes:
        yield _slope(plan, text, slope.column, slope, found.k, found.tau2, tested=found.tested)


def _apart(plan: Plan, text: str, found: Moderated) -> Iterator[VariantLine]:
    for slope in found.apart:
        label = f"{slope.treatment}: {slope.column}"
        yield _slope(plan, text, label, slope, found.k, found.apart_tau2, tested=slope.se > 0)


def _slope(
    plan: Plan, text: str, label: str, slope: Slope, k: int, tau2: float, *, tested: bool
) -> VariantLine:
    return VariantLine(
        variant=text, label=label, k=k, estimate=slope.estimate, ci=slope.ci,
        tau2=tau2_of(Method(plan.method), tau2), p=slope.p if tested else None,
    )  # fmt: skip
