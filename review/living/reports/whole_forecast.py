"""What the next trial could do to a network, or to a model of several outcomes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from review.errors import ReviewError
from review.living.estimates import jointly, networks
from review.living.reports.forecast import (
    WANTED,
    Elsewhere,
    Firmness,
    Outlook,
    next_trials,
    sizes_of,
    variance_by_size,
)
from review.living.runs.numbers import all_numbers
from review.living.runs.results import Snapshot
from review.protocol.parts import SequentialRules
from review.synthesis import Test, evpi
from review.synthesis.multivariate import OutcomesAhead
from review.synthesis.network import NetworkAhead
from review.synthesis.noninferiority import SHOWN

_NOT_FRAGILE: Final = {
    False: "Fragility is of independent trials of one comparison; of a network it is not measured.",
    True: "Fragility is of independent trials of one outcome; of several it is not measured.",
}
"""Why it is not told how few trials carry the conclusion, by whether several outcomes are taken."""

_OUTCOMES_STAY: Final = (
    "After the next trial variances and correlations of true effects are taken as they are "
    "estimated now."
)


_OF_LEVELS: Final = (
    "The next trial is not forecast, nor fragility measured, with random effects of groups: plan a "
    "contrast of one effect a study beside it."
)


def whole_firmness(of: Snapshot) -> Firmness:
    """Forecast the next trial of what a network or a model of several outcomes decides on.

    With random effects of groups none is forecast, and a note says so.
    """
    if of[1].levels is not None:
        return Firmness(None, None, (_OF_LEVELS,))
    notes = [_NOT_FRAGILE[of[0].plan.is_joint]]
    ahead = whole_outlook(of, notes)
    return Firmness(None, ahead, tuple(notes))


def whole_outlook(of: Snapshot, notes: list[str], *, sized: bool = True) -> Outlook | None:
    """Forecast the next trial; None, and a note, where that cannot be done.

    Of a network it is a trial of the two treatments that decide, of several outcomes one that has
    the deciding outcome alone. `sized` also seeks the size of a trial that would probably show the
    claim.
    """
    if of[1].levels is not None:
        notes.append(_OF_LEVELS)
        return None
    try:
        return _outlook(of, notes, sized=sized)
    except ReviewError as error:
        notes.append(f"The next trial is not forecast: {error}")
        return None


def _outlook(of: Snapshot, notes: list[str], *, sized: bool) -> Outlook:
    results, plan = of[1], of[0].plan
    ahead: NetworkAhead | OutcomesAhead
    if results.joint is None:
        sides = (plan.intervention.label, plan.comparator.label)
        trials = list(networks.kept_studies(*of).values())
        ahead = NetworkAhead(networks.fit_studies(plan, trials), *sides)
        called, data = " against ".join(sides), all_numbers(*of)
    else:
        called = results.joint.deciding.label
        outcomes = list(jointly.kept_studies(*of).values())
        ahead = OutcomesAhead(jointly.fit_studies(plan, outcomes).model, called)
        data = all_numbers(*of, measured=called)
        notes.append(_OUTCOMES_STAY)
    precision = variance_by_size(data, notes)
    sizes = sizes_of(data, precision)
    found = ahead.forecast([variance for _, _, variance in sizes], margin=plan.margin)
    shown, needed = found.now in SHOWN, None
    if sized and precision is not None and not shown:
        needed = ahead.size(precision, margin=plan.margin, probability=WANTED)
    middle = len(sizes) // 2
    others = (
        _pairs(ahead, of, *sizes[middle])
        if isinstance(ahead, NetworkAhead)
        else _outcomes(ahead, of, middle)
    )
    return Outlook(
        trials=next_trials(found, sizes),
        claim="superiority" if plan.margin is None else "noninferiority",
        shown=shown,
        needed_per_arm=needed,
        fewest_trials=None,
        power=1 - SequentialRules().beta,
        test=Test(plan.test),
        level=found.level,
        evpi=evpi(results.pooled.estimate, results.pooled.se, plan.margin or 0.0),
        called=called,
        elsewhere=tuple(sorted(others, key=lambda one: one.left)),
    )


def _pairs(
    ahead: NetworkAhead, of: Snapshot, size: str, _: int | None, variance: float
) -> Iterator[Elsewhere]:
    """Yield a trial of each pair, the pairs as the run orders their sides."""
    line = of[1].network
    assert line is not None
    for c in line.comparisons:
        band = ahead.predictive(*c.pair).interval(variance, ahead.fitted.level)
        left = ahead.left_by(*c.pair, variance)
        yield Elsewhere(" against ".join(c.pair), size, band, left)


def _outcomes(ahead: OutcomesAhead, of: Snapshot, place: int) -> Iterator[Elsewhere]:
    """Yield a trial of each outcome alone, the variance by what its own trials tell."""
    for outcome in ahead.fitted.terms:
        data = all_numbers(*of, measured=outcome)
        size, _, variance = sizes_of(data, variance_by_size(data, []))[place]
        band = ahead.predictive(outcome).interval(variance, ahead.fitted.level)
        yield Elsewhere(outcome, size, band, ahead.left_by(outcome, variance))
