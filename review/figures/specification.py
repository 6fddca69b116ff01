"""The specification curve: the estimate under every defensible combination of choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.axis import draw_landmarks
from review.figures.chart import Chart, Scale, draw_charts, draw_point, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.interval import check_interval
from review.figures.scale import Notation, Written, limits
from review.figures.style import BLACK, BLUE, GREY, PALE, VERMILLION, ZONE, own_settings
from review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW: Final = 60
"""Up to so many combinations, marks are wide enough to be squares."""
ROW: Final = 0.2
"""Height of a line of the matrix of choices, in inches."""


@dataclass(frozen=True, slots=True)
class Specified:
    """One combination.

    Attributes
    ----------
    estimate, low, high : float
        On the analysis scale; limits may be infinite.
    choices : tuple of str
        One of each of the figure's `families`.
    planned : bool
        Whether it is what the plan says.
    """

    estimate: float
    low: float
    high: float
    choices: tuple[str, ...]
    planned: bool = False

    def __post_init__(self) -> None:
        check_interval(", ".join(self.choices), self.estimate, self.low, self.high)


@dataclass(frozen=True, slots=True)
class SpecificationCurve:
    """All that a specification curve says.

    Attributes
    ----------
    families : tuple of str
        What is chosen: ``"Trials"``, ``"Model"``.
    specified : tuple of Specified
        In any order; they are drawn by their estimates.
    """

    title: str
    families: tuple[str, ...]
    specified: tuple[Specified, ...]
    margin: float | None = None
    level: float = 0.95
    effect_label: str = "Effect"
    notation: Written = Notation.PLAIN
    null_line: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        for one in self.specified:
            if len(one.choices) != len(self.families):
                raise InvalidDataError(
                    f"{', '.join(one.choices)}: one choice of each of {', '.join(self.families)}."
                )


def specification_plot(curve: SpecificationCurve) -> Figure:
    """Draw all estimates in order above, and what was chosen for each below.

    Parameters
    ----------
    curve : SpecificationCurve
        Any number of combinations, none included.

    Returns
    -------
    Figure
        Combination i, by size of its estimate, has the gids ``estimate-i`` and ``interval-i``;
        ``choice-r`` marks the combinations with the choice of line r, whose words are the label of
        the tick at r; ``planned-line`` runs through both plots.

    Notes
    -----
    Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4:1208.
    """
    ordered = sorted(curve.specified, key=lambda one: one.estimate)
    rows = _rows(curve, ordered)
    few = len(ordered) <= FEW
    with own_settings():
        above, below = draw_charts(_charts(curve, ordered, rows))
        if ordered:
            draw_landmarks(above.axes, curve.margin, upright=False, null_line=curve.null_line)
        for i, one in enumerate(ordered):
            _draw_estimate(above.axes, i, one, len(ordered))
        for r, (family, choice) in enumerate(rows):
            if r and rows[r - 1][0] != family:
                below.axes.axhline(r - 0.5, color=PALE, lw=0.6, zorder=1)
            at = [i for i, one in enumerate(ordered) if one.choices[family] == choice]
            below.axes.plot(
                at, [r] * len(at), marker="s" if few else "|", color=BLACK, ls="none",
                ms=_wide(len(ordered), 4.0) if few else 6.0, mew=0.0 if few else 0.6, zorder=3,
                gid=f"choice-{r}",
            )  # fmt: skip
        for n, frame in enumerate((above, below)):
            for i in (i for i, one in enumerate(ordered) if one.planned):
                frame.axes.axvline(
                    i, color=VERMILLION, lw=0.8, ls=(0, (1, 1.5)), zorder=1,
                    gid=f"planned-line-{n}",
                )  # fmt: skip
        below.axes.spines["bottom"].set_visible(False)
        below.axes.tick_params(axis="both", length=0)
        if not ordered:
            below.axes.spines["left"].set_visible(False)
            say_empty(above, "Nothing could be pooled")
    return above.figure


def _rows(curve: SpecificationCurve, ordered: Sequence[Specified]) -> list[tuple[int, str]]:
    """The lines of the matrix: what the plan says first in each family, then in order of words."""
    found: list[tuple[int, str]] = []
    for family in range(len(curve.families)):
        planned = {one.choices[family] for one in ordered if one.planned}
        used = {one.choices[family] for one in ordered}
        found += [(family, choice) for choice in sorted(used, key=lambda c: (c not in planned, c))]
    return found


def _charts(
    curve: SpecificationCurve, ordered: Sequence[Specified], rows: Sequence[tuple[int, str]]
) -> tuple[Chart, Chart]:
    start, stop = -0.75, max(1, len(ordered)) - 0.25
    low, high = limits(
        [(one.low, one.high) for one in ordered],
        [(one.estimate, one.estimate) for one in ordered],
        (0.0, -1.2 * (curve.margin or 0.0)) if curve.null_line else (),
    )
    keys = [
        Key(f"estimate with {100 * curve.level:g}% interval", Sample.DOT, BLUE),
        Key("as planned", Sample.DIAMOND, VERMILLION),
    ]
    if curve.margin is not None:
        keys.append(Key("beyond the margin", Sample.BLOCK, ZONE))
    lines = max(len(rows), 1)
    marks = tuple((r, choice) for r, (_, choice) in enumerate(rows))
    return (
        Chart(
            title=curve.title,
            x=Scale(start, stop, "", ()),
            y=Scale(low, high, curve.effect_label, notation=curve.notation),
            keys=tuple(keys),
            height=2.6,
        ),
        Chart(
            title=f"What was chosen: {', '.join(curve.families)}",
            x=Scale(start, stop, f"{counted(len(ordered), 'combination')}, by their estimate", ()),
            y=Scale(-0.6, lines - 0.4, "", marks, turned=True, one_line=True),
            height=ROW * lines + 0.1,
            note=curve.note,
        ),
    )  # fmt: skip


def _wide(count: int, most: float) -> float:
    """Points across that leave neighbouring marks apart on a plot of five inches."""
    return max(1.2, min(most, 0.7 * 5 * 72 / max(count, 1)))


def _draw_estimate(axes: Axes, i: int, one: Specified, count: int) -> None:
    low, high = axes.get_ylim()
    start, stop = min(max(one.low, low), high), max(min(one.high, high), low)
    axes.plot(
        [i, i], [start, stop], color=VERMILLION if one.planned else GREY,
        lw=0.9 if count <= FEW else 0.5, zorder=3, gid=f"interval-{i}",
    )  # fmt: skip
    draw_point(
        axes, i, one.estimate, across=6.5 if one.planned else _wide(count, 4.5),
        gid=f"estimate-{i}", face=VERMILLION if one.planned else BLUE,
        edge=BLACK if one.planned else BLUE, marker="D" if one.planned else "o",
    )  # fmt: skip
