"""What the numbers of one trial give to escalc, by metafor's names, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypedDict

import numpy as np
from scipy.special import ndtri

from review.arrays import Floats
from review.conventions import Variance
from review.effects import ZeroCells, combine_arms, combine_estimates, escalc
from review.errors import InvalidDataError
from review.extraction.conversion import (
    DEFAULT_LEVEL,
    OF_CHANGE,
    PLAIN,
    Clusters,
    Design,
    EstimateAndVariance,
    arm_mean_sd,
    change_of_arm,
    contrast_effect,
    has_precision,
    lopsided,
    pooled_sd,
    printed_ratio,
)
from review.extraction.numbers import ReportedNumbers
from review.living.runs.contents import ArmInput, TrialInput
from review.measures import PERSON_YEARS, Family, Measure
from review.protocol.linking import factor_to_target, links
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class Cells:
    """What one trial gives to escalc, by metafor's names, and how it came about."""

    columns: dict[str, float]
    sizes: tuple[int | None, int | None]
    recipe: str
    explained: float = 0.0
    """Share of the scores' variance that covariates of the means explain."""


def leaves_of(trial: TrialInput) -> tuple[TrialInput, ...]:
    """Return the comparisons of a trial, parts of parts too."""
    if not trial.parts:
        return (trial,)
    return tuple(leaf for part in trial.parts for leaf in leaves_of(part))


def planned_zero_cells(plan: Plan) -> ZeroCells | None:
    """Return the plan's rule for cells without events; None where it names none."""
    rule = plan.zero_cells
    return None if rule is None else ZeroCells(**rule.model_dump())


class How(TypedDict):
    """What a plan chooses of `escalc`."""

    vtype: Variance
    zero_cells: ZeroCells | None
    correct: bool


def planned_how(plan: Plan) -> How:
    """Return what a plan chooses of `escalc` for its own measure."""
    return How(
        vtype=Variance(plan.vtype), zero_cells=planned_zero_cells(plan), correct=plan.correct
    )


def why_no_effect(plan: Plan, trial: TrialInput) -> str | None:
    """Return why a plan's rule for zero cells leaves a trial without an effect, if it does.

    Only what a plan names is asked here: metafor's defaults give every table an effect.
    """
    rule = planned_zero_cells(plan)
    if rule is None:
        return None
    for leaf in leaves_of(trial):
        if leaf.contrast is not None:
            continue
        columns = cells_of_trial(plan, leaf).columns
        found = escalc(plan.measure, {n: [v] for n, v in columns.items()}, **planned_how(plan))
        if found.known[0] and found.vi[0] > 0:
            continue
        empty = without_events(columns)
        if rule.drop00 and empty:
            return f"{empty}: the plan leaves such trials out (drop00)"
        where = "an arm" if {"ti", "t1i"} & columns.keys() else "a cell"
        return (
            f"{empty or f'{where} without events'}: the plan adds nothing (add {rule.add:g}, to "
            f"{rule.to.value}), and {plan.measure.value} or its variance does not exist then"
        )
    return None


NO_EVENTS: Final = "no events in either arm"


def without_events(columns: Mapping[str, float]) -> str | None:
    """Return ``no events in either arm``, or that there are only events; None for other tables."""
    if columns.get("x1i") == columns.get("x2i") == 0:
        return NO_EVENTS
    if not {"ai", "n1i", "ci", "n2i"} <= columns.keys():
        return None
    if columns["ai"] == 0 and columns["ci"] == 0:
        return NO_EVENTS
    if columns["ai"] == columns["n1i"] and columns["ci"] == columns["n2i"]:
        return "events only in both arms"
    return None


def counts_of(plan: Plan, trial: TrialInput) -> dict[str, float] | None:
    """Return the counts of a comparison by metafor's names; None where it has none."""
    if trial.contrast is not None or not plan.measure.facts.zero_cells:
        return None
    return cells_of_trial(plan, trial).columns


def cells_of_trial(plan: Plan, trial: TrialInput) -> Cells:
    """Return what one comparison gives to escalc; raise InvalidDataError where it gives nothing.

    Where the plan puts all instruments on the scale of one, in the points of that one.
    """
    cells = _as_measured(plan, trial)
    return _on_the_target(plan, trial, cells) if links(plan) else cells


_POWERS: Final = {"yi": 1, "vi": 2, "m1i": 1, "sd1i": 1, "m2i": 1, "sd2i": 1}
"""How columns in points, or squared points, change with the unit."""


def _on_the_target(plan: Plan, trial: TrialInput, cells: Cells) -> Cells:
    factor = factor_to_target(plan, trial.instrument)
    if factor is None:
        raise InvalidDataError(
            f"{trial.study} was measured by {trial.instrument}, of which the plan has no "
            "reference_scores; add their mean, SD and source, or name in instruments which count"
        )
    if trial.instrument == plan.target_instrument:
        return cells
    columns = {name: x * factor ** _POWERS.get(name, 0) for name, x in cells.columns.items()}
    said = f"; on the scale of {plan.target_instrument} by reference SDs: times {factor:.4g}"
    return replace(cells, columns=columns, recipe=cells.recipe + said)


