"""Long forest plots in short: every interval by the size of its effect, or subgroups alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from review.figures.axis import draw_landmarks
from review.figures.chart import Chart, Scale, draw_chart, say_empty
from review.figures.chart_key import Key, Sample
from review.figures.forest import reach_of
from review.figures.forest_values import (
    Diamond,
    Forest,
    ForestRow,
    Heading,
    prediction_of,
    value_of,
)
from review.figures.scale import Notation
from review.figures.style import BAND, BLACK, BLUE, GREY, VERMILLION, ZONE, own_settings
from review.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOT: Final = 4.0
"""Points across a study's dot, where there are few."""
CROWDED: Final = 60
"""Studies from which on dots become smaller and lines thinner."""


def subgroups_alone(forest: Forest) -> Forest:
    """Return a forest plot of the diamonds of subgroups, named by what they pool."""
    rows: list[ForestRow | Heading | Diamond] = []
    heading, studies = "", 0
    for row in forest.rows:
        if isinstance(row, Heading):
            heading, studies = row.label, 0
        elif isinstance(row, ForestRow):
            studies += 1
        else:
            rows.append(replace(row, label=f"{heading} (k = {studies})"))
    return replace(forest, rows=tuple(rows), domains=(), categories=())


def caterpillar_plot(forest: Forest) -> Figure:
    """Draw the studies of a forest plot from the lowest effect to the highest, without names.

    Parameters
    ----------
    forest : Forest
        Any number of studies, none included; headings and diamonds among its rows are left out.

    Returns
    -------
    Figure
        Gids: ``intervals`` and ``estimates`` of all studies, ``pooled-line``, ``pooled-band`` (its
        interval), ``prediction-line-low`` and ``-high``. The note counts intervals that the axis
        cuts.

    Notes
    -----
    Ratios whose axis a forest plot turns are mirrored here, so that they rise to the right.
    """
    studies = [
        (row.estimate, row.ci_low, row.ci_high)
        for row in forest.rows
        if isinstance(row, ForestRow)
        and row.estimate is not None and row.ci_low is not None and row.ci_high is not None
    ]  # fmt: skip
    mirrored = forest.notation.turned
    low, high = reach_of(forest)
    if mirrored:
        studies = [(-e, -h, -lo) for e, lo, h in studies]
        low, high = -high, -low
    studies.sort()
    k = len(studies)
    cut = sum(lo < low or hi > high for _, lo, hi in studies)
    reach = "reaches" if cut == 1 else "reach"
    told = f"{counted(cut, 'interval')} of {k} {reach} beyond the axis." if cut else ""
    pooled = forest.summaries[0] if forest.summaries and k else None
    sides = forest.favours_left, forest.favours_right
    said = Notation.RATIO if mirrored else forest.notation
    with own_settings():
        frame = draw_chart(
            Chart(
                title=forest.title,
                x=Scale(low, high, forest.effect_label, notation=said),
                y=Scale(0.0, k + 1.0, f"{counted(k, 'study', 'studies')}, by effect", ()),
                keys=tuple(_keys(forest, pooled)),
                favours_left=sides[mirrored],
                favours_right=sides[not mirrored],
                note=f"{forest.note} {told}".strip(),
                height=min(6.5, max(1.5, 0.06 * k + 1.0)),
            )
        )  # fmt: skip
        axes, few = frame.axes, min(1.0, CROWDED / max(k, 1))
        if pooled is not None:
            _draw_pooled(frame.axes, pooled, -1.0 if mirrored else 1.0)
        if mirrored and forest.margin is not None:
            axes.axvspan(forest.margin, high, color=ZONE, lw=0, zorder=0, gid="margin-zone")
        draw_landmarks(
            axes, None if mirrored else forest.margin, upright=True, null_line=forest.null_line
        )
        at = range(1, k + 1)
        lines = axes.hlines(
            at, [lo for _, lo, _ in studies], [hi for *_, hi in studies], color=GREY,
            lw=0.4 + 0.5 * few, zorder=3,
        )  # fmt: skip
        lines.set_gid("intervals")
        axes.plot(
            [e for e, _, _ in studies], at, marker="o", ls="none", mew=0, color=BLUE,
            ms=1.8 + (DOT - 1.8) * few, zorder=4, gid="estimates",
        )  # fmt: skip
        axes.set_xlim(low, high)
        axes.spines["left"].set_visible(False)
        if not k:
            say_empty(frame, "No studies")
    return frame.figure


def _keys(forest: Forest, pooled: Diamond | None) -> list[Key]:
    keys = [Key(f"Study with {100 * forest.level:g}% interval", Sample.DOT, BLUE)]
    if pooled is not None:
        keys.append(Key(f"{pooled.label}: {value_of(forest, pooled)}", Sample.LINE, VERMILLION))
        if pooled.pi_low is not None and pooled.pi_high is not None:
            limits = prediction_of(forest, pooled)
            keys.append(Key(f"Prediction interval {limits}", Sample.DASHED, BLACK))
    if forest.margin is not None:
        margin = forest.notation.limit(forest.margin)
        keys.append(Key(f"beyond the margin {margin}", Sample.BLOCK, ZONE))
    return keys


def _draw_pooled(axes: Axes, pooled: Diamond, sign: float) -> None:
    ends = sorted((sign * pooled.ci_low, sign * pooled.ci_high))
    band = axes.axvspan(*ends, color=BAND, lw=0, zorder=1)
    band.set_gid("pooled-band")
    axes.axvline(sign * pooled.estimate, color=VERMILLION, lw=1.2, zorder=2, gid="pooled-line")
    if pooled.pi_low is not None and pooled.pi_high is not None:
        limits = sorted((sign * pooled.pi_low, sign * pooled.pi_high))
        for side, limit in zip(("low", "high"), limits, strict=True):
            axes.axvline(
                limit, color=BLACK, lw=0.8, ls="--", zorder=2, gid=f"prediction-line-{side}"
            )  # fmt: skip
