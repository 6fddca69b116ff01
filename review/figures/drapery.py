"""The drapery plot: the p-value function of each study and of the pooled effect."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError
from review.figures.chart import Chart, Scale, draw_chart, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.scale import Notation, Written, limits
from review.figures.style import BLACK, BLUE, FAINT_BAND, GREY, own_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALE_LINE: Final = "#AAAAAA"
# Studies up to which what lies behind their curves is seen.
CROWDED: Final = 60
# Levels at which a reader wants to read the curves off.
LEVELS: Final = (0.05, 0.10, 0.20, 0.50)


@dataclass(frozen=True, slots=True)
class PValueFunction:
    """The limits of an effect at confidence 1 - p for each p of the plot: its p-value function."""

    label: str
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or any(
            not low <= high for low, high in zip(self.low, self.high, strict=True)
        ):
            raise InvalidDataError(f'"{self.label}" has a lower limit above its upper limit.')


@dataclass(frozen=True, slots=True)
class Drapery:
    """All that a drapery plot says.

    Attributes
    ----------
    p : tuple of float
        Two-sided p values, increasing from above 0 to 1; each function has one pair of limits for
        each of them, and meets at its estimate where p is 1.
    studies : tuple of PValueFunction
    pooled, prediction : PValueFunction or None
        Of the pooled effect, and of the effect in a new study.
    null_line : bool
        Whether 0 means no effect and has a line.
    """

    title: str
    p: tuple[float, ...]
    studies: tuple[PValueFunction, ...]
    pooled: PValueFunction | None = None
    prediction: PValueFunction | None = None
    notation: Written = Notation.PLAIN
    null_line: bool = True
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if any(not a < b for a, b in pairwise(self.p)) or not all(0 < p <= 1 for p in self.p):
            raise InvalidDataError("The p values of a drapery plot must increase from 0 to 1.")
        extra = [curve for curve in (self.pooled, self.prediction) if curve is not None]
        for curve in (*self.studies, *extra):
            if len(curve.low) != len(self.p):
                raise InvalidDataError(
                    f'"{curve.label}" has {len(curve.low)} pairs of limits '
                    f"for {len(self.p)} p values."
                )


def drapery_plot(drapery: Drapery) -> Figure:
    """Draw p-value functions.

    Parameters
    ----------
    drapery : Drapery
        Any number of studies, none included.

    Returns
    -------
    Figure
        Artists carry gids: ``study-i``, ``pooled``, ``prediction`` and ``level-.05`` to
        ``level-.50``. Where a line at p = .05 meets a curve, its 95% confidence interval ends.

    Notes
    -----
    Rücker & Schwarzer 2021, Research Synthesis Methods 12:13.

    Examples
    --------
    >>> study = PValueFunction("A", (-0.1, 0.2), (0.5, 0.2))
    >>> drapery_plot(Drapery("Depression", (0.05, 1.0), (study,))).get_label()
    'Depression'
    """
    with own_settings():
        frame = draw_chart(_chart(drapery))
        axes, p = frame.axes, drapery.p
        if drapery.null_line:
            axes.axvline(0.0, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=4.5, gid="null-line")
        for level in LEVELS:
            gid = f"level-{level:.2f}".replace("0.", ".")
            axes.axhline(level, color=GREY, lw=0.5, ls=(0, (4, 4)), zorder=2, gid=gid)
        if drapery.prediction is not None:
            region = axes.fill(*_outline(p, drapery.prediction), color=FAINT_BAND, lw=0, zorder=1)[
                0
            ]
            region.set_gid("prediction")
            if _crowded(drapery):
                axes.plot(
                    *_outline(p, drapery.prediction), color=BLACK, lw=1.0, ls=Sample.DASHED.value,
                    zorder=4.5, gid="prediction-outline",
                )  # fmt: skip
        fine = 0.35 if _crowded(drapery) else 0.6
        for i, study in enumerate(drapery.studies):
            _curve(axes, p, study, PALE_LINE, fine, f"study-{i}")
        if drapery.pooled is not None:
            _curve(axes, p, drapery.pooled, BLUE, 2.0, "pooled")
        if not drapery.studies and drapery.pooled is None:
            say_empty(frame, "No studies")
    return frame.figure


def _curve(
    axes: Axes, p: tuple[float, ...], curve: PValueFunction, colour: str, wide: float, gid: str
) -> None:
    axes.plot(
        *_outline(p, curve), color=colour, lw=wide, zorder=5 if gid == "pooled" else 4, gid=gid
    )


def _outline(p: tuple[float, ...], curve: PValueFunction) -> tuple[list[float], list[float]]:
    return [*curve.low, *reversed(curve.high)], [*p, *reversed(p)]


def _crowded(drapery: Drapery) -> bool:
    """Whether curves of studies would hide what lies behind them."""
    return len(drapery.studies) > CROWDED


def _chart(drapery: Drapery) -> Chart:
    at = min(range(len(drapery.p)), key=lambda i: abs(drapery.p[i] - 0.05), default=None)
    shown = [] if at is None else [(curve.low[at], curve.high[at]) for curve in drapery.studies]
    extra = [curve for curve in (drapery.pooled, drapery.prediction) if curve is not None]
    own = [] if at is None else [(curve.low[at], curve.high[at]) for curve in extra]
    low, high = limits(shown, own, (0.0,) if drapery.null_line else ())
    keys = [Key("Study", Sample.LINE, PALE_LINE)]
    if drapery.pooled is not None:
        keys.append(Key(drapery.pooled.label, Sample.LINE, BLUE))
    if drapery.prediction is not None:
        drawn = (Sample.DASHED, BLACK) if _crowded(drapery) else (Sample.BLOCK, FAINT_BAND)
        keys.append(Key(drapery.prediction.label, *drawn))
    return Chart(
        title=drapery.title,
        x=Scale(low, high, drapery.effect_label, notation=drapery.notation),
        y=Scale(0.0, 1.0, "p value (two-sided)", marks=_marks()),
        keys=tuple(keys),
        favours_left=drapery.favours_left,
        favours_right=drapery.favours_right,
        note=drapery.note,
    )


def _marks() -> tuple[tuple[float, str], ...]:
    return ((0.0, "0"), *((x, f"{x:.2f}") for x in LEVELS), (0.75, "0.75"), (1.0, "1"))
