"""The bubble plot: effects against a moderator, with the line of the meta-regression or its groups.

A moderator of numbers is the horizontal axis; one of categories makes strips, one below another, so
that long names of categories can be read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.chart import Chart, Scale, draw_chart, draw_point, note_beyond, say_empty
from review.figures.chart_key import TEXT_LINE, TEXT_SIZE, Key, Sample
from review.figures.interval import check_interval, draw_interval
from review.figures.scale import Notation, Written, reach, widened
from review.figures.style import BAND, BLACK, BLUE, FAINT_BAND, PALE, VERMILLION, own_settings
from review.figures.text import width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Diameters in points of the largest bubble, and of the smallest that is seen as one in print.
LARGEST, SMALLEST = 15.0, 2.2
# Studies up to which bubbles have their full size; more share the same ink.
UNCROWDED = 40
# Height in inches of a category's strip, and the share of it that its studies spread over.
STRIP, SPREAD = 0.62, 0.56


@dataclass(frozen=True, slots=True)
class Bubble:
    """A study: its effect, its weight in per cent, and what it has of the moderator."""

    label: str
    at: float | str
    estimate: float
    weight: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.estimate) or not self.weight >= 0:
            raise InvalidDataError(f'"{self.label}" has no effect or no weight.')


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model at one value of the moderator: mean effect, its interval, a new study's interval.

    `k` counts the studies of a category.
    """

    at: float | str
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    k: int | None = None

    def __post_init__(self) -> None:
        check_interval(str(self.at), self.estimate, self.ci_low, self.ci_high)
        check_interval(str(self.at), self.estimate, self.pi_low, self.pi_high)


@dataclass(frozen=True, slots=True)
class BubblePlot:
    """All that a bubble plot says.

    Attributes
    ----------
    bubbles : tuple of Bubble
        With numbers as `at` for a line, with words for strips.
    fitted : tuple of Fitted
        Points along the line in increasing order, or one a category in the order drawn.
    moderator : str
        What the moderator is called.
    whole : bool
        Whether only whole numbers of the moderator mean something: years.
    null_line : bool
        Whether 0 means no effect and has a line.
    """

    title: str
    bubbles: tuple[Bubble, ...]
    fitted: tuple[Fitted, ...] = ()
    moderator: str = "Moderator"
    whole: bool = False
    notation: Written = Notation.PLAIN
    null_line: bool = True
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    note: str = ""
    level: float = 0.95

    def __post_init__(self) -> None:
        if len({isinstance(at, str) for at in self._places}) > 1:
            raise InvalidDataError("A moderator is of numbers or of categories, not of both.")
        known = {fit.at for fit in self.fitted}
        strays = [b.at for b in self.bubbles if isinstance(b.at, str) and b.at not in known]
        if strays:
            raise InvalidDataError(f'The category "{strays[0]}" has no estimate.')

    @property
    def categorical(self) -> bool:
        """Whether the moderator is of categories."""
        return any(isinstance(at, str) for at in self._places)

    @property
    def _places(self) -> list[float | str]:
        return [*(bubble.at for bubble in self.bubbles), *(fit.at for fit in self.fitted)]


def bubble_plot(plot: BubblePlot) -> Figure:
    """Draw effects against a moderator.

    Parameters
    ----------
    plot : BubblePlot
        Any number of studies, none included.

    Returns
    -------
    Figure
        Artists carry gids: ``bubble-i``; of a line ``line``, ``band-confidence`` and
        ``band-prediction``; of category j ``group-j`` (its mean), ``interval-j`` and
        ``prediction-j``. Areas are proportional to weights. Studies of one category are spread in a
        fixed pattern, which means nothing.

    Notes
    -----
    Thompson & Higgins 2002, Stat Med 21:1559, figure 1.

    Examples
    --------
    >>> bubble_plot(BubblePlot("Depression", (Bubble("A", 2001, 0.2, 100.0),))).get_label()
    'Depression'
    """
    with own_settings():
        if plot.categorical:
            return _strips(plot)
        frame = draw_chart(_numeric_chart(plot))
        axes, fitted = frame.axes, plot.fitted
        if fitted:
            at = [float(f.at) for f in fitted]
            _band(axes, at, [(f.pi_low, f.pi_high) for f in fitted], FAINT_BAND, "prediction", 1)
            _band(axes, at, [(f.ci_low, f.ci_high) for f in fitted], BAND, "confidence", 2)
            axes.plot(at, [f.estimate for f in fitted], color=BLACK, lw=1.2, zorder=3, gid="line")
        if plot.null_line:
            axes.axhline(0.0, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=2, gid="null-line")
        for i, bubble in _largest_first(plot.bubbles):
            _draw(axes, float(bubble.at), bubble.estimate, _across(plot.bubbles, i), i)
        if not plot.bubbles:
            say_empty(frame, "No studies")
        return frame.figure


def _largest_first(bubbles: Sequence[Bubble]) -> list[tuple[int, Bubble]]:
    """Small bubbles stay on top of large ones."""
    return sorted(enumerate(bubbles), key=lambda pair: -pair[1].weight)


def _across(bubbles: Sequence[Bubble], i: int) -> float:
    heaviest = max(bubble.weight for bubble in bubbles) or 1.0
    largest = LARGEST * min(1.0, math.sqrt(UNCROWDED / len(bubbles)))
    return max(SMALLEST, largest * math.sqrt(bubbles[i].weight / heaviest))


def _draw(axes: Axes, x: float, y: float, across: float, i: int) -> None:
    draw_point(axes, x, y, across=across, gid=f"bubble-{i}", face=BLUE, edge="white")


