"""What the analysis behind a result did, from what is entered of study and result. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from review.extraction.conversion import (
    OF_CHANGE,
    PLAIN,
    Clusters,
    Design,
    Step,
    pooled_sd,
)
from review.extraction.evidence import Evidence
from review.extraction.vocabulary import Level, Randomised

NO_COVARIATES: Final = frozenset({"", "none", "no", "-"})


_OF_THEIR_OWN: Final = frozenset({Randomised.CLUSTER, Randomised.CROSSOVER})


def is_adjusted(item: Evidence) -> bool:
    """Whether a result is adjusted: as it says, or because it names covariates."""
    if item.numbers.adjusted is not None:
        return item.numbers.adjusted
    return (item.covariates or "").strip().casefold() not in NO_COVARIATES


def design_of(
    item: Evidence,
    *,
    icc: float | None = None,
    crossover_correlation: float | None = None,
    change: bool = False,
) -> Design:
    """Return the design behind a result.

    Parameters
    ----------
    item
        The result with its study.
    icc, crossover_correlation
        What a plan assumes where the study does not report its own.
    change
        Whether the plan pools change from baseline.
    """
    study = item.design
    adjusted = bool(item.numbers.adjusted) if item.covariates is None else is_adjusted(item)
    if not adjusted and study.randomised not in _OF_THEIR_OWN:
        return OF_CHANGE if change else PLAIN  # nearly all results, and quickly
    clusters = None
    if study.randomised is Randomised.CLUSTER and item.clusters_analysed:
        clusters = Clusters(study.cluster_size, study.icc if study.icc is not None else icc)
    return Design(
        adjusted=adjusted,
        clusters=clusters,
        paired=study.randomised is Randomised.CROSSOVER and item.level is Level.CONTRAST,
        correlation=crossover_correlation,
        change=change,
    )


def arms_of(contrast: Evidence, items: Iterable[Evidence]) -> tuple[Evidence, Evidence] | None:
    """Return the rows of a contrast's two arms that give SDs of the same scores, if both do."""
    if contrast.versus is None:
        return None
    place = _place(contrast)
    found = {
        item.arm.arm_id: item
        for item in items
        if item.level is Level.ARM
        and item.study_id == contrast.study_id
        and _place(item) == place
        and item.numbers.sd is not None
        and item.numbers.n is not None
    }
    one, other = found.get(contrast.arm.arm_id), found.get(contrast.versus.arm_id)
    return None if one is None or other is None else (one, other)


def arms_sd(contrast: Evidence, items: Iterable[Evidence]) -> Step | None:
    """Return the pooled SD of a contrast's two arms, as a step."""
    arms = arms_of(contrast, items)
    return None if arms is None else pooled_sd(*((arm.numbers.n, arm.numbers.sd) for arm in arms))


def _place(item: Evidence) -> tuple[str, str, str, str]:
    return item.instrument, item.rater, item.timepoint, item.analysis_set
