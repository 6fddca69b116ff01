"""The cumulative plot: the pooled estimate as each trial, or each year, came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.estimates import EstimateRow, Estimates, estimates_pages, estimates_plot
from review.figures.forest_values import check_margin
from review.figures.interval import check_interval
from review.figures.scale import Notation, Written

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class CumulativeStep:
    """The evidence after one addition.

    Attributes
    ----------
    label : str
        What was added: a trial or a year.
    k : int
        Studies pooled so far, 0 or more.
    estimate, ci_low, ci_high : float
        The pooled estimate on the analysis scale; limits may be infinite.
    conclusion : str
        Its class: ``"superior"``, ``"inconclusive"``...
    """

    label: str
    k: int
    estimate: float
    ci_low: float
    ci_high: float
    conclusion: str = ""

    def __post_init__(self) -> None:
        check_interval(self.label, self.estimate, self.ci_low, self.ci_high)
        if self.k < 0:
            raise InvalidDataError(f'"{self.label}": {self.k} studies cannot have been pooled.')


@dataclass(frozen=True, slots=True)
class Cumulative:
    """All that a cumulative plot says; the fields mean what they mean in `Forest`."""

    title: str
    steps: tuple[CumulativeStep, ...]
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    margin: float | None = None
    step_header: str = "Added"
    note: str = ""
    level: float = 0.95
    notation: Written = Notation.PLAIN
    null_line: bool = True

    def __post_init__(self) -> None:
        check_margin(self.margin)


def cumulative_plot(cumulative: Cumulative) -> Figure:
    """Draw the pooled estimate after each addition, oldest first.

    Parameters
    ----------
    cumulative : Cumulative
        Any number of steps, none included.

    Returns
    -------
    Figure
        As `review.figures.estimates.estimates_plot` draws it: ``before-0-i`` is the number of
        studies after step i, ``after-0-i`` its conclusion. A line in bold is one where the
        conclusion changed.

    Notes
    -----
    The layout of Lau et al. 1992, N Engl J Med 327:248. The intervals are those of the separate
    looks; read as a sequence they are too narrow, which a sequential analysis mends.

    Examples
    --------
    >>> steps = (CumulativeStep("2002", 1, 0.11, -0.21, 0.43, "inconclusive"),)
    >>> cumulative_plot(Cumulative("Depression", steps)).get_label()
    'Depression'
    """
    return estimates_plot(as_estimates(cumulative))


def cumulative_pages(cumulative: Cumulative) -> list[Figure]:
    """Draw them as `cumulative_plot` does, over as many pages as the paper's height makes."""
    return estimates_pages(as_estimates(cumulative))


def as_estimates(cumulative: Cumulative) -> Estimates:
    """Return the steps as estimates; an addition that turned the class is in bold."""
    steps = cumulative.steps
    concluded = any(step.conclusion for step in steps)
    rows = tuple(
        EstimateRow(
            step.label, step.estimate, step.ci_low, step.ci_high, (str(step.k),),
            (step.conclusion,) if concluded else (),
            strong=i > 0 and step.conclusion != steps[i - 1].conclusion,
        )
        for i, step in enumerate(steps)
    )  # fmt: skip
    return Estimates(
        title=cumulative.title,
        rows=rows,
        label_header=cumulative.step_header,
        before_headers=("Studies",),
        after_headers=("Conclusion",) if concluded else (),
        effect_label=cumulative.effect_label,
        favours_left=cumulative.favours_left,
        favours_right=cumulative.favours_right,
        margin=cumulative.margin,
        null_line=cumulative.null_line,
        note=cumulative.note,
        level=cumulative.level,
        notation=cumulative.notation,
    )
