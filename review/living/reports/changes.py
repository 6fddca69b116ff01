"""What moved between two runs of an analysis, and why. Pure: snapshots in, report out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from review.extraction.numbers import ReportedNumbers
from review.living.reports.bayes import NO_POSTERIORS, MovedPosterior
from review.living.reports.differences import ValueChange, differences, plan_differences
from review.living.reports.sentence import causes_of, sentence_of, subject_of
from review.living.runs.contents import ArmInput, LeftOut, RunInputs, TrialInput
from review.living.runs.heterogeneity import HeterogeneityLine
from review.living.runs.joint import JointLine
from review.living.runs.levels import LevelsLine
from review.living.runs.networks import NetworkLine
from review.living.runs.results import MarginReading, PooledLine, RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import counted


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
    networks: tuple[NetworkLine | None, NetworkLine | None] = (None, None)
    """The networks before and after; None of other analyses, and before a first run."""
    joint: tuple[JointLine | None, JointLine | None] = (None, None)
    """Several outcomes taken together, before and after, as `networks`."""
    levels: tuple[LevelsLine | None, LevelsLine | None] = (None, None)
    """Random effects of groups, before and after, as `networks`."""
    heterogeneity: tuple[tuple[HeterogeneityLine, ...], tuple[HeterogeneityLine, ...]] = ((), ())
    """What tau² depends on, before and after."""
    posterior: MovedPosterior = NO_POSTERIORS
    """What a planned posterior says beside, before and after."""
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
    there_before = {t.study_id for t in old_trials.values() if t.side is None}
    there_now = {t.study_id for t in new_trials.values() if t.side is None}
    added = tuple(
        dict.fromkeys(
            t.study
            for i, t in new_trials.items()
            if i not in old_trials and t.study_id not in there_before
        )
    )
    gone = {
        t.study: LeftOut(study=t.study, reason=reasons.get(t.study, "no result is left"))
        for i, t in old_trials.items()
        if i not in new_trials and t.study_id not in there_now
    }
    removed = tuple(gone.values())
    asked = frozenset(old_inputs.plan.names) if old_inputs else frozenset()
    corrected = tuple(
        change
        for i, trial in new_trials.items()
        if i in old_trials and old_trials[i] is not trial
        for change in _trial_changes(old_trials[i], trial, _described(inputs.plan), asked)
    )
    corrected = tuple(
        dict.fromkeys((*corrected, *_comparisons(old_trials, new_trials, inputs.plan)))
    )
    plan_changes = tuple(plan_differences(old_inputs.plan, inputs.plan)) if old_inputs else ()
    sensitivity = tuple(_sensitivity_changes(old_inputs, inputs)) if old_inputs else ()
    readings = tuple(_readings(old_results, results))
    engine = tuple(differences("engine", *engines)) if engines is not None else ()
    scales = (scale_of_run(old_inputs or inputs), scale_of_run(inputs))
    unit = subject_of(inputs.plan).unit
    causes = causes_of(unit, plan_changes, added, removed, corrected, sensitivity, engine)
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
        sentence=sentence_of(inputs.plan, scales, old_results, results, causes),
        unconcluded=sentence_of(inputs.plan, scales, old_results, results, causes, concluded=False),
        sensitivity=sensitivity,
        engine=engine,
        networks=(old_results.network if old_results else None, results.network),
        joint=(old_results.joint if old_results else None, results.joint),
        levels=(old_results.levels if old_results else None, results.levels),
        heterogeneity=(old_results.heterogeneity if old_results else (), results.heterogeneity),
        posterior=MovedPosterior(old_results.posterior if old_results else None, results.posterior),
    )


def _comparisons(
    old: Mapping[TrialUnit, TrialInput], new: Mapping[TrialUnit, TrialInput], plan: Plan
) -> Iterator[ValueChange]:
    """Yield the comparisons, outcomes or results that trials which stay gained or lost."""
    one, other = ({t.study_id for t in of.values() if t.told_apart} for of in (old, new))
    apart = one & other  # not of a plan that took one effect before
    for here, there, is_new in ((old, new, False), (new, old, True)):
        for unit, trial in here.items():
            if unit not in there and trial.told_apart and trial.study_id in apart:
                pair = trial.told_apart
                was, now = (None, pair) if is_new else (pair, None)
                called = "result" if plan.random else "outcome"
                called = "comparison" if trial.treatments else called
                yield ValueChange(trial.study, called, was, now)


def _paired(
    old: Sequence[TrialInput], new: Mapping[TrialUnit, TrialInput]
) -> dict[TrialUnit, TrialInput]:
    """Return the trials of the run before, each by what it is called now.

    A single arm is told from others by its name, a comparison of a network by its treatments, one
    of several outcomes or results by what it is of; one with the same results is the same.
    """
    renamed: dict[tuple[int, str | None, int], TrialUnit] = {
        (t.study_id, t.side, result): unit
        for unit, t in new.items()
        if t.side is not None
        for result in t.result_ids
    }
    again = {(t.study_id, t.result_ids): unit for unit, t in new.items() if t.told_apart}
    found: dict[TrialUnit, TrialInput] = {}
    for trial in old:
        if trial.told_apart:
            same = again.get((trial.study_id, trial.result_ids), trial.unit)
            found[trial.unit if trial.unit in new else same] = trial
            continue
        units = {renamed.get((trial.study_id, trial.side, r)) for r in trial.result_ids}
        now = next((u for u in units if u is not None and trial.unit not in new), trial.unit)
        found[now] = trial
    return found


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
    for change in differences(
        new.study, old.model_dump(include=described), new.model_dump(include=described)
    ):
        yield replace(change, what=_CALLED.get(change.what, change.what))
    was_known = _characteristics(old)
    now_known = {name: v for name, v in _characteristics(new).items() if name in asked}
    yield from differences(
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
            yield from differences(new.study, old_numbers._asdict(), numbers._asdict(), f"{arm} ")


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
