"""What was chosen of a study, as a run keeps it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from review.extraction.conversion import is_eta_squared
from review.extraction.evidence import Evidence, towards
from review.extraction.vocabulary import Randomised
from review.living.inputs.candidates import Candidate, ignores_clusters, used
from review.living.inputs.characteristics import characteristics_of, one_value
from review.living.inputs.reasons import SelectionError
from review.living.runs.contents import ArmInput, Characteristic, Source, TrialInput
from review.protocol.rules import Plan

Joined: TypeAlias = Literal["aggregate", "split", "covariance"]


def arm_input(item: Evidence) -> ArmInput:
    """Return a result as a run keeps it: its numbers and its source."""
    return _arm_input(item if item.facts is None else item._replace(facts=None))


@lru_cache(maxsize=4096)  # the same results enter several analyses, and variants of each
def _arm_input(item: Evidence) -> ArmInput:
    x = item.numbers
    statistic = any(value is not None for value in (x.f, x.p, x.t, x.p_below))
    pointing = towards(item) if statistic or is_eta_squared(x) else None
    return ArmInput(
        arm=item.arm.label,
        numbers=x if pointing is None else x._replace(towards=pointing),
        source=Source(
            result_id=item.result_id,
            entry_kind=item.entry_kind,
            report=item.report,
            page=item.page,
        ),
    )


def trial_from(plan: Plan, candidate: Candidate) -> TrialInput:
    """Return a candidate as a run keeps it; raise SelectionError where its direction is missing."""
    if candidate.contrasts:
        return together([trial_from(plan, part) for part in candidate.contrasts], "covariance")
    several = len(candidate.intervention) > 1
    if several and plan.several_arms != "combine":
        share = 1 / len(candidate.intervention) if plan.several_arms == "split" else 1.0
        parts = [
            trial_from(plan, Candidate((item,), candidate.comparator)).model_copy(
                update={"comparator_share": share}
            )
            for item in candidate.intervention
        ]
        return together(parts, plan.several_arms)
    first = candidate.contrast or candidate.intervention[0]
    if first.higher_is_better is None:
        raise SelectionError(
            f"instrument {first.instrument_name} does not say whether higher is better; "
            "without that its results cannot be pooled"
        )
    design = first.design
    depends = used(plan, candidate)
    in_clusters = design.randomised is Randomised.CLUSTER
    clustered = in_clusters and ("clusters" in depends or ignores_clusters(plan, first))
    return TrialInput(
        study_id=first.study_id,
        study=first.study,
        year=first.year,
        instrument=first.instrument,
        higher_is_better=first.higher_is_better,
        rater=first.rater.value,
        timepoint=first.timepoint,
        analysis_set=first.analysis_set.value,
        intervention=tuple(arm_input(item) for item in candidate.intervention),
        comparator=tuple(arm_input(item) for item in candidate.comparator),
        contrast=arm_input(candidate.contrast) if candidate.contrast else None,
        contrast_reversed=candidate.reversed,
        cluster_size=design.cluster_size if clustered else None,
        icc=(design.icc if design.icc is not None else plan.icc) if clustered else None,
        crossover="paired" in depends
        or (design.randomised is Randomised.CROSSOVER and candidate.contrast is None),
        adjusted="adjusted" in depends,
        clusters_analysed="clusters" in depends,
        spread=tuple(arm_input(item) for item in candidate.spread),
        characteristics=characteristics_of(
            plan,
            (*candidate.intervention, *((candidate.contrast,) if candidate.contrast else ())),
            candidate.comparator,
        ),
    )


def together(parts: Sequence[TrialInput], how: Joined) -> TrialInput:
    """Return one input of several comparisons; its arms are named by what they are about."""
    first = parts[0]

    def named(part: TrialInput, item: ArmInput) -> ArmInput:
        about = f"{part.instrument}, {part.rater}, {part.timepoint}, {part.analysis_set}"
        return item.model_copy(update={"arm": f"{item.arm} ({about})"})

    if how == "aggregate":
        intervention = [named(part, item) for part in parts for item in part.intervention]
        comparator = [named(part, item) for part in parts for item in part.comparator]
    else:
        intervention = [item for part in parts for item in part.intervention]
        comparator = list(first.comparator)
    return first.model_copy(
        update={
            "intervention": tuple(intervention),
            "comparator": tuple(comparator),
            "contrast": next((part.contrast for part in parts if part.contrast), None),
            "parts": tuple(parts),
            "joined": how,
            "characteristics": tuple(_of_parts(parts, c) for c in first.characteristics),
        }
    )


def _of_parts(parts: Sequence[TrialInput], one: Characteristic) -> Characteristic:
    """Return the value that all parts of a trial have; else why there is none."""
    values = [part.characteristic(one.name) for part in parts]
    told = next((p.because(one.name) for p in parts if p.characteristic(one.name) is None), None)
    found = one_value(one.name, values, "comparisons or results")
    return found if told is None or any(values) else found.model_copy(update={"because": told})
