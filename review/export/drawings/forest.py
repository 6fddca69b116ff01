"""A run as a forest plot."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from review.errors import InvalidDataError, NotFoundError, ReviewError
from review.export.drawings.arms import ArmColumns, arm_columns
from review.export.drawings.axis import (
    WITHHELD_NOTE,
    axis_label,
    by_year,
    favours,
    margin_words,
    notation,
    own_notation,
)
from review.export.drawings.columns import FieldColumn, totals, with_fields
from review.export.drawings.networks import network_by_group, network_forest
from review.export.drawings.outcomes import by_outcome
from review.export.drawings.studies import effects_of
from review.export.runs import model_words
from review.figures import Diamond, Forest, ForestRow, Heading
from review.figures.forest_values import Difference, Fit
from review.figures.layouts import (
    STYLES,
    Layout,
    difference_words,
    effect_words,
    heterogeneity_words,
)
from review.figures.numbers import MINUS
from review.figures.risk_of_bias import RiskOfBias
from review.living.estimates.moderators import label_of
from review.living.reports.joint import model_sentence
from review.living.reports.levels import model_sentence as levels_sentence
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Effect, ModeratorLine, PooledLine, RunResults, VariantLine
from review.living.runs.scales import scale_of_run
from review.living.runs.sizes import caution
from review.measures import OF_COUNTS
from review.natural import OWN_SIZES
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.rules import Plan
from review.synthesis import Method, Pooled, Test, pool
from review.wording import lowered

Row = ForestRow | Heading | Diamond


class Sort(StrEnum):
    """In which order trials stand."""

    YEAR = "year"
    NAME = "name"
    EFFECT = "effect"
    WEIGHT = "weight"


OF_TRIALS: Final = (
    "the forest plot of a network has a line a treatment; columns, risk of bias and an order are "
    "of trials"
)

_ORDER: Final[Mapping[Sort, Callable[[Effect], Any]]] = {
    Sort.YEAR: lambda _: 0,  # as they come
    Sort.NAME: lambda effect: effect.study.casefold(),
    Sort.EFFECT: lambda effect: effect.yi,
    Sort.WEIGHT: lambda effect: -effect.weight,
}


def forest_of(
    inputs: RunInputs,
    results: RunResults,
    *,
    by: str | None = None,
    arm_data: bool = False,
    bias: RiskOfBias | None = None,
    instruments: Mapping[str, str] | None = None,
    withheld: bool = False,
    sort: Sort = Sort.YEAR,
    fields: Sequence[FieldColumn] = (),
    layout: Layout = Layout.PLAIN,
) -> Forest:
    """Return the forest plot of a run; of a network each treatment against the reference.

    Parameters
    ----------
    inputs, results : RunInputs, RunResults
        The run.
    by : str, optional
        A planned subgroup analysis: a heading and a diamond for each subgroup.
    arm_data : bool
        Whether each arm's numbers as reported stand beside the study, instead of its size alone.
    bias : RiskOfBias, optional
        Judgements to show, matched by the study's label.
    instruments : mapping of str to str, optional
        Their names by slug, for the headings of subgroups by instrument.
    withheld : bool
        Whether the conclusion is withheld, which the note then says instead.
    sort : Sort
        The order of the trials, within subgroups too.
    fields : sequence of FieldColumn
        Columns before those of the arms.
    layout : Layout
        How it will be drawn: what is reported of arms has the columns of that layout, and the note
        need not say what it writes under the diamonds.

    Raises
    ------
    NotFoundError
        If the plan has no subgroups by that moderator.
    InvalidDataError
        If columns or an order of trials are asked of a network.
    """
    if results.network is not None:
        if arm_data or bias is not None or fields or sort is not Sort.YEAR:
            raise InvalidDataError(OF_TRIALS)
        if by is not None:
            of_groups = _planned_subgroups(inputs.plan, results, by)
            names = (instruments or {}) if by == "instrument" else {}
            return network_by_group(inputs, results, of_groups, names, withheld=withheld)
        return network_forest(inputs, results, withheld=withheld)
    plan, line = inputs.plan, results.pooled
    left, right = favours(plan)
    tests_below, size = STYLES[layout].of_all, STYLES[layout].size
    arms = (
        arm_columns(inputs, apart=STYLES[layout].apart, size=size)
        if arm_data
        else _sizes(plan, results, size)
    )
    columns = with_fields(arms, fields)
    judged = {row.label: row.judgements for row in bias.rows} if bias else {}

    def row(effect: Effect, trial: TrialInput) -> ForestRow:
        return ForestRow(
            label=effect.study if results.levels is None else f"{effect.study}, {trial.measured}",
            estimate=effect.yi,
            ci_low=effect.ci[0],
            ci_high=effect.ci[1],
            weight=effect.weight,
            columns=columns.cells(effect, trial),
            judgements=judged.get(effect.study, ()),
            notation=own_notation(inputs, trial),
        )

    ordered = sorted(by_year(inputs, results), key=lambda pair: _ORDER[sort](pair[0]))
    group = _planned_subgroups(plan, results, by) if by is not None else None
    reading = results.headline
    difference = None if group is None else _difference(group)
    tested = ""
    if group is not None and difference is None:
        tested = f" No test for subgroup differences: {group.note or 'one subgroup only'}."
    elif difference is not None and not tests_below:
        tested = f" {', '.join(difference_words(difference, Layout.PLAIN))}."
    sign = -1.0 if notation(inputs).turned else 1.0
    below = "" if tests_below else _heterogeneity(line, sign, tested=plan.has_null)
    if results.joint is not None:
        deciding = results.joint.deciding.label
        below += f"; {lowered(model_sentence(results.joint)).rstrip('.')}. It decides on {deciding}"
    if results.levels is not None:
        below += f"; {lowered(levels_sentence(results.levels)).rstrip('.')}"
    below += _believed(inputs, results)
    word = conclusion_word(plan.kind, reading.conclusion)
    concluded = f" Conclusion: {word}{margin_words(inputs, reading.margin)}." if word else ""
    if withheld:
        concluded = f" {WITHHELD_NOTE}"
    return Forest(
        title=plan.title if by is None else f"{plan.title}, by {in_words(by)}",
        rows=(
            tuple(by_outcome(results.joint, ordered, row))
            if results.joint is not None
            else tuple(row(*pair) for pair in ordered)
            if by is None or group is None
            else tuple(_by_group(inputs, ordered, group, row, instruments or {}, columns))
        ),
        summaries=(
            ()
            if results.joint is not None
            else (
                replace(
                    _summary(line),
                    columns=(
                        totals(columns, [columns.cells(*pair) for pair in ordered])
                        if results.levels is None  # whose results have the same people
                        else tuple("" for _ in columns.headers)
                    ),
                    weight=100.0,
                    fit=_fit(line, sign, tested=plan.has_null),
                ),
            )
        ),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        null_line=plan.has_null,
        column_headers=columns.headers,
        column_groups=columns.groups,
        note=" ".join((f"{model_words(line)}{below}.{concluded}{tested}", *_of_sizes(inputs))),
        level=line.level,
        domains=bias.domains if bias else (),
        categories=bias.categories if bias else (),
        notation=notation(inputs),
        difference=difference,
    )


def _believed(inputs: RunInputs, results: RunResults) -> str:
    """Return the planned posterior in a clause; nothing where there is none."""
    line = results.posterior
    if line is None or line.median is None or line.ci is None:
        return ""
    shown = scale_of_run(inputs).text(line.median, line.ci).replace("-", MINUS)
    return f"; by Bayes (τ {line.of_tau}, mean {line.of_mean}) median {shown}"


def _of_sizes(inputs: RunInputs) -> Iterator[str]:
    """Yield how numbers go back that need sizes for it; nothing of others."""
    for told in caution(inputs):
        yield told
        yield OWN_SIZES


def _fit(line: PooledLine | Pooled, sign: float, *, tested: bool) -> Fit:
    """How the studies of a fit differ, and the test of its effect as it is written.

    A mean or proportion is not tested: zero, or a half, is nothing to hold it against.
    """
    tested = tested and line.stat is not None
    return Fit(
        df=line.Q_df, tau2=line.tau2, q=line.Q, q_p=line.Q_p, i2=line.I2,
        stat=sign * (line.stat or 0.0) if tested else None, ddf=line.ddf,
        p=line.p if tested else None,
    )  # fmt: skip


def _summary(line: PooledLine) -> Diamond:
    return Diamond(
        label=f"Pooled (k = {line.k})",
        estimate=line.estimate,
        ci_low=line.ci[0],
        ci_high=line.ci[1],
        pi_low=line.pi[0] if line.pi else None,
        pi_high=line.pi[1] if line.pi else None,
    )


def _heterogeneity(line: PooledLine, sign: float, *, tested: bool) -> str:
    fit = _fit(line, sign, tested=tested)
    pieces = (heterogeneity_words(fit, Layout.PLAIN), effect_words(fit, Layout.PLAIN))
    told = [lowered(", ".join(words)) for words in pieces if words]
    return "".join(f"; {words}" for words in told)


def _sizes(plan: Plan, results: RunResults, size: str) -> ArmColumns:
    """The sizes of the sides that have any: of a single arm only its own."""
    sides: list[tuple[str, Callable[[Effect], int | None]]] = [
        (f"{size} {plan.intervention.label}", lambda effect: effect.n_intervention),
        (f"{size} {plan.comparator.label}", lambda effect: effect.n_comparator),
    ]
    known = [(header, n) for header, n in sides if any(map(n, results.effects))]

    def cells(effect: Effect, trial: TrialInput) -> tuple[str, ...]:
        del trial
        return tuple("" if n(effect) is None else str(n(effect)) for _, n in known)

    return ArmColumns(tuple(header for header, _ in known), (), cells)


def _planned_subgroups(plan: Plan, results: RunResults, by: str) -> ModeratorLine:
    for line in results.moderators:
        if line.kind == "subgroups" and line.moderator == by:
            return line
    planned = ", ".join(plan.subgroups) or "none"
    raise NotFoundError(
        f'"{plan.title}" has no planned subgroups by {in_words(by)} (planned: {planned}); '
        "add them to its plan and freeze a new version"
    )


def _by_group(
    inputs: RunInputs,
    ordered: Sequence[tuple[Effect, TrialInput]],
    group: ModeratorLine,
    row: Callable[[Effect, TrialInput], ForestRow],
    instruments: Mapping[str, str],
    columns: ArmColumns,
) -> list[Row]:
    by = group.moderator
    members: dict[str, list[ForestRow]] = defaultdict(list)
    effects: dict[str, list[Effect]] = defaultdict(list)
    for effect, trial in ordered:
        value = trial.characteristic(by)
        label = "not reported" if value is None else label_of(value)
        members[label].append(row(effect, trial))
        effects[label].append(effect)
    pooled = {line.label: line for line in group.lines}
    found: list[Row] = []
    for label in [*pooled, *(label for label in members if label not in pooled)]:
        named = instruments.get(label, label) if by == "instrument" else value_in_words(by, label)
        found.append(Heading(named))
        found += members[label]
        if label in pooled:
            found += [
                replace(
                    diamond,
                    columns=totals(columns, [r.columns for r in members[label]]),
                    weight=math.fsum(r.weight or 0.0 for r in members[label]),
                    fit=_fit_of(inputs, effects[label]),
                )
                for diamond in _subgroup_diamond(pooled[label])
            ]
    return found


def _subgroup_diamond(line: VariantLine) -> list[Diamond]:
    if line.estimate is None or line.ci is None:
        return []
    return [Diamond(f"Subgroup (k = {line.k})", line.estimate, *line.ci)]


def _fit_of(inputs: RunInputs, effects: Sequence[Effect]) -> Fit | None:
    """How the studies of a subgroup differ, by the plan's model; None where it cannot be pooled."""
    plan = inputs.plan
    if plan.method in OF_COUNTS:
        return None
    try:
        found = pool(
            *effects_of(effects), method=Method(plan.method), test=Test(plan.test),
            level=plan.level,
        )  # fmt: skip
    except ReviewError:
        return None
    return _fit(found, -1.0 if notation(inputs).turned else 1.0, tested=plan.has_null)


def _difference(group: ModeratorLine) -> Difference | None:
    if group.stat is None or group.df is None or group.p is None:
        return None
    return Difference(group.stat, group.df, group.ddf, group.p)
