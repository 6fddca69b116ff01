"""Plots of intervals as tables of HTML: each row has its numbers as text and its interval as SVG.

A screen reader hears a table, a printer gets a vector, and 200 studies are 70 kB. What is drawn are
the frozen values of `review.figures`; manuscripts have the same values drawn by matplotlib.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from markupsafe import Markup

from review.figures.estimates import Estimates
from review.figures.estimates import reach_of as estimates_reach
from review.figures.forest import reach_of as forest_reach
from review.figures.forest_values import (
    Diamond,
    Forest,
    ForestRow,
    Heading,
    prediction_of,
    value_of,
)
from review.figures.numbers import fixed
from review.figures.risk_of_bias import Blank
from review.web.lights import light
from review.web.plot_axis import Axis


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the rows and heads of a forest plot lead.

    Attributes
    ----------
    studies : sequence of int or None
        The study of each of the forest's rows; None for headings and diamonds.
    study : str
        Address of a study, to which its number is added.
    sorts : mapping of str to str
        The address of each order that the rows can have, by the column it is of: ``label``,
        ``weight``, ``value``.
    sorted_by : str
        The column that they are in the order of; nothing for none of these.
    off : frozenset of int
        Studies that are switched off.
    switches : bool
        Whether each row has a box that switches it off.
    """

    studies: Sequence[int | None] = ()
    study: str = ""
    sorts: Mapping[str, str] = field(default_factory=dict)
    sorted_by: str = ""
    off: frozenset[int] = frozenset()
    switches: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    key: str
    header: str
    numeric: bool = False
    wide: bool = False
    """Whether a narrow screen leaves it out."""


def forest_table(
    forest: Forest,
    to: Addresses | None = None,
    *,
    caption: str = "",
    pictures: set[str] | None = None,
) -> Markup:
    """Return a forest plot as a table.

    Parameters
    ----------
    forest : Forest
        Any number of rows, none included.
    to : Addresses, optional
        Where its rows lead; without, nothing leads anywhere.
    caption : str
        What the table is, for those who hear it; the forest's title by default.
    pictures : set of str, optional
        Names of the pictures that the page has already: a row whose picture is among them shows it
        again, others are added. For several tables of the same rows, which lead to the same places.

    Returns
    -------
    Markup
        A row a study, its interval cut with an arrow where it leaves the axis; a row a diamond,
        and one for its prediction interval.
    """
    to = to or Addresses()
    pooled = forest.summaries[0].estimate if forest.summaries and forest.rows else None
    axis = Axis(forest_reach(forest), forest.notation, forest.margin, pooled)
    weighted = [r.weight for r in forest.rows if isinstance(r, ForestRow) and r.weight]
    heaviest = max(weighted, default=None)
    columns = _forest_columns(forest, weighted=bool(weighted))
    lines: list[str] = []
    studies = to.studies or (None,) * len(forest.rows)
    for row, study in zip(forest.rows, studies, strict=True):
        if isinstance(row, ForestRow):
            lines.append(_study(forest, axis, row, study, to, heaviest, columns, pictures))
        elif isinstance(row, Heading):
            span = len(columns) + to.switches
            words = escape(row.label)
            lines.append(
                f'<tr class="group"><th colspan="{span}" scope="rowgroup">{words}</th></tr>'
            )
        else:
            lines += _diamond(forest, axis, row, columns, to)
    if not forest.rows and not forest.summaries:
        span = len(columns) + to.switches
        lines.append(f'<tr><td colspan="{span}">No studies</td></tr>')
    foot = [x for summary in forest.summaries for x in _diamond(forest, axis, summary, columns, to)]
    foot.append(_ruler_row(axis, columns, forest, to.switches))
    return Markup(  # every text above is escaped
        f'<table class="plot forest"><caption>{escape(caption or forest.title)}</caption>'
        f"<thead>{_forest_heads(forest, columns, to)}</thead>"
        f"<tbody>{''.join(lines)}</tbody><tfoot>{''.join(foot)}</tfoot></table>"
    )


def _forest_columns(forest: Forest, *, weighted: bool) -> list[_Column]:
    columns = [_Column("label", forest.label_header or "Study")]
    for c, header in enumerate(forest.column_headers):
        cells = [row.columns[c] for row in forest.rows if isinstance(row, ForestRow)]
        columns.append(_Column(f"column-{c}", header, _numeric(cells), wide=True))
    columns.append(_Column("plot", ""))
    columns.append(
        _Column("value", f"{forest.effect_label} [{100 * forest.level:g}% CI]", numeric=True)
    )
    if weighted:
        columns.append(_Column("weight", "Weight", numeric=True, wide=True))
    columns += [
        _Column(f"bias-{d}", domain.key, wide=True) for d, domain in enumerate(forest.domains)
    ]
    return columns


