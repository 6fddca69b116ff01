"""Numbers of runs and of the ledger as a sentence shows them, each with its origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from review.canonical import telling
from review.export.manuscript.document import Number, Spans, Term, filled
from review.export.tables.cells import Interval, Kind
from review.export.tables.model import Column
from review.export.tables.printing import NumberStyle, printed, stated_p
from review.export.tracing.origins import LEDGER, origin
from review.figures.numbers import MINUS

Path = tuple[str | int, ...]

LEAST = 0.001
"""Smallest distance of a probability from 0 and 1 that is told as a number."""


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints the numbers of one run, or with no key those that are counted from the ledger.

    Attributes
    ----------
    style : NumberStyle
        Of p values and intervals.
    name : str
        What the names of its numbers begin with: the analysis, or ``before/<analysis>``.
    key : str or None
        Of the run.
    """

    style: NumberStyle
    name: str
    key: str | None = None

    def integer(self, value: int, *path: str | int) -> Number:
        """Return a count."""
        return self._made(f"{value:,}", value, path)

    def counted(self, value: int, what: str, *path: str | int) -> Number:
        """Return a count of what stands at a path: the trials added are counted in ``trials``."""
        number = self.integer(value, *path)
        return replace(number, name=f"{self.name}/{what}")

    def number(self, value: float, *path: str | int, decimals: int = 2) -> Number:
        """Return a number of the measure's scale."""
        return self._number(Kind.NUMBER, value, path, decimals)

    def percent(self, value: float, *path: str | int) -> Number:
        """Return a percentage, the value in percentage points."""
        return self._number(Kind.PERCENT, value, path, 1)

    def limits(
        self,
        limits: tuple[float, float],
        *path: str | int,
        level: float,
        decimals: int = 2,
        none: float = 0.0,
        name: str = "CI",
    ) -> Spans:
        """Return an interval with its level, as the style sets it: ``95% CI [-0.17, 1.33]``.

        Decimals are those that tell its limits from no effect (`none`).
        """
        decimals = telling(limits, decimals, (none,))
        text = printed(Column("ci", "CI", Kind.INTERVAL, decimals), Interval(*limits), self.style)
        between = ", " if self.style is NumberStyle.AMA else " "
        number = self._made(text, limits, path)
        return filled(f"{level * 100:g}% {name}{between}{{ci}}", ci=number)

    def chosen(self, value: float, *path: str | int) -> Number:
        """Return a number that somebody chose, with the digits that it was given: ``0.5``."""
        return self._made(f"{value:g}".replace("-", MINUS), value, path)

    def p(self, value: float, *path: str | int) -> Spans:
        """Return ``p = .112`` or ``p < .001``, the symbol in italics, the sign with the number."""
        symbol, _, signed = stated_p(value, self.style).partition(" ")
        return filled("{p} {n}", p=Term(symbol), n=self._made(signed, value, path))

    def probability(self, value: float, *path: str | int) -> Number:
        """Return a probability, ``.987``, never one that is not certain as 0 or 1: ``> .999``."""
        high = value > 1 - LEAST
        _, _, signed = stated_p(1 - LEAST if high else value, self.style).partition(" ")
        text = signed.removeprefix("= ")
        return self._made(f"> {text}" if high else text, value, path)

    def _number(self, kind: Kind, value: float, path: Path, decimals: int | None = None) -> Number:
        text = printed(Column("n", "n", kind, decimals), value, self.style)
        return self._made(text, value, path)

    def _made(self, text: str, value: float | tuple[float, float], path: Path) -> Number:
        # A label of the user's (a reason, a source) may hold anything, and must stay itself.
        name = "/".join([self.name, *(quote(str(part), safe="") for part in path)])
        where = origin(self.key, *path) if self.key else f"{LEDGER}/{name}"
        return Number(name, text, value, where)
