"""The numbers that reports give: each once, with its shape, its rule and its words.

Tables, forms, evidence and runs hold `ReportedNumbers`; columns, constraints, headings and guides
are made from it. A new number is a line here, a migration and a line in docs/extract-a-trial.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, NamedTuple, get_args, get_type_hints

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic.fields import FieldInfo

from review.extraction.vocabulary import Positive
from review.protocol.frozen import Line

NOT_REPORTED: Final = frozenset({"", "nr", "na", "n/a", "not reported"})
"""Cell contents that say: the report does not give this. Zero is a number."""

MAX_QUOTE: Final = 10_000
"""Characters of a verbatim quote: some paragraphs, not a paper."""

MOST: Final = 2**31 - 1
"""The largest count that a column of whole numbers holds on both databases."""

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().replace("−", "-")
    if text.lower() in NOT_REPORTED:
        return None
    if re.fullmatch(r"[+-]?\d+(,\d+)+(\.\d*)?", text):
        raise ValueError(
            f'"{value}" has a comma; write a decimal point, and nothing between thousands'
        )
    if not _NUMBER.fullmatch(text):
        raise ValueError(
            f'"{value}" is not a number; where the report does not give it, write NR or nothing'
        )
    return float(text)


def _count(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise ValueError(f'"{value}" is not a whole number')
        return int(number)
    return number


def _p_value(value: Any) -> Any:
    if isinstance(value, str) and value.strip().startswith((">", "≥")):
        raise ValueError(
            f'"{value}" says that p is above a bound, from which no effect follows; leave p empty '
            "and enter what else the report gives"
        )
    p = _number(value)
    if isinstance(p, int | float) and p == 0:
        raise ValueError(
            "p is never 0; write it as it is printed (0.000 or <0.001), or the bound in p_below"
        )
    return p


def _level(value: Any) -> Any:
    number = _number(value)
    return number / 100 if isinstance(number, float) and 50 < number < 100 else number


def optional(value: Any) -> Any:
    """Return None for a blank cell."""
    return None if isinstance(value, str) and not value.strip() else value


def lowered(value: Any) -> Any:
    """Return the word of a closed choice: ``Face to face`` is ``face_to_face``."""
    return (
        value.strip().lower().replace(" ", "_").replace("-", "_")
        if isinstance(value, str)
        else value
    )


def _yes_or_no(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if text in NOT_REPORTED:
        return None
    if text in ("yes", "true", "1"):
        return True
    if text in ("no", "false", "0"):
        return False
    raise ValueError(f'"{value}" is neither yes nor no')


Number = Annotated[float | None, Field(allow_inf_nan=False), BeforeValidator(_number)]
AboveZero = Annotated[float | None, Field(gt=0, allow_inf_nan=False), BeforeValidator(_number)]
NotNegative = Annotated[float | None, Field(ge=0, allow_inf_nan=False), BeforeValidator(_number)]
ClusterSize = Annotated[float | None, Field(ge=1, allow_inf_nan=False), BeforeValidator(_number)]
Correlation = Annotated[float | None, Field(ge=-1, le=1), BeforeValidator(_number)]
Probability = Annotated[float | None, Field(ge=0, le=1), BeforeValidator(_number)]
PValue = Annotated[float | None, Field(ge=0, le=1), BeforeValidator(_p_value)]
Threshold = Annotated[float | None, Field(gt=0, le=1), BeforeValidator(_number)]
RSquared = Annotated[float | None, Field(ge=0, lt=1), BeforeValidator(_number)]
Level = Annotated[float | None, Field(gt=0.5, lt=1), BeforeValidator(_level)]
Count = Annotated[int | None, Field(ge=1, le=MOST), BeforeValidator(_count)]
CountOrZero = Annotated[int | None, Field(ge=0, le=MOST), BeforeValidator(_count)]
Sides = Annotated[int | None, Field(ge=1, le=2), BeforeValidator(_count)]
Year = Annotated[int | None, Field(ge=1800, le=2200), BeforeValidator(_count)]
YesNo = Annotated[bool | None, BeforeValidator(_yes_or_no)]
Text = Annotated[Line | None, BeforeValidator(optional)]
Quote = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUOTE)]
    | None,
    BeforeValidator(optional),
]
Choice: Final = BeforeValidator(lambda value: optional(lowered(value)))


class About(NamedTuple):
    """What a column means, and how print calls it."""

    words: str
    called: str = ""
    """In a sentence, where the column's name is no word of print."""
    heading: str = ""
    """Over a column, where that differs."""
    decimals: int | None = None
    """Of a column in print, where not those of other numbers."""


