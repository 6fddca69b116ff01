"""What moved between two runs of an analysis, and why. Pure: snapshots in, report out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from review.extraction.numbers import ReportedNumbers
from review.living.runs.contents import ArmInput, LeftOut, RunInputs, TrialInput
from review.living.runs.results import MarginReading, PooledLine, RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.characteristics import in_words
from review.protocol.choices import CHOICES
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.synthesis import Conclusion
from review.wording import counted, lowered

_PLAN: Final = "plan"

_PLANNED: Final = {
    "variants": "sensitivity analyses",
    "moderators": "meta-regressions",
    "where": "conditions",
    "several_arms": "several arms of a trial",
    "several_results": "several results of a trial",
    "rho": "correlation of several results",
    "icc": "intracluster correlation",
    "zero_cells": "rule for zero cells",
    "sequential": "panel of repeated looks",
    "level": "level of intervals",
    "measure": "effect measure",
    "effect": "name of the effect",
}
"""What a sentence calls a part of a plan whose own name says too little."""

_ANY: Final = frozenset(
    {"instruments", "raters", "timepoints", "analysis_sets", "delivery_mode", "treatment"}
)
"""Lists of a plan that admit anything where they are empty."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that differs: of the plan, or of a trial's inputs."""

    where: str
    """``plan``, or the study."""
    what: str
    old: str | None
    new: str | None

    @property
    def words(self) -> str:
        """What changed, as a clause: ``sensitivity analyses from none to common effect``."""
        what = _PLANNED.get(self.what, self.what) if self.where == _PLAN else self.what
        what = what.replace("_", " ")
        return f"{what} from {self.old or 'none'} to {self.new or 'none'}"


@dataclass(frozen=True, slots=True)
class ReadingChange:
    """A margin's conclusion class before and after."""

    margin: float | None
    before: MarginReading | None
    after: MarginReading | None

    @property
    def flipped(self) -> bool:
        """Whether the class changed."""
        return (
            self.before is not None
            and self.after is not None
            and self.before.conclusion is not self.after.conclusion
        )


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """Two runs of an analysis side by side, with what happened between them."""

    plan_changes: tuple[ValueChange, ...]
    added: tuple[str, ...]
    removed: tuple[LeftOut, ...]
    corrected: tuple[ValueChange, ...]
    before: PooledLine | None
    after: PooledLine
    readings: tuple[ReadingChange, ...]
    direction: str
    kind: AnalysisKind
    sentence: str
    unconcluded: str
    """The sentence without its conclusion, for where that is withheld."""
    scales: tuple[EffectScale, EffectScale]
    """What the numbers before and after are called; twice the same for a first run."""
    sensitivity: tuple[ValueChange, ...] = ()
    """Trials of both runs that entered or left a sensitivity analysis: judged anew, say."""
    engine: tuple[ValueChange, ...] = ()
    """Versions of what computed the two runs, where they differ."""
    because: tuple[str, ...] = ()
    """What people did to the inputs meanwhile, with their reasons: a direction corrected, say."""

    @property
    def flipped(self) -> bool:
        """Whether the class of any margin changed."""
        return any(reading.flipped for reading in self.readings)

    @property
    def in_brief(self) -> str:
        """In a few words, why the run was made: ``11 trials added, plan changed``."""
        if self.before is None:
            return "first run"
        counts = (
            (len(self.added), "trial added", "trials added"),
            (len(self.removed), "trial removed", "trials removed"),
            (len(self.corrected), "value corrected", "values corrected"),
        )
        told = [counted(n, one, many) for n, one, many in counts if n]
        if self.plan_changes:
            told.append("plan changed")
        return ", ".join(told) or "recomputed"


TrialUnit = tuple[int, str | None, str | None]
"""What tells a trial from the others (`TrialInput.unit`)."""


Engines = tuple[Mapping[str, str], Mapping[str, str]]
"""Engine and library versions of the run before and of the run after."""


