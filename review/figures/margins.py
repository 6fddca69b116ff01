"""The margin curve: one estimate read against every noninferiority margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.chart import PAGE_WIDTH, Chart, Frame, Scale, draw_chart, draw_point, say_empty
from review.figures.chart_key import TEXT_LINE, TEXT_SIZE, Key, Sample
from review.figures.numbers import p_words
from review.figures.paper import page_width
from review.figures.scale import Notation, Written, power_words
from review.figures.style import BAND, BLACK, BLUE, GREY, VERMILLION, own_settings
from review.figures.text import width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The vertical axis is logarithmic: what decides lies near the one-sided level, far below one half.
# It reaches down to 0.0001, further where the whole curve lies below, but not without end.
USUAL_POWER: Final = -4
LOWEST_POWER: Final = -12


@dataclass(frozen=True, slots=True)
class PlannedMargin:
    """A margin of the plan, and what the estimate says against it."""

    margin: float
    p: float
    conclusion: str


@dataclass(frozen=True, slots=True)
class Margins:
    """All that a margin curve says.

    Attributes
    ----------
    margins : tuple of float
        Increasing, from 0; none where nothing was pooled.
    p : tuple of float
        One-sided p of noninferiority at each.
    planned : tuple of PlannedMargin
        The deciding one first.
    alpha : float
        The one-sided level.
    smallest : float or None
        Noninferiority is shown at every margin above it.
    """

    title: str
    margins: tuple[float, ...]
    p: tuple[float, ...]
    planned: tuple[PlannedMargin, ...] = ()
    alpha: float = 0.025
    smallest: float | None = None
    effect_label: str = "Effect"
    notation: Written = Notation.PLAIN
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.margins) != len(self.p):
            raise InvalidDataError(f"{len(self.margins)} margins cannot have {len(self.p)} p.")
        if any(not a < b for a, b in pairwise(self.margins)):
            raise InvalidDataError("The margins of a curve must increase.")
        if any(not 0 <= p <= 1 for p in (*self.p, *(m.p for m in self.planned))):
            raise InvalidDataError("A p value lies between 0 and 1.")


def margins_plot(margins: Margins) -> Figure:
    """Draw the one-sided p of noninferiority over the whole range of margins.

    Parameters
    ----------
    margins : Margins
        An empty curve included.

    Returns
    -------
    Figure
        Artists carry gids: ``curve`` (margin, log10 p), ``level``, ``shown`` (the margins at which
        noninferiority is shown), and for planned margin i ``planned-i``, ``planned-line-i`` and its
        value above the plot, ``planned-label-i``.

    Notes
    -----
    The vertical axis is the logarithm of p; a planned margin with a p below it has an arrow.

    Examples
    --------
    >>> margins_plot(Margins("Alliance", (0.0, 0.5), (0.9, 0.14))).get_label()
    'Alliance'
    """
    with own_settings():
        frame = draw_chart(_chart(margins))
        floor = frame.axes.get_ylim()[0]
        axes, high = frame.axes, frame.axes.get_xlim()[1]
        axes.axhline(
            math.log10(margins.alpha), color=GREY, lw=0.8, ls=(0, (4, 3)), zorder=2, gid="level"
        )
        if margins.smallest is not None and margins.smallest < high:
            axes.axvspan(margins.smallest, high, color=BAND, lw=0, zorder=0, gid="shown")
            axes.set_xlim(0.0, high)
        axes.plot(
            margins.margins,
            [_log(p, floor - 1) for p in margins.p],
            color=BLUE,
            lw=1.6,
            zorder=4,
            gid="curve",
        )
        for i, planned in enumerate(margins.planned):
            axes.axvline(
                planned.margin, color=BLACK, lw=0.7, ls=(0, (1, 2)), zorder=3,
                gid=f"planned-line-{i}",
            )  # fmt: skip
            draw_point(
                axes, planned.margin, _log(planned.p, floor - 1), across=6.0, gid=f"planned-{i}",
                face=VERMILLION, edge=BLACK, marker="D" if i == 0 else "o",
            )  # fmt: skip
        _write_values(frame, margins)
        if not margins.margins:
            say_empty(frame, "No studies")
    return frame.figure


def _log(p: float, floor: float) -> float:
    return max(math.log10(p), floor) if p > 0 else floor


def _marks(margins: Margins) -> tuple[tuple[float, str], ...]:
    """Powers of ten down to the middle of the curve, and one half where there is room."""
    middle = sorted(margins.p)[len(margins.p) // 2] if margins.p else 1.0
    lowest = min(USUAL_POWER, max(LOWEST_POWER, math.floor(_log(middle, LOWEST_POWER))))
    stride = math.ceil(-lowest / 5)
    powers = [p for p in range(0, lowest - 1, -1) if p % stride == 0]
    marks = [(float(p), power_words(1.0, p)) for p in powers]
    return (*marks, (math.log10(0.5), "0.5")) if lowest == USUAL_POWER else tuple(marks)


def _chart(margins: Margins) -> Chart:
    high = max(margins.margins, default=1.0) or 1.0
    marks = _marks(margins)
    keys = [
        Key("one-sided p of noninferiority", Sample.LINE, BLUE),
        Key(f"one-sided level {margins.alpha:g}", Sample.DASHED, GREY),
    ]
    if margins.smallest is not None:
        where = (
            f"margins beyond {_value(margins, margins.smallest)}"
            if margins.smallest
            else "any margin"
        )
        keys.append(Key(f"noninferiority is shown: {where}", Sample.BLOCK, BAND))
    lowest = min(at for at, _ in marks) - 0.3
    keys += [_planned_key(margins, i, lowest) for i in range(len(margins.planned))]
    return Chart(
        title=margins.title,
        x=Scale(0.0, high, f"Margin ({margins.effect_label})", _across(margins, high)),
        y=Scale(lowest, 0.05, "p (logarithmic)", marks),
        keys=tuple(keys),
        note=margins.note,
        above=len(_rows(margins, high)) * TEXT_LINE,
        height=3.2,
    )


def _planned_key(margins: Margins, i: int, lowest: float) -> Key:
    """Return the entry of a planned margin, with the sign that it is drawn with."""
    planned = margins.planned[i]
    called = f"{'margin' if i else 'deciding margin'} {_value(margins, planned.margin)}"
    said = f"{called}: {p_words(planned.p)}, {planned.conclusion}"
    if _log(planned.p, lowest - 1) < lowest:
        return Key(f"{said} (below the axis)", Sample.BELOW, VERMILLION)
    return Key(said, Sample.DOT if i else Sample.DIAMOND, VERMILLION)


def _value(margins: Margins, margin: float) -> str:
    """Return a margin for print: of ratios the ratio that is just not acceptable."""
    return margins.notation.margin(margin)


def _across(margins: Margins, high: float) -> tuple[tuple[float, str], ...] | None:
    """Return the marks of margins that are ratios; None for round numbers."""
    if not margins.notation.is_ratio:
        return None
    found = [(-at, words) for at, words in margins.notation.ticks(-high, 0.0)]
    return tuple(sorted(found))


def _rows(margins: Margins, high: float) -> list[list[int]]:
    """Planned margins on so many lines that their values stand apart."""
    long = page_width(PAGE_WIDTH) - 1.5
    rows: list[list[int]] = []
    ends: list[float] = []
    for i in sorted(range(len(margins.planned)), key=lambda i: margins.planned[i].margin):
        half = width(_value(margins, margins.planned[i].margin), TEXT_SIZE) / 2 + 0.04
        at = long * margins.planned[i].margin / high
        for r, end in enumerate(ends):
            if at - half > end:
                rows[r].append(i)
                ends[r] = at + half
                break
        else:
            rows.append([i])
            ends.append(at + half)
    return rows


def _write_values(frame: Frame, margins: Margins) -> None:
    high = frame.axes.get_xlim()[1]
    rows: Sequence[Sequence[int]] = _rows(margins, high)
    for r, row in enumerate(rows):
        for i in row:
            x = frame.place(margins.planned[i].margin, 0.0)[0]
            y = frame.top - 0.02 - (r + 1) * TEXT_LINE
            frame.page.write(
                x, y, _value(margins, margins.planned[i].margin), TEXT_SIZE, align="center",
                gid=f"planned-label-{i}",
            )  # fmt: skip
