"""Where a result stands beside its interval: participants, and what the data leave to believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.errors import ReviewError
from review.living.runs.networks import NetworkLine
from review.living.runs.posterior import PosteriorLine
from review.living.runs.results import Effect, Snapshot
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan
from review.synthesis import posterior
from review.synthesis.bayes import DEFAULT_TAU, MuPrior


@dataclass(frozen=True, slots=True)
class Belief:
    """Posterior probability that the mean effect lies above minus a margin (None: above zero)."""

    margin: float | None
    probability: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a run has beside its pooled line."""

    participants: int
    """Of the trials that say how many they had."""
    counted: int
    """How many trials those are."""
    trials: int
    beliefs: tuple[Belief, ...]
    """Of each margin, the deciding one first, and of zero."""
    note: str
    """The priors, or why there is no posterior."""


PRIORS = (
    "P(mean effect > …) is Bayesian, computed numerically; assumed beforehand: between-trial SD τ "
    f"half-normal with scale {DEFAULT_TAU.scale:g}, mean effect normal with mean "
    f"{MuPrior().mean:g} and SD {MuPrior().sd:g}. Looking repeatedly does not invalidate it, but "
    "it does not limit how often a claim is wrong."
)


OWN = "P(mean effect > …) is Bayesian, computed numerically, by the priors that the plan states."


def posterior_of(snapshot: Snapshot) -> Posterior:
    """Return participants and posterior probabilities of a run.

    References
    ----------
    Living updating, section 6: normal-normal model, tau half-normal(0.5), mu normal(0, 1).
    """
    inputs, results = snapshot
    sizes = [n for n in map(_size, results.effects) if n is not None]
    beliefs, note = _beliefs(inputs.plan, results.effects), PRIORS
    if results.network is not None:
        return _of_network(results.network)
    if results.joint is not None or results.levels is not None:
        what = "outcomes" if results.joint is not None else "results"
        return _of_outcomes(results.effects, what)
    if results.posterior is not None:  # by the plan's own priors, told in a section of its own
        beliefs, note = _planned(results.posterior)
    elif not scale_of_run(inputs).free_of_units:
        beliefs, note = (), "No posterior: the default priors are for effects without a unit."
    elif len({effect.study_id for effect in results.effects}) < len(results.effects):
        beliefs, note = (), "No posterior: several arms of one trial enter."
    elif not beliefs:
        note = "No posterior: the model does not read these numbers."
    return Posterior(sum(sizes), len(sizes), len(results.effects), beliefs, note)


def _planned(line: PosteriorLine) -> tuple[tuple[Belief, ...], str]:
    if line.note is not None:
        return (), f"No posterior: {line.note}."
    return tuple(Belief(one.margin, one.mean) for one in line.chances), OWN


def _of_network(line: NetworkLine) -> Posterior:
    """Return the participants of a network, each counted once."""
    sizes = [t.participants for t in line.treatments]
    known = [n for n in sizes if n is not None]
    counted = line.trials if len(known) == len(sizes) else 0
    note = "No posterior: a network is no mean of independent effects."
    return Posterior(sum(known), counted, line.trials, (), note)


def _of_outcomes(effects: Sequence[Effect], what: str) -> Posterior:
    """Return the participants of several outcomes or results, each counted once in the largest."""
    largest: dict[int, int | None] = {}
    for effect in effects:
        known = [n for n in (largest.get(effect.study_id), _size(effect)) if n is not None]
        largest[effect.study_id] = max(known) if known else None
    sizes = [n for n in largest.values() if n is not None]
    note = f"No posterior: {what} of the same trials are no independent effects."
    return Posterior(sum(sizes), len(sizes), len(largest), (), note)


def _size(effect: Effect) -> int | None:
    sides = [n for n in (effect.n_intervention, effect.n_comparator) if n is not None]
    return sum(sides) if sides else None


def _beliefs(plan: Plan, effects: Sequence[Effect]) -> tuple[Belief, ...]:
    try:
        found = posterior([e.yi for e in effects], np.array([e.vi for e in effects]))
    except ReviewError:
        return ()
    return tuple(
        Belief(margin, found.probability_above(-(margin or 0.0)))
        for margin in (*plan.margins, None)
    )
