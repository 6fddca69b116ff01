"""Why a pooled result moved, with how firm it is and what the next trial could do.

Pure: two snapshots in, one explanation out. What cannot be said is said so in a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.errors import InvalidDataError
from review.living.reports.forecast import Firmness, Fragility, Outlook, firmness_of
from review.living.reports.shares import ANOTHER_MODEL, BY_PLAN, Share, Shares, SignalTold
from review.living.reports.whole_forecast import whole_firmness
from review.living.reports.whole_shares import whole_shares, whole_signals
from review.living.runs.numbers import RunNumbers, numbers_of
from review.living.runs.results import Snapshot
from review.measures import OF_COUNTS
from review.synthesis import (
    Method,
    SignalThresholds,
    attribute,
    signals,
)
from review.synthesis.attribution import Added, Edited, Event, Quantities, Removed, Settings

MOST_EVENTS: Final = 40
"""A job divides a change among so many trials at most: a second of drawn orders."""

MOST_EVENTS_ASKED: Final = 100
"""Somebody who asks for the whole report waits some seconds longer."""


Pair = tuple[Firmness | None, Firmness | None]
"""How firm the run before is, and the run after."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a change report says beyond the two results."""

    shares: Shares | None
    signals: tuple[SignalTold, ...]
    fragility_before: Fragility | None
    fragility_after: Fragility | None
    outlook: Outlook | None
    settled: bool | None
    """Whether no single next trial is likely to turn the conclusion (one of three conditions of
    retirement; the others are a conclusive confidence sequence and GRADE). None: not forecast."""
    notes: tuple[str, ...]


def explain(
    before: Snapshot | None,
    after: Snapshot,
    *,
    outlook: bool = True,
    batches: Mapping[int, str] | None = None,
    firm: Pair | None = None,
) -> Explanation:
    """Explain how a run came from the one before.

    Parameters
    ----------
    before : snapshot or None
        None for a first run: there is no change to divide, and no signal.
    outlook : bool
        Also forecast the next trial and measure fragility (a second for some 20 trials).
    batches : mapping of study id to str, optional
        When each trial entered, such as ``run 3``. Where more trials changed than can be told
        apart, those that entered together share what they did.
    firm : pair of Firmness or None, optional
        How firm the two runs are, where it was worked out already.

    Returns
    -------
    Explanation

    References
    ----------
    Living updating, sections 3.1 to 3.6.
    """
    whole = not after[1].of_one_mean or any(
        of is not None and of[0].plan.method in OF_COUNTS for of in (before, after)
    )
    if whole:
        return _of_the_whole(before, after, outlook=outlook, firm=firm)
    notes: list[str] = []
    new = numbers_of(*after, notes)
    old = numbers_of(*before, notes) if before is not None else None
    most = MOST_EVENTS_ASKED if outlook else MOST_EVENTS
    shares = (
        _shares(old, new, most, batches or {}, notes)
        if old is not None and new is not None
        else None
    )
    fired = _signals(old, new, notes) if old is not None and new is not None else ()
    if outlook and firm is None and new is not None:
        firm = (firmness_of(old) if old is not None else None, firmness_of(new))
    was, now = firm or (None, None)
    notes += (*(now.notes if now else ()), *(was.notes if was else ()))
    return Explanation(
        shares=shares,
        signals=fired,
        fragility_before=was.fragility if was else None,
        fragility_after=now.fragility if now else None,
        outlook=now.outlook if now else None,
        settled=now.settled if now else None,
        notes=tuple(dict.fromkeys(notes)),
    )


def _of_the_whole(
    before: Snapshot | None, after: Snapshot, *, outlook: bool, firm: Pair | None
) -> Explanation:
    """Explain a model of whole trials: shares of what is decided on, its signals, a next trial."""
    notes: list[str] = []
    numbers_of(*after, notes)  # which says what counts that are pooled are not
    shares: Shares | None = None
    fired: tuple[SignalTold, ...] = ()
    if before is not None:
        shares = whole_shares(before, after, notes)
        fired = whole_signals(before, after, notes)
    now = firm[1] if firm is not None else None
    if outlook and now is None and not after[1].of_one_mean:
        now = whole_firmness(after)
    notes += now.notes if now is not None else ()
    return Explanation(
        shares=shares,
        signals=fired,
        fragility_before=None,
        fragility_after=None,
        outlook=now.outlook if now is not None else None,
        settled=now.settled if now is not None else None,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True, slots=True)
