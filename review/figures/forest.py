"""The forest plot: one line a study, squares by weight, diamonds for what was pooled."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.interval import check_interval, draw_interval
from review.figures.numbers import bracketed, fixed
from review.figures.panel import Panel, TextColumn, draw_panel, line_height
from review.figures.scale import limits
from review.figures.style import BLACK, BLUE, PALE, VERMILLION, own_settings
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Side of the largest square and height of a diamond, in lines.
LARGEST_SQUARE = 0.62
DIAMOND_HEIGHT = 0.66
# Smallest side in points at which a square is still seen as one in print.
SMALLEST_SQUARE = 1.8

# Weights are computed: 100 * w / w may come out as 100.00000000000001.
HUNDRED = 100 + 1e-9

_NUMBER = re.compile(r"^[−+\-<>]?[\d.]")


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
    """

    label: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    weight: float | None = None
    columns: tuple[str, ...] = ()

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
class Diamond:
    """A pooled estimate with its confidence interval and, where given, its prediction interval."""

    label: str
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float | None = None
    pi_high: float | None = None

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
    note : str
        Under the plot.
    level : float
        Of the confidence intervals, for the header.
    decimals : int
        Of estimates and limits.
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
    decimals: int = 2

    def __post_init__(self) -> None:
        check_margin(self.margin)
        for row in self.rows:
            if isinstance(row, ForestRow) and len(row.columns) != len(self.column_headers):
                raise InvalidDataError(
                    f'"{row.label}" has {len(row.columns)} data columns, '
                    f"the plot has {len(self.column_headers)}."
                )


def check_margin(margin: float | None) -> None:
    """Refuse a margin that is not a positive number.

    Raises
    ------
    InvalidDataError
        If it is zero, negative or not finite.
    """
    if margin is not None and not (math.isfinite(margin) and margin > 0):
        raise InvalidDataError(f"A noninferiority margin must be above 0, not {margin:g}.")


def forest_plot(forest: Forest) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    forest : Forest
        Any number of rows, none included.

    Returns
    -------
    Figure
        As high as its rows need. Artists carry gids for tests and for pages: ``square-i``,
        ``interval-i``, ``label-i``, ``value-i`` and ``weight-i`` for row i, ``diamond-i`` for a
        diamond among the rows; for summary j ``diamond-summary-j`` and ``prediction-summary-j``.

    Notes
    -----
    Intervals beyond the axis end in an arrow; an estimate beyond it has no square, only the arrow
    and its number. The axis reaches as far as `review.figures.scale.limits` says.
    A prediction interval is the thin capped line through its diamond, with its numbers on the line
    below. Layout and weights as squares' areas: Lewis & Clarke 2001, BMJ 322:1479.

    Examples
    --------
    >>> row = ForestRow("Clarke (2002)", 0.11, -0.21, 0.43)
    >>> forest_plot(Forest("Depression", (row,))).get_label()
    'Depression'
    """
    with own_settings():
        lines = _lines(forest)
        figure, axes = draw_panel(_panel(forest, lines))
        if forest.rows and forest.summaries:
            _reference_line(axes, forest.summaries[0], len(lines))
        heaviest = max(
            (r.weight for r in forest.rows if isinstance(r, ForestRow) and r.weight), default=None
        )
        for y, line in enumerate(lines):
            if isinstance(line.item, ForestRow):
                _draw_row(axes, y, line.item, line.key, heaviest, len(lines))
            elif isinstance(line.item, Diamond):
                _draw_diamond(axes, y, line.item, line.key)
    return figure


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the plot: its words and what is drawn on it."""

    key: str
    label: str
    value: str = ""
    weight: str = ""
    item: ForestRow | Heading | Diamond | None = None
    columns: tuple[str, ...] = ()


def _value(estimate: float | None, low: float | None, high: float | None, decimals: int) -> str:
    if estimate is None or low is None or high is None:
        return "not estimable"
    return f"{fixed(estimate, decimals)} {bracketed(low, high, decimals)}"


def _lines(forest: Forest) -> list[_Line]:
    lines: list[_Line] = []
    for i, row in enumerate(forest.rows):
        if isinstance(row, ForestRow):
            weight = "" if row.weight is None else f"{fixed(row.weight, 1)}%"
            value = _value(row.estimate, row.ci_low, row.ci_high, forest.decimals)
            lines.append(_Line(str(i), row.label, value, weight, row, row.columns))
        elif isinstance(row, Heading):
            if i:
                lines.append(_Line(f"{i}-space", ""))
            lines.append(_Line(str(i), row.label, item=row))
        else:
            lines += _diamond_lines(row, str(i), forest.decimals)
    if not forest.rows and not forest.summaries:
        lines.append(_Line("none", "No studies"))
    if lines and forest.summaries:
        lines.append(_Line("summary-space", ""))
    for j, summary in enumerate(forest.summaries):
        lines += _diamond_lines(summary, f"summary-{j}", forest.decimals)
    return lines


