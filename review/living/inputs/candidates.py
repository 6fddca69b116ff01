"""What a study's results of one instrument, rater, timepoint and set give to a contrast. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from review.extraction.conversion import (
    Design,
    EstimateAndVariance,
    MeanAndSD,
    arm_lacks,
    arm_mean_sd,
    contrast_effect,
    contrast_lacks,
    events_lack,
    has_precision,
    lopsided,
    printed_ratio,
    rate_lacks,
)
from review.extraction.designs import arms_of, arms_sd, design_of, is_adjusted
from review.extraction.evidence import Evidence, towards
from review.extraction.vocabulary import Level, Randomised
from review.living.inputs.reasons import SelectionError
from review.measures import Family, Measure
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """Arms of both sides, or a contrast of them, that could enter."""

    intervention: tuple[Evidence, ...] = ()
    comparator: tuple[Evidence, ...] = ()
    contrast: Evidence | None = None
    found: EstimateAndVariance | None = None
    """The contrast's effect."""
    spread: tuple[Evidence, ...] = ()
    """The arms whose SD standardizes the contrast."""
    reversed: bool = False
    contrasts: tuple[Candidate, ...] = ()
    """Contrasts that share their comparator, whose covariance the plan takes into account."""

    @property
    def items(self) -> tuple[Evidence, ...]:
        """The results whose effect it is."""
        if self.contrasts:
            return tuple(item for part in self.contrasts for item in part.items)
        if self.contrast is not None:
            return (self.contrast,)
        return (*self.intervention, *self.comparator)


def candidate_of(plan: Plan, group: Sequence[Evidence]) -> Candidate | None:
    """Return what the results of one instrument, rater, timepoint and set give; None for nothing.

    Raises SelectionError for several contrasts in which the same persons would count twice.
    """
    arms = [item for item in group if item.level is Level.ARM and _gives(plan, item)]
    intervention = tuple(item for item in arms if plan.intervention.matches(item.arm))
    comparator = tuple(
        item for item in arms if plan.comparator.matches(item.arm) and item not in intervention
    )
    if intervention and comparator:
        return Candidate(intervention, comparator)
    contrasts = [
        found
        for item in group
        if item.level is Level.CONTRAST
        for turned in (False, True)
        if compares(plan, item, turned)
        and (found := reported_contrast(plan, item, group, turned=turned))
    ]
    if len(contrasts) > 1 and plan.several_arms == "covariance" and _one_control(contrasts):
        return Candidate(contrasts=tuple(contrasts))
    if len(contrasts) > 1:
        raise SelectionError(
            f"{group[0].study} reports {len(contrasts)} contrasts of {plan.intervention.label} "
            f"with {plan.comparator.label}; enter its arms' own numbers, so that each person "
            "counts once"
        )
    return contrasts[0] if contrasts else None


def reported_contrast(
    plan: Plan, item: Evidence, group: Sequence[Evidence], *, turned: bool
) -> Candidate | None:
    """Return what a contrast that the report gives; None where its numbers give no effect."""
    found = _effect(plan, item, group)
    if found is None:
        return None
    spread = _spread(item, found, group)
    return Candidate(contrast=item, reversed=turned, found=found, spread=spread)


def compares(plan: Plan, item: Evidence, turned: bool) -> bool:
    """Whether a contrast is of the plan's two sides, as reported or turned round."""
    assert item.versus is not None
    one, other = (item.versus, item.arm) if turned else (item.arm, item.versus)
    return plan.intervention.matches(one) and plan.comparator.matches(other)


def _one_control(candidates: Sequence[Candidate]) -> bool:
    """Whether contrasts share their comparator arm, and no intervention arm is in two."""
    controls, treated = set(), []
    for candidate in candidates:
        item = candidate.contrast
        assert item is not None
        assert item.versus is not None
        arm, other = (item.versus, item.arm) if candidate.reversed else (item.arm, item.versus)
        controls.add(other.arm_id)
        treated.append(arm.arm_id)
    return len(controls) == 1 and len(set(treated)) == len(treated)


