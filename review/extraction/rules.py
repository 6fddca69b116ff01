"""One row of an extraction table as a checked value."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from review.protocol.rules import Line, Slug
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater

NOT_REPORTED: Final = frozenset({"", "nr", "na", "n/a", "not reported"})
"""Cell contents that say: the report does not give this. Zero is a number."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().replace("−", "-")
    if text.lower() in NOT_REPORTED:
        return None
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        raise ValueError(f'"{value}" has a decimal comma; write a decimal point')
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'"{value}" is not a number; leave the cell empty when it is not reported')
    return float(text)


def _count(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise ValueError(f'"{value}" is not a whole number')
        return int(number)
    return number


def _optional(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _lower(value: Any) -> Any:
    return (
        value.strip().lower().replace(" ", "_").replace("-", "_")
        if isinstance(value, str)
        else value
    )


def _stated(value: Any) -> Any:
    lowered = _lower(value)
    return "not_reported" if lowered in (None, "", "nr", "na") else lowered


Number = Annotated[float | None, Field(allow_inf_nan=False), BeforeValidator(_number)]
Positive = Annotated[float | None, Field(gt=0, allow_inf_nan=False), BeforeValidator(_number)]
NotNegative = Annotated[float | None, Field(ge=0, allow_inf_nan=False), BeforeValidator(_number)]
Count = Annotated[int | None, Field(ge=1), BeforeValidator(_count)]
CountOrZero = Annotated[int | None, Field(ge=0), BeforeValidator(_count)]
Year = Annotated[int | None, Field(ge=1800, le=2200), BeforeValidator(_count)]
Text = Annotated[Line | None, BeforeValidator(_optional)]
Mode = Annotated[DeliveryMode | None, BeforeValidator(lambda value: _optional(_lower(value)))]

STUDY_COLUMNS: Final = (
    "study", "year", "registration", "design", "country", "population", "citation", "doi",
)  # fmt: skip
ARM_COLUMNS: Final = (
    "arm", "treatment", "delivery_mode", "n_randomised",
    "versus_arm", "versus_treatment", "versus_delivery_mode", "versus_n_randomised",
)  # fmt: skip
KEY_COLUMNS: Final = ("instrument", "rater", "timepoint", "analysis_set")
NUMBER_COLUMNS: Final = (
    "n", "versus_n", "mean", "sd", "events", "estimate", "se", "variance", "ci_low", "ci_high",
)  # fmt: skip
SOURCE_COLUMNS: Final = ("metric", "page", "quote")
COLUMNS: Final = (
    *STUDY_COLUMNS, *ARM_COLUMNS, *KEY_COLUMNS, *NUMBER_COLUMNS, *SOURCE_COLUMNS,
)  # fmt: skip


class ExtractionRow(BaseModel):
    """A study, or one result of it: of one arm, or of an arm against another (`versus_arm`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    study: Line
    year: Year = None
    registration: Text = None
    design: Text = None
    country: Text = None
    population: Text = None
    citation: Text = None
    doi: Text = None

    arm: Text = None
    treatment: Text = None
    delivery_mode: Mode = None
    n_randomised: CountOrZero = None
    versus_arm: Text = None
    versus_treatment: Text = None
    versus_delivery_mode: Mode = None
    versus_n_randomised: CountOrZero = None

    instrument: Annotated[Slug | None, BeforeValidator(_optional)] = None
    rater: Annotated[Rater, BeforeValidator(_stated)] = Rater.NOT_REPORTED
    timepoint: Annotated[Line, BeforeValidator(lambda value: _optional(value) or "post")] = "post"
    analysis_set: Annotated[AnalysisSet, BeforeValidator(_stated)] = AnalysisSet.NOT_REPORTED

    n: Count = None
    versus_n: Count = None
    mean: Number = None
    sd: NotNegative = None
    events: CountOrZero = None
    estimate: Number = None
    se: Positive = None
    variance: Positive = None
    ci_low: Number = None
    ci_high: Number = None

    metric: Text = None
    page: Text = None
    quote: Text = None

    @property
    def numbers(self) -> dict[str, float | int | None]:
        """The numbers of the row by column."""
        return {name: getattr(self, name) for name in NUMBER_COLUMNS}

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
        if self.events is not None and self.n is not None and self.events > self.n:
            raise ValueError(f"{self.events} events among {self.n} participants")
        if (self.ci_low is None) != (self.ci_high is None):
            raise ValueError("an interval needs both ci_low and ci_high")
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ValueError("ci_low is above ci_high")
        if self.n is not None and self.n_randomised is not None and self.n > self.n_randomised:
            raise ValueError(f"n {self.n} is above n_randomised {self.n_randomised}")
        return self