def compare(
    before: Snapshot | None, after: Snapshot, *, engines: Engines | None = None
) -> ChangeReport:
    """Compare two runs of an analysis; `before` is None for a first run."""
    inputs, results = after
    old_inputs, old_results = before if before is not None else (None, None)
    new_trials = {t.unit: t for t in inputs.trials}
    old_trials = _paired(old_inputs.trials, new_trials) if old_inputs else {}
    reasons = {item.study: item.reason for item in inputs.left_out}
    added = tuple(t.study for i, t in new_trials.items() if i not in old_trials)
    removed = tuple(
        LeftOut(study=t.study, reason=reasons.get(t.study, "no result is left"))
        for i, t in old_trials.items()
        if i not in new_trials
    )
    asked = frozenset(old_inputs.plan.names) if old_inputs else frozenset()
    corrected = tuple(
        change
        for i, trial in new_trials.items()
        if i in old_trials and old_trials[i] is not trial
        for change in _trial_changes(old_trials[i], trial, _described(inputs.plan), asked)
    )
    plan_changes = tuple(plan_differences(old_inputs.plan, inputs.plan)) if old_inputs else ()
    sensitivity = tuple(_sensitivity_changes(old_inputs, inputs)) if old_inputs else ()
    readings = tuple(_readings(old_results, results))
    engine = tuple(_differences("engine", *engines)) if engines is not None else ()
    scales = (scale_of_run(old_inputs or inputs), scale_of_run(inputs))
    unit = _subject(inputs.plan).unit
    causes = _causes(unit, plan_changes, added, removed, corrected, sensitivity, engine)
    return ChangeReport(
        plan_changes=plan_changes,
        added=added,
        removed=removed,
        corrected=corrected,
        before=old_results.pooled if old_results else None,
        after=results.pooled,
        readings=readings,
        direction=scales[1].direction(inputs.plan),
        kind=inputs.plan.kind,
        scales=scales,
        sentence=_sentence(inputs.plan, scales, old_results, results, causes),
        unconcluded=_sentence(inputs.plan, scales, old_results, results, causes, concluded=False),
        sensitivity=sensitivity,
        engine=engine,
    )


def _paired(
    old: Sequence[TrialInput], new: Mapping[TrialUnit, TrialInput]
) -> dict[TrialUnit, TrialInput]:
    """Return the trials of the run before, each by what it is called now.

    A single arm is told from others by its name; one with the same results is the same arm.
    """
    renamed: dict[tuple[int, str | None, int], TrialUnit] = {
        (t.study_id, t.side, result): unit
        for unit, t in new.items()
        if t.side is not None
        for result in t.result_ids
    }
    found: dict[TrialUnit, TrialInput] = {}
    for trial in old:
        units = {renamed.get((trial.study_id, trial.side, r)) for r in trial.result_ids}
        now = next((u for u in units if u is not None and trial.unit not in new), trial.unit)
        found[now] = trial
    return found


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items() if part is not None)
    return str(value)


def _differences(
    where: str, old: Mapping[str, object], new: Mapping[str, object], prefix: str = ""
) -> Iterator[ValueChange]:
    for name in {**new, **old}:
        was, now = old.get(name), new.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from _differences(where, was, now, f"{prefix}{name} ")
        elif was != now:
            yield ValueChange(where, f"{prefix}{name}", _text(was), _text(now))


def _sensitivity_changes(old: RunInputs, new: RunInputs) -> Iterator[ValueChange]:
    """Yield who entered or left a sensitivity analysis that both plans have."""
    before_units = {t.unit for t in old.trials}
    both = {(t.unit, t.study) for t in new.trials if t.unit in before_units}
    before = {other.label: {t.unit for t in other.trials} for other in old.alternatives}
    for other in new.alternatives:
        if other.label in before:
            was, now = before[other.label], {t.unit for t in other.trials}
            for unit, study in sorted(both, key=lambda pair: pair[1].casefold()):
                if (unit in was) != (unit in now):
                    yield ValueChange(study, other.label, *(_in(unit in of) for of in (was, now)))


def _in(there: bool) -> str:
    return "in" if there else "not in"


def plan_differences(old: Plan, new: Plan) -> Iterator[ValueChange]:
    """Yield what differs between two plans, each value in the words of the plan's form."""
    return _differences(_PLAN, _in_words(old), _in_words(new))


def _in_words(plan: Plan) -> dict[str, object]:
    return {name: _value_words(name, value) for name, value in plan.model_dump(mode="json").items()}


def _value_words(name: str, value: object) -> object:
    if isinstance(value, dict) and name in ("intervention", "comparator"):
        return {part: _value_words(part, inner) for part, inner in value.items()}
    if isinstance(value, list):
        told = ", ".join(str(_value_words(name, one)) for one in value)
        return told or ("any" if name in _ANY else "none")
    if not isinstance(value, str):
        return value
    if name in ("subgroups", "moderators"):
        return in_words(value)
    choice = CHOICES.get(name)
    options = {option.value: option.words for option in choice.options} if choice else {}
    if value not in options:
        joined = name in ("raters", "analysis_sets", "delivery_mode")
        return value.replace("_", " ") if joined else value
    words = options[value]
    named = name == "method" or any(sign.isupper() for sign in words.split()[0][1:])
    return words if named else lowered(words)


_DESCRIBED: Final = frozenset(
    {
        "instrument",
        "higher_is_better",
        "rater",
        "timepoint",
        "analysis_set",
        "contrast_reversed",
        "cluster_size",
        "icc",
        "crossover",
        "adjusted",
        "clusters_analysed",
    }
)
"""What of a trial's input is told beside the numbers of its arms."""

