"""What each conclusion class says, as a sentence; positive favours the intervention throughout.

The words follow Piaggio et al. 2012 (JAMA 308:2594): an interval that includes zero shows neither a
difference nor its absence, and a class is told from the interval, never from p alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from review.export.manuscript.document import Number, Reference, Span, Spans, filled, joined
from review.living.runs.scales import EffectScale
from review.synthesis.noninferiority import Conclusion
from review.wording import capitalised

C = Conclusion

AGAINST_MARGIN: Final = {
    C.SUPERIOR: (
        "{one} was superior to {other}: the interval lay wholly above zero, and so above the "
        "noninferiority margin of −{margin} as well"
    ),
    C.NONINFERIOR: (
        "{one} was noninferior to {other} at the margin of {margin}: the lower limit lay above "
        "−{margin}. The interval included zero, so that neither was shown to be better"
    ),
    C.NONINFERIOR_WORSE: (
        "{one} was noninferior to {other} at the margin of {margin} and, at the same time, "
        "statistically worse: the interval lay wholly below zero but above −{margin}. A "
        "disadvantage was shown, and one as large as the margin was ruled out"
    ),
    C.INCONCLUSIVE: (
        "The result was inconclusive: the interval reached from −{margin} or below to zero or "
        "above, so that neither noninferiority of {lower_one} to {other} at the margin of {margin} "
        "nor a difference between them was shown"
    ),
    C.INCONCLUSIVE_WORSE: (
        "The result was inconclusive about noninferiority, and {lower_one} was statistically worse "
        "than {other}: the interval lay wholly below zero and reached −{margin} or below. A "
        "disadvantage was shown; whether it is smaller than the margin of {margin} was not"
    ),
    C.INFERIOR: (
        "{one} was inferior to {other}: the interval lay wholly below the margin of −{margin}"
    ),
}
"""With a noninferiority margin."""

RATIO_AGAINST_MARGIN: Final = {
    C.SUPERIOR: (
        "{one} was superior to {other}: the interval lay wholly {better} 1, and so on the better "
        "side of the noninferiority margin of {margin} as well"
    ),
    C.NONINFERIOR: (
        "{one} was noninferior to {other} at the margin of {margin}: the {limit} limit lay "
        "{better} {margin}. The interval included 1, so that neither was shown to be better"
    ),
    C.NONINFERIOR_WORSE: (
        "{one} was noninferior to {other} at the margin of {margin} and, at the same time, "
        "statistically worse: the interval lay wholly {worse} 1 but {better} {margin}. A "
        "disadvantage was shown, and one as large as the margin was ruled out"
    ),
    C.INCONCLUSIVE: (
        "The result was inconclusive: the interval reached from the margin of {margin} or beyond "
        "to 1 or {better}, so that neither noninferiority of {lower_one} to {other} nor a "
        "difference between them was shown"
    ),
    C.INCONCLUSIVE_WORSE: (
        "The result was inconclusive about noninferiority, and {lower_one} was statistically worse "
        "than {other}: the interval lay wholly {worse} 1 and reached {margin} or beyond. A "
        "disadvantage was shown; whether it is smaller than the margin of {margin} was not"
    ),
    C.INFERIOR: (
        "{one} was inferior to {other}: the interval lay wholly {worse} the margin of {margin}"
    ),
}
"""The same of ratios as measured: where lower is better, better is below 1."""

AGAINST_ZERO: Final = {
    C.SUPERIOR: "The result favoured {lower_one} over {other}: the interval lay wholly above zero",
    C.INCONCLUSIVE: (
        "The result was inconclusive: the interval included zero, so that a difference between "
        "{lower_one} and {other} was not shown in either direction; nor does this show that they "
        "are alike"
    ),
    C.INFERIOR: "The result favoured {other} over {lower_one}: the interval lay wholly below zero",
}
"""Without a margin; the other classes need one."""

RATIO_AGAINST_ONE: Final = {
    C.SUPERIOR: "The result favoured {lower_one} over {other}: the interval lay wholly {better} 1",
    C.INCONCLUSIVE: (
        "The result was inconclusive: the interval included 1, so that a difference between "
        "{lower_one} and {other} was not shown in either direction; nor does this show that they "
        "are alike"
    ),
    C.INFERIOR: "The result favoured {other} over {lower_one}: the interval lay wholly {worse} 1",
}

OF_ASSOCIATION: Final = {
    C.SUPERIOR: "The association was positive: the interval lay wholly above zero",
    C.INCONCLUSIVE: (
        "The interval included zero, so that an association was not shown in either direction; nor "
        "does this show that there is none"
    ),
    C.INFERIOR: "The association was negative: the interval lay wholly below zero",
}


@dataclass(frozen=True, slots=True)
class ComparedSides:
    """The two sides of a comparison as sentences name them."""

    one: str
    other: str

    @property
    def capital(self) -> str:
        """The first side at the beginning of a sentence, which no numeral begins."""
        return f"The side “{self.one}”" if self.one[:1].isdigit() else capitalised(self.one)


def class_sentence(
    conclusion: Conclusion,
    sides: ComparedSides,
    margin: Number | None,
    scale: EffectScale | None = None,
) -> Spans:
    """Return what an interval of this class says, as a full sentence or two.

    Raises KeyError for a class that needs a margin where there is none.
    """
    ratio = scale is not None and scale.as_ratio
    templates = AGAINST_ZERO if margin is None else AGAINST_MARGIN
    if ratio:
        templates = RATIO_AGAINST_ONE if margin is None else RATIO_AGAINST_MARGIN
    better = scale.better if scale is not None else "above"
    return filled(
        templates[conclusion] + ".",
        one=sides.capital,
        lower_one=sides.one,
        other=sides.other,
        margin=margin or "",
        **(
            {
                "better": better,
                "worse": "above" if better == "below" else "below",
                "limit": "upper" if better == "below" else "lower",
            }
            if ratio
            else {}
        ),
    )


def association_sentence(conclusion: Conclusion) -> Spans:
    """Return what an interval says of an association."""
    return (OF_ASSOCIATION[conclusion] + ".",)


BANDS: Final = (
    (0.0, 40.0, "perhaps unimportant"),
    (30.0, 60.0, "moderate"),
    (50.0, 90.0, "substantial"),
    (75.0, 100.0, "considerable"),
)
"""I² in per cent, Cochrane Handbook, section 10.10.2: the bands overlap on purpose."""


def heterogeneity_words(i2: float) -> str:
    """Return the Handbook's words for an I², two where its bands overlap.

    Examples
    --------
    >>> heterogeneity_words(78.6)
    'substantial to considerable'
    >>> heterogeneity_words(95.0)
    'considerable'
    """
    return " to ".join(word for low, high, word in BANDS if low <= i2 <= high)


def prediction_words(
    pi: tuple[float, float], margin: float | None, scale: EffectScale | None = None
) -> str:
    """Return what a prediction interval says beyond the confidence interval."""
    low, high = pi
    if scale is not None and scale.as_ratio:
        worse = "above" if scale.better == "below" else "below"
        if low > 0:
            return f"wholly {scale.better} 1"
        if high < 0:
            return f"wholly {worse} 1"
        if margin is None:
            return "which includes 1"
        within = low > -margin
        return (
            "which includes 1 and stays on the better side of the margin"
            if within
            else "which includes 1 and reaches the margin or beyond"
        )
    if low > 0:
        return "wholly above zero"
    if high < 0:
        return "wholly below zero"
    if margin is None:
        return "which includes zero"
    if low > -margin:
        return "which includes zero and lies above the margin"
    return "which includes zero and reaches the margin or beyond"


def count(n: Number, one: str, many: str | None = None) -> Spans:
    """Return ``1 trial`` or ``11 trials``, the number live."""
    return (n, f" {one if n.value == 1 else many or one + 's'}")


def words(items: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


MOST_NAMED: Final = 12
"""Trials that a sentence names; the tables and files have the rest."""


def capped(items: Sequence[str | Spans], comma: str = ", ", table: str | None = None) -> Spans:
    """Return a list as a sentence says it: ``a, b and c``, or twelve of them ``and 31 more``.

    Items with commas of their own are set apart by ``comma="; "``. Where not all are named, the
    table that has the others is.

    Examples
    --------
    >>> capped(["a", "b"]), capped([str(n) for n in range(1, 44)])[0][-14:]
    (('a and b',), '12 and 31 more')
    """
    shown: list[Spans] = [(i,) if isinstance(i, str) else i for i in items[:MOST_NAMED]]
    rest = len(items) - len(shown)
    if rest > 0:
        there: Spans = (Reference("table", table, aside=True),) if table else ()
        shown.append((f"{rest} more", *there))
    last = " and " if comma == ", " else f"{comma}and "
    made: list[Span] = []
    for place, item in enumerate(shown):
        between = last if place == len(shown) - 1 else comma
        made += [between if place else "", *item]
    return joined(made)
