"""The axis of a plot of intervals: where numbers stand across a row, and what is drawn there."""

from __future__ import annotations

import math
from html import escape
from typing import Final
from zlib import crc32

from review.figures.scale import Written

WIDTH: Final = 320
"""Units of a row's picture, which are pixels on a wide screen."""


HEIGHT: Final = 24


MIDDLE: Final = HEIGHT / 2


LARGEST: Final = 15.0
"""Side of the heaviest study's square."""


SMALLEST: Final = 3.0


SIDES_ROOM: Final = 42
"""Letters of what the two sides of an axis mean that fit beside each other."""


LABEL_ROOM: Final = 34.0
"""Least distance between the labels of two ticks."""


class Axis:
    """Where numbers of the analysis scale stand across a row."""

    def __init__(
        self,
        reach: tuple[float, float],
        notation: Written,
        margin: float | None = None,
        reference: float | None = None,
    ) -> None:
        self.low, self.high = reach
        self.notation = notation
        self.margin = margin
        self.reference = reference
        self.name = f"l{crc32(f'{reach} {notation} {margin} {reference}'.encode()):x}"
        self._defined = False

    def at(self, value: float) -> float:
        """Return where a value stands, held to the axis."""
        held = min(max(value, self.low), self.high)
        share = (held - self.low) / (self.high - self.low)
        return round(WIDTH * (1 - share if self.notation.turned else share), 1)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def landmarks(self) -> str:
        """Return what crosses every row, defined once: no effect, the margin, the pooled line."""
        drawn = []
        if self.margin is not None:
            left, right = sorted((self.at(self.low), self.at(-self.margin)))
            drawn.append(f'<path class="beyond-margin" d="M{left:g} 0H{right:g}V24H{left:g}z"/>')
            drawn.append(f'<path class="at-margin" d="M{self.at(-self.margin):g} 0V24"/>')
        if self.holds(0.0):
            drawn.append(f'<path class="at-none" d="M{self.at(0.0):g} 0V24"/>')
        if self.reference is not None and self.holds(self.reference):
            drawn.append(f'<path class="at-pooled" d="M{self.at(self.reference):g} 0V24"/>')
        return f'<g id="{self.name}">{"".join(drawn)}</g>'

    def picture(self, drawn: str, name: str = "", *, again: bool = False) -> str:
        """Return the picture of a row; the first one defines the landmarks of all.

        With a `name` the page can draw it `again` from where it stands.
        """
        head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        if again:
            return f'{head}<use href="#{name}"/></svg>'
        marks = "" if self._defined else f"<defs>{self.landmarks()}</defs>"
        self._defined = True
        row = f'<use href="#{self.name}"/>{drawn}'
        return (
            f'{head}{marks}<g id="{name}">{row}</g></svg>' if name else f"{head}{marks}{row}</svg>"
        )

    def interval(self, low: float, high: float, kind: str = "ci", *, capped: bool = False) -> str:
        """Return a line from limit to limit; what leaves the axis ends in an arrow at its edge."""
        ends = sorted(((self.at(low), low), (self.at(high), high)))
        (left, first), (right, last) = ends
        line = f'<path class="{kind}" d="M{left:g} 12H{right:g}'
        arrows = ""
        for x, limit, way in ((left, first, 1), (right, last, -1)):
            if not self.holds(limit):
                arrows += f'<path class="cut" d="M{x:g} 12l{7 * way} -4v8z"/>'
            elif capped:
                line += f"M{x:g} 8v8"
        return f'{line}"/>{arrows}'

    def square(self, value: float, share: float) -> str:
        """Return a square whose area is a share of the largest; nothing beyond the axis."""
        if not self.holds(value):
            return ""
        side = max(SMALLEST, LARGEST * math.sqrt(share))
        left, top = self.at(value) - side / 2, MIDDLE - side / 2
        return f'<path class="box" d="M{left:.1f} {top:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"/>'

    def diamond(self, low: float, value: float, high: float) -> str:
        """Return a diamond from limit to limit; a limit beyond the axis ends in an arrow."""
        left, right = sorted((self.at(low), self.at(high)))
        arrows = self.interval(low, high) if not (self.holds(low) and self.holds(high)) else ""
        middle = self.at(value)
        shape = f"M{left:g} 12L{middle:g} 4L{right:g} 12L{middle:g} 20z"
        return f'<path class="diamond" d="{shape}"/>{arrows}'

    def ruler(self, favours: tuple[str, str]) -> str:
        """Return the axis itself: its line, ticks with labels, and what its two sides mean."""
        drawn = [f'<path class="tick" fill="none" d="M0 2H{WIDTH}']
        labels: list[str] = []
        newest = -math.inf
        marks = self.notation.ticks(self.low, self.high, 7)
        for x, label in sorted((self.at(value), label) for value, label in marks):
            drawn.append(f"M{x:g} 2v4")
            if x - newest >= LABEL_ROOM and 8 <= x <= WIDTH - 8:
                more = ' class="more"' if len(labels) % 2 else ""
                labels.append(f'<text{more} x="{x:g}" y="18" text-anchor="middle">{label}</text>')
                newest = x
        drawn.append('"/>')
        left, right = favours[::-1] if self.notation.turned else favours
        if left:
            words = f"\N{LEFTWARDS ARROW} {escape(_short(left))}"
            labels.append(f'<text class="more" x="0" y="38">{words}</text>')
        if right:
            words = f"{escape(_short(right))} \N{RIGHTWARDS ARROW}"
            y = 38 if len(_short(left)) + len(_short(right)) <= SIDES_ROOM else 52
            labels.append(
                f'<text class="more" x="{WIDTH}" y="{y}" text-anchor="end">{words}</text>'
            )
        return (
            f'<svg class="axis" viewBox="0 0 {WIDTH} 56" aria-hidden="true">'
            f"{''.join(drawn)}{''.join(labels)}</svg>"
        )


def _short(words: str, most: int = 26) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}\N{HORIZONTAL ELLIPSIS}"
