"""The terms of a formula, written out and in R's order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from review.errors import InvalidDataError
from review.formula.expressions import Call, Expression, Name, Number, Operation, names_in
from review.formula.reading import read

MOST_TERMS: Final = 200
"""Terms after ``*`` and ``^`` are written out: more than any data can estimate."""


@dataclass(frozen=True, slots=True)
class Formula:
    """The terms of a formula, main effects first and then by order, as R sorts them.

    Attributes
    ----------
    variables : tuple of Name or Call
        What terms are made of, in the order in which the formula names them.
    terms : tuple of tuple of int
        For each term the places of its variables, rising.
    intercept : bool
    """

    variables: tuple[Name | Call, ...]
    terms: tuple[tuple[int, ...], ...]
    intercept: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The terms in words: ``year``, ``alloc:factor(g)``."""
        return tuple(":".join(str(self.variables[i]) for i in term) for term in self.terms)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the formula needs, each once."""
        used = {i for term in self.terms for i in term}
        found = [
            name
            for i, variable in enumerate(self.variables)
            if i in used
            for name in names_in(variable)
        ]
        return tuple(dict.fromkeys(found))

    def __str__(self) -> str:
        """Return the formula written out, as R and `parse` take it."""
        parts = [*(() if self.intercept else ("0",)), *self.labels]
        return " + ".join(parts) or "1"


def parse(text: str) -> Formula:
    """Read a formula such as ``year + alloc`` or ``~ 0 + factor(g) * log(x)``.

    ``a:b`` is an interaction, ``a*b`` both with it, ``a/b`` b within a, ``(a + b + c)^2`` all up to
    pairs, ``- a`` takes a term out, ``0 +`` or ``- 1`` the intercept. Names that are no plain words
    stand in backticks.

    Raises
    ------
    InvalidDataError
        With the place and what is wrong; for a call of a function that is not in `FUNCTIONS` too.

    References
    ----------
    Wilkinson & Rogers 1973, Appl Stat 22:392; Chambers & Hastie 1992, section 2.3; the order of
    terms and of the variables within a term is that of R's ``terms.formula``.

    Examples
    --------
    >>> parse("b:a + a").labels
    ('a', 'b:a')
    >>> str(parse("~ year * alloc - 1"))
    '0 + year + alloc + year:alloc'
    >>> parse("~ 0 + year * alloc").terms
    ((0,), (1,), (0, 1))
    """
    expression = read(text)
    spread = _Spread(text)
    masks = spread.terms(expression)
    order = sorted((m for m in masks if m), key=lambda mask: mask.bit_count())
    terms = tuple(tuple(i for i in range(mask.bit_length()) if mask >> i & 1) for mask in order)
    if not terms and not spread.intercept:
        raise InvalidDataError(f'The formula "{text}" leaves nothing to estimate.')
    return Formula(tuple(spread.variables), terms, spread.intercept)


class _Spread:
    """Writes out ``*``, ``/`` and ``^``; a term is a set of variables, as bits."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: list[Name | Call] = []
        self.intercept = True

    def terms(self, expression: Expression) -> list[int]:
        match expression:
            case Number(text=text):
                return self._intercept(text, keep=True)
            case Name() | Call():
                return [self._bit(expression)]
            case Operation(sign="+", operands=operands):
                return self._checked(t for operand in operands for t in self.terms(operand))
            case Operation(sign="-", operands=operands):
                return self._without(operands)
            case Operation(sign="^", operands=(base, exponent)):
                return self._power(base, exponent)
            case Operation(sign=sign, operands=(one, other)):
                return self._crossed(sign, self._variables(one), self._variables(other))
        raise AssertionError(expression)

    def _wrong(self, reason: str) -> InvalidDataError:
        return InvalidDataError(f'The formula "{self.text}" cannot be read: {reason}')

    def _bit(self, variable: Name | Call) -> int:
        if variable not in self.variables:
            self.variables.append(variable)
        return 1 << self.variables.index(variable)

    def _intercept(self, text: str, *, keep: bool) -> list[int]:
        if text not in ("0", "1"):
            raise self._wrong(f"{text} is no term; arithmetic stands in I(…)")
        self.intercept = (text == "1") == keep
        return []

    def _without(self, operands: tuple[Expression, ...]) -> list[int]:
        *left, last = operands
        kept = self.terms(left[0]) if left else []
        if isinstance(last, Number):
            self._intercept(last.text, keep=False)
            return kept
        gone = set(self._variables(last))
        if not gone <= set(kept):
            raise self._wrong(f"it takes away {last}, which is not in it")
        return [term for term in kept if term not in gone]

    def _variables(self, expression: Expression) -> list[int]:
        """Terms of an operand that may not speak of the intercept."""
        before = self.intercept
        found = self.terms(expression)
        if self.intercept != before or not found:
            raise self._wrong("0 and 1 can be added to terms or taken away, nothing else")
        return found

    def _power(self, base: Expression, exponent: Expression) -> list[int]:
        if not (
            isinstance(exponent, Number) and exponent.text.isdecimal() and int(exponent.text) > 0
        ):
            raise self._wrong("^ takes a whole number; a power of a variable is I(x^2)")
        once = found = self._variables(base)
        if len(once) == 1:
            raise self._wrong(
                f"{base}^{exponent} as a term is {base} itself; for a power write "
                f"I({base}^{exponent})"
            )
        for _ in range(min(int(exponent.text), len(once)) - 1):
            found = self._checked([*found, *(a | b for a in found for b in once)])
        return found

    def _crossed(self, sign: str, one: list[int], other: list[int]) -> list[int]:
        if len(one) * len(other) > MOST_TERMS:
            raise self._wrong(f"it has more than {MOST_TERMS} terms")
        if sign == "/":
            whole = 0
            for term in one:
                whole |= term
            return self._checked([*one, *(whole | term for term in other)])
        pairs = [a | b for a in one for b in other]
        return self._checked(pairs if sign == ":" else [*one, *other, *pairs])

    def _checked(self, terms: Iterable[int]) -> list[int]:
        found = list(dict.fromkeys(terms))
        if len(found) > MOST_TERMS:
            raise self._wrong(f"it has more than {MOST_TERMS} terms")
        return found
