"""What a row of a Cochrane review's data says, whichever of RevMan's files it comes from.

All three readers (`revman`, and the two layouts of `revman_csv`) write their rows under the column
names here: ``study``, ``comparison``, ``outcome``, ``subgroup``, ``type``, ``events_1`` and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from review.extraction.conversion import RATIOS
from review.extraction.formats.source import (
    ArmName,
    Claim,
    Content,
    Directions,
    Flag,
    Measurement,
    SourceRow,
    StudyFacts,
    Values,
    gathered,
    slug,
    whole,
    year_in,
)
from review.extraction.numbers import ReportedNumbers
from review.extraction.spelling import identity
from review.protocol.vocabulary import Rater

KEY: Final = ("study", "comparison", "outcome", "subgroup")
"""Names, never RevMan's numbers: those change when a comparison is moved."""

COUNTS: Final = ("events_1", "total_1", "events_2", "total_2")
MEANS: Final = ("mean_1", "sd_1", "mean_2", "sd_2")
SIGNED: Final = ("estimate", "o_e")
EFFECTS: Final = (*SIGNED, "se", "variance")
USED: Final = frozenset({*COUNTS, *MEANS, *EFFECTS})
COMPUTED: Final = frozenset({"weight", "effect", "effect_se", "effect_ci_low", "effect_ci_high"})
"""What RevMan computed of the numbers; a change of them is the change of those."""


def cochrane_content(
    rows: Sequence[SourceRow], directions: Directions, _before: object = None
) -> Content:
    """Return the results of RevMan rows: means and events of each arm, else ready contrasts.

    Every outcome of a comparison is an outcome here, its own instrument with it. Which way is
    better is what `directions` say, else the labels below the forest plot. A trial that one
    outcome holds in several subgroups has arms named after them, of one treatment.
    """
    flags: list[Flag] = []
    names = _names(rows)
    often = Counter((row.cells["study"], *_outcome(row)) for row in rows)
    claims: list[Claim] = []
    for row in rows:
        split = often[row.cells["study"], *_outcome(row)] > 1
        name = names[_outcome(row)]
        claims += _claims(row, name, directions.of_outcome(name), flags, split=split)
    return gathered(claims, flags)


def _outcome(row: SourceRow) -> tuple[str, str]:
    return row.cells.get("comparison", ""), row.cells.get("outcome", "")


def _names(rows: Sequence[SourceRow]) -> dict[tuple[str, str], str]:
    """Return a slug for each outcome; those of one name are told apart by their comparison."""
    outcomes = list(dict.fromkeys(_outcome(row) for row in rows))
    short = Counter(slug(outcome) for _, outcome in outcomes)
    return {
        (comparison, outcome): slug(outcome)
        if short[slug(outcome)] == 1
        else f"{slug(outcome, at_most=30)}-{slug(comparison, at_most=29)}"
        for comparison, outcome in outcomes
    }


def _claims(
    row: SourceRow, name: str, better: bool | None, flags: list[Flag], *, split: bool
) -> list[Claim]:
    comparison, outcome = _outcome(row)
    if better is None:
        better = _direction(row)
    measurement = Measurement(name, outcome or comparison, name, outcome or comparison, better)
    arms = _arms(row, split=split)
    found: list[tuple[ArmName, ArmName | None, Values]] = [
        (arm, None, values)
        for number, arm in zip("12", arms, strict=True)
        if (values := _of_arm(row, number, flags)) is not None
    ]
    if not found:
        found = [(arms[0], arms[1], _contrast(row, flags))]
    year = row.number("year")
    study = StudyFacts(
        label=row.cells["study"],
        year=int(year)
        if year is not None and 1800 <= year <= 2200
        else year_in(row.cells["study"]),
        citation=row.text("citation"),
        doi=row.text("doi"),
    )
    return [
        Claim(row, study, measurement, arm, versus, Rater.NOT_REPORTED, "post", values)
        for arm, versus, values in found
    ]


def _arms(row: SourceRow, *, split: bool) -> tuple[ArmName, ArmName]:
    one = row.text("label_1") or "Experimental"
    two = row.text("label_2") or "Control"
    if identity(one) == identity(two):
        one, two = f"{one} [1]", f"{two} [2]"
    part = row.text("subgroup") if split else None
    return tuple(  # type: ignore[return-value]
        ArmName(f"{label}, {part}" if part else label, label) for label in (one, two)
    )


def _direction(row: SourceRow) -> bool | None:
    """Return whether higher is better by the labels of the plot; None where they do not say.

    The left label names who is favoured by a smaller effect (Cochrane Handbook, chapter 10).
    """
    left, right = (identity(row.cells.get(f"graph_{side}", "")) for side in "12")
    one, two = (identity(row.cells.get(f"label_{side}", "")) for side in "12")
    ours = [word for word in (one, "experimental", "treatment", "intervention") if word]
    theirs = [word for word in (two, "control", "placebo", "comparator") if word]
    lower = any(word in left for word in ours) or any(word in right for word in theirs)
    higher = any(word in left for word in theirs) or any(word in right for word in ours)
    return None if lower == higher else higher


def _of_arm(row: SourceRow, arm: str, flags: list[Flag]) -> Values | None:
    total = _persons(row, f"total_{arm}", flags)
    if row.cells.get("type") == "DICH":
        events = row.number(f"events_{arm}")
        if events is None or (row.number("o_e") or 0) != 0:
            return None
        if whole(events, least=0) is None or (total is not None and events > total):
            reason = "not a possible number of events; it stays with the row and is not used"
            flags.append(_flag(row, "events_impossible", f"events_{arm}", reason))
            return None
        return Values(ReportedNumbers(n=total, events=int(events)))
    mean, sd = row.number(f"mean_{arm}"), row.number(f"sd_{arm}")
    if row.cells.get("type") != "CONT" or mean is None or total is None:
        return None
    # RevMan writes 0 for an SD that was not given; such a trial is "not estimable" there.
    known = sd if sd is not None and sd > 0 else None
    return Values(ReportedNumbers(n=total, mean=mean, sd=known))


def _persons(row: SourceRow, column: str, flags: list[Flag]) -> int | None:
    number = row.number(column)
    if number is None or number == 0:
        return None
    if whole(number) is None:
        reason = "not a whole number of persons; it stays with the row and is not used"
        flags.append(_flag(row, "not_whole", column, reason))
        return None
    return int(number)


def _contrast(row: SourceRow, flags: list[Flag]) -> Values:
    sizes = [_persons(row, f"total_{arm}", flags) for arm in "12"]
    estimate, se, variance = row.number("estimate"), row.number("se"), None
    metric = (row.text("measure") or "").upper() or None
    if metric in RATIOS:
        metric = f"log {metric}"  # RevMan keeps ready ratios as logarithms, with the SE of these
    excess, spread = row.number("o_e"), row.number("variance")
    if excess is not None and spread is not None and spread > 0:
        # Peto's one-step estimate of one trial (Yusuf et al. 1985).
        estimate, se, variance, metric = excess / spread, None, 1 / spread, "PETO"
    if se is not None and se <= 0:
        flags.append(_flag(row, "se_not_positive", "se", "a standard error must be above zero"))
        se = None
    metric = metric if estimate is not None else None
    return Values(ReportedNumbers(
        n=sizes[0], versus_n=sizes[1], estimate=estimate, se=se, variance=variance, metric=metric,
    ))  # fmt: skip


def _flag(row: SourceRow, kind: str, column: str, reason: str) -> Flag:
    return Flag(kind, row.cells["study"], row.line, column, reason, new=row.cells.get(column))
