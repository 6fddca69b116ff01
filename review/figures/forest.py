"""The forest plot: one line a study, squares by weight, diamonds for what was pooled."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.figures.forest_values import (
    Diamond,
    Forest,
    ForestRow,
    Heading,
    prediction_of,
    value_of,
)
from review.figures.interval import draw_interval, ends
from review.figures.layouts import (
    STYLES,
    Layout,
    Style,
    difference_words,
    effect_words,
    heterogeneity_words,
    in_lines,
)
from review.figures.numbers import fixed
from review.figures.panel import PanelPage, draw_panel, draw_reference
from review.figures.panel_layout import VALUE_HEADER, Group, Light, Panel, TextColumn
from review.figures.paper import one_page, paper
from review.figures.risk_of_bias import Blank, look
from review.figures.scale import limits
from review.figures.style import BLACK, VERMILLION, own_settings
from review.figures.text import POINTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# Side of the largest square and height of a diamond, in lines.
LARGEST_SQUARE = 0.62
DIAMOND_HEIGHT = 0.66
# Smallest side in points at which a square is still seen as one in print.
SMALLEST_SQUARE = 1.8

# What a column of a spread is shown or left out with.
SPREAD_OF = {"SD": "Mean", "SE": "Estimate"}

_NUMBER = re.compile(r"^[−+\-<>]?[\d.]")


def forest_plot(forest: Forest, layout: Layout = Layout.PLAIN) -> Figure:
    """Draw a forest plot on one page, as high as its rows need; see `forest_pages`.

    Examples
    --------
    >>> row = ForestRow("Clarke (2002)", 0.11, -0.21, 0.43)
    >>> forest_plot(Forest("Depression", (row,))).get_label()
    'Depression'
    """
    return one_page(lambda: forest_pages(forest, layout))


def forest_pages(forest: Forest, layout: Layout = Layout.PLAIN) -> list[Figure]:
    """Draw a forest plot, over several pages where the paper's height does not hold its rows.

    Parameters
    ----------
    forest : Forest
        Any number of rows, none included.
    layout : Layout
        Whose forest plot it is to look like.

    Returns
    -------
    list of Figure
        Each as high as its rows need. Artists carry gids for tests and for pages: ``square-i``,
        ``interval-i``, ``label-i``, ``value-i`` and ``weight-i`` for row i, ``column-c-i`` for its
        data, ``bias-d-i`` and ``light-bias-d-i`` for its judgements; ``diamond-i`` for a diamond
        among the rows; for summary j ``diamond-summary-j`` and ``prediction-summary-j``,
        and ``label-<key>-n`` for the lines of tests below a diamond.

    Notes
    -----
    Intervals beyond the axis end in an arrow; an estimate beyond it has no square, only the arrow
    and its number. The axis reaches as far as `review.figures.scale.limits` says.
    A prediction interval is the thin capped line through its diamond, with its numbers on the line
    below. Layout and weights as squares' areas: Lewis & Clarke 2001, BMJ 322:1479.
    """
    style = STYLES[layout]
    with own_settings():
        lines = _lines(forest, layout)
        pages = draw_panel(_panel(forest, lines, style))
        heaviest = max(
            (r.weight for r in forest.rows if isinstance(r, ForestRow) and r.weight), default=None
        )
        for page in pages:
            if forest.rows and forest.summaries:
                draw_reference(page.axes, forest.summaries[0].estimate, "summary-line")
            for i, y in page.heights():
                item, key = lines[i].item, lines[i].key
                if isinstance(item, ForestRow):
                    share = (
                        0.5 if item.weight is None or heaviest is None else item.weight / heaviest
                    )
                    _draw_row(page, y, item, key, share, style.square)
                elif isinstance(item, Diamond):
                    _draw_diamond(page.axes, y, item, key, style.diamond)
    return [page.figure for page in pages]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the plot: its words and what is drawn on it."""

    key: str
    label: str
    value: str = ""
    weight: str = ""
    item: ForestRow | Heading | Diamond | None = None
    columns: tuple[str, ...] = ()
    span: bool = False  # its words go on over the columns
    section: str = ""


