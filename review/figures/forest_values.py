"""What a forest plot says, as values: rows, headings of subgroups, diamonds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from review.errors import InvalidDataError
from review.figures.interval import check_interval
from review.figures.risk_of_bias import BiasDomain, Blank, Category
from review.figures.scale import Notation, Written

# Weights are computed: 100 * w / w may come out as 100.00000000000001.
HUNDRED = 100 + 1e-9


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One study's line.

    Attributes
    ----------
    label : str
        As the reader knows the study: ``"Andersson (2005)"``.
    estimate, ci_low, ci_high : float or None
        On the analysis scale; all three None for a study without an estimable effect.
        Limits may be infinite.
    weight : float or None
        Per cent of the pooled estimate, 0 to 100; the square's area is proportional to it.
        Squares of studies without weight have half the largest area.
    columns : tuple of str
        Data beside the label, one entry for each of the plot's `column_headers`.
    judgements : tuple of int or Blank
        Of risk of bias: places in the plot's `categories`, one for each of its `domains`; empty for
        a study that nobody appraised.
    notation : Written, optional
        How its own numbers are written, where the size of the study decides that.
    """

    label: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    weight: float | None = None
    columns: tuple[str, ...] = ()
    judgements: tuple[int | Blank, ...] = ()
    notation: Written | None = None

    def __post_init__(self) -> None:
        values = (self.estimate, self.ci_low, self.ci_high)
        if any(value is None for value in values) and any(value is not None for value in values):
            raise InvalidDataError(f'"{self.label}" has only some of its estimate and limits.')
        if self.estimate is not None and self.ci_low is not None and self.ci_high is not None:
            check_interval(self.label, self.estimate, self.ci_low, self.ci_high)
        if self.weight is not None and not 0 <= self.weight <= HUNDRED:
            raise InvalidDataError(
                f'"{self.label}": its weight {self.weight:g} is not a percentage.'
            )


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that opens a subgroup."""

    label: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How studies that were pooled differ, and whether the pooled effect differs from none.

    Attributes
    ----------
    df : int
        Studies but one.
    tau2, q, q_p, i2 : float or None
        Variance between studies, Cochran's Q with its p, and I² in per cent.
    stat, ddf, p : float or None
        The test of the effect: z, or t where there are degrees of freedom.
    """

    df: int
    tau2: float | None = None
    q: float | None = None
    q_p: float | None = None
    i2: float | None = None
    stat: float | None = None
    ddf: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The test for differences between subgroups: Q, or F where there are degrees of freedom."""

    stat: float
    df: int
    ddf: float | None
    p: float


@dataclass(frozen=True, slots=True)
class Diamond:
    """A pooled estimate with its confidence interval and, where given, its prediction interval.

    `columns` are totals, one for each of the plot's columns or none at all; `weight` is the sum of
    those of its studies in per cent.
    """

    label: str
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float | None = None
    pi_high: float | None = None
    columns: tuple[str, ...] = ()
    weight: float | None = None
    fit: Fit | None = None

    def __post_init__(self) -> None:
        check_interval(self.label, self.estimate, self.ci_low, self.ci_high)
        if (self.pi_low is None) != (self.pi_high is None):
            raise InvalidDataError(f'"{self.label}" has one limit of its prediction interval.')
        if self.pi_low is not None and self.pi_high is not None:
            check_interval(self.label, self.estimate, self.pi_low, self.pi_high)


@dataclass(frozen=True, slots=True)
class Forest:
    """All that a forest plot says.

    Attributes
    ----------
    title : str
        Above the plot, in bold.
    rows : tuple of ForestRow, Heading and Diamond
        In the order drawn; a diamond among the rows pools the subgroup above it.
    summaries : tuple of Diamond
        Below all rows, the main analysis first; its estimate is drawn as a line through the rows.
    effect_label : str
        ``"Hedges g"``.
    favours_left, favours_right : str
        ``"favours control"``: what effects below and above 0 mean.
    margin : float or None
        Noninferiority margin, above 0; the zone below minus the margin is shaded.
    column_headers : tuple of str
        Of the rows' `columns`.
    column_groups : tuple of (str, int)
        Headings over neighbouring columns, and how many columns each is over; all of them or none.
    domains, categories : tuple of BiasDomain and of Category
        Of the rows' `judgements`; the last domain is the overall judgement.
    notation : Written
        Whether the effects are logarithms that are read as ratios.
    null_line : bool
        Whether an effect of 0 means none, and has a line; not of means or proportions.
    note : str
        Under the plot.
    level : float
        Of the confidence intervals, for the header.
    difference : Difference or None
        The test for differences between the subgroups.
    label_header : str
        What the rows are, where they are no studies.
    """

    title: str
    rows: tuple[ForestRow | Heading | Diamond, ...]
    summaries: tuple[Diamond, ...] = ()
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    margin: float | None = None
    column_headers: tuple[str, ...] = ()
    note: str = ""
    level: float = 0.95
    column_groups: tuple[tuple[str, int], ...] = ()
    domains: tuple[BiasDomain, ...] = ()
    categories: tuple[Category, ...] = ()
    notation: Written = Notation.PLAIN
    null_line: bool = True
    difference: Difference | None = None
    label_header: str = ""

    def __post_init__(self) -> None:
        check_margin(self.margin)
        if self.column_groups and sum(n for _, n in self.column_groups) != len(self.column_headers):
            raise InvalidDataError("The headings over the data columns are not over all of them.")
        for row in self.rows:
            if isinstance(row, ForestRow):
                self._check_row(row)
        for item in (*self.rows, *self.summaries):
            if isinstance(item, Diamond) and len(item.columns) not in (0, len(self.column_headers)):
                raise InvalidDataError(f'"{item.label}" has not one total for each data column.')

    def _check_row(self, row: ForestRow) -> None:
        if len(row.columns) != len(self.column_headers):
            raise InvalidDataError(
                f'"{row.label}" has {len(row.columns)} data columns, '
                f"the plot has {len(self.column_headers)}."
            )
        if row.judgements and len(row.judgements) != len(self.domains):
            raise InvalidDataError(
                f'"{row.label}" has {len(row.judgements)} judgements, '
                f"the plot has {len(self.domains)} domains."
            )
        for judgement in row.judgements:
            if isinstance(judgement, int) and not 0 <= judgement < len(self.categories):
                raise InvalidDataError(f'"{row.label}" has a judgement off the scale.')


def check_margin(margin: float | None) -> None:
    """Refuse a margin that is not a positive number.

    Raises
    ------
    InvalidDataError
        If it is zero, negative or not finite.
    """
    if margin is not None and not (math.isfinite(margin) and margin > 0):
        raise InvalidDataError(f"A noninferiority margin must be above 0, not {margin:g}.")


class Plot(Protocol):
    """How a plot of intervals writes its numbers."""

    @property
    def notation(self) -> Written:
        """Ratios or differences."""

    @property
    def margin(self) -> float | None:
        """The noninferiority margin."""


class Line(Protocol):
    """An estimate with its limits, or without any."""

    @property
    def estimate(self) -> float | None:
        """On the analysis scale."""

    @property
    def ci_low(self) -> float | None:
        """The lower limit."""

    @property
    def ci_high(self) -> float | None:
        """The upper limit."""


def value_of(plot: Plot, row: Line, least: int = 2) -> str:
    """Return the estimate and interval of a line, with so many decimals or more if they need."""
    own = row.notation if isinstance(row, ForestRow) else None
    said = own or plot.notation
    return said.text(row.estimate, row.ci_low, row.ci_high, plot.margin, least)


def prediction_of(plot: Plot, diamond: Diamond) -> str:
    """Return the prediction interval of a diamond that has one, ``""`` without."""
    if diamond.pi_low is None or diamond.pi_high is None:
        return ""
    return plot.notation.interval(diamond.pi_low, diamond.pi_high, plot.margin)