class ReportedNumbers(NamedTuple):
    """What a report gives for one arm, contrast or association, and what that is of.

    None is not reported, which is not zero. SDs and SEs are on the scale of the scores; of events
    and ratios `estimate` is on the scale that `metric` names.
    """

    n: Annotated[Count, About("Participants analysed (of versus_arm: versus_n)")] = None
    versus_n: Annotated[Count, About("The same of versus_arm", "n of the other arm")] = None
    mean: Annotated[Number, About("Mean score", heading="Mean")] = None
    sd: Annotated[
        NotNegative,
        About(
            "Standard deviation of scores within an arm (of a contrast: within both arms), not the "
            "standard error, and not what is left after adjustment",
            heading="SD",
        ),
    ] = None
    events: Annotated[
        CountOrZero,
        About(
            "Participants with the event; beside person_years all events, also several of a person",
            heading="Events",
        ),
    ] = None
    estimate: Annotated[
        Number,
        About("An estimate that is no mean; say in metric of what", heading="Estimate", decimals=4),
    ] = None
    se: Annotated[
        AboveZero,
        About("Standard error of the mean or of the estimate", heading="SE", decimals=4),
    ] = None
    variance: Annotated[
        AboveZero, About("Sampling variance of the estimate", heading="Variance", decimals=4)
    ] = None
    ci_low: Annotated[
        Number, About("Lower limit of the interval of the mean or estimate", "CI from", "CI low")
    ] = None
    ci_high: Annotated[Number, About("Its upper limit", "to", "CI high")] = None
    ci_level: Annotated[
        Level, About("Its level, 0.9 or 90 for a 90 % interval; 0.95 where empty", "level")
    ] = None
    median: Annotated[Number, About("Median score")] = None
    q1: Annotated[Number, About("First quartile of scores", "Q1")] = None
    q3: Annotated[Number, About("Third quartile of scores", "Q3")] = None
    minimum: Annotated[Number, About("Lowest score of the arm")] = None
    maximum: Annotated[Number, About("Highest score of the arm")] = None
    baseline_mean: Annotated[Number, About("Mean before treatment", "baseline mean")] = None
    baseline_sd: Annotated[
        NotNegative, About("Standard deviation before treatment", "baseline SD")
    ] = None
    mean_change: Annotated[Number, About("Mean change from baseline", "mean change")] = None
    sd_change: Annotated[NotNegative, About("Standard deviation of change", "SD of change")] = None
    correlation: Annotated[
        Correlation,
        About(
            "Of the two occasions, or of a crossover trial's two periods; of an adjusted result, "
            "of the outcome with its covariate",
            "correlation of occasions",
        ),
    ] = None
    t: Annotated[Number, About("Student's t of the contrast")] = None
    f: Annotated[NotNegative, About("F of the contrast", "F")] = None
    p: Annotated[PValue, About("p of the contrast")] = None
    p_below: Annotated[
        Threshold, About("Where the report only says p < 0.05: the threshold", "p below")
    ] = None
    metric: Annotated[
        Text,
        About(
            "What estimate (or t, F, p) is of: MD, MD of change, SMD, d, partial eta squared, OR "
            "(as printed), log OR, HR, r, ..."
        ),
    ] = None
    adjusted: Annotated[YesNo, About("yes if adjusted for covariates")] = None
    positive: Annotated[
        Annotated[Positive | None, Choice],
        About(
            "better where a positive estimate (a ratio above 1) means that arm did better; empty "
            "or higher where it means that arm scored higher"
        ),
    ] = None
    towards: int | None = None
    """No column: in a run, which way a statistic without a sign points (`favours`), 1 or -1."""
    df1: Annotated[
        Count,
        About("Numerator degrees of freedom of F; 1 where empty", "numerator df of F"),
    ] = None
    p_sides: Annotated[
        Sides,
        About("1 if p (or p_below) is one-sided; two-sided where empty", "sides of p"),
    ] = None
    residual_sd: Annotated[
        NotNegative,
        About(
            "The SD that is left after adjustment (root mean square error)", "SD after adjustment"
        ),
    ] = None
    r_squared: Annotated[
        RSquared,
        About(
            "Share of the outcome's variance that the covariates explain, 0 to 1",
            "R² of covariates",
        ),
    ] = None
    person_years: Annotated[
        AboveZero,
        About(
            "Time at risk of all participants together, in years (person-months / 12)",
            "person-years",
            "Person-years",
        ),
    ] = None

    @property
    def given(self) -> dict[str, float | int]:
        """The numbers that are reported, by name."""
        return {name: v for name in NUMBER_FIELDS if (v := getattr(self, name)) is not None}

    @property
    def turned(self) -> ReportedNumbers:
        """The same contrast, read from the other side."""
        return self._replace(
            n=self.versus_n,
            versus_n=self.n,
            estimate=None if self.estimate is None else -self.estimate,
            ci_low=None if self.ci_high is None else -self.ci_high,
            ci_high=None if self.ci_low is None else -self.ci_low,
        )


_HINTS: Final = get_type_hints(ReportedNumbers, include_extras=True)


def types_of(name: str) -> set[type]:
    """Return what a field may hold, ``{int, None}``."""
    return set(get_args(get_args(_HINTS[name])[0]))


ABOUT: Final[Mapping[str, About]] = {
    name: told
    for name, hint in _HINTS.items()
    for told in get_args(hint)
    if isinstance(told, About)
}
"""What is said of each reported field, in their order."""
COUNTS: Final = frozenset(name for name in ABOUT if int in types_of(name))
NUMBER_FIELDS: Final = tuple(name for name in ABOUT if name in COUNTS or float in types_of(name))
"""The fields that are numbers; the others say in words what they are of."""


def called(name: str) -> str:
    """Return what a sentence calls a number: ``SD of change``."""
    return ABOUT[name].called or name


def bounds(name: str) -> dict[str, float]:
    """Return the bounds of a field by operator: ``{">=": 0}``; those of storage left out."""
    parts = (part for part in get_args(_HINTS[name]) if isinstance(part, FieldInfo))
    return bounds_of([check for part in parts for check in part.metadata])


def bounds_of(checks: Iterable[Any]) -> dict[str, float]:
    """Return the bounds among pydantic's checks of a field, by operator."""
    operators = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return {
        sign: getattr(check, key)
        for check in checks
        for key, sign in operators.items()
        if getattr(check, key, MOST) != MOST
    }
