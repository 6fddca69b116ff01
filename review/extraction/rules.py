"""One row of an extraction table as a checked value."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from review.extraction.vocabulary import ArmRole, Positive, Randomised, Therapists
from review.protocol.rules import Line, Slug
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.tabular.numbers import Kind

NOT_REPORTED: Final = frozenset({"", "nr", "na", "n/a", "not reported"})
"""Cell contents that say: the report does not give this. Zero is a number."""

MAX_QUOTE: Final = 10_000
"""Characters of a verbatim quote: some paragraphs, not a paper."""

MOST: Final = 2**31 - 1
"""The largest count that a column of whole numbers holds on both databases."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


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


_BOUND = re.compile(r"[<≤]\s*=?\s*(0?[.]\d+|1)")
_ZERO = re.compile(r"0?[.](0{2,})")


def _p_as_printed(given: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose p says what was printed: ``<0.001`` and ``0.000`` are bounds."""
    text = given.get("p")
    if not isinstance(text, str) or given.get("p_below") not in (None, ""):
        return given
    text = text.strip()
    bound = _BOUND.fullmatch(text)
    zero = _ZERO.fullmatch(text)
    if bound is None and zero is None:
        return given
    # 0.000 is a p that rounds to it: below half of its last digit
    below = bound.group(1) if bound else f"0.{'0' * len(zero.group(1))}5" if zero else ""
    told = f"p {text} is taken as p < {below} (p_below)"
    return {**given, "p": None, "p_below": below, "asides": (told,)}


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


def _optional(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


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


def _lower(value: Any) -> Any:
    return (
        value.strip().lower().replace(" ", "_").replace("-", "_")
        if isinstance(value, str)
        else value
    )


def _short_name(value: Any) -> Any:
    """Short names have no capitals: ``PHQ-9`` is ``phq-9``."""
    return _optional(value.strip().lower() if isinstance(value, str) else value)


def _stated(value: Any) -> Any:
    lowered = _lower(value)
    return "not_reported" if lowered in (None, "", "nr", "na") else lowered


Number = Annotated[float | None, Field(allow_inf_nan=False), BeforeValidator(_number)]
AboveZero = Annotated[float | None, Field(gt=0, allow_inf_nan=False), BeforeValidator(_number)]
NotNegative = Annotated[float | None, Field(ge=0, allow_inf_nan=False), BeforeValidator(_number)]
Correlation = Annotated[float | None, Field(ge=-1, le=1), BeforeValidator(_number)]
Probability = Annotated[float | None, Field(ge=0, le=1), BeforeValidator(_number)]
PValue = Annotated[float | None, Field(ge=0, le=1), BeforeValidator(_p_value)]
Threshold = Annotated[float | None, Field(gt=0, le=1), BeforeValidator(_number)]
RSquared = Annotated[float | None, Field(ge=0, lt=1), BeforeValidator(_number)]


def _level(value: Any) -> Any:
    number = _number(value)
    return number / 100 if isinstance(number, float) and 50 < number < 100 else number


Sides = Annotated[int | None, Field(ge=1, le=2), BeforeValidator(_count)]
Level = Annotated[float | None, Field(gt=0.5, lt=1), BeforeValidator(_level)]
Count = Annotated[int | None, Field(ge=1, le=MOST), BeforeValidator(_count)]
CountOrZero = Annotated[int | None, Field(ge=0, le=MOST), BeforeValidator(_count)]
ClusterSize = Annotated[float | None, Field(ge=1, allow_inf_nan=False), BeforeValidator(_number)]
Year = Annotated[int | None, Field(ge=1800, le=2200), BeforeValidator(_count)]
YesNo = Annotated[bool | None, BeforeValidator(_yes_or_no)]
Text = Annotated[Line | None, BeforeValidator(_optional)]
Quote = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUOTE)]
    | None,
    BeforeValidator(_optional),
]
_choice = BeforeValidator(lambda value: _optional(_lower(value)))
Mode = Annotated[DeliveryMode | None, _choice]

STUDY_FACTS: Final = (
    "year", "registration", "design", "country", "population", "randomised", "cluster_size",
    "icc", "therapists", "setting", "diagnosis", "funding",
)  # fmt: skip
ARM_FACTS: Final = (
    "treatment", "delivery_mode", "n_randomised", "role", "sessions", "therapist_training",
)  # fmt: skip
VERSUS_FACTS: Final = ("treatment", "delivery_mode", "n_randomised")
"""What a row can say of the other arm of a contrast, in columns that begin with ``versus_``."""
STUDY_COLUMNS: Final = ("study", *STUDY_FACTS, "citation", "doi")
ARM_COLUMNS: Final = ("arm", *ARM_FACTS, "versus_arm", *(f"versus_{n}" for n in VERSUS_FACTS))
KEY_COLUMNS: Final = ("instrument", "rater", "timepoint", "analysis_set", "with_instrument")
NUMBER_COLUMNS: Final = (
    "n", "versus_n", "mean", "sd", "events", "estimate", "se", "variance", "ci_low", "ci_high",
    "ci_level", "median", "q1", "q3", "minimum", "maximum", "baseline_mean", "baseline_sd",
    "mean_change", "sd_change", "correlation", "t", "f", "p", "p_below", "df1", "p_sides",
    "residual_sd", "r_squared",
)  # fmt: skip
SOURCE_COLUMNS: Final = (
    "weeks", "metric", "positive", "adjusted", "covariates", "clusters_analysed", "favours", "page",
    "quote",
)  # fmt: skip
COLUMNS: Final = (
    *STUDY_COLUMNS, *ARM_COLUMNS, *KEY_COLUMNS, *NUMBER_COLUMNS, *SOURCE_COLUMNS,
)  # fmt: skip
FORM_COLUMNS: Final = ("study_version", "arm_version", "version")
"""What an export carries, so that an import of it can tell that somebody changed the row since."""


CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    "randomised": Randomised,
    "therapists": Therapists,
    "delivery_mode": DeliveryMode,
    "versus_delivery_mode": DeliveryMode,
    "role": ArmRole,
    "rater": Rater,
    "analysis_set": AnalysisSet,
    "positive": Positive,
}
"""Built-in columns of a closed choice."""


class ExtractionRow(BaseModel):
    """A study, or one result of it: of one arm, of an arm against another, or an association."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    study: Line
    year: Year = None
    registration: Text = None
    design: Text = None
    country: Text = None
    population: Text = None
    randomised: Annotated[Randomised | None, _choice] = None
    cluster_size: ClusterSize = None
    icc: Probability = None
    therapists: Annotated[Therapists | None, _choice] = None
    setting: Text = None
    diagnosis: Text = None
    funding: Text = None
    citation: Text = None
    doi: Text = None
    study_version: Count = None

    arm: Text = None
    treatment: Text = None
    delivery_mode: Mode = None
    n_randomised: CountOrZero = None
    role: Annotated[ArmRole | None, _choice] = None
    sessions: NotNegative = None
    therapist_training: Text = None
    arm_version: Count = None
    versus_arm: Text = None
    versus_treatment: Text = None
    versus_delivery_mode: Mode = None
    versus_n_randomised: CountOrZero = None

    instrument: Annotated[Slug | None, BeforeValidator(_short_name)] = None
    rater: Annotated[Rater, BeforeValidator(_stated)] = Rater.NOT_REPORTED
    timepoint: Annotated[Line, BeforeValidator(lambda value: _optional(value) or "post")] = "post"
    analysis_set: Annotated[AnalysisSet, BeforeValidator(_stated)] = AnalysisSet.NOT_REPORTED
    with_instrument: Annotated[Slug | None, BeforeValidator(_short_name)] = None
    version: Count = None

    n: Count = None
    versus_n: Count = None
    mean: Number = None
    sd: NotNegative = None
    events: CountOrZero = None
    estimate: Number = None
    se: AboveZero = None
    variance: AboveZero = None
    ci_low: Number = None
    ci_high: Number = None
    ci_level: Level = None
    median: Number = None
    q1: Number = None
    q3: Number = None
    minimum: Number = None
    maximum: Number = None
    baseline_mean: Number = None
    baseline_sd: NotNegative = None
    mean_change: Number = None
    sd_change: NotNegative = None
    correlation: Correlation = None
    t: Number = None
    f: NotNegative = None
    p: PValue = None
    p_below: Threshold = None
    df1: Count = None
    p_sides: Sides = None
    residual_sd: NotNegative = None
    r_squared: RSquared = None

    weeks: NotNegative = None
    metric: Text = None
    positive: Annotated[Positive | None, _choice] = None
    adjusted: YesNo = None
    covariates: Text = None
    clusters_analysed: YesNo = None
    favours: Text = None
    page: Text = None
    quote: Quote = None
    not_reported: tuple[str, ...] = ()
    """Columns in which the row says in words that the report does not give the number."""
    asides: tuple[str, ...] = ()
    """What was taken otherwise than it stands in the file."""

    @property
    def numbers(self) -> dict[str, float | int | None]:
        """The numbers of the row by column."""
        return {name: getattr(self, name) for name in NUMBER_COLUMNS}

    @model_validator(mode="before")
    @classmethod
    def _keep_what_is_not_reported(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "not_reported" in given:
            return given
        given = _p_as_printed(given)
        named = sorted(
            name
            for name in NUMBER_COLUMNS
            if isinstance(given.get(name), str)
            and given[name].strip().lower() in NOT_REPORTED - {""}
        )
        return {**given, "not_reported": tuple(named)}

    @model_validator(mode="after")
    def _belongs_together(self) -> ExtractionRow:
        has_numbers = any(value is not None for value in self.numbers.values())
        if self.instrument is None and has_numbers:
            raise ValueError("numbers need an instrument; it says which way is better")
        if self.instrument is not None and self.arm is None:
            raise ValueError("a result needs the arm it is about")
        if self.versus_arm is not None and self.versus_arm == self.arm:
            raise ValueError("versus_arm is the arm itself")
        if self.versus_arm is None and self.versus_n is not None:
            raise ValueError("versus_n needs versus_arm")
        if self.positive is not None and (self.versus_arm is None or self.estimate is None):
            raise ValueError("positive says what an estimate of two arms means; there is none")
        if self.with_instrument is not None and self.versus_arm is not None:
            raise ValueError("an association (with_instrument) is not of two arms (versus_arm)")
        self._numbers_belong_together()
        return self

    def _numbers_belong_together(self) -> None:
        if self.events is not None and self.n is not None and self.events > self.n:
            raise ValueError(f"{self.events} events among {self.n} participants")
        if (self.ci_low is None) != (self.ci_high is None):
            raise ValueError("an interval needs both ci_low and ci_high")
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ValueError("ci_low is above ci_high")
        if self.p is not None and self.p_below is not None:
            raise ValueError("give p, or p_below where the report only says p < 0.05")
        if self.p_sides is not None and self.p is None and self.p_below is None:
            raise ValueError("p_sides says how p was tested; give p or p_below")
        if self.df1 is not None and self.f is None and self.estimate is None:
            raise ValueError("df1 is of an F (or eta squared); give f")
        rising = [
            (name, value)
            for name in ("minimum", "q1", "median", "q3", "maximum")
            if (value := getattr(self, name)) is not None
        ]
        for (low, smaller), (high, larger) in itertools.pairwise(rising):
            if smaller > larger:
                raise ValueError(f"{low} {smaller:g} is above {high} {larger:g}")


def kind_of(column: str) -> Kind:
    """Return what a column holds, as its type and its bounds say."""
    about = ExtractionRow.model_fields[column]
    types = set(get_args(about.annotation))
    if int in types:
        return Kind.COUNT
    if float not in types:
        return Kind.TEXT
    most = {getattr(check, "le", getattr(check, "lt", None)) for check in about.metadata}
    return Kind.SHARE if 1 in most else Kind.NUMBER
