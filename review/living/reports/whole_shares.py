"""Why the result of a model of whole trials moved: shares, and signals. Pure.

Networks, several outcomes, and counts that a model of their own pools.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from review.arrays import Bools, Floats
from review.living.estimates.refits import KeptStudy, kept_studies, refit
from review.living.reports.shares import ANOTHER_MODEL, BY_PLAN, Share, Shares, SignalTold
from review.living.runs.contents import RunInputs
from review.living.runs.results import PooledLine, RunResults, Snapshot
from review.measures import MIXED, AnalysisKind
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis import SignalThresholds
from review.synthesis.attribution import shapley_values
from review.synthesis.signals import SignalKind, moved

MOST_EVENTS: Final = 8
"""Each subset of what happened is a fit of the whole: 256 of a network take a second."""

MOST_OF_SEARCHED: Final = 5
"""The same of mixed models of counts and of several outcomes, each fit a search of a tenth of a
second: 32 of them."""

NOT_DIVIDED: Final = "The change is not divided among trials: "


class _Happened(NamedTuple):
    """One event of a change: what it is called, its kind, and the trial after it."""

    what: str
    kind: str
    study: int | None
    after: KeptStudy | None


def _events(before: Snapshot, after: Snapshot) -> list[_Happened]:
    """Return what happened to the trials, and to the model, in order of entry."""
    old, old_results = before
    current, new_results = after
    was, now = kept_studies(old, old_results), kept_studies(current, new_results)
    names = {trial.study_id: trial.study for trial in (*old.trials, *current.trials)}
    replanned = old.plan.content != current.plan.content
    regrouped = old.plan.random != current.plan.random or old.plan.phi != current.plan.phi
    found = []
    if _model(old.plan) != _model(current.plan):
        found.append(_Happened(ANOTHER_MODEL, ANOTHER_MODEL, None, None))
    for study in sorted(was.keys() & now.keys()):
        if was[study] != now[study]:
            other = type(was[study]) is not type(now[study])  # by a plan of another kind
            same = replanned and (other or _reported(old, study) == _reported(current, study))
            by_plan = ANOTHER_MODEL if regrouped or other else BY_PLAN
            what, kind = (by_plan,) * 2 if same else (f"{names[study]} corrected", "corrected")
            found.append(_Happened(what, kind, study, now[study]))
    gone = [
        _Happened(f"{names[study]} removed", "removed", study, None)
        for study in sorted(was.keys() - now.keys())
    ]
    new = [
        _Happened(f"{names[study]} added", "added", study, now[study])
        for study in sorted(now.keys() - was.keys())
    ]
    return [*found, *gone, *new]


def _reported(inputs: RunInputs, study: int) -> list[dict[str, object]]:
    """What a study reported, as far as its effects depend on it."""
    return [trial.computed_from for trial in inputs.trials if trial.study_id == study]


def _model(plan: Plan) -> tuple[object, ...]:
    sides = (plan.intervention.label, plan.comparator.label)
    joint = (plan.structure, plan.outcomes) if plan.is_joint else ()
    levels = (plan.random, plan.phi) if plan.random else ()
    errors = (plan.rho, plan.correlations) if plan.of_several else ()
    return (plan.method, plan.test, plan.level, *sides, *joint, *levels, *errors)


def whole_shares(before: Snapshot, after: Snapshot, notes: list[str]) -> Shares | None:
    """Divide the change of what is decided on among what happened (Shapley values).

    Where more happened than can be told apart, what is alike shares. A note says where nothing can
    be divided.
    """
    (old, old_results), (new, _) = before, after
    if old.plan.level != new.plan.level or _deciding(old.plan) != _deciding(new.plan):
        notes.append("The plan decides on something else, or by another level: not divided.")
        return None
    events = _events(before, after)
    if not events:
        return None
    slow = new.plan.is_joint or new.plan.random or old.plan.random
    searched = slow or {old.plan.method, new.plan.method} & MIXED.keys()
    names, groups = _grouped(events, MOST_OF_SEARCHED if searched else MOST_EVENTS)
    base = kept_studies(old, old_results)
    plans = (old.plan, new.plan)

    @cache
    def value(applied: tuple[bool, ...]) -> Floats | None:
        studies, plan = dict(base), plans[0]
        for event, group in zip(events, groups, strict=True):
            if not applied[group]:
                continue
            if event.study is None:
                plan = plans[1]
            elif event.after is None:
                del studies[event.study]
            else:
                studies[event.study] = event.after
        found = refit(plan, list(studies.values()))
        if found is None:
            return None
        return np.array([found.estimate, *found.ci, found.tau2 or 0.0])

    def values(applied: Bools) -> Floats:
        found = [value(tuple(row)) for row in applied.tolist()]
        return np.array([np.full(4, np.nan) if one is None else one for one in found])

    n = len(names)
    each = shapley_values(values, n)
    steps = values(np.tri(n + 1, n, -1, dtype=bool))
    if not np.isfinite(each).all():
        notes.append(NOT_DIVIDED + _why_not(new.plan))
        return None
    random = new.plan.method not in WITHOUT_TAU2
    total = steps[-1] - steps[0]
    return Shares(
        shares=tuple(
            _share(what, each[i], float(steps[i + 1][0] - steps[i][0]), random=random)
            for i, what in enumerate(names)
        ),
        total=_share("total", total, float(total[0]), random=random),
        data_at_old_tau2=None,
        tau2_reestimated=None,
        exact=True,
    )


def _why_not(plan: Plan) -> str:
    if plan.is_joint:
        return "some of them alone do not carry a model of several outcomes."
    if plan.random:
        return "some of them alone do not carry the random effects."
    if plan.kind is AnalysisKind.NETWORK:
        return "without some of them the network does not join the two treatments."
    return f"the counts of some of them alone give no estimate by {plan.method}."


def _deciding(plan: Plan) -> tuple[str, ...]:
    first = (plan.outcomes[0].label,) if plan.outcomes else ()
    return (plan.measure.value, plan.intervention.label, plan.comparator.label, *first)


def _grouped(events: Sequence[_Happened], most: int) -> tuple[list[str], list[int]]:
    """Return what shares are of, and which one each event belongs to."""
    each = list(dict.fromkeys(event.what for event in events))
    if len(each) <= most:
        return each, [each.index(event.what) for event in events]
    counts = Counter(event.kind for event in events)
    kinds: Mapping[str, int] = {kind: place for place, kind in enumerate(counts)}
    told = [
        next(e.what for e in events if e.kind == kind)
        if n == 1 or kind == BY_PLAN
        else f"{kind} ({n} trials)"
        for kind, n in counts.items()
    ]
    return told, [kinds[event.kind] for event in events]


def _share(what: str, q: Floats, in_order: float, *, random: bool) -> Share:
    estimate, lower, upper, tau2 = (float(part) for part in q)
    return Share(what, estimate, lower, upper, tau2 if random else None, in_order)


class _Line(NamedTuple):
    """What is decided on, as signals read it."""

    estimate: float
    se: float
    p: float
    ci: tuple[float, float]
    pi: tuple[float, float] | None
    tau2: float
    level: float


def _line(of: PooledLine) -> _Line:
    p = 1.0 if of.p is None else of.p
    return _Line(of.estimate, of.se, p, of.ci, of.pi, of.tau2 or 0.0, of.level)


def whole_signals(before: Snapshot, after: Snapshot, notes: list[str]) -> tuple[SignalTold, ...]:
    """Return the signals of a plan that what it decides on fired."""
    (old, was), (new, now) = before, after
    if _model(old.plan) != _model(new.plan):
        notes.append("The plan changed the model; signals compare results of one model.")
        return ()
    rules = SignalThresholds(**new.plan.signals.model_dump())
    fired = list(
        moved(_line(was.pooled), _line(now.pooled), margins=new.plan.margins, thresholds=rules)
    )
    told = [
        SignalTold(s.kind.value, s.value, s.threshold, s.margin, (), s.before, s.after)
        for s in fired
    ]
    return (*told, *_heavy(now, rules.weight))


def _heavy(results: RunResults, most: float) -> tuple[SignalTold, ...]:
    """Return the signal that one trial carries much of the weight, if one does."""
    shares: dict[str, float] = {}
    for effect in results.effects:
        shares[effect.study] = shares.get(effect.study, 0.0) + effect.weight
    heavy = [study for study, weight in shares.items() if weight > most]
    if not heavy or len(shares) < 2:
        return ()
    return (
        SignalTold(
            SignalKind.WEIGHT.value, max(shares.values()), most, None, tuple(heavy), None, None
        ),
    )
