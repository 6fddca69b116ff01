"""What a planned posterior says beside the pooled line: of one run, and what moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from review.canonical import decimals_for, interval, number
from review.living.reports.pages import Section
from review.living.runs.posterior import PosteriorLine
from review.living.runs.scales import EffectScale

HEADING = "Posterior by Bayes, beside the planned estimate"

LEAST = 0.001
"""Smallest probability, and distance from 1, that is told as a number."""


def priors_words(line: PosteriorLine) -> str:
    """Return what a posterior assumed, as a sentence."""
    return (
        f"Assumed beforehand: between-trial SD τ {line.of_tau}, mean effect {line.of_mean}. "
        "Looking repeatedly does not invalidate a posterior probability, but it does not limit how "
        "often a claim is wrong."
    )


def probability(value: float) -> str:
    """Return a probability for print, never one that is not certain as 0 or 1.

    Examples
    --------
    >>> probability(0.97512), probability(0.99998), probability(2e-7)
    ('0.975', '>0.999', '<0.001')
    """
    if value > 1 - LEAST:
        return f">{1 - LEAST:g}"
    return f"<{LEAST:g}" if value < LEAST else f"{value:.3f}"


def event(margin: float | None, scale: EffectScale, *, new: bool = False) -> str:
    """Return ``P(mean effect > -0.50)``, of ratios ``P(RR < 1.35)``: no worse than a margin."""
    what = scale.shown if scale.as_ratio else "effect" if new else "mean effect"
    sign = "<" if scale.as_ratio and scale.sign < 0 else ">"
    bound = scale.number(-margin) if margin is not None else f"{scale.none:g}"
    return f"P({what}{' in a new trial' if new else ''} {sign} {bound.replace('−', '-')})"


def posterior_section(line: PosteriorLine | None, scale: EffectScale) -> list[Section]:
    """Return the posterior of a run; nothing where its plan asks for none."""
    if line is None:
        return []
    if line.note is not None:
        return [Section(HEADING, (f"No posterior: {line.note}.",))]
    rows = tuple((name, *cells) for name, cells in _rows(line, scale))
    read_as = (scale.read_as,) if scale.natural is not None else ()
    headers = ("", scale.shown, "interval", *read_as)
    return [Section(HEADING, (priors_words(line),), headers, rows)]


def _rows(line: PosteriorLine, scale: EffectScale) -> Iterator[tuple[str, tuple[str, ...]]]:
    assert line.ci is not None
    assert line.pi is not None
    blank = ("",) if scale.natural is not None else ()
    ends = scale.back(line.pi)
    new = () if ends is None else (interval(ends, decimals_for(ends)),)

    own = (scale.beside(line.median, line.ci),) if blank else ()
    yield (
        "mean effect (median)",
        (scale.number(line.median, line.ci), scale.interval(line.ci), *own),
    )
    yield "effect in a new trial", ("", scale.interval(line.pi), *new)
    of_tau = "τ (median)" if not scale.as_ratio else "τ of the logarithm (median)"
    yield of_tau, (number(line.tau, 3), interval(line.tau_ci, 3), *blank)
    for chance in line.chances:
        yield event(chance.margin, scale), (probability(chance.mean), "", *blank)
        yield event(chance.margin, scale, new=True), (probability(chance.new), "", *blank)


@dataclass(frozen=True, slots=True)
class MovedPosterior:
    """The posterior before and after; None of runs without."""

    before: PosteriorLine | None
    after: PosteriorLine | None


NO_POSTERIORS = MovedPosterior(None, None)


def moved_posterior(pair: MovedPosterior, scales: tuple[EffectScale, EffectScale]) -> list[str]:
    """Return a sentence of what the posterior was and is, where both runs have one that differs."""
    was, now = pair.before, pair.after
    if was is None or now is None or was == now:
        return []
    told = f"By Bayes, {_said(now, scales[1])}; before: {_said(was, scales[0])}."
    return [told]


def _said(line: PosteriorLine, scale: EffectScale) -> str:
    if line.note is not None or line.ci is None or line.median is None:
        return f"no posterior ({line.note})"
    chances = "".join(
        f", {event(chance.margin, scale)} {_equals(chance.mean)}" for chance in line.chances
    )
    return f"the mean effect {scale.text(line.median, line.ci)}, τ {number(line.tau, 3)}{chances}"


def _equals(value: float) -> str:
    told = probability(value)
    return told if told[0] in "<>" else f"= {told}"


def moved_posterior_section(
    pair: MovedPosterior, scales: tuple[EffectScale, EffectScale]
) -> list[Section]:
    """Return the posterior before and after as a table; nothing where the newer run has none."""
    if pair.after is None:
        return []
    now = _cells(pair.after, scales[1])
    if pair.after.note is not None:
        return [Section(HEADING, (f"No posterior: {pair.after.note}.",))]
    told: tuple[str, ...] = (priors_words(pair.after),)
    if pair.before is None:
        return [Section(HEADING, told, ("", "now"), tuple(now.items()))]
    was = _cells(pair.before, scales[0])
    rows = tuple((name, was.get(name, ""), now.get(name, "")) for name in now | was)
    if pair.before.priors != pair.after.priors:
        told += (f"Before: τ {pair.before.of_tau}, mean effect {pair.before.of_mean}.",)
    return [Section(HEADING, told, ("", "before", "after"), rows)]


def _cells(line: PosteriorLine, scale: EffectScale) -> dict[str, str]:
    """Return each row in one cell; nothing where there are no numbers."""
    if line.note is not None:
        return {}
    found = {}
    for name, (estimate, limits, *back) in _rows(line, scale):
        beside = f" ({scale.read_as} {back[0]})" if back and back[0] else ""
        found[name] = f"{estimate} {limits}{beside}".strip()
    return found
