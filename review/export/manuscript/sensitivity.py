"""What sensitivity analyses, subgroups and meta-regressions say beside the main result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from review.export.contents.moderators import INTERCEPT
from review.export.manuscript.document import (
    Reference,
    Spans,
    Term,
    filled,
    joined,
)
from review.export.manuscript.facts import Analysed
from review.export.manuscript.printer import Printer
from review.export.manuscript.scaled import SETTINGS, estimate_of, limits_of
from review.export.manuscript.sentences import capped, count
from review.formula import parse
from review.living.runs.results import ModeratorLine, VariantLine
from review.living.runs.scales import EffectScale
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.vocabulary import AnalysisKind, Variant

Numbered = tuple[int, VariantLine]

VARIANTS: Final = {
    Variant.FIXED: "a common-effect model",
    Variant.Z_TEST: "the normal interval",
    Variant.DERSIMONIAN_LAIRD: "the DerSimonian-Laird estimator {dl} with the normal interval",
    Variant.LEAVE_ONE_OUT: "leaving out one trial at a time",
    Variant.TRIM_AND_FILL: "trim and fill {trimfill}",
    Variant.PET_PEESE: "PET-PEESE {petpeese}",
    Variant.WITHOUT_INFLUENTIAL: "leaving out influential trials",
    Variant.BY_RATER: "each rater apart",
    Variant.ITT_ONLY: "intention-to-treat results only",
    Variant.LOW_RISK_ONLY: "trials at low risk of bias only",
    Variant.WITHOUT_LINKED: "trials measured by the target instrument only",
    Variant.AGGREGATED: "all results of a trial averaged into one",
    Variant.THREE_LEVEL: "all results of a trial in a three-level model with robust errors",
}
"""What a plan asks for, in words; braces name the work that is cited."""

WITH: Final = frozenset(
    {Variant.FIXED, Variant.Z_TEST, Variant.DERSIMONIAN_LAIRD, Variant.TRIM_AND_FILL}
)
"""Variants of which there is one line: the same trials, computed in another way."""

TABLE: Final = "variants"
"""The table that has every sensitivity analysis."""

MODERATORS: Final = "moderators"
"""The table that has every subgroup and coefficient."""

SHOWN: Final = 0.05
"""Two-sided level of a test of moderators."""

LEVEL: Final = "{k} = {n}{also}{estimate}{ci}"
SLOPE: Final = "{estimate}{ci}{also}{k} = {n}"


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
    alone = analysed.plan.kind is AnalysisKind.SINGLE_ARM  # nothing is concluded of a lone side
    concluded = bool(done) and not alone and not analysed.latest.notices.withheld
    found = [_held(done, differ, now, level, printer, scale)] if concluded else []
    single = [pair for pair in done if pair[1].variant == Variant.LEAVE_ONE_OUT.value]
    if single:
        found.append(_range(single, printer, scale))
    if missing:
        told = [f"{line.label} ({_why(line.note or 'no reason')})" for line in missing]
        found.append(filled("Not computed: {told}.", told=capped(told, "; ", TABLE)))
    return found


def _why(note: str) -> str:
    """Return a reason as it stands in brackets: one clause after another, no sentence."""
    return "; ".join(part[:1].lower() + part[1:] for part in note.rstrip(".").split(". "))


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
    one = len(done) == 1
    if not differ:
        return filled(
            "The conclusion (“{now}”) was the same in {all}{n}{table}.",
            now=now,
            all="the " if one else "all ",
            n=all_,
            table=Reference("table", TABLE, aside=True),
        )
    told = [
        filled(
            "“{conclusion}” {label} ({numbers})",
            conclusion=line.conclusion or "",
            label=_prefixed(line),
            numbers=_numbers(i, line, level, printer, scale, "variants"),
        )
        for i, line in differ
    ]
    shown = capped(told, "; ", TABLE)
    if one:
        return filled(
            "The {all} changed the conclusion (“{now}”): it was {told}.",
            all=all_, now=now, told=shown,
        )  # fmt: skip
    return filled(
        "Of {all}, {n} changed the conclusion (“{now}”): it was {told}.",
        all=all_,
        n=printer.counted(len(differ), "variants_that_differ", "variants"),
        now=now,
        told=shown,
    )


def _prefixed(line: VariantLine) -> str:
    """Return how another line was made: ``with a common-effect model``, ``without Hall (2009)``."""
    kind = next((v for v in WITH if v.value == line.variant), None)
    if kind is not None:
        return f"with {VARIANTS[kind].partition(' {')[0]}"
    return line.label if line.label.startswith("without ") else f"for “{line.label}”"


def _numbers(
    i: int,
    line: VariantLine,
    level: float,
    printer: Printer,
    scale: EffectScale,
    *path: str | int,
    decimals: int = 2,
    slope: bool = False,
) -> Spans:
    assert line.estimate is not None
    where = (*path, i)
    also = SETTINGS[printer.style].others  # within brackets
    ci: Spans = ()
    if line.ci:
        limits = limits_of(line.ci, scale, printer, *where, "ci", level=level, decimals=decimals)
        ci = joined([also, *limits])
    return filled(
        SLOPE if slope else LEVEL,
        also=also,
        k=Term("k"),
        n=printer.integer(line.k, *where, "k"),
        estimate=estimate_of(line.estimate, line.ci, scale, printer, *where, decimals=decimals),
        ci=ci,
    )


def _range(single: Sequence[Numbered], printer: Printer, scale: EffectScale) -> Spans:
    """Return from where to where the estimate moves when one trial is left out."""
    by_estimate = sorted(single, key=lambda pair: (scale.value(pair[1].estimate or 0.0), pair[0]))
    (low_i, low), (high_i, high) = by_estimate[0], by_estimate[-1]
    assert low.estimate is not None
    assert high.estimate is not None
    return filled(
        "Leaving out one trial at a time moved the estimate from {low} ({low_label}) to {high} "
        "({high_label}).",
        low=estimate_of(low.estimate, low.ci, scale, printer, "variants", low_i),
        low_label=low.label,
        high=estimate_of(high.estimate, high.ci, scale, printer, "variants", high_i),
        high_label=high.label,
    )


def moderator_sentences(
    analysed: Analysed, printer: Printer, instruments: Mapping[str, str]
) -> list[Spans]:
    """Return the planned subgroup analyses, each with its test, then meta-regressions together."""
    numbered = list(enumerate(analysed.latest.results.moderators))
    computed = [(i, line) for i, line in numbered if line.note is None]
    groups = [(i, line) for i, line in computed if line.kind == "subgroups"]
    slopes = [(i, line) for i, line in computed if line.kind != "subgroups"]

    def told(place: int, line: ModeratorLine) -> Spans:
        return _parts(place, line, analysed, printer, instruments)

    found = [_subgroups(place, line, printer, told(place, line)) for place, line in groups]
    for shown, words in (
        (True, "By meta-regression the effect changed with {what}."),
        (False, "By meta-regression a change of the effect was not shown with {what}."),
        (None, "By meta-regression, without a test: {what}."),
    ):
        alike = [(i, line) for i, line in slopes if _is_shown(line) is shown]
        named = [_slope(place, line, analysed, printer, told(place, line)) for place, line in alike]
        if named:
            found.append(filled(words, what=capped(named, "; ", MODERATORS)))
    missing = [f"{called_moderator(line)} ({_why(line.note)})" for _, line in numbered if line.note]
    if missing:
        found.append(filled("Not computed by {told}.", told=capped(missing, "; ", MODERATORS)))
    return [*found, *_beside(line for _, line in computed)]


def _parts(
    place: int,
    line: ModeratorLine,
    analysed: Analysed,
    printer: Printer,
    instruments: Mapping[str, str],
) -> Spans:
    """Return the levels, or coefficients, of one moderator with their numbers."""
    level, scale = analysed.plan.level, analysed.latest.scale
    groups = line.kind == "subgroups"
    told = [
        filled(
            "{label} ({numbers})" if groups else "{label} {numbers}",
            label=_level(line, part.label, instruments),
            numbers=_numbers(
                i, part, level, printer, scale, "moderators", place, "lines",
                decimals=2 if groups else scale.slope_decimals(part.estimate, part.ci),
                slope=not groups,
            ),
        )
        for i, part in enumerate(line.lines)
        if part.estimate is not None and part.label != INTERCEPT
    ]  # fmt: skip
    return capped(told, "; ", MODERATORS)


def _is_shown(line: ModeratorLine) -> bool | None:
    """Whether a test showed that the effect changes with a moderator; None without one."""
    return None if line.p is None else line.p < SHOWN


def _subgroups(place: int, line: ModeratorLine, printer: Printer, parts: Spans) -> Spans:
    if line.p is None:
        return joined([f"By {called_moderator(line)}: ", *parts, "."])
    return filled(
        "By {what}: {parts}; {verdict} ({p}).",
        what=called_moderator(line),
        parts=parts,
        verdict="the effects differed between subgroups" if _is_shown(line)
        else "a difference between subgroups was not shown",
        p=printer.p(line.p, "moderators", place, "p"),
    )  # fmt: skip


def _slope(
    place: int, line: ModeratorLine, analysed: Analysed, printer: Printer, parts: Spans
) -> Spans:
    p = printer.p(line.p, "moderators", place, "p") if line.p is not None else ()
    return filled(
        "{what} ({parts}{p}{at_mean})",
        what=called_moderator(line),
        parts=parts,
        p=joined([", ", *p]) if p else (),
        at_mean=_at_mean(place, line, analysed, printer),
    )


def _at_mean(place: int, line: ModeratorLine, analysed: Analysed, printer: Printer) -> Spans:
    """Return the effect where the moderators are at their means, which a slope alone lacks."""
    there = line.at_mean
    if there is None or there.estimate is None or there.ci is None:
        return ()
    scale, path = analysed.latest.scale, ("moderators", place, "at_mean")
    limits = limits_of(there.ci, scale, printer, *path, "ci", level=analysed.plan.level)
    return filled(
        "; at the mean, {where}, the effect was {estimate}{also}{ci}",
        where=there.label,
        estimate=estimate_of(there.estimate, there.ci, scale, printer, *path),
        also=SETTINGS[printer.style].others,
        ci=limits,
    )


def called_moderator(line: ModeratorLine) -> str:
    """Return a characteristic in words, or the formula."""
    alone = line.kind == "subgroups" or line.moderator in parse(line.moderator).names
    return in_words(line.moderator) if alone else f"the formula “{line.moderator}”"


def _beside(lines: Iterable[ModeratorLine]) -> list[Spans]:
    """Name the trials that have no value, and the categories with few trials; each thing once."""
    told: list[Spans] = []
    remarks: list[str] = []
    for line in lines:
        by_reason: dict[str, list[str]] = {}
        for item in line.without:
            by_reason.setdefault(
                item.reason.removeprefix(f"{called_moderator(line)}: "), []
            ).append(item.study)
        named = [
            filled("{studies} ({why})", studies=capped(studies), why=why)
            for why, studies in by_reason.items()
        ]
        if named:
            told.append(
                filled(
                    "Without a value of {what}: {named}.",
                    what=called_moderator(line),
                    named=capped(named, "; ", MODERATORS),
                )
            )
        remarks += line.remarks
    return [*dict.fromkeys(told), *((remark,) for remark in dict.fromkeys(remarks))]


def _level(line: ModeratorLine, label: str, instruments: Mapping[str, str]) -> str:
    if line.kind == "meta-regression":
        alone = label == line.moderator
        return "slope" if alone else f"coefficient of {label.replace('_', ' ')}"
    named = instruments if line.moderator == "instrument" else {}
    return named.get(label, value_in_words(line.moderator, label))