def _lines(forest: Forest, layout: Layout) -> list[_Line]:
    """The lines from top to bottom, each with the heading that it stands under."""
    style, section = STYLES[layout], ""
    lines: list[_Line] = []
    for i, row in enumerate(forest.rows):
        if isinstance(row, ForestRow):
            weight = _weight(row.weight, style)
            text = value_of(forest, row)
            lines.append(
                _Line(
                    str(i), row.label, style.written(text), weight, row, row.columns,
                    section=section,
                )
            )  # fmt: skip
        elif isinstance(row, Heading):
            section = row.label
            if i:
                lines.append(_Line(f"{i}-space", ""))
            lines.append(_Line(str(i), row.label, item=row, span=True, section=section))
        else:
            lines += _diamond_lines(forest, row, str(i), layout, style.subtotal, section)
    if not forest.rows and not forest.summaries:
        lines.append(_Line("none", "No studies"))
    if lines and forest.summaries:
        lines.append(_Line("summary-space", ""))
    for j, summary in enumerate(forest.summaries):
        lines += _diamond_lines(forest, summary, f"summary-{j}", layout, style.total)
        tests = (forest.difference,) if forest.difference and style.of_all and j == 0 else ()
        for test in tests:
            lines += _spans(difference_words(test, layout), "difference", layout, "")
    return lines


def _weight(weight: float | None, style: Style) -> str:
    percent = "" if style.weight_header.endswith("(%)") else "%"
    return "" if weight is None or not style.weights else f"{fixed(weight, 1)}{percent}"


def _diamond_lines(
    forest: Forest, diamond: Diamond, key: str, layout: Layout, name: str, section: str = ""
) -> list[_Line]:
    style = STYLES[layout]
    value = style.written(value_of(forest, diamond))
    label = f"{name} ({100 * forest.level:g}% CI)" if name else diamond.label
    weight = _weight(diamond.weight, style)
    lines = [_Line(key, label, value, weight, diamond, diamond.columns, section=section)]
    if diamond.pi_low is not None and diamond.pi_high is not None:
        value = style.written(prediction_of(forest, diamond))
        lines.append(_Line(f"{key}-prediction", "Prediction interval", value, section=section))
    if diamond.fit is not None and (section or style.of_all):
        lines += _spans(heterogeneity_words(diamond.fit, layout), f"{key}-q", layout, section)
        lines += _spans(effect_words(diamond.fit, layout), f"{key}-test", layout, section)
    return lines


def _spans(pieces: list[str], key: str, layout: Layout, section: str) -> list[_Line]:
    told = in_lines(pieces, narrow=paper().narrow, layout=layout)
    return [
        _Line(f"{key}-{n}", words, span=True, section=section) for n, words in enumerate(told)
    ]  # fmt: skip


def _panel(forest: Forest, lines: Sequence[_Line], style: Style) -> Panel:
    labels = tuple("" if x.span else x.label for x in lines)
    before = [TextColumn("label", forest.label_header or style.label_header, labels, widest=2.6)]
    for c, header in enumerate(forest.column_headers):
        cells = tuple(x.columns[c] if x.columns else "" for x in lines)
        filled = [cell for cell in cells if cell]
        numeric = 2 * sum(bool(_NUMBER.match(cell)) for cell in filled) >= len(filled)
        first = header.split(" ")[0]
        kin = SPREAD_OF.get(first, first)
        before.append(TextColumn(f"column-{c}", style.headed(header), cells, numeric, kin=kin))
    numbers = []
    if any(x.weight for x in lines):
        weights = tuple(x.weight for x in lines)
        numbers.append(TextColumn("weight", style.headed(style.weight_header), weights, True))
    header = style.header(forest.effect_label, forest.level)
    values = tuple(x.value for x in lines)
    numbers.append(TextColumn("value", header, values, True, header_room=VALUE_HEADER))
    before += numbers if style.values_first else []
    after = [] if style.values_first else numbers
    after += [_bias_column(forest, lines, d) for d in range(len(forest.domains))]
    return Panel(
        title=forest.title,
        before=tuple(before),
        after=tuple(after),
        keys=tuple(x.key for x in lines),
        spans={i: x.label for i, x in enumerate(lines) if x.span},
        sections=tuple(x.section for x in lines),
        together=frozenset(_together(lines)),
        strong=frozenset(i for i, x in enumerate(lines) if isinstance(x.item, Heading | Diamond)),
        limits=reach_of(forest),
        axis_label=forest.effect_label,
        favours_left=forest.favours_left,
        favours_right=forest.favours_right,
        margin=forest.margin,
        null_line=forest.null_line,
        note=forest.note,
        legend_note=_domain_names(forest),
        notation=forest.notation,
        groups=tuple(_groups(forest)),
        legend=tuple(_legend(forest)) if forest.domains else (),
    )


