"""The GOSH plot: pooled effect and I² of all subsets of the studies, or of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from review.arrays import Bools, Floats
from review.errors import InvalidDataError
from review.figures.chart import Chart, Frame, Scale, draw_chart, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.numbers import fixed
from review.figures.scale import Notation, Written, reach
from review.figures.style import BLACK, BLUE, VERMILLION, own_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Hexagons from left to right, and bars of each histogram.
HEXAGONS, BARS = 60, 60
# Height and breadth of the histograms in inches, and their distance from the plot.
HISTOGRAM, APART = 0.55, 0.06
# Colour of the emptiest hexagon, as a share of the full one on white.
FAINTEST = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Gosh:
    """All that a GOSH plot says.

    Attributes
    ----------
    estimate, I2 : (m,) of the subsets; I² in per cent.
    pooled : (float, float) or None
        Effect and I² of all studies.
    highlighted : (m,) or None
        Which subsets have the study named in `highlight`.
    null_line : bool
        Whether 0 means no effect and has a line.
    """

    title: str
    estimate: Floats
    I2: Floats
    pooled: tuple[float, float] | None = None
    highlight: str = ""
    highlighted: Bools | None = None
    notation: Written = Notation.PLAIN
    null_line: bool = True
    effect_label: str = "Effect"
    favours_left: str = ""
    favours_right: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        shapes = {self.estimate.shape, self.I2.shape}
        if self.highlighted is not None:
            shapes.add(self.highlighted.shape)
        if len(shapes) != 1 or self.estimate.ndim != 1:
            raise InvalidDataError("Effects, I² and members of the subsets differ in number.")
        if not (np.isfinite(self.estimate).all() and np.isfinite(self.I2).all()):
            raise InvalidDataError("A subset has an effect or I² that is not a number.")


def gosh_plot(gosh: Gosh) -> Figure:
    """Draw the subsets' effects against their I², as density.

    Parameters
    ----------
    gosh : Gosh
        Any number of subsets, none included.

    Returns
    -------
    Figure
        Artists carry gids: ``hexagons``, ``pooled``, ``histogram-above`` and ``histogram-beside``;
        with a highlighted study the histograms are ``…-with`` and ``…-without``. Hexagons are
        darker the more subsets they hold (by logarithm); with a highlighted study their hue goes
        from blue (no subset has it) to vermillion (all have it).

    Notes
    -----
    Olkin, Dahabreh & Trikalinos 2012, Research Synthesis Methods 3:214.

    Examples
    --------
    >>> gosh_plot(Gosh("Depression", np.array([0.1]), np.array([0.0]))).get_label()
    'Depression'
    """
    with own_settings():
        frame = draw_chart(_chart(gosh))
        axes = frame.axes
        if gosh.null_line:
            axes.axvline(0.0, color=BLACK, lw=0.8, ls=(0, (1, 2)), zorder=1, gid="null-line")
        if gosh.estimate.size:
            _hexagons(axes, gosh)
            _histograms(frame, gosh)
        else:
            say_empty(frame, "No subsets")
        if gosh.pooled is not None:
            axes.plot(
                *[[x] for x in gosh.pooled], marker="D", ms=5.5, mfc="white", mec=BLACK, mew=1.0,
                ls="none", clip_on=False, zorder=6, gid="pooled",
            )  # fmt: skip
    return frame.figure


def _chart(gosh: Gosh) -> Chart:
    # Quantiles of a million numbers are enough: the ends, and where the bulk lies.
    among = gosh.estimate if gosh.estimate.size else np.zeros(1)
    ends = np.quantile(among, np.linspace(0, 1, 101)).tolist()
    pooled = [] if gosh.pooled is None else [gosh.pooled[0]]
    low, high = reach(ends, [*pooled, 0.0] if gosh.null_line else pooled)
    keys = [Key("Subsets, darker where more", Sample.BLOCK, BLUE)]
    if gosh.highlighted is not None:
        keys = [
            Key(f"with {gosh.highlight}, full outline", Sample.BLOCK, VERMILLION),
            Key("without it, broken outline", Sample.BLOCK, BLUE),
        ]
    if gosh.pooled is not None:
        effect, i2 = gosh.pooled
        said = f"{gosh.notation.written(effect, 2)}, I² {fixed(i2, 0)}%"
        keys.append(Key(f"All studies: {said}", Sample.HOLLOW))
    return Chart(
        title=gosh.title,
        x=Scale(low, high, gosh.effect_label, notation=gosh.notation),
        y=Scale(-2.0, 102.0, "I² (%)", marks=tuple((x, str(x)) for x in range(0, 101, 20))),
        keys=tuple(keys),
        favours_left=gosh.favours_left,
        favours_right=gosh.favours_right,
        note=gosh.note,
        above=HISTOGRAM + APART,
        beside=HISTOGRAM + APART,
    )


def _counts(axes: Axes, gosh: Gosh, chosen: Bools | None) -> Any:
    x, y = (gosh.estimate, gosh.I2) if chosen is None else (gosh.estimate[chosen], gosh.I2[chosen])
    x0, x1 = axes.get_xlim()
    y0, y1 = axes.get_ylim()
    return axes.hexbin(
        x, y, gridsize=(HEXAGONS, round(HEXAGONS * 0.36)), extent=(x0, x1, y0, y1), mincnt=0,
        linewidths=0.0, zorder=3,
    )  # fmt: skip


def _hexagons(axes: Axes, gosh: Gosh) -> None:
    shown = _counts(axes, gosh, None)
    count = np.asarray(shown.get_array())
    share = np.zeros(count.size)
    if gosh.highlighted is not None:
        among = _counts(axes, gosh, gosh.highlighted)
        share = np.asarray(among.get_array()) / np.maximum(count, 1)
        among.remove()
    held = count > 0
    density = np.log1p(count[held]) / np.log1p(max(float(count.max()), 1.0))
    strength = FAINTEST + (1 - FAINTEST) * density
    hue = _mixed(_rgb(BLUE), _rgb(VERMILLION), share[held, None])
    shown.set_array(None)
    shown.set_offsets(np.asarray(shown.get_offsets())[held])
    shown.set_facecolor(_mixed(_rgb("#FFFFFF"), hue, strength[:, None]))
    shown.set_edgecolor("none")
    shown.set_gid("hexagons")


def _rgb(colour: str) -> Floats:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def _mixed(one: Floats, other: Floats, share: Floats) -> Floats:
    mixed: Floats = (1 - share) * one + share * other
    return mixed


def _histograms(frame: Frame, gosh: Gosh) -> None:
    """Of effects above the plot and of I² on its right, both on the plot's own scale."""
    left, top, page = frame.left, frame.top, frame.page
    above = page.axes(left, top - APART, frame.width, HISTOGRAM)
    above.set_xlim(*frame.axes.get_xlim())
    beside = page.axes(left + frame.width + APART, top + frame.height, HISTOGRAM, frame.height)
    beside.set_ylim(*frame.axes.get_ylim())
    for axes, values, upright in ((above, gosh.estimate, True), (beside, gosh.I2, False)):
        name = "histogram-above" if upright else "histogram-beside"
        edges = np.linspace(*(axes.get_xlim() if upright else axes.get_ylim()), BARS + 1)
        axes.axis("off")
        if gosh.highlighted is None:
            _steps(axes, values, edges, BLUE, name, upright=upright, filled=True)
            continue
        for chosen, colour, part in (
            (~gosh.highlighted, BLUE, "without"),
            (gosh.highlighted, VERMILLION, "with"),
        ):
            _steps(axes, values[chosen], edges, colour, f"{name}-{part}", upright=upright)


def _steps(
    axes: Axes,
    values: Floats,
    edges: Floats,
    colour: str,
    gid: str,
    *,
    upright: bool,
    filled: bool = False,
) -> None:
    counts = np.histogram(values, edges)[0]
    steps = axes.stairs(
        counts, edges, orientation="vertical" if upright else "horizontal", fill=filled,
        color=colour, lw=0.0 if filled else 1.1,
        ls="--" if gid.endswith("-without") else "-",
    )  # fmt: skip
    steps.set_gid(gid)
    most = max(float(counts.max()), float((axes.get_ylim() if upright else axes.get_xlim())[1]), 1)
    if upright:
        axes.set_ylim(0, most)
    else:
        axes.set_xlim(0, most)
