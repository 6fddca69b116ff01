"""What random effects of groups say beside the mean: a table of their variances, and sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from review.canonical import number, p_value
from review.living.reports.joint import joint_sections, robust_words
from review.living.reports.networks import network_tables_of
from review.living.reports.pages import Section
from review.living.runs.joint import stated_words
from review.living.runs.levels import LevelsLine, VarianceLine
from review.living.runs.results import RunResults
from review.living.runs.scales import EffectScale
from review.wording import counted

SMALLEST: Final = 0.0005
"""A variance that moves less rounds to the same in three decimals."""

NOT_OF_LEVELS: Final = (
    "is of one effect a study, and this takes all results with random effects of their groups; "
    "plan a contrast of one effect a study beside it"
)
"""Why a figure or a report does not speak of random effects."""


_TESTED: Final = (
    "A term is tested by what the log-likelihood loses without it; p is cautious, as a variance "
    "cannot be below zero."
)


def term_words(term: str) -> str:
    """Return whose true effects differ: ``results within studies``.

    Examples
    --------
    >>> term_words("study"), term_words("study / result"), term_words("country / study / result")
    ('study', 'result within study', 'result within study within country')
    """
    return " within ".join(reversed(term.replace("_", " ").split(" / ")))


def errors_sentence(line: LevelsLine) -> str:
    """Return what is assumed of sampling errors of one study."""
    time = (
        "" if line.phi is None else f", times {line.phi:g} to the power of the weeks between them"
    )
    shared = (
        f" {counted(line.shared, 'comparison')} share a comparator, by the sizes of the arms."
        if line.shared
        else ""
    )
    pairs = stated_words(line.stated)
    stated = f", those {pairs}" if pairs else ""
    return (
        f"Sampling errors of results of one study are assumed to correlate by {line.rho:g}{stated}"
        f"{time}."
        f"{shared}"
    )


def model_sentence(line: LevelsLine) -> str:
    """Return whose true effects differ, and what is assumed of errors."""
    named = ", ".join(term_words(one.term) for one in line.told)
    differ = f"Random effects of {named}" if named else "No random effect"
    return f"{differ}. {errors_sentence(line)}"


def variance_words(one: VarianceLine) -> str:
    """Return a variance with its share of all, or why it has none."""
    if one.sigma2 is None:
        return f"none: {one.note}"
    return f"{number(one.sigma2, 3)} (I² {number(one.i2 or 0.0, 1)}%)"


def levels_sections(results: RunResults, scale: EffectScale) -> list[Section]:
    """Return the variances of random effects, and other correlations; none of another analysis."""
    line = results.levels
    if line is None:
        return []
    size = f"{counted(line.effects, 'result')} of {counted(line.trials, 'trial')}"
    told = [
        f"{size}. {errors_sentence(line)}",
        *((_TESTED,) if line.told else ()),
        _robust(line, scale),
        *(f"{term_words(one.term)}: {one.note}." for one in line.terms if one.note is not None),
    ]
    rows = tuple(_term(one) for one in line.told)
    headers: tuple[str, ...] = ("of", "groups", "σ²", "I² (%)", "without it: chi²", "p")
    headers = headers if rows else ()
    found = [Section("Random effects", tuple(told), headers, rows)]
    if line.assumed:
        names = [term_words(one.term) for one in line.told]
        assumed = tuple(
            (
                f"{one.rho:g}",
                f"{scale.number(one.estimate, one.ci)} {scale.interval(one.ci)}",
                *(number(sigma2, 3) for sigma2 in one.sigma2),
            )
            for one in line.assumed
        )
        beside = (f"The correlation of sampling errors is assumed ({line.rho:g}); by others:",)
        headers = ("correlation", scale.shown, *(f"σ² {name}" for name in names))
        found.append(Section("Had another correlation been assumed", beside, headers, assumed))
    return found


def whole_tables_of(results: RunResults, scale: EffectScale) -> tuple[Section, ...]:
    """Return the tables of a network, several outcomes or random effects; none of another."""
    return (
        *network_tables_of(results, scale),
        *joint_sections(results, scale),
        *levels_sections(results, scale),
    )


def _robust(line: LevelsLine, scale: EffectScale) -> str:
    if line.clusters < 2:
        return "No robust interval: the groups join all results, so that none is independent."
    if line.robust is None:
        return f"No robust interval: {line.clusters} independent clusters are too few."
    told = scale.interval(line.robust.ci)
    return (
        f"With cluster-robust errors (CR2, {line.clusters} clusters) the interval is {told}, p "
        f"{robust_words(line.robust)}."
    )


def _term(one: VarianceLine) -> tuple[str, ...]:
    assert one.sigma2 is not None
    return (
        term_words(one.term),
        str(one.groups),
        number(one.sigma2, 3),
        number(one.i2 or 0.0, 1),
        "" if one.stat is None else number(one.stat),
        p_value(one.p),
    )


Pair = tuple[LevelsLine | None, LevelsLine | None]
"""Random effects before and after; None of other analyses, and before a first run."""


def _moved(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """Yield which variances moved: of what, before, after."""
    before, after = pair
    was = {one.term: one for one in before.terms} if before is not None else {}
    for one in after.terms if after is not None else ():
        old = was.get(one.term)
        if old is None:
            continue
        known = old.sigma2 is not None and one.sigma2 is not None
        near = known and abs((old.sigma2 or 0.0) - (one.sigma2 or 0.0)) < SMALLEST
        if not near and (old.sigma2, old.note) != (one.sigma2, one.note):
            yield term_words(one.term), variance_words(old), variance_words(one)


def moved_variances(pair: Pair) -> Iterator[str]:
    """Yield in a sentence which variances of random effects moved; nothing of other analyses."""
    if pair[0] is None or pair[1] is None:
        return
    rows = list(_moved(pair))
    if not rows:
        yield "No variance of a random effect moved."
        return
    told = "; ".join(f"of {name} from {was} to {now}" for name, was, now in rows)
    yield f"Variances of random effects moved: {told}."


def moved_variances_section(pair: Pair) -> list[Section]:
    """Return which variances of random effects moved; none of other analyses."""
    if pair[0] is None or pair[1] is None:
        return []
    rows = tuple(_moved(pair))
    told = () if rows else ("None moved.",)
    headers = ("σ² of", "before", "after") if rows else ()
    return [Section("Random effects", told, headers, rows)]