_CALLED: Final = {
    "adjusted": "standardized by the SD of scores, not by the one left after adjustment",
    "clusters_analysed": "standardized by the SD without the design effect",
}
"""What is said of a trial where its column's name says too little."""


def _described(plan: Plan) -> set[str]:
    """Return what of a trial is told: its year only where a moderator takes it."""
    year = {"year"} if "year" in plan.characteristics else set()
    return {*_DESCRIBED, *year}


def _characteristics(trial: TrialInput) -> dict[str, object]:
    return {item.name: item.value for item in trial.characteristics}


def _trial_changes(
    old: TrialInput, new: TrialInput, described: set[str], asked: frozenset[str]
) -> Iterator[ValueChange]:
    """Yield what differs; what only the new plan takes, not `asked` of before, is no correction."""
    for change in _differences(
        new.study, old.model_dump(include=described), new.model_dump(include=described)
    ):
        yield replace(change, what=_CALLED.get(change.what, change.what))
    was_known = _characteristics(old)
    now_known = {name: v for name, v in _characteristics(new).items() if name in asked}
    yield from _differences(
        new.study,
        {name: was_known.get(name) for name in now_known},
        now_known,
    )
    was, now = _arms(old), _arms(new)
    labels = {item.source.result_id: item.arm for item in _items(new)}
    called = {
        item.arm: item.arm if item.arm in now else labels.get(item.source.result_id, item.arm)
        for item in _items(old)
    }
    was = {called[arm]: values for arm, values in was.items()}
    for arm in was | now:
        if arm not in now:
            yield ValueChange(new.study, f"arm {arm}", was[arm][0], None)
        elif arm not in was:
            yield ValueChange(new.study, f"arm {arm}", None, now[arm][0])
        else:
            (old_side, old_numbers), (side, numbers) = was[arm], now[arm]
            if old_side != side:
                yield ValueChange(new.study, f"arm {arm}", old_side, side)
            yield from _differences(new.study, old_numbers._asdict(), numbers._asdict(), f"{arm} ")


def _arms(trial: TrialInput) -> dict[str, tuple[str, ReportedNumbers]]:
    """Return each arm's side and numbers."""
    sides: tuple[tuple[str, tuple[ArmInput, ...]], ...] = (
        ("intervention", trial.intervention),
        ("comparator", trial.comparator),
        ("contrast", (trial.contrast,) if trial.contrast is not None else ()),
        ("SD of the contrast", trial.spread),
    )
    return {item.arm: (side, item.numbers) for side, items in sides for item in items}


def _items(trial: TrialInput) -> tuple[ArmInput, ...]:
    contrast = (trial.contrast,) if trial.contrast is not None else ()
    return (*trial.intervention, *trial.comparator, *contrast)


def _readings(old: RunResults | None, new: RunResults) -> Iterator[ReadingChange]:
    was = {reading.margin: reading for reading in old.readings} if old else {}
    now = {reading.margin: reading for reading in new.readings}
    for margin in now | was:
        yield ReadingChange(margin, was.get(margin), now.get(margin))


def _causes(
    unit: str,
    plan_changes: tuple[ValueChange, ...],
    added: tuple[str, ...],
    removed: tuple[LeftOut, ...],
    corrected: tuple[ValueChange, ...],
    sensitivity: tuple[ValueChange, ...],
    engine: tuple[ValueChange, ...],
) -> str:
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


_OF_ASSOCIATION: Final = {Conclusion.SUPERIOR: "positive", Conclusion.INFERIOR: "negative"}


WITHHELD: Final = "withheld"
"""What stands for a conclusion while a contradiction about the numbers is open."""


def conclusion_word(
    kind: AnalysisKind, conclusion: Conclusion, *, withheld: bool = False
) -> str | None:
    """Return what a conclusion is called; a single arm, which is held against nothing, has none."""
    if kind is AnalysisKind.SINGLE_ARM:
        return None
    if withheld:
        return WITHHELD
    if kind is AnalysisKind.ASSOCIATION:
        return _OF_ASSOCIATION.get(conclusion, conclusion.value)
    return conclusion.value


class _Subject(NamedTuple):
    """What a sentence says was pooled."""

    unit: str
    of: str
    what: str


def _subject(plan: Plan) -> _Subject:
    if plan.kind is AnalysisKind.SINGLE_ARM:
        return _Subject("arm", "of", plan.intervention.label)
    if plan.kind is AnalysisKind.ASSOCIATION:
        return _Subject("arm", "on", f"the association of {plan.outcome} with {plan.predicts}")
    return _Subject("trial", "of", f"{plan.intervention.label} against {plan.comparator.label}")


def _sentence(
    plan: Plan,
    scales: tuple[EffectScale, EffectScale],
    old: RunResults | None,
    new: RunResults,
    causes: str,
    *,
    concluded: bool = True,
) -> str:
    subject, (old_scale, scale) = _subject(plan), scales
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