def _as_measured(plan: Plan, trial: TrialInput) -> Cells:
    measure, level = plan.measure, DEFAULT_LEVEL
    if trial.side is not None:
        return _single_arm(trial, plan, level)
    if trial.contrast is not None:
        return _contrast(trial, plan, level)
    a, b = trial.intervention, trial.comparator
    n1, n2 = _total(a), _total(b)
    sizes = (_size(a), _size(b))
    joined = "; arms of one side combined by n" if len(a) > 1 or len(b) > 1 else ""
    share = trial.comparator_share
    if share != 1.0:
        joined += f"; against {share:.3g} of the comparator's participants"
    if all(arm.numbers.estimate is not None for arm in (*a, *b)) and measure is Measure.GEN:
        for item in (*a, *b):
            _symmetric(trial, item.numbers)
        (y1, v1), (y2, v2) = (joined_estimates(trial.study, side, level) for side in (a, b))
        return Cells(
            {"yi": y1 - y2, "vi": v1 + v2 / share},
            sizes,
            f"difference of the arms' estimates{joined}",
        )
    if measure.facts.family is Family.EVENTS:
        return Cells(
            {"ai": _events(a), "n1i": n1, "ci": share * _events(b), "n2i": share * n2},
            sizes,
            f"{measure.value} from events and n{joined}",
        )
    if measure.facts.family is Family.RATES:
        return Cells(
            {
                "x1i": _events(a), "t1i": time_of(a),
                "x2i": share * _events(b), "t2i": share * time_of(b),
            },
            sizes,
            f"{measure.value} from events and person-years{joined}",
        )  # fmt: skip
    one, two = _joined_means(a, plan, trial), _joined_means(b, plan, trial)
    how = "".join(f"; {recipe}" for recipe in dict.fromkeys((*one.recipes, *two.recipes)))
    what = "change scores: mean, SD and n" if plan.scores == "change" else "mean, SD and n"
    explained = min(one.explained, two.explained) if measure is Measure.SMD else 0.0
    if explained:
        how += f"; the means are adjusted: (1 - R²)(1/n1 + 1/n2), R² {explained:.4g}"
    return Cells(
        {
            "m1i": one.mean, "sd1i": one.sd, "n1i": n1,
            "m2i": two.mean, "sd2i": two.sd, "n2i": share * n2,
        },
        sizes,
        f"{measure.value} from {what}{joined}{how}",
        explained,
    )  # fmt: skip


def _single_arm(trial: TrialInput, plan: Plan, level: float) -> Cells:
    """One arm's own result: its correlation, mean, change, proportion or estimate."""
    (arm,), measure = trial.intervention, plan.measure
    numbers, n = arm.numbers, _size(trial.intervention)
    if plan.within_arms:
        found = change_of_arm(
            numbers, measure, correlation=plan.change_correlation, medians=plan.medians
        )
        return Cells(found.columns, (n, None), found.recipe)
    if measure.facts.family is Family.RATE_OF_ONE:
        cells = {"xi": float(_events((arm,))), "ti": time_of((arm,))}
        return Cells(cells, (n, None), f"{measure.value} from events and person-years")
    if measure is Measure.GEN:
        estimate, variance = joined_estimates(trial.study, trial.intervention, level)
        return Cells({"yi": estimate, "vi": variance}, (n, None), "the arm's own estimate")
    ways: dict[Family, tuple[str, dict[str, float | None]]] = {
        Family.ASSOCIATION: (
            "Fisher z of r" if measure is Measure.ZCOR else "r as reported",
            {"ri": numbers.estimate},
        ),
        Family.MEAN_OF_ONE: ("mean of the arm", {"mi": numbers.mean, "sdi": numbers.sd}),
        Family.EVENTS_OF_ONE: (f"{measure.value} from events and n", {"xi": numbers.events}),
    }
    what, values = ways[measure.facts.family]
    known = {name: float(value) for name, value in values.items() if value is not None}
    return Cells({**known, "ni": float(_total(trial.intervention))}, (n, None), what)


def design_of_trial(trial: TrialInput, plan: Plan) -> Design:
    """Return what the analysis behind a trial's statistics did, as far as its effect needs it."""
    if not (trial.adjusted or trial.clusters_analysed or trial.crossover):
        return OF_CHANGE if plan.scores == "change" else PLAIN
    return Design(
        adjusted=trial.adjusted,
        clusters=Clusters(trial.cluster_size, trial.icc) if trial.clusters_analysed else None,
        paired=trial.crossover and trial.contrast is not None,
        correlation=plan.crossover_correlation,
        change=plan.scores == "change",
    )


def contrast_of(trial: TrialInput, plan: Plan) -> EstimateAndVariance | None:
    """Return the effect of a trial's contrast; None where the numbers do not give it."""
    assert trial.contrast is not None
    numbers = trial.contrast.numbers
    arms = [(arm.numbers.n, arm.numbers.sd) for arm in trial.spread]
    return contrast_effect(
        numbers,
        plan.measure,
        towards=numbers.towards,
        design=design_of_trial(trial, plan),
        arms_sd=pooled_sd(*arms) if len(arms) == 2 else None,
    )


