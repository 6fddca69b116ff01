"""Layouts of forest plots: those of RevMan 5, JAMA and The BMJ, and the program's own.

What stands where, and how intervals, p values and tests are written, are those of the layouts of R
package meta, `forest.meta(layout = )`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from review.figures.forest_values import Difference, Fit
from review.figures.numbers import fixed, p_words
from review.figures.style import BLACK, BLUE, VERMILLION


class Layout(StrEnum):
    """A layout, by the name that users give."""

    PLAIN = "plain"
    REVMAN5 = "revman5"
    JAMA = "jama"
    BMJ = "bmj"


@dataclass(frozen=True, slots=True)
class Style:
    """What tells a layout from the others."""

    label_header: str
    weight_header: str = "Weight"
    interval: tuple[str, str, str] = ("[", ", ", "]")
    values_first: bool = False  # numbers stand left of the plot
    weights: bool = True
    of_all: bool = True  # tests stand under the pooled estimate, instead of in the note
    subtotal: str = ""
    total: str = ""
    size: str = "n"  # of an arm
    apart: bool = False  # a mean and its SD have a column each, and the size comes after them
    broken: bool = False  # what stands in brackets in a header has a line of its own
    square: str = BLUE
    diamond: str = VERMILLION

    def written(self, text: str) -> str:
        """Return an interval, written with brackets, as the layout writes it."""
        opened, between, closed = self.interval
        return text.replace("[", opened).replace(", ", between).replace("]", closed)

    def header(self, effect: str, level: float) -> str:
        """Return the header of the estimates."""
        opened, _, closed = self.interval
        return self.headed(f"{effect} {opened}{100 * level:g}% CI{closed}")

    def headed(self, header: str) -> str:
        """Return a header, on two lines where the layout breaks it."""
        return re.sub(r" (?=[\[(][^\[(]*[\])]$)", "\n", header) if self.broken else header


STYLES: Final = {
    Layout.PLAIN: Style("Study", of_all=False),
    Layout.REVMAN5: Style(
        "Study or subgroup", values_first=True, subtotal="Subtotal", total="Total", diamond=BLACK,
        size="Total", apart=True,
    ),
    Layout.JAMA: Style(
        "Source", interval=("(", " to ", ")"), values_first=True, weights=False,
        subtotal="Subtotal", total="Total", square="#00008B", diamond="#ADD8E6",
    ),
    Layout.BMJ: Style(
        "Study", "Weight (%)", ("(", " to ", ")"), subtotal="Subtotal", total="Total",
        square="#6B58A6", diamond="#6B58A6", broken=True,
    ),
}  # fmt: skip


def _p(layout: Layout, p: float) -> str:
    """Return a p value as the layout writes it."""
    words = p_words(p)
    if layout is Layout.PLAIN:
        return words
    if layout is Layout.JAMA:  # no zero before the point
        return words.replace("p", "P").replace("0.", ".", 1)
    return words.replace("p", "P").replace(" ", "" if layout is Layout.BMJ else " ")


def _test(layout: Layout, name: str, stat: float, df: float | None, p: float) -> list[str]:
    """A statistic of a test with degrees of freedom and p, in pieces that lines may part."""
    at = "" if df is None else f"{df:g}"
    value = fixed(stat, 2)
    if layout is Layout.JAMA:
        return [f"{name}{at.translate(_LOWERED)} = {value} ({_p(layout, p)})"]
    if layout is Layout.BMJ:
        return [f"{name}={value}{f', df={at}' if at else ''}, {_p(layout, p)}"]
    if layout is Layout.REVMAN5:
        return [f"{name} = {value}{f', df = {at}' if at else ''} ({_p(layout, p)})"]
    return [f"{name} = {value}{f', df = {at}' if at else ''}, {_p(layout, p)}"]


_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def heterogeneity_words(fit: Fit, layout: Layout) -> list[str]:
    """Return τ², Q with its p and I², in pieces that lines may part; none for one study.

    Q is called χ² where the layout does so: it is referred to that distribution.
    """
    if fit.df < 1:
        return []
    revman, equal = layout is Layout.REVMAN5, "=" if layout is Layout.BMJ else " = "
    opening = "Test for heterogeneity: " if layout is Layout.BMJ else "Heterogeneity: "
    found = [] if fit.tau2 is None or layout is Layout.JAMA else [
        f"{'Tau²' if revman else 'τ²'}{equal}{fixed(fit.tau2, 2 if revman else 3)}"
    ]  # fmt: skip
    if fit.q is not None and fit.q_p is not None:
        name = {Layout.PLAIN: "Q", Layout.REVMAN5: "Chi²"}.get(layout, "χ²")
        found += _test(layout, name, fit.q, fit.df, fit.q_p)
    if fit.i2 is not None:
        found.append(f"I²{equal}{fixed(fit.i2, 1 if layout is Layout.PLAIN else 0)}%")
    return [opening + found[0], *found[1:]] if found else []


def effect_words(fit: Fit, layout: Layout) -> list[str]:
    """Return the test of the pooled effect, in pieces; none where it was not tested."""
    if fit.stat is None or fit.p is None:
        return []
    name = ("Z" if layout is Layout.REVMAN5 else "z") if fit.ddf is None else "t"
    first, *others = _test(layout, name, fit.stat, fit.ddf, fit.p)
    return [f"Test for overall effect: {first}", *others]


def difference_words(found: Difference, layout: Layout) -> list[str]:
    """Return the test for subgroup differences, in pieces."""
    if found.ddf is not None:
        value = f"F({found.df}, {found.ddf:g}) = {fixed(found.stat, 2)}, {_p(layout, found.p)}"
        return [f"Test for subgroup differences: {value}"]
    name = {Layout.PLAIN: "Q", Layout.REVMAN5: "Chi²"}.get(layout, "χ²")
    first, *others = _test(layout, name, found.stat, found.df, found.p)
    return [f"Test for subgroup differences: {first}", *others]


def in_lines(pieces: Sequence[str], *, narrow: bool, layout: Layout) -> list[str]:
    """Return pieces on one line, or on a line each where the page is narrow.

    In the layout of The BMJ, whose plot stands in the middle, they go on a second line, which ends
    before the plot.
    """
    between = "; " if layout in (Layout.REVMAN5, Layout.BMJ) else ", "
    if narrow:
        return list(pieces)
    lines = [pieces[:1], pieces[1:]] if layout is Layout.BMJ else [pieces]
    return [between.join(line) for line in lines if line]
