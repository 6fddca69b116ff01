"""What moved, in one sentence, and what a conclusion is called."""

from __future__ import annotations

from typing import NamedTuple

from review.living.reports.differences import ValueChange
from review.living.runs.concluded import WITHHELD as WITHHELD  # words of every report
from review.living.runs.concluded import conclusion_word as conclusion_word
from review.living.runs.contents import LeftOut
from review.living.runs.results import MarginReading, RunResults
from review.living.runs.scales import EffectScale
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import counted


def causes_of(
    unit: str,
    plan_changes: tuple[ValueChange, ...],
    added: tuple[str, ...],
    removed: tuple[LeftOut, ...],
    corrected: tuple[ValueChange, ...],
    sensitivity: tuple[ValueChange, ...],
    engine: tuple[ValueChange, ...],
) -> str:
    """Return in words what moved a result: the plan, trials, their values, or the engine."""
    studies = len({change.where for change in corrected})
    moved = len({change.where for change in sensitivity})
    causes = [
        text
        for text, happened in (
            ("a changed plan", plan_changes),
            (f"{counted(len(added), unit)} added", added),
            (f"{counted(len(removed), unit)} removed", removed),
            (f"{counted(studies, unit)} corrected", corrected),
            (f"{counted(moved, unit)} in or out of a sensitivity analysis", sensitivity),
        )
        if happened
    ]
    if len(causes) > 1:
        return f"{', '.join(causes[:-1])} and {causes[-1]}"
    if causes:
        return causes[0]
    return "another version of the engine" if engine else "no change of inputs"


class _Subject(NamedTuple):
    """What a sentence says was pooled."""

    unit: str
    of: str
    what: str


def subject_of(plan: Plan) -> _Subject:
    """Return what a plan pools, for a sentence."""
    if plan.kind is AnalysisKind.SINGLE_ARM:
        if plan.within_arms:
            of = " of spread" if plan.measure.facts.of_spread else ""
            return _Subject("arm", "on", f"the change{of} within {plan.intervention.label}")
        return _Subject("arm", "of", plan.intervention.label)
    if plan.kind is AnalysisKind.ASSOCIATION:
        return _Subject("arm", "on", f"the association of {plan.outcome} with {plan.predicts}")
    what = f"{plan.intervention.label} against {plan.comparator.label}"
    if plan.kind is AnalysisKind.NETWORK:
        return _Subject("trial", "in a network with", what)
    if plan.is_joint:
        return _Subject("trial", "of several outcomes of", f"{what}, {plan.outcomes[0].label}")
    if plan.random:
        return _Subject("trial", "with all results of", what)
    return _Subject("trial", "of", what)


def sentence_of(
    plan: Plan,
    scales: tuple[EffectScale, EffectScale],
    old: RunResults | None,
    new: RunResults,
    causes: str,
    *,
    concluded: bool = True,
) -> str:
    """Return what moved and by how much, as one sentence; `concluded` adds what is concluded."""
    subject, (old_scale, scale) = subject_of(plan), scales
    now, k = scale.text(new.pooled.estimate, new.pooled.ci), counted(new.pooled.k, subject.unit)
    if old is None:
        said = _conclusion_text(plan.kind, scale, new.headline) if concluded else ""
        return f"{k} {subject.of} {subject.what}: {now}{f', {said}' if said else ''}."
    was = old_scale.text(old.pooled.estimate, old.pooled.ci)
    moved = f"moved from {was} to {now}" if was != now else f"stayed at {now}"
    if old.pooled.k != new.pooled.k:
        k = f"{old.pooled.k} to {k}"
    verdict = _verdict(plan.kind, scales, old.headline, new.headline) if concluded else ""
    return f"With {causes} ({k}), {subject.what} {moved}{f'; {verdict}' if verdict else ''}."


def _conclusion_text(kind: AnalysisKind, scale: EffectScale, reading: MarginReading) -> str:
    against = "" if reading.margin is None else f" (margin {scale.margin_text(reading.margin)})"
    word = conclusion_word(kind, reading.conclusion)
    return "" if word is None else f"{word}{against}"


def _verdict(
    kind: AnalysisKind,
    scales: tuple[EffectScale, EffectScale],
    before: MarginReading,
    after: MarginReading,
) -> str:
    was = _conclusion_text(kind, scales[0], before)
    now = _conclusion_text(kind, scales[1], after)
    if not now:
        return ""
    if before.conclusion is not after.conclusion:
        return f"the conclusion changed from {was} to {now}"
    if before.margin != after.margin:
        return (
            f"the margin changed from {_margin_text(scales[0], before)} to "
            f"{_margin_text(scales[1], after)}, the conclusion is still {after.conclusion.value}"
        )
    return f"the conclusion is still {now}"


def _margin_text(scale: EffectScale, reading: MarginReading) -> str:
    return "none" if reading.margin is None else scale.margin_text(reading.margin)