def _diamond_lines(diamond: Diamond, key: str, decimals: int) -> list[_Line]:
    value = _value(diamond.estimate, diamond.ci_low, diamond.ci_high, decimals)
    lines = [_Line(key, diamond.label, value, item=diamond)]
    if diamond.pi_low is not None and diamond.pi_high is not None:
        value = bracketed(diamond.pi_low, diamond.pi_high, decimals)
        lines.append(_Line(f"{key}-prediction", "Prediction interval", value))
    return lines


def _panel(forest: Forest, lines: Sequence[_Line]) -> Panel:
    before = [TextColumn("label", "Study", tuple(x.label for x in lines), widest=2.6)]
    for c, header in enumerate(forest.column_headers):
        cells = tuple(x.columns[c] if x.columns else "" for x in lines)
        filled = [cell for cell in cells if cell]
        numeric = 2 * sum(bool(_NUMBER.match(cell)) for cell in filled) >= len(filled)
        before.append(TextColumn(f"column-{c}", header, cells, right_aligned=numeric))
    after = []
    if any(x.weight for x in lines):
        after.append(TextColumn("weight", "Weight", tuple(x.weight for x in lines), True))
    header = f"{forest.effect_label} [{100 * forest.level:g}% CI]"
    values = TextColumn("value", header, tuple(x.value for x in lines), True, header_room=2.4)
    return Panel(
        title=forest.title,
        before=tuple(before),
        after=(*after, values),
        keys=tuple(x.key for x in lines),
        strong=frozenset(i for i, x in enumerate(lines) if isinstance(x.item, Heading | Diamond)),
        limits=_limits(forest),
        axis_label=forest.effect_label,
        favours_left=forest.favours_left,
        favours_right=forest.favours_right,
        margin=forest.margin,
        note=forest.note,
    )


def _limits(forest: Forest) -> tuple[float, float]:
    studies, pooled = [], []
    for item in forest.rows + forest.summaries:
        if isinstance(item, Heading) or item.ci_low is None or item.ci_high is None:
            continue
        interval = (item.ci_low, item.ci_high)
        if isinstance(item, ForestRow):
            studies.append(interval)
            continue
        pooled.append(interval)
        if item.pi_low is not None and item.pi_high is not None:
            pooled.append((item.pi_low, item.pi_high))
    # The zone left of the margin needs some width to be seen.
    return limits(studies, pooled, (0.0, -1.3 * (forest.margin or 0.0)))


def _reference_line(axes: Axes, summary: Diamond, lines: int) -> None:
    low, high = axes.get_xlim()
    if low <= summary.estimate <= high:
        axes.plot(
            [summary.estimate] * 2, [-0.5, lines - 0.5], color=PALE, lw=0.8, zorder=1,
            gid="summary-line",
        )  # fmt: skip


def _draw_row(
    axes: Axes, y: float, row: ForestRow, key: str, heaviest: float | None, lines: int
) -> None:
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return
    draw_interval(
        axes, y, row.ci_low, row.ci_high, colour=BLACK, line_width=0.9, gid=f"interval-{key}"
    )
    low, high = axes.get_xlim()
    if not low <= row.estimate <= high:
        return
    share = 0.5 if row.weight is None or heaviest is None else row.weight / heaviest
    largest = LARGEST_SQUARE * line_height(lines) * POINTS_PER_INCH
    axes.plot(
        [row.estimate], [y], marker="s", ms=max(SMALLEST_SQUARE, largest * math.sqrt(share)),
        color=BLUE, mew=0, ls="none", gid=f"square-{key}", zorder=3,
    )  # fmt: skip


def _draw_diamond(axes: Axes, y: float, diamond: Diamond, key: str) -> None:
    from matplotlib.patches import Polygon

    low, high = axes.get_xlim()
    if diamond.pi_low is not None and diamond.pi_high is not None:
        draw_interval(
            axes, y, diamond.pi_low, diamond.pi_high, colour=VERMILLION, line_width=1.1,
            gid=f"prediction-{key}", capped=True,
        )  # fmt: skip
    # An infinite corner would not be drawn at all; one axis length outside looks the same.
    left, right = max(diamond.ci_low, 2 * low - high), min(diamond.ci_high, 2 * high - low)
    half = DIAMOND_HEIGHT / 2
    shape = Polygon(
        [(left, y), (diamond.estimate, y - half), (right, y), (diamond.estimate, y + half)],
        closed=True, facecolor=VERMILLION, edgecolor=BLACK, lw=0.6, zorder=6,
    )  # fmt: skip
    shape.set_gid(f"diamond-{key}")
    axes.add_patch(shape)
    shape.set_clip_path(axes.patch)
    for side, cut, edge, marker in (
        ("low", diamond.ci_low < low, low, "<"),
        ("high", diamond.ci_high > high, high, ">"),
    ):
        if cut:
            axes.plot(
                [edge], [y], marker=marker, ms=6, color=BLACK, mew=0, ls="none", clip_on=False,
                gid=f"diamond-{key}-cut-{side}", zorder=7,
            )  # fmt: skip
