"""The subsets of a run's trials as a GOSH plot."""

from __future__ import annotations

from typing import Final

from review.errors import NotFoundError
from review.export.drawings.axis import axis_label, measured, sides_of
from review.export.drawings.studies import effects_of, method_of, model_note, require
from review.figures.gosh import Gosh
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis import gosh

MOST_SUBSETS: Final = 2**17
"""All subsets up to 17 trials."""

SAMPLED: Final = 2**15
"""Subsets drawn of more trials: some 25 for each hexagon that is drawn."""


def gosh_of(
    inputs: RunInputs,
    results: RunResults,
    *,
    highlight: str | None = None,
    count: int | None = None,
    seed: int = 0,
) -> Gosh:
    """Return the GOSH plot of a run.

    Parameters
    ----------
    highlight : str or None
        A study whose subsets are told apart, or a part of its name that no other has.
    count : int or None
        Subsets to draw at random; by default all of them up to 17 trials, else 32,768.
    seed : int
        Of the draw.

    Raises
    ------
    InvalidDataError
        For fewer than three trials, or a plan that pools counts.
    NotFoundError
        If no trial, or more than one, goes by the highlighted name.
    """
    plan, line = inputs.plan, results.pooled
    method = method_of(inputs, "a GOSH plot")
    require(inputs, results, 3, "a GOSH plot")
    chosen = None if highlight is None else _position(inputs, results, highlight)
    k = len(results.effects)
    if count is None and 2**k - 1 > MOST_SUBSETS:
        count = SAMPLED
    found = gosh(*effects_of(results.effects), count=count, seed=seed, method=method)
    drawn = (
        f"All {len(found):,} subsets."
        if found.complete
        else f"{len(found):,} subsets, drawn at random with seed {seed}."
    )
    (left, right), (said, sign) = sides_of(inputs), measured(inputs)
    return Gosh(
        title=f"{plan.title}: effect and heterogeneity in subsets of trials",
        estimate=sign * found.estimate,
        I2=found.I2,
        pooled=(sign * line.estimate, line.I2),
        highlight="" if chosen is None else results.effects[chosen].study,
        highlighted=None if chosen is None else found.members(chosen),
        notation=said,
        null_line=plan.has_null,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        note=f"{model_note(results)} {drawn}",
    )


def _position(inputs: RunInputs, results: RunResults, name: str) -> int:
    names = [effect.study for effect in results.effects]
    if names.count(name) == 1:
        return names.index(name)
    near = [i for i, study in enumerate(names) if name.casefold() in study.casefold()]
    if len(near) == 1:
        return near[0]
    hint = f" (did you mean {', '.join(names[i] for i in near[:5])}?)" if near else ""
    raise NotFoundError(f"{inputs.plan.title} has no trial {name!r}{hint}")