def _numeric(cells: Iterable[str]) -> bool:
    given = [cell for cell in cells if cell]
    return 2 * sum(cell[0] in "0123456789−-<>" for cell in given) > len(given)


def _classes(column: _Column) -> str:
    names = " ".join(
        name for name, holds in (("n", column.numeric), ("wide", column.wide)) if holds
    )
    return f' class="{names}"' if names else ""


def _forest_heads(forest: Forest, columns: Sequence[_Column], to: Addresses) -> str:
    groups = ""
    if any(header for header, _ in forest.column_groups) or forest.domains:
        cells = ["<td></td>" * (1 + to.switches)]
        for header, count in forest.column_groups or (("", len(forest.column_headers)),):
            if count:
                head = f'<th colspan="{count}" scope="colgroup" class="wide">{escape(header)}</th>'
                cells.append(head if header else f'<td colspan="{count}" class="wide"></td>')
        rest = sum(column.key in ("plot", "value", "weight") for column in columns)
        cells.append(f'<td colspan="{rest}"></td>')
        if forest.domains:
            span = len(forest.domains)
            cells.append(f'<th colspan="{span}" scope="colgroup" class="wide">Risk of bias</th>')
        groups = f"<tr>{''.join(cells)}</tr>"
    heads = ['<th scope="col">Leave out</th>'] if to.switches else []
    for column in columns:
        text = escape(column.header)
        if column.key == "plot":
            heads.append("<td></td>")
            continue
        bias = column.key.removeprefix("bias-")
        if column.key.startswith("bias-"):
            text = f'<abbr title="{escape(forest.domains[int(bias)].name)}">{text}</abbr>'
        order = ""
        if column.key in to.sorts:
            text = f'<a href="{escape(to.sorts[column.key])}">{text}</a>'
            order = ' aria-sort="other"' if column.key == to.sorted_by else ""
        heads.append(f'<th scope="col"{_classes(column)}{order}>{text}</th>')
    return f"{groups}<tr>{''.join(heads)}</tr>"


def _study(
    forest: Forest,
    axis: Axis,
    row: ForestRow,
    study: int | None,
    to: Addresses,
    heaviest: float | None,
    columns: Sequence[_Column],
    pictures: set[str] | None,
) -> str:
    # Cells and rows end where the next begins: of 200 trials that is 8 kB less.
    label, off = escape(row.label), study in to.off
    cells = []
    if to.switches:
        box = ""
        if study is not None:
            on = " checked" if off else ""
            box = (
                f"<input type=checkbox name=without value={study}{on} "
                f'aria-label="Leave out {label}">'
            )
        cells.append(f"<td>{box}")
    link = f'<a href="{to.study}{study}">{label}</a>' if study is not None and to.study else label
    cells.append(f'<th scope="row">{link}')
    data = [column for column in columns if column.key.startswith("column-")]
    cells += [
        f"<td{_classes(column)}>{escape(cell)}"
        for column, cell in zip(data, row.columns, strict=True)
    ]
    drawn = ""
    if row.estimate is not None and row.ci_low is not None and row.ci_high is not None:
        share = 0.25 if row.weight is None or not heaviest else row.weight / heaviest
        drawn = axis.interval(row.ci_low, row.ci_high) + axis.square(row.estimate, share)
    pictures = pictures if study is not None else None  # a treatment's row is of no study
    name = "" if pictures is None else f"row-{to.study.removeprefix('#')}{study}"
    again = pictures is not None and name in pictures
    if pictures is not None:
        pictures.add(name)
    cells.append(f"<td>{axis.picture(drawn, name, again=again)}")
    value = _unbroken(value_of(forest, row))
    cells.append(f'<td class="n">{value}')
    if any(column.key == "weight" for column in columns):
        weight = "" if row.weight is None else f"{fixed(row.weight, 1)}%"
        cells.append(f'<td class="n wide">{weight}')
    for d in range(len(forest.domains)):
        judged = row.judgements[d] if row.judgements else Blank.NOT_ASSESSED
        cells.append(f'<td class="wide">{light(forest.categories, judged)}')
    return f"<tr{' class=off' if off else ''}>{''.join(cells)}"


def _unbroken(value: str) -> str:
    """Return numbers as HTML whose interval does not break."""
    return escape(value).replace(", ", ",\N{NO-BREAK SPACE}")


def _diamond(
    forest: Forest, axis: Axis, row: Diamond, columns: Sequence[_Column], to: Addresses
) -> list[str]:
    drawn = axis.diamond(row.ci_low, row.estimate, row.ci_high)
    value = _unbroken(value_of(forest, row))
    totals = dict(zip((f"column-{c}" for c in range(len(row.columns))), row.columns, strict=True))
    if row.weight is not None:
        totals["weight"] = f"{fixed(row.weight, 1)}%"
    lines = [_pooled_row(axis, row.label, value, drawn, columns, to.switches, totals)]
    if row.pi_low is not None and row.pi_high is not None:
        drawn = axis.interval(row.pi_low, row.pi_high, "pi", capped=True)
        value = _unbroken(prediction_of(forest, row))
        lines.append(
            _pooled_row(axis, "Prediction interval", value, drawn, columns, to.switches, None)
        )
    return lines


