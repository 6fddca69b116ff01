"""One row of an extraction table as a checked value, and all that is wrong with its cells."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from review.extraction.numbers import (
    ABOUT,
    NOT_REPORTED,
    NUMBER_FIELDS,
    About,
    Choice,
    ClusterSize,
    Count,
    CountOrZero,
    NotNegative,
    Probability,
    Quote,
    ReportedNumbers,
    Text,
    Year,
    YesNo,
    bounds,
    bounds_of,
    lowered,
    optional,
    types_of,
)
from review.extraction.vocabulary import ArmRole, Randomised, Therapists
from review.protocol.frozen import Line, Slug
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.tabular.numbers import Kind
from review.wording import plainly

_BOUND: Final = re.compile(r"[<≤]\s*=?\s*(0?[.]\d+|1)")
_ZERO: Final = re.compile(r"0?[.](0{2,})")


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


def _short_name(value: Any) -> Any:
    """Short names have no capitals: ``PHQ-9`` is ``phq-9``."""
    return optional(value.strip().lower() if isinstance(value, str) else value)


def _stated(value: Any) -> Any:
    word = lowered(value)
    return "not_reported" if word in (None, "", "nr", "na") else word


class _Cells(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True
    )


class StudyColumns(_Cells):
    """What a row can say of its study."""

    year: Annotated[Year, About("Year of the first report")] = None
    registration: Annotated[Text, About("Number in a trial registry")] = None
    design: Text = None
    country: Text = None
    population: Text = None
    randomised: Annotated[
        Annotated[Randomised | None, Choice],
        About("What was allocated: individual, cluster, crossover, not_randomised"),
    ] = None
    cluster_size: Annotated[ClusterSize, About("Mean number of participants in a cluster")] = None
    icc: Annotated[Probability, About("Intracluster correlation, as the study reports it")] = None
    therapists: Annotated[
        Annotated[Therapists | None, Choice],
        About("crossed: the same therapists in all arms; nested: each in one"),
    ] = None
    setting: Text = None
    diagnosis: Text = None
    funding: Text = None


class ArmColumns(_Cells):
    """What a row can say of its arm."""

    treatment: Annotated[Text, About("What the arm was given")] = None
    delivery_mode: Annotated[
        Annotated[DeliveryMode | None, Choice], About("How it reached the client")
    ] = None
    n_randomised: Annotated[CountOrZero, About("Participants allocated to the arm")] = None
    role: Annotated[
        Annotated[ArmRole | None, Choice],
        About("intervention, active_control, usual_care, wait_list, no_treatment, placebo"),
    ] = None
    sessions: NotNegative = None
    therapist_training: Text = None


class KeyColumns(_Cells):
    """What a result is of, beside its arms."""

    instrument: Annotated[
        Annotated[Slug | None, BeforeValidator(_short_name)],
        About("The instrument's short name (review instrument list)"),
    ] = None
    rater: Annotated[
        Annotated[Rater, BeforeValidator(_stated)],
        About("client, therapist, observer, clinician, self, not_reported"),
    ] = Rater.NOT_REPORTED
    timepoint: Annotated[
        Annotated[Line, BeforeValidator(lambda value: optional(value) or "post")],
        About("When, in words; post where empty"),
    ] = "post"
    analysis_set: Annotated[
        Annotated[AnalysisSet, BeforeValidator(_stated)],
        About("itt, completers, per_protocol, not_reported"),
    ] = AnalysisSet.NOT_REPORTED
    with_instrument: Annotated[
        Annotated[Slug | None, BeforeValidator(_short_name)],
        About("The other instrument, for an association; the estimate is then r or B"),
    ] = None


class SourceColumns(_Cells):
    """What a row says of its numbers beside `ReportedNumbers`, and where they stand."""

    weeks: Annotated[NotNegative, About("Weeks from the start of treatment")] = None
    covariates: Text = None
    clusters_analysed: Annotated[
        YesNo, About("yes if the report's analysis took account of clusters")
    ] = None
    favours: Annotated[
        Text, About("The arm that the report's words say did better, or neither")
    ] = None
    page: Annotated[Text, About("Page or table")] = None
    quote: Annotated[Quote, About("The passage, verbatim")] = None


STUDY_FACTS: Final = tuple(StudyColumns.model_fields)
ARM_FACTS: Final = tuple(ArmColumns.model_fields)
VERSUS_FACTS: Final = ("treatment", "delivery_mode", "n_randomised")
"""What a row can say of the other arm of a contrast, in columns that begin with ``versus_``."""
KEY_COLUMNS: Final = tuple(KeyColumns.model_fields)
SOURCE_COLUMNS: Final = (
    "weeks",
    "metric",
    "positive",
    "adjusted",
    *list(SourceColumns.model_fields)[1:],
)
"""The columns of a result after its numbers: what these are of, and where they stand."""
RESULT_COLUMNS: Final = (*NUMBER_FIELDS, *SOURCE_COLUMNS)
COLUMNS: Final = (
    "study", *STUDY_FACTS, "citation", "doi",
    "arm", *ARM_FACTS, "versus_arm", *(f"versus_{name}" for name in VERSUS_FACTS),
    *KEY_COLUMNS, *RESULT_COLUMNS,
)  # fmt: skip
FORM_COLUMNS: Final = ("study_version", "arm_version", "version")
"""What an export carries, so that an import of it can tell that somebody changed the row since."""

_SINCE: Final = "Leave as it is: it tells whether somebody changed the {} since"
_CELLS_ALONE: Final[Mapping[str, str]] = {"cells": "alone"}
"""Context in which a row is read without asking whether its cells go together."""


class ExtractionRow(StudyColumns, ArmColumns, KeyColumns, SourceColumns):
    """A study, or one result of it: of one arm, of an arm against another, or an association."""

    study: Annotated[Line, About("The trial's name in this review; the same on each of its rows")]
    citation: Annotated[Text, About("The report the row is from")] = None
    doi: Text = None
    arm: Annotated[Text, About("The arm's name; the same on each of its rows")] = None
    versus_arm: Annotated[
        Text, About("The other arm, for a result of a contrast (arm minus versus_arm)")
    ] = None
    versus_treatment: Text = None
    versus_delivery_mode: Annotated[DeliveryMode | None, Choice] = None
    versus_n_randomised: CountOrZero = None
    numbers: ReportedNumbers = ReportedNumbers()
    study_version: Annotated[Count, About(_SINCE.format("study"))] = None
    arm_version: Annotated[Count, About(_SINCE.format("arm"))] = None
    version: Annotated[Count, About(_SINCE.format("result"))] = None
    named: frozenset[str] = frozenset()
    """The columns of `numbers` that the table has; the others leave what is known."""
    not_reported: tuple[str, ...] = ()
    """Columns in which the row says in words that the report does not give the number."""
    asides: tuple[str, ...] = ()
    """What was taken otherwise than it stands in the file."""

    def value(self, column: str) -> Any:
        """Return what a row has in a column, wherever it keeps it."""
        return getattr(self.numbers if column in ABOUT else self, column)

    def has(self, column: str) -> bool:
        """Whether the table has the column."""
        return column in (self.named if column in ABOUT else self.model_fields_set)

    @model_validator(mode="before")
    @classmethod
    def _gather_numbers(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "numbers" in given:
            return given
        given = _p_as_printed(given)
        reported = {name: given[name] for name in ABOUT if name in given}
        words = {
            name: cell.strip().lower()
            for name in NUMBER_FIELDS
            if isinstance(cell := reported.get(name), str)
        }
        return {
            **{name: cell for name, cell in given.items() if name not in reported},
            "numbers": reported,
            "named": frozenset(reported),
            "not_reported": tuple(
                sorted(name for name, text in words.items() if text in NOT_REPORTED - {""})
            ),
        }

    @model_validator(mode="after")
    def _goes_together(self, info: ValidationInfo) -> ExtractionRow:
        if info.context is not _CELLS_ALONE and (found := [p.reason for p in clashes(self)]):
            raise ValueError("; ".join(found))
        return self


UNNAMED: Final = "?"
"""The study of a row whose own cell for it cannot be read."""


class CellProblem(NamedTuple):
    """What is wrong with a cell, or with several that do not go together."""

    fields: tuple[str, ...]
    reason: str


class BuiltRow(NamedTuple):
    """A row of the cells that can be, and all that is wrong with the others."""

    row: ExtractionRow
    problems: tuple[CellProblem, ...] = ()


def built(cells: Mapping[str, Any], *, bad: frozenset[str] = frozenset()) -> BuiltRow:
    """Return the row that cells make; of cells that cannot be, all problems with their fields.

    The one door of files, forms and pastes. Cells that go together are asked about even where
    others are wrong.

    Parameters
    ----------
    cells
        As typed, by column; what is not there is not said.
    bad
        Columns that could not be read before; they are left alone.
    """
    good = {name: cell for name, cell in cells.items() if name not in bad}
    row, problems = cells_alone(good)
    bad |= {name for problem in problems for name in problem.fields}
    problems += [clash for clash in clashes(row) if bad.isdisjoint(clash.fields)]
    return BuiltRow(row, tuple(problems))


def cells_alone(cells: Mapping[str, Any]) -> tuple[ExtractionRow, list[CellProblem]]:
    """Return the row of the cells that can be, and what is wrong with each of the others."""
    try:
        return ExtractionRow.model_validate(cells, context=_CELLS_ALONE), []
    except ValidationError as error:
        problems = [
            CellProblem((str(detail["loc"][-1]),), plainly(detail)) for detail in error.errors()
        ]
    wrong = {name for problem in problems for name in problem.fields}
    wrong |= {"p"} if "p_below" in wrong else set()
    left = {name: cell for name, cell in cells.items() if name not in wrong}
    return cells_alone({"study": UNNAMED, **left})[0], problems


def clashes(row: ExtractionRow) -> Iterator[CellProblem]:
    """Yield the cells of a row that do not go together."""
    x = row.numbers
    contrast = row.versus_arm is not None

    def clash(reason: str, *fields: str) -> CellProblem:
        return CellProblem(fields, reason)

    if row.instrument is None and x.given:
        yield clash("numbers need an instrument; it says which way is better", "instrument")
    if row.instrument is not None and row.arm is None:
        yield clash("a result needs the arm it is about", "arm")
    if contrast and row.versus_arm == row.arm:
        yield clash("versus_arm is the arm itself", "arm", "versus_arm")
    if not contrast and x.versus_n is not None:
        yield clash("versus_n needs versus_arm", "versus_n", "versus_arm")
    if x.positive is not None and (not contrast or x.estimate is None):
        reason = "positive says what an estimate of two arms means; there is none"
        yield clash(reason, "positive", "versus_arm", "estimate")
    if row.with_instrument is not None and contrast:
        reason = "an association (with_instrument) is not of two arms (versus_arm)"
        yield clash(reason, "with_instrument", "versus_arm")
    if x.events is not None and x.n is not None and x.person_years is None and x.events > x.n:
        reason = (
            f"{x.events} events among {x.n} participants; where a person may have several, enter "
            "person_years beside them"
        )
        yield clash(reason, "n", "events")
    if (x.ci_low is None) != (x.ci_high is None):
        yield clash("an interval needs both ci_low and ci_high", "ci_low", "ci_high")
    if x.ci_low is not None and x.ci_high is not None and x.ci_low > x.ci_high:
        yield clash("ci_low is above ci_high", "ci_low", "ci_high")
    if x.p is not None and x.p_below is not None:
        yield clash("give p, or p_below where the report only says p < 0.05", "p", "p_below")
    if x.p_sides is not None and x.p is None and x.p_below is None:
        yield clash("p_sides says how p was tested; give p or p_below", "p_sides", "p", "p_below")
    if x.df1 is not None and x.f is None and x.estimate is None:
        yield clash("df1 is of an F (or eta squared); give f", "df1", "f", "estimate")
    rising = [
        (name, value)
        for name in ("minimum", "q1", "median", "q3", "maximum")
        if (value := getattr(x, name)) is not None
    ]
    for (low, smaller), (high, larger) in itertools.pairwise(rising):
        if smaller > larger:
            yield clash(f"{low} {smaller:g} is above {high} {larger:g}", low, high)


_FIELDS: Final = dict(ExtractionRow.model_fields)
EXPLAINED: Final[Mapping[str, str]] = {
    **{name: m.words for name, i in _FIELDS.items() for m in i.metadata if isinstance(m, About)},
    **{name: told.words for name, told in ABOUT.items()},
}
"""What columns mean, where their name does not say it all."""


def _types(column: str) -> set[Any]:
    if column in ABOUT:
        return types_of(column)
    annotation = _FIELDS[column].annotation
    return set(get_args(annotation)) or {annotation}


CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    name: kind
    for name in COLUMNS
    for kind in _types(name)
    if isinstance(kind, type) and issubclass(kind, StrEnum)
}
"""Built-in columns of a closed choice."""


def kind_of(column: str) -> Kind:
    """Return what a column holds, as its type and its bounds say."""
    types = _types(column)
    if int in types:
        return Kind.COUNT
    if float not in types:
        return Kind.TEXT
    most = bounds(column) if column in ABOUT else bounds_of(_FIELDS[column].metadata)
    return Kind.SHARE if 1 in (most.get("<"), most.get("<=")) else Kind.NUMBER