def _band(
    axes: Axes,
    at: Sequence[float],
    limits_at: Sequence[tuple[float, float]],
    colour: str,
    name: str,
    zorder: float,
) -> None:
    lower, upper = zip(*limits_at, strict=True)
    band = axes.fill_between(at, lower, upper, color=colour, lw=0, zorder=zorder)
    band.set_gid(f"band-{name}")


def _keys(plot: BubblePlot) -> tuple[Key, ...]:
    keys = (Key("Study, area by weight", Sample.DOT, BLUE),)
    if not plot.fitted:
        return keys
    level = f"{100 * plot.level:g}%"
    if plot.categorical:
        mean = Key("Mean effect", Sample.DIAMOND, VERMILLION)
        bars = Sample.LINE, BLACK, Sample.LINE, PALE
    else:
        mean = Key("Mean effect", Sample.LINE, BLACK)
        bars = Sample.BLOCK, BAND, Sample.BLOCK, FAINT_BAND
    return (
        *keys,
        mean,
        Key(f"{level} confidence", bars[0], bars[1]),
        Key(f"{level} prediction", bars[2], bars[3]),
    )


def _numeric_chart(plot: BubblePlot) -> Chart:
    values = [float(b.at) for b in plot.bubbles] or [0.0]
    x0, x1 = widened(values, 0.06)
    y0, y1 = _reach(plot)
    sides = [
        f"{arrow} {words}"
        for arrow, words in (("↑", plot.favours_right), ("↓", plot.favours_left))
        if words
    ]
    return Chart(
        title=plot.title,
        x=Scale(x0, x1, plot.moderator, whole=plot.whole),
        y=Scale(y0, y1, "   ".join([plot.effect_label, *sides]), notation=plot.notation),
        keys=_keys(plot),
        note=_note(plot, y0, y1),
    )


def _reach(plot: BubblePlot) -> tuple[float, float]:
    """Limits of the axis of effects; a prediction band may end at its edge."""
    return reach(
        [*(b.estimate for b in plot.bubbles), *(f.ci_low for f in plot.fitted)]
        + [f.ci_high for f in plot.fitted],
        (0.0,) if plot.null_line else (),
    )


def _value(notation: Written, group: Fitted) -> str:
    return notation.text(group.estimate, group.ci_low, group.ci_high)


def _note(plot: BubblePlot, low: float, high: float) -> str:
    far = [b for b in plot.bubbles if not low <= b.estimate <= high]
    return note_beyond(
        plot.note, [f"{b.label} ({plot.notation.written(b.estimate, 2)})" for b in far]
    )


def _strips(plot: BubblePlot) -> Figure:
    groups = plot.fitted
    low, high = _reach(plot)
    values = [_value(plot.notation, g) for g in groups]
    frame = draw_chart(
        Chart(
            title=plot.title,
            x=Scale(low, high, plot.effect_label, notation=plot.notation),
            y=Scale(
                -0.5, len(groups) - 0.5, plot.moderator, turned=True,
                marks=tuple((j, str(group.at)) for j, group in enumerate(groups)),
            ),
            keys=_keys(plot),
            favours_left=plot.favours_left,
            favours_right=plot.favours_right,
            note=_note(plot, low, high),
            height=max(len(groups), 2) * STRIP * _crowding(plot),
            beside=max(width(value, TEXT_SIZE) for value in values) + 0.15,
        )
    )  # fmt: skip
    axes = frame.axes
    if plot.null_line:
        axes.axvline(0.0, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=1, gid="null-line")
    axes.set_xlim(low, high)
    heights = _heights([str(b.at) for b in plot.bubbles], [str(group.at) for group in groups])
    for i, bubble in _largest_first(plot.bubbles):
        _draw(axes, bubble.estimate, heights[i], 0.8 * _across(plot.bubbles, i), i)
    for j, group in enumerate(groups):
        _draw_group(axes, group, j)
        x, y = frame.left + frame.width + 0.15, frame.place(low, j)[1]
        frame.page.write(x, y - TEXT_LINE / 2, values[j], TEXT_SIZE, middle=True, gid=f"value-{j}")
        if group.k is not None:
            said = f"k = {group.k}"
            frame.page.write(x, y + TEXT_LINE / 2, said, TEXT_SIZE, middle=True, gid=f"k-{j}")
    return frame.figure


def _crowding(plot: BubblePlot) -> float:
    """How much higher than usual the strips are: twice with 60 studies in one."""
    most = max(Counter(str(bubble.at) for bubble in plot.bubbles).values(), default=1)
    return min(2.0, max(1.0, math.sqrt(most / 15)))


def _draw_group(axes: Axes, group: Fitted, j: int) -> None:
    """The mean of a category with both intervals, under its studies."""
    at = j + 0.38
    draw_interval(
        axes, at, group.pi_low, group.pi_high, colour=PALE, line_width=2.4, gid=f"prediction-{j}"
    )
    draw_interval(
        axes, at, group.ci_low, group.ci_high, colour=BLACK, line_width=1.3, gid=f"interval-{j}"
    )
    draw_point(
        axes, group.estimate, at, across=5.0, gid=f"group-{j}", face=VERMILLION, edge="white",
        marker="D",
    )  # fmt: skip


def _heights(categories: Sequence[str], order: Sequence[str]) -> list[float]:
    """Where in its strip each study stands: halves, quarters, eighths in turn (van der Corput)."""
    seen = dict.fromkeys(order, 0)
    heights = []
    for category in categories:
        seen[category] += 1
        share, unit, rest = 0.0, 0.5, seen[category]
        while rest:
            share, unit, rest = share + unit * (rest % 2), unit / 2, rest // 2
        heights.append(order.index(category) - 0.1 + SPREAD * (share - 0.5))
    return heights