def is_as_reported(trial: TrialInput, found: EstimateAndVariance | None) -> bool:
    """Whether the effect of a trial's contrast is the estimate itself, with its own precision."""
    assert trial.contrast is not None
    numbers = trial.contrast.numbers
    return (
        found is not None
        and found.estimate == numbers.estimate
        and has_precision(numbers)
        and printed_ratio(numbers) is None
    )


def _contrast(trial: TrialInput, plan: Plan, level: float) -> Cells:
    assert trial.contrast is not None
    numbers, measure = trial.contrast.numbers, plan.measure
    _symmetric(trial, numbers)
    found = contrast_of(trial, plan)
    sizes = (numbers.n, numbers.versus_n)
    if numbers.estimate is not None and is_as_reported(trial, found):
        variance, origin = _variance(trial.study, numbers, level)
        return Cells(
            {"yi": numbers.estimate, "vi": variance},
            sizes,
            f"contrast as reported, variance from {origin}",
        )
    if found is None:
        raise InvalidDataError(f"the numbers of {trial.study} give no {measure.value}")
    how = "; ".join(step.recipe for step in found.steps)
    return Cells({"yi": found.estimate, "vi": found.variance}, sizes, f"contrast converted: {how}")


def _symmetric(trial: TrialInput, numbers: ReportedNumbers) -> None:
    reason = lopsided(numbers)
    if reason is not None:
        raise InvalidDataError(f"{trial.study}: {reason}")


def _variance(of: str, numbers: ReportedNumbers, level: float) -> tuple[float, str]:
    """Return the sampling variance of an estimate and where it is from.

    Raises InvalidDataError, naming `of`, where nothing gives it.
    """
    if numbers.variance is not None:
        return numbers.variance, "its variance"
    if numbers.se is not None:
        return numbers.se**2, "its SE"
    if numbers.ci_low is None or numbers.ci_high is None:
        raise InvalidDataError(f"the estimate of {of} has no variance, SE or interval")
    level = numbers.ci_level if numbers.ci_level is not None else level
    z = float(ndtri((1 + level) / 2))
    return ((numbers.ci_high - numbers.ci_low) / (2 * z)) ** 2, f"its {level:.0%} interval (normal)"


def _total(arms: Sequence[ArmInput]) -> int:
    return sum(arm.numbers.n or 0 for arm in arms)


def _size(arms: Sequence[ArmInput]) -> int | None:
    """Return the participants of some arms; None where one of them does not say how many."""
    return None if any(arm.numbers.n is None for arm in arms) else _total(arms)


def time_of(arms: Sequence[ArmInput]) -> float:
    """Return the time at risk of some arms, in the person-years that rates are told for."""
    return sum(arm.numbers.person_years or 0.0 for arm in arms) / PERSON_YEARS


def _events(arms: Sequence[ArmInput]) -> int:
    return sum(arm.numbers.events or 0 for arm in arms)


def _column(arms: Sequence[ArmInput], name: str) -> Floats:
    return np.array([getattr(arm.numbers, name) for arm in arms], dtype=float)


def joined_estimates(
    of: str, arms: Sequence[ArmInput], level: float = DEFAULT_LEVEL
) -> tuple[float, float]:
    """Return the estimate of one side's arms and its variance; raise InvalidDataError."""
    together = combine_estimates(
        _column(arms, "n"),
        _column(arms, "estimate"),
        [_variance(of, arm.numbers, level)[0] for arm in arms],
    ).value
    return together.estimate, together.variance


class _Side(NamedTuple):
    """Mean and SD of one side, and the recipes that gave what was not reported."""

    mean: float
    sd: float
    recipes: tuple[str, ...]
    explained: float


def _joined_means(arms: Sequence[ArmInput], plan: Plan, trial: TrialInput) -> _Side:
    change = plan.scores == "change"
    standardizes = trial.adjusted or trial.clusters_analysed
    design = design_of_trial(trial, plan) if standardizes else PLAIN
    groups = [
        arm_mean_sd(
            arm.numbers,
            change=change,
            standardizes=standardizes,
            design=design,
            medians=plan.medians,
            correlation=plan.change_correlation,
        )
        for arm in arms
    ]
    known = [group for group in groups if group is not None]
    if len(known) < len(arms):
        named = ", ".join(a.arm for a, g in zip(arms, groups, strict=True) if g is None)
        raise InvalidDataError(f"the numbers of {named} give no mean and SD")
    recipes = tuple(dict.fromkeys(step.recipe for group in known for step in group.steps))
    explained = min(group.explained for group in known)
    if len(known) == 1:
        # most arms stand alone: a quarter of the time
        return _Side(known[0].mean, known[0].sd, recipes, explained)
    together = combine_arms(
        _column(arms, "n"), [group.mean for group in known], [group.sd for group in known]
    ).value
    return _Side(together.mean, together.sd, recipes, explained)
