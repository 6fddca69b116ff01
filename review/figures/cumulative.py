"""The cumulative plot: the pooled estimate as each trial, or each year, came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.forest import check_margin
from review.figures.interval import check_interval, draw_interval
from review.figures.numbers import bracketed, fixed
from review.figures.panel import Panel, TextColumn, draw_panel, line_height
from review.figures.scale import limits
from review.figures.style import BLACK, BLUE, own_settings
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Diameter of a step's dot, in lines.
DOT = 0.4


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
    decimals: int = 2

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
        Step i has the gids ``label-i``, ``k-i``, ``dot-i``, ``interval-i``, ``value-i`` and
        ``conclusion-i``. A line in bold is one where the conclusion changed.

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
    steps, lines = cumulative.steps, max(len(cumulative.steps), 1)
    with own_settings():
        figure, axes = draw_panel(_panel(cumulative))
        for y, step in enumerate(steps):
            draw_interval(
                axes, y, step.ci_low, step.ci_high, colour=BLACK, line_width=0.9,
                gid=f"interval-{y}",
            )  # fmt: skip
            low, high = axes.get_xlim()
            if low <= step.estimate <= high:
                axes.plot(
                    [step.estimate], [y], marker="o", color=BLUE, mew=0, ls="none", zorder=5,
                    ms=DOT * line_height(lines) * POINTS_PER_INCH, gid=f"dot-{y}",
                )  # fmt: skip
    return figure


def _panel(cumulative: Cumulative) -> Panel:
    steps, decimals = cumulative.steps, cumulative.decimals
    header = f"{cumulative.effect_label} [{100 * cumulative.level:g}% CI]"
    values = [
        f"{fixed(s.estimate, decimals)} {bracketed(s.ci_low, s.ci_high, decimals)}" for s in steps
    ]
    labels = tuple(s.label for s in steps)
    keys = tuple(str(i) for i in range(len(steps)))
    counts = tuple(str(s.k) for s in steps)
    if not steps:
        labels, counts, keys, values = ("No studies",), ("",), ("none",), [""]
    before = (
        TextColumn("label", cumulative.step_header, labels, widest=2.6),
        TextColumn("k", "Studies", counts, True),
    )
    after = [TextColumn("value", header, tuple(values), True, header_room=2.4)]
    if any(s.conclusion for s in steps):
        conclusions = tuple(s.conclusion for s in steps)
        after.append(TextColumn("conclusion", "Conclusion", conclusions, widest=1.6))
    changed = {i for i in range(1, len(steps)) if steps[i].conclusion != steps[i - 1].conclusion}
    return Panel(
        title=cumulative.title,
        before=before,
        after=tuple(after),
        keys=keys,
        strong=frozenset(changed),
        limits=limits(
            [(s.ci_low, s.ci_high) for s in steps],
            [(s.ci_low, s.ci_high) for s in steps[-1:]],
            (0.0, -1.3 * (cumulative.margin or 0.0)),
        ),
        axis_label=cumulative.effect_label,
        favours_left=cumulative.favours_left,
        favours_right=cumulative.favours_right,
        margin=cumulative.margin,
        note=cumulative.note,
    )
