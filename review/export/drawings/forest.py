"""A run as a forest plot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from review.errors import NotFoundError
from review.export.drawings.arms import ArmColumns, arm_columns
from review.export.drawings.axis import (
    WITHHELD_NOTE,
    axis_label,
    by_year,
    favours,
    margin_words,
    notation,
)
from review.export.runs import model_words
from review.figures import Diamond, Forest, ForestRow, Heading
from review.figures.numbers import fixed, p_words
from review.figures.risk_of_bias import RiskOfBias
from review.living.estimates.moderators import label_of
from review.living.reports.changes import conclusion_word
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Effect, ModeratorLine, PooledLine, RunResults, VariantLine
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.rules import Plan

Row = ForestRow | Heading | Diamond


def forest_of(
    inputs: RunInputs,
    results: RunResults,
    *,
    by: str | None = None,
    arm_data: bool = False,
    bias: RiskOfBias | None = None,
    instruments: Mapping[str, str] | None = None,
    withheld: bool = False,
) -> Forest:
    """Return the forest plot of a run, trials in order of year and name.

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

    Raises
    ------
    NotFoundError
        If the plan has no subgroups by that moderator.
    """
    plan, line = inputs.plan, results.pooled
    left, right = favours(plan)
    columns = arm_columns(inputs) if arm_data else _sizes(plan, results)
    judged = {row.label: row.judgements for row in bias.rows} if bias else {}

    def row(effect: Effect, trial: TrialInput) -> ForestRow:
        return ForestRow(
            label=effect.study,
            estimate=effect.yi,
            ci_low=effect.ci[0],
            ci_high=effect.ci[1],
            weight=effect.weight,
            columns=columns.cells(effect, trial),
            judgements=judged.get(effect.study, ()),
        )

    ordered = by_year(inputs, results)
    group = _planned_subgroups(plan, results, by) if by is not None else None
    reading = results.headline
    tested = f" {_test_of(group)}" if group is not None else ""
    word = conclusion_word(plan.kind, reading.conclusion)
    concluded = f" Conclusion: {word}{margin_words(inputs, reading.margin)}." if word else ""
    if withheld:
        concluded = f" {WITHHELD_NOTE}"
    return Forest(
        title=plan.title if by is None else f"{plan.title}, by {in_words(by)}",
        rows=(
            tuple(row(*pair) for pair in ordered)
            if by is None or group is None
            else tuple(_by_group(ordered, by, group, row, instruments or {}))
        ),
        summaries=(_summary(line),),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        column_headers=columns.headers,
        column_groups=columns.groups,
        note=(f"{model_words(line)}{_heterogeneity(line)}.{concluded}{tested}"),
        level=line.level,
        domains=bias.domains if bias else (),
        categories=bias.categories if bias else (),
        notation=notation(inputs),
    )


def _summary(line: PooledLine) -> Diamond:
    return Diamond(
        label=f"Pooled (k = {line.k})",
        estimate=line.estimate,
        ci_low=line.ci[0],
        ci_high=line.ci[1],
        pi_low=line.pi[0] if line.pi else None,
        pi_high=line.pi[1] if line.pi else None,
    )


def _heterogeneity(line: PooledLine) -> str:
    if line.k == 1:
        return ""
    tau2 = "" if line.tau2 is None else f"τ² = {line.tau2:.3f}, "
    return f"; {tau2}I² = {line.I2:.1f}%, Q = {line.Q:.2f} (df {line.Q_df})"


def _sizes(plan: Plan, results: RunResults) -> ArmColumns:
    """The sizes of the sides that have any: of a single arm only its own."""
    sides: list[tuple[str, Callable[[Effect], int | None]]] = [
        (f"n {plan.intervention.label}", lambda effect: effect.n_intervention),
        (f"n {plan.comparator.label}", lambda effect: effect.n_comparator),
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
    ordered: Sequence[tuple[Effect, TrialInput]],
    by: str,
    group: ModeratorLine,
    row: Callable[[Effect, TrialInput], ForestRow],
    instruments: Mapping[str, str],
) -> list[Row]:
    members: dict[str, list[ForestRow]] = defaultdict(list)
    for effect, trial in ordered:
        value = trial.characteristic(by)
        members["not reported" if value is None else label_of(value)].append(row(effect, trial))
    pooled = {line.label: line for line in group.lines}
    found: list[Row] = []
    for label in [*pooled, *(label for label in members if label not in pooled)]:
        named = instruments.get(label, label) if by == "instrument" else value_in_words(by, label)
        found.append(Heading(named))
        found += members[label]
        if label in pooled:
            found += _subgroup_diamond(pooled[label])
    return found


def _subgroup_diamond(line: VariantLine) -> list[Diamond]:
    if line.estimate is None or line.ci is None:
        return []
    return [Diamond(f"Subgroup (k = {line.k})", line.estimate, *line.ci)]


def _test_of(group: ModeratorLine) -> str:
    if group.stat is None or group.p is None:
        return f"No test for subgroup differences: {group.note or 'one subgroup only'}."
    if group.ddf is None:
        test = f"Q = {fixed(group.stat, 2)}, df {group.df}"
    else:
        test = f"F({group.df}, {group.ddf:g}) = {fixed(group.stat, 2)}"
    return f"Test for subgroup differences: {test}, {p_words(group.p)}."