def cluster_problem(plan: Plan, candidate: Candidate) -> str | None:
    """Return why a cluster trial's variance cannot be known, if that is so."""
    items = candidate.items
    design = items[0].design
    if design.randomised is not Randomised.CLUSTER:
        return None
    heedless = {ignores_clusters(plan, item) for item in items}
    if heedless == {False}:
        return None
    if len(heedless) > 1:
        return (
            "randomised by clusters: of some arms the SE is of an analysis by clusters, of others "
            "the numbers are not; enter them alike (clusters_analysed)"
        )
    if design.cluster_size is None:
        return "randomised by clusters, of which the mean size is not entered (cluster_size)"
    if design.icc is None and plan.icc is None:
        return "randomised by clusters: enter the study's icc, or let the plan assume one (icc)"
    return None


def ignores_clusters(plan: Plan, item: Evidence) -> bool:
    """Whether the variance that a result gives is as of independent persons.

    Means with their SDs, medians and events are, whatever the report's analysis did; a standard
    error or an interval is not where the analysis took account of clusters.
    """
    x = item.numbers
    if not item.clusters_analysed:
        return True
    if item.level is Level.CONTRAST or plan.measure is Measure.GEN:
        return False
    if plan.measure.facts.family in (Family.EVENTS, Family.RATES):
        return True
    sd = x.sd_change if plan.scores == "change" else x.sd
    return sd is not None or (x.mean is None and x.mean_change is None)


def used(plan: Plan, candidate: Candidate) -> frozenset[str]:
    """Return the parts of the design that the candidate's SD or effect depends on."""
    if candidate.found is not None:
        return candidate.found.used
    if not plan.measure.facts.standardized:
        return frozenset()
    found = [
        _arm(plan, item)
        for item in (*candidate.intervention, *candidate.comparator)
        if item.clusters_analysed or is_adjusted(item)
    ]
    return frozenset().union(*(one.used for one in found if one is not None))


def lacks(plan: Plan, item: Evidence, group: Sequence[Evidence]) -> str | None:
    """Return what a result lacks to give its part of an effect; None where it lacks nothing."""
    x = item.numbers
    if item.level is Level.CONTRAST:
        return contrast_lacks(
            x,
            plan.measure,
            towards=towards(item),
            design=_design(plan, item),
            arms_sd=arms_sd(item, group),
        )
    if item.level is not Level.ARM or _gives(plan, item):
        return None
    if plan.measure.facts.family is Family.RATES:
        return rate_lacks(x)
    if x.n is None:
        return "it needs n"
    if plan.measure.facts.family is Family.MEANS:
        return arm_lacks(
            x,
            change=plan.scores == "change",
            standardizes=plan.measure.facts.standardized,
            design=_design(plan, item),
            medians=plan.medians,
            correlation=plan.change_correlation,
        )
    if plan.measure.facts.family is Family.EVENTS:
        return events_lack(x)
    return "it needs an estimate with its variance, SE or interval"


def _gives(plan: Plan, item: Evidence) -> bool:
    """Whether an arm's result gives its part of an effect."""
    x = item.numbers
    if plan.measure.facts.family is Family.RATES:
        return rate_lacks(x) is None
    if x.n is None:
        return False
    if plan.measure.facts.family is Family.MEANS:
        return _arm(plan, item) is not None
    if plan.measure.facts.family is Family.EVENTS:
        return events_lack(x) is None
    return x.estimate is not None and has_precision(x)


def _design(plan: Plan, item: Evidence) -> Design:
    return design_of(
        item,
        icc=plan.icc,
        crossover_correlation=plan.crossover_correlation,
        change=plan.scores == "change",
    )


def _arm(plan: Plan, item: Evidence) -> MeanAndSD | None:
    return arm_mean_sd(
        item.numbers,
        change=plan.scores == "change",
        standardizes=plan.measure.facts.standardized,
        design=_design(plan, item),
        medians=plan.medians,
        correlation=plan.change_correlation,
    )


def _effect(plan: Plan, item: Evidence, group: Sequence[Evidence]) -> EstimateAndVariance | None:
    x = item.numbers
    ratio = printed_ratio(x)
    if ratio is not None and plan.measure in (ratio, Measure.GEN):
        reason = lopsided(x)
        if reason is not None:
            raise SelectionError(f"{item.study}: {reason}")
    design = _design(plan, item)
    return contrast_effect(
        x,
        plan.measure,
        towards=towards(item),
        design=design,
        arms_sd=None if design.plain else arms_sd(item, group),
    )


def _spread(
    item: Evidence, found: EstimateAndVariance, group: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    if not found.used:
        return ()
    step = arms_sd(item, group)
    return (arms_of(item, group) or ()) if step is not None and step in found.steps else ()