def _together(lines: Sequence[_Line]) -> Iterator[int]:
    """Yield lines that no page ends with: a heading with the line below, what a diamond pools."""
    for i, line in enumerate(lines):
        after = lines[i + 1] if i + 1 < len(lines) else _Line("", "")
        bound = isinstance(after.item, Diamond) or after.span or after.key.endswith("-prediction")
        headed = i and isinstance(lines[i - 1].item, Heading) and not isinstance(line.item, Heading)
        if isinstance(line.item, Heading) or headed or not line.label or bound:
            yield i


def _bias_column(forest: Forest, lines: Sequence[_Line], domain: int) -> TextColumn:
    signs, lights = [], []
    for line in lines:
        sign, light = "", None
        if isinstance(line.item, ForestRow):
            judged = line.item.judgements[domain] if line.item.judgements else Blank.NOT_ASSESSED
            face, ink, sign = look(forest.categories, judged)
            light = None if judged is Blank.NOT_ASKED else (face, ink)
            sign = "\N{EN DASH}" if judged is Blank.NOT_ASKED else sign
        signs.append(sign)
        lights.append(light)
    header = forest.domains[domain].key
    return TextColumn(f"bias-{domain}", header, tuple(signs), header_room=0.2, lights=tuple(lights))


def _legend(forest: Forest) -> Iterator[Light]:
    """Every category, used or not; what is blank only where it occurs."""
    for c, category in enumerate(forest.categories):
        yield Light(*look(forest.categories, c), category.label)
    rows = [row for row in forest.rows if isinstance(row, ForestRow)]
    blanks = {judged for row in rows for judged in row.judgements or (Blank.NOT_ASSESSED,)}
    if Blank.NOT_ASSESSED in blanks:
        yield Light(*look(forest.categories, Blank.NOT_ASSESSED), "No judgement yet")
    if Blank.NOT_ASKED in blanks:
        yield Light("", BLACK, "\N{EN DASH}", "Not part of the study's tool")


def _domain_names(forest: Forest) -> str:
    told = [f"{d.key} {d.name}" for d in forest.domains if d.key != d.name]
    return f"Risk of bias: {'; '.join(told)}." if told else ""


def _groups(forest: Forest) -> Iterator[Group]:
    first = 0
    for header, count in forest.column_groups:
        if header:
            yield Group(header, tuple(f"column-{c}" for c in range(first, first + count)))
        first += count
    if forest.domains:
        yield Group("Risk of bias", tuple(f"bias-{d}" for d in range(len(forest.domains))))


def reach_of(forest: Forest) -> tuple[float, float]:
    """Return how far the axis of a forest plot reaches, on the analysis scale."""
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
    marks = (0.0, -1.3 * (forest.margin or 0.0)) if forest.null_line else ()
    return limits(studies, pooled, marks)


def _draw_row(
    page: PanelPage, y: float, row: ForestRow, key: str, share: float, colour: str
) -> None:
    """Draw a study; `share` is its weight as a part of the heaviest's."""
    axes = page.axes
    if row.estimate is None or row.ci_low is None or row.ci_high is None:
        return
    draw_interval(
        axes, y, row.ci_low, row.ci_high, colour=BLACK, line_width=0.9, gid=f"interval-{key}"
    )
    low, high = sorted(axes.get_xlim())
    if not low <= row.estimate <= high:
        return
    largest = LARGEST_SQUARE * page.step * POINTS_PER_INCH
    axes.plot(
        [row.estimate], [y], marker="s", ms=max(SMALLEST_SQUARE, largest * math.sqrt(share)),
        color=colour, mew=0, ls="none", gid=f"square-{key}", zorder=3,
    )  # fmt: skip


def _draw_diamond(axes: Axes, y: float, diamond: Diamond, key: str, face: str) -> None:
    from matplotlib.patches import Polygon

    low, high = sorted(axes.get_xlim())
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
        closed=True, facecolor=face, edgecolor=BLACK, lw=0.6, zorder=6,
    )  # fmt: skip
    shape.set_gid(f"diamond-{key}")
    axes.add_patch(shape)
    shape.set_clip_path(axes.patch)
    below, above = ends(axes)
    for side, cut, edge, marker in (
        ("low", diamond.ci_low < low, low, below),
        ("high", diamond.ci_high > high, high, above),
    ):
        if cut:
            axes.plot(
                [edge], [y], marker=marker, ms=6, color=BLACK, mew=0, ls="none", clip_on=False,
                gid=f"diamond-{key}-cut-{side}", zorder=7,
            )  # fmt: skip
