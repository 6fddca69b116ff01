"""What sensitivity analyses, subgroups and meta-regressions say beside the main result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Final

from review.export.manuscript.document import Spans, Term, filled, joined, listed
from review.export.manuscript.facts import Analysed
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import estimate_of, limits_of
from review.export.manuscript.sentences import capped, count
from review.formula import parse
from review.living.runs.results import ModeratorLine, VariantLine
from review.living.runs.scales import EffectScale
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.vocabulary import Variant

Numbered = tuple[int, VariantLine]

INTERCEPT: Final = "intrcpt"
"""The term of a meta-regression that says nothing of the moderator; the table has it."""

MOST_DECIMALS: Final = 5
"""Of a slope: one of a year may be small, and no number of a text has more."""


def variant_sentences(analysed: Analysed, printer: Printer) -> list[Spans]:
    """Return whether the conclusion held in the sensitivity set, and where it did not."""
    results = analysed.latest.results
    every = list(enumerate(results.variants))
    if not every:
        return []
    done = [(i, line) for i, line in every if line.estimate is not None]
    missing = [line for _, line in every if line.estimate is None]
    now = results.headline.conclusion.value
    differ = [(i, line) for i, line in done if line.conclusion != now]
    level = analysed.plan.level
    scale = analysed.latest.scale
    concluded = bool(done) and not analysed.latest.notices.withheld
    found = [_held(done, differ, now, level, printer, scale)] if concluded else []
    single = [pair for pair in done if pair[1].variant == Variant.LEAVE_ONE_OUT.value]
    if single:
        found.append(_range(single, printer, scale))
    if missing:
        told = [f"{line.label} ({_why(line.note or 'no reason')})" for line in missing]
        found.append((f"Not computed: {capped(told, '; ')}.",))
    return found


def _why(note: str) -> str:
    """Return a reason as it stands in brackets."""
    return note[:1].lower() + note[1:].rstrip(".")


def _held(
    done: Sequence[Numbered],
    differ: Sequence[Numbered],
    now: str,
    level: float,
    printer: Printer,
    scale: EffectScale,
) -> Spans:
    all_ = count(
        printer.counted(len(done), "variants_computed", "variants"),
        "sensitivity analysis",
        "sensitivity analyses",
    )
    if not differ:
        return filled("The conclusion (“{now}”) was the same in {n}.", now=now, n=all_)
    told = [
        filled(
            "“{conclusion}” {label} ({numbers})",
            conclusion=line.conclusion or "",
            label=_prefixed(line.label),
            numbers=_numbers(i, line, level, printer, scale, "variants"),
        )
        for i, line in differ
    ]
    return filled(
        "Of {all}, {n} changed the conclusion (“{now}”): it was {told}.",
        all=all_,
        n=printer.counted(len(differ), "variants_that_differ", "variants"),
        now=now,
        told=listed(told, comma="; "),
    )


def _prefixed(label: str) -> str:
    return label if label.startswith("without ") else f"with {label}"


def _numbers(
    i: int,
    line: VariantLine,
    level: float,
    printer: Printer,
    scale: EffectScale,
    *path: str | int,
    decimals: int = 2,
) -> Spans:
    assert line.estimate is not None
    where = (*path, i)
    ci: Spans = ()
    if line.ci:
        limits = limits_of(line.ci, scale, printer, *where, "ci", level=level, decimals=decimals)
        ci = joined([", ", *limits])
    return filled(
        "{k} = {n}, {estimate}{ci}",
        k=Term("k"),
        n=printer.integer(line.k, *where, "k"),
        estimate=estimate_of(line.estimate, scale, printer, *where, decimals=decimals),
        ci=ci,
    )


def _decimals(line: VariantLine, scale: EffectScale) -> int:
    """Return the decimals that show two digits of a slope and of both its limits."""
    shown = [abs(scale.value(x)) for x in (line.estimate, *(line.ci or ())) if x]
    smallest = min((x for x in shown if x > 0), default=1.0)
    return min(max(2, 1 - floor(log10(smallest))), MOST_DECIMALS)


def _range(single: Sequence[Numbered], printer: Printer, scale: EffectScale) -> Spans:
    """Return from where to where the estimate moves when one trial is left out."""
    by_estimate = sorted(single, key=lambda pair: (scale.value(pair[1].estimate or 0.0), pair[0]))
    (low_i, low), (high_i, high) = by_estimate[0], by_estimate[-1]
    assert low.estimate is not None
    assert high.estimate is not None
    return filled(
        "Leaving out one trial at a time moved the estimate from {low} ({low_label}) to {high} "
        "({high_label}).",
        low=estimate_of(low.estimate, scale, printer, "variants", low_i),
        low_label=low.label,
        high=estimate_of(high.estimate, scale, printer, "variants", high_i),
        high_label=high.label,
    )


def moderator_sentences(
    analysed: Analysed, printer: Printer, instruments: Mapping[str, str]
) -> list[Spans]:
    """Return the planned subgroup analyses and meta-regressions, each with its test."""
    return [
        _moderator(place, line, analysed, printer, instruments)
        for place, line in enumerate(analysed.latest.results.moderators)
    ]


def _moderator(
    place: int,
    line: ModeratorLine,
    analysed: Analysed,
    printer: Printer,
    instruments: Mapping[str, str],
) -> Spans:
    level, scale = analysed.plan.level, analysed.latest.scale
    what = _what(line)
    if line.note is not None:
        return (f"{what}: not computed ({_why(line.note)}).{_without(line)}",)
    told = [
        filled(
            "{label} ({numbers})",
            label=_level(line, part.label, instruments),
            numbers=_numbers(
                i,
                part,
                level,
                printer,
                scale,
                "moderators",
                place,
                "lines",
                decimals=2 if line.kind == "subgroups" else _decimals(part, scale),
            ),
        )
        for i, part in enumerate(line.lines)
        if part.estimate is not None and part.label != INTERCEPT
    ]
    beside = _without(line)
    if line.p is None:
        return joined([f"{what}: ", *listed(told, comma="; "), ".", beside])
    shown = line.p < 0.05
    verdict = (
        "the effects differed between subgroups" if shown
        else "a difference between subgroups was not shown"
    ) if line.kind == "subgroups" else (
        "the effect changed with the moderator" if shown
        else "a change of the effect with the moderator was not shown"
    )  # fmt: skip
    return filled(
        "{what}: {told}; {verdict} ({p}).{beside}",
        what=what,
        told=listed(told, comma="; "),
        verdict=verdict,
        p=printer.p(line.p, "moderators", place, "p"),
        beside=beside,
    )


def _what(line: ModeratorLine) -> str:
    if line.kind == "subgroups":
        return f"By {in_words(line.moderator)}"
    alone = line.moderator in parse(line.moderator).names
    return f"Meta-regression on {in_words(line.moderator) if alone else line.moderator}"


def _without(line: ModeratorLine) -> str:
    """Name the trials that have no value, and the categories with few trials."""
    return "".join(f" {sentence}" for sentence in line.beside)


def _level(line: ModeratorLine, label: str, instruments: Mapping[str, str]) -> str:
    if line.kind == "meta-regression":
        return f"coefficient of {label.replace('_', ' ')}"
    named = instruments if line.moderator == "instrument" else {}
    return named.get(label, value_in_words(line.moderator, label))