def _pooled_row(
    axis: Axis,
    label: str,
    value: str,
    drawn: str,
    columns: Sequence[_Column],
    switches: bool,
    totals: Mapping[str, str] | None,
) -> str:
    """Return a row of a diamond with its totals by column, or with None of its prediction."""
    cells = ["<td></td>"] if switches else []
    for column in columns:
        if column.key == "label":
            cells.append(f'<th scope="row">{escape(label)}</th>')
        elif column.key == "plot":
            cells.append(f"<td>{axis.picture(drawn)}</td>")
        elif column.key == "value":
            cells.append(f'<td class="n">{value}</td>')
        else:
            total = escape((totals or {}).get(column.key, ""))
            cells.append(f"<td{_classes(column)}>{total}</td>")
    return f"<tr{' class=strong' if totals is not None else ''}>{''.join(cells)}</tr>"


def _ruler_row(
    axis: Axis, columns: Sequence[_Column], plot: Forest | Estimates, switches: bool = False
) -> str:
    favours = (plot.favours_left, plot.favours_right)
    at = next(i for i, column in enumerate(columns) if column.key == "plot")
    cells = ["<td></td>"] if switches else []
    for i, column in enumerate(columns):
        wide = ' class="wide"' if column.wide else ""
        cells.append(f"<td>{axis.ruler(favours)}</td>" if i == at else f"<td{wide}></td>")
    return f"<tr>{''.join(cells)}</tr>"


def estimates_table(
    estimates: Estimates, *, links: Mapping[int, str] | None = None, caption: str = ""
) -> Markup:
    """Return estimates with their intervals as a table, a row each.

    Parameters
    ----------
    estimates : Estimates
        Any number of rows, none included.
    links : mapping of int to str, optional
        The addresses that rows lead to, by their places.
    caption : str
        What the table is; the figure's title by default.
    """
    axis = Axis(
        estimates_reach(estimates), estimates.notation, estimates.margin, estimates.reference
    )
    columns = [_Column("label", estimates.label_header)]
    for where, headers in (
        ("before", estimates.before_headers),
        ("after", estimates.after_headers),
    ):
        if where == "after":
            header = f"{estimates.effect_label} [{100 * estimates.level:g}% CI]"
            columns += [_Column("plot", ""), _Column("value", header, numeric=True)]
        for c, header in enumerate(headers):
            cells = [getattr(row, where)[c] for row in estimates.rows]
            columns.append(
                _Column(
                    f"{where}-{c}",
                    header,
                    _numeric(cells),
                    wide=where == "before" or _numeric(cells),
                )
            )
    rows = "".join(_estimate_rows(estimates, axis, columns, links or {}))
    if not rows:
        rows = f'<tr><td colspan="{len(columns)}">{escape(estimates.empty)}</td></tr>'
    heads = "".join(
        "<td></td>"
        if column.key == "plot"
        else f'<th scope="col"{_classes(column)}>{escape(column.header)}</th>'
        for column in columns
    )
    return Markup(  # every text above is escaped
        f'<table class="plot"><caption>{escape(caption or estimates.title)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
        f"<tfoot>{_ruler_row(axis, columns, estimates)}</tfoot></table>"
    )


def _estimate_rows(
    estimates: Estimates, axis: Axis, columns: Sequence[_Column], links: Mapping[int, str]
) -> Iterator[str]:
    for i, row in enumerate(estimates.rows):
        label = escape(row.label)
        if i in links:
            label = f'<a href="{escape(links[i])}">{label}</a>'
        drawn = ""
        if row.estimate is not None and row.ci_low is not None and row.ci_high is not None:
            drawn = axis.interval(row.ci_low, row.ci_high) + axis.square(row.estimate, 0.25)
        value = _unbroken(value_of(estimates, row, estimates.decimals))
        before = [c for c in columns if c.key.startswith("before-")]
        after = [c for c in columns if c.key.startswith("after-")]
        cells = [
            f'<th scope="row">{label}</th>',
            *_texts(before, row.before),
            f"<td>{axis.picture(drawn)}</td>",
            f'<td class="n">{value}</td>',
            *_texts(after, row.after),
        ]
        yield f"<tr{' class=strong' if row.strong else ''}>{''.join(cells)}</tr>"


def _texts(columns: Sequence[_Column], cells: Sequence[str]) -> Iterator[str]:
    for column, cell in zip(columns, cells, strict=True):
        yield f"<td{_classes(column)}>{escape(cell)}</td>"