class _Happened:
    """One event of a change: what it is called, and which trial it is of."""

    what: str
    study: int | None
    event: Event

    def batch(self, batches: Mapping[int, str]) -> str:
        """What it is called together with the events like it."""
        if isinstance(self.event, Added):
            when = batches.get(self.study or 0)
            return f"added by {when}" if when else "added"
        if isinstance(self.event, Settings) or self.what == BY_PLAN:
            return self.what
        return "corrected" if isinstance(self.event, Edited) else "removed"


def _events(old: RunNumbers, new: RunNumbers) -> list[_Happened]:
    """Return what happened between two runs, in order of entry: corrections, removals, trials."""
    at = {study: i for i, study in enumerate(old.ids)}
    index = {study: i for i, study in enumerate(new.ids)}
    replanned = old.plan.content != new.plan.content
    found: list[_Happened] = []
    if old.model != new.model:
        found.append(_Happened(ANOTHER_MODEL, None, Settings(*new.model)))
    for study, i in index.items():
        y, v = float(new.yi[i]), float(new.vi[i])
        if study in at and (y, v) != (old.yi[at[study]], old.vi[at[study]]):
            same = replanned and old.reported[at[study]] == new.reported[i]
            what = BY_PLAN if same else f"{new.names[i]} corrected"
            found.append(_Happened(what, study, Edited(at[study], y, v)))
    for study, i in at.items():
        if study not in index:
            found.append(_Happened(f"{old.names[i]} removed", study, Removed(i)))
    for study in sorted(index.keys() - at.keys()):
        i = index[study]
        added = Added(float(new.yi[i]), float(new.vi[i]))
        found.append(_Happened(f"{new.names[i]} added", study, added))
    return found


def _shares(
    old: RunNumbers, new: RunNumbers, most: int, batches: Mapping[int, str], notes: list[str]
) -> Shares | None:
    if old.plan.measure is not new.plan.measure:
        notes.append("The plan pools another measure: the change is not divided among trials.")
        return None
    events = _events(old, new)
    if not events:
        return None
    if old.plan.level != new.plan.level:
        notes.append("The plan changed the level, so that the limits are not divided among trials.")
        return None
    names, groups = _grouped(events, most, batches)
    if len(names) > most or (len(names) == 1 and len(events) > most):
        notes.append(f"{len(events)} trials changed at once; their shares are not told apart.")
        return None
    method, test = old.model
    try:
        found = attribute(
            old.yi,
            old.vi,
            [event.event for event in events],
            margin=new.plan.margin,
            method=method,
            test=test,
            level=old.plan.level,
            groups=groups,
        )
    except InvalidDataError as error:
        notes.append(f"The change is not divided among trials: {error}")
        return None
    random = method is not Method.EE
    return Shares(
        shares=tuple(
            _share(what, c.shapley, c.sequential.estimate, random=random)
            for what, c in zip(names, found.contributions, strict=True)
        ),
        total=_share("total", found.total, found.total.estimate, random=random),
        data_at_old_tau2=found.data_at_old_tau2 if random else None,
        tau2_reestimated=found.tau2_reestimated if random else None,
        exact=found.exact,
    )


def _grouped(
    events: Sequence[_Happened], most: int, batches: Mapping[int, str]
) -> tuple[list[str], list[int]]:
    """Return what shares are of, and which one each event belongs to: trials, else batches."""
    each = list(dict.fromkeys(event.what for event in events))
    if len(each) <= most:
        return each, [each.index(event.what) for event in events]
    named = [event.batch(batches) for event in events]
    counts = Counter(named)
    names = list(counts)
    plain = (BY_PLAN, ANOTHER_MODEL)
    told = [
        name if counts[name] == 1 or name in plain else f"{name} ({counts[name]} trials)"
        for name in names
    ]
    return told, [names.index(name) for name in named]


def _share(what: str, q: Quantities, in_order: float, *, random: bool) -> Share:
    return Share(what, q.estimate, q.lower, q.upper, q.tau2 if random else None, in_order)


def _signals(old: RunNumbers, new: RunNumbers, notes: list[str]) -> tuple[SignalTold, ...]:
    if (old.model, old.plan.level) != (new.model, new.plan.level):
        notes.append("The plan changed the model; signals compare results of one model.")
        return ()
    rules = new.plan.signals
    added = [i for i, study in enumerate(new.ids) if study not in old.ids]
    fired = signals(
        old.pooled(),
        new.pooled(),
        new.yi,
        new.vi,
        added=added,
        margins=new.plan.margins,
        thresholds=SignalThresholds(**rules.model_dump()),
    )
    return tuple(
        SignalTold(
            kind=signal.kind.value,
            value=signal.value,
            threshold=signal.threshold,
            margin=signal.margin,
            trials=tuple(new.names[i] for i in signal.trials),
            before=signal.before,
            after=signal.after,
        )
        for signal in fired
    )
