"""Pooled estimates one under another: of each look, each version, each trial left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.forest_values import check_margin, value_of
from review.figures.interval import check_interval, draw_interval
from review.figures.panel import draw_panel, draw_reference
from review.figures.panel_layout import VALUE_HEADER, Panel, TextColumn
from review.figures.paper import one_page
from review.figures.scale import Notation, Written, limits
from review.figures.style import BLACK, BLUE, own_settings
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Diameter of an estimate's dot, in lines.
DOT = 0.4

_NUMBER = re.compile(r"[−\-<>+]?[\d.]+%?$")


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One estimate's line.

    Attributes
    ----------
    label : str
        What tells it from the others: a trial, a year, a run.
    estimate, ci_low, ci_high : float or None
        On the analysis scale; limits may be infinite; all None where nothing could be pooled.
    before, after : tuple of str
        Words beside the label and behind the numbers, one for each header of the figure.
    strong : bool
        Whether the line is in bold: something changed with it.
    """

    label: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    strong: bool = False

    def __post_init__(self) -> None:
        values = (self.estimate, self.ci_low, self.ci_high)
        if any(value is None for value in values) and any(value is not None for value in values):
            raise InvalidDataError(f'"{self.label}" has only some of its estimate and limits.')
        if self.estimate is not None and self.ci_low is not None and self.ci_high is not None:
            check_interval(self.label, self.estimate, self.ci_low, self.ci_high)


@dataclass(frozen=True, slots=True)
class Estimates:
    """All that such a figure says; fields of the same name mean what they mean in `Forest`.

    Attributes
    ----------
    before_headers, after_headers : tuple of str
        Of the rows' `before` and `after`.
    reference : float or None
        An estimate that the others are compared with, drawn as a line.
    empty : str
        Said where there is no row.
    """

    title: str
    rows: tuple[EstimateRow, ...]
    label_header: str = "Added"
    before_headers: tuple[str, ...] = ()
    after_headers: tuple[str, ...] = ()
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    margin: float | None = None
    reference: float | None = None
    note: str = ""
    level: float = 0.95
    decimals: int = 2
    """The fewest."""
    notation: Written = Notation.PLAIN
    null_line: bool = True
    empty: str = "No studies"

    def __post_init__(self) -> None:
        check_margin(self.margin)
        for row in self.rows:
            if (len(row.before), len(row.after)) != (
                len(self.before_headers),
                len(self.after_headers),
            ):
                raise InvalidDataError(f'"{row.label}" has not one entry for each column.')


def estimates_plot(estimates: Estimates) -> Figure:
    """Draw estimates with their intervals on one page, as `estimates_pages` does.

    Examples
    --------
    >>> row = EstimateRow("Clarke (2002)", 0.11, -0.21, 0.43)
    >>> estimates_plot(Estimates("Each trial left out", (row,))).get_label()
    'Each trial left out'
    """
    return one_page(lambda: estimates_pages(estimates))


def estimates_pages(estimates: Estimates) -> list[Figure]:
    """Draw estimates with their intervals, a line each.

    Parameters
    ----------
    estimates : Estimates
        Any number of rows, none included.

    Returns
    -------
    list of Figure
        As many as the height of the paper makes.
        Row i has the gids ``label-i``, ``before-c-i`` and ``after-c-i`` for column c, ``dot-i``,
        ``interval-i`` and ``value-i``; ``reference-line``.
    """
    with own_settings():
        pages = draw_panel(_panel(estimates))
        for page in pages:
            axes = page.axes
            draw_reference(axes, estimates.reference, "reference-line")
            for i, y in page.heights():
                if i < len(estimates.rows):
                    _draw_row(axes, y, estimates.rows[i], i, page.step)
    return [page.figure for page in pages]


def _draw_row(axes: Axes, y: int, row: EstimateRow, i: int, step: float) -> None:
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return
    draw_interval(
        axes, y, row.ci_low, row.ci_high, colour=BLACK, line_width=0.9, gid=f"interval-{i}"
    )
    low, high = sorted(axes.get_xlim())
    if low <= row.estimate <= high:
        axes.plot(
            [row.estimate], [y], marker="o", color=BLUE, mew=0, ls="none", zorder=5,
            ms=DOT * step * POINTS_PER_INCH, gid=f"dot-{i}",
        )  # fmt: skip


def reach_of(estimates: Estimates) -> tuple[float, float]:
    """Return how far the axis of such a figure reaches, on the analysis scale."""
    intervals = [
        (row.ci_low, row.ci_high)
        for row in estimates.rows
        if row.ci_low is not None and row.ci_high is not None
    ]
    marks = (0.0, -1.3 * (estimates.margin or 0.0)) if estimates.null_line else ()
    return limits(intervals, intervals[-1:], marks)


def _panel(estimates: Estimates) -> Panel:
    rows = estimates.rows or (
        EstimateRow(
            estimates.empty, None, None, None, ("",) * len(estimates.before_headers),
            ("",) * len(estimates.after_headers),
        ),
    )  # fmt: skip
    header = f"{estimates.effect_label} [{100 * estimates.level:g}% CI]"
    values = tuple(value_of(estimates, row, estimates.decimals) for row in estimates.rows) or ("",)
    return Panel(
        title=estimates.title,
        before=(
            TextColumn("label", estimates.label_header, tuple(r.label for r in rows), widest=2.6),
            *(
                _column(f"before-{c}", header, [row.before[c] for row in rows])
                for c, header in enumerate(estimates.before_headers)
            ),
        ),
        after=(
            TextColumn("value", header, values, True, header_room=VALUE_HEADER),
            *(
                _column(f"after-{c}", header, [row.after[c] for row in rows])
                for c, header in enumerate(estimates.after_headers)
            ),
        ),
        keys=tuple(str(i) for i in range(len(estimates.rows))) or ("none",),
        strong=frozenset(i for i, row in enumerate(estimates.rows) if row.strong),
        limits=reach_of(estimates),
        axis_label=estimates.effect_label,
        favours_left=estimates.favours_left,
        favours_right=estimates.favours_right,
        margin=estimates.margin,
        null_line=estimates.null_line,
        note=estimates.note,
        notation=estimates.notation,
    )


def _column(name: str, header: str, cells: list[str]) -> TextColumn:
    numeric = all(_NUMBER.match(cell) for cell in cells if cell) and any(cells)
    return TextColumn(name, header, tuple(cells), numeric, widest=2.8)
