"""Model formulae as R reads them: text in, terms out, and nothing is ever evaluated.

A formula comes from a plan or from a command line. It is read by a grammar of its own that knows
names, numbers, the operators of formulae and a short list of functions; whatever else it holds is
refused with its place.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from review.errors import InvalidDataError

__all__ = [
    "FACTORS",
    "FUNCTIONS",
    "Call",
    "Expression",
    "Formula",
    "Name",
    "Number",
    "Operation",
    "names_in",
    "parse",
]

LONGEST: Final = 1000
"""Characters; no plan needs more, and reading stays quick whatever is sent."""

DEEPEST: Final = 40
"""Brackets and signs within one another."""

MOST_TERMS: Final = 200
"""Terms after ``*`` and ``^`` are written out: more than any data can estimate."""

FUNCTIONS: Final = {
    "factor": "numbers as categories",
    "C": "the same as factor",
    "I": "arithmetic, as in I(x^2) or I(year - 2010)",
    "log": "natural logarithm",
    "log2": "logarithm to base 2",
    "log10": "logarithm to base 10",
    "log1p": "log(1 + x)",
    "exp": "exponential",
    "sqrt": "square root",
    "abs": "absolute value",
    "center": "difference from the mean",
    "scale": "difference from the mean in standard deviations",
    "poly": "orthogonal polynomial, poly(x, 2)",
    "ns": "natural cubic spline, ns(x, df = 3)",
    "bs": "cubic B-spline, bs(x, df = 4)",
}
"""All that a formula may call."""

_OPTIONS: Final = {
    "poly": ("degree",),
    "ns": ("df",),
    "bs": ("df", "degree"),
}
"""Numbers that a function takes after its variable, in order; each may be named."""

FACTORS: Final = frozenset({"factor", "C"})
"""Functions that make categories."""

_ALONE: Final = FACTORS | set(_OPTIONS)
"""Functions that give several columns, and so stand in no other."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<name>(?:[^\W\d_]|\.(?![0-9]))[\w.]*)
    | `(?P<quoted>[^`\n]+)`
    | (?P<sign>[-+*/:^()~,=])
    )""",
    re.VERBOSE,
)

_PLAIN: Final = re.compile(r"(?:[^\W\d_]|\.(?![0-9]))[\w.]*")


@dataclass(frozen=True, slots=True)
class Name:
    """A variable: a column of a file, or a characteristic of trials."""

    name: str

    def __str__(self) -> str:
        """Quoted with backticks where R needs it."""
        return self.name if _PLAIN.fullmatch(self.name) else f"`{self.name}`"


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written."""

    text: str

    @property
    def value(self) -> float:
        """What it stands for."""
        return float(self.text)

    def __str__(self) -> str:
        """As it was written."""
        return self.text


@dataclass(frozen=True, slots=True)
class Operation:
    """A sign and its one or two operands."""

    sign: str
    operands: tuple[Expression, ...]
    bracketed: bool = False

    def __str__(self) -> str:
        """As R prints it: spaces around + - and *, none around the others."""
        if len(self.operands) == 1:
            text = f"{self.sign}{self.operands[0]}"
        else:
            between = f" {self.sign} " if self.sign in "+-*" else self.sign
            text = between.join(map(str, self.operands))
        return f"({text})" if self.bracketed else text


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the list, its argument, and its options by name."""

    function: str
    argument: Expression
    options: tuple[tuple[str, int], ...] = ()
    written: str = ""
    """The options as they were given, since R's names of columns have them."""

    def __str__(self) -> str:
        """As R prints it."""
        return f"{self.function}({self.argument}{self.written})"


Expression: TypeAlias = Name | Number | Operation | Call


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


def names_in(expression: Expression) -> Iterator[str]:
    """Yield the columns that an expression uses, from left to right."""
    match expression:
        case Name(name):
            yield name
        case Operation(operands=operands):
            for operand in operands:
                yield from names_in(operand)
        case Call(argument=argument):
            yield from names_in(argument)
        case Number():
            return


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
    reader = _Reader(text)
    expression = reader.whole()
    spread = _Spread(text)
    masks = spread.terms(expression)
    order = sorted((m for m in masks if m), key=lambda mask: mask.bit_count())
    terms = tuple(tuple(i for i in range(mask.bit_length()) if mask >> i & 1) for mask in order)
    if not terms and not spread.intercept:
        raise InvalidDataError(f'The formula "{text}" leaves nothing to estimate.')
    return Formula(tuple(spread.variables), terms, spread.intercept)


class _Reader:
    """Reads tokens one after another, by R's precedence."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise InvalidDataError(f"The formula has more than {LONGEST} characters.")
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self.wrong(at, "a name, a number, a sign or a function was expected")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self.place = 0
        self.depth = 0

    def wrong(self, at: int, reason: str) -> InvalidDataError:
        left = self.text[at:].strip()
        where = f'at "{left[:14]}"' if left else "at its end"
        return InvalidDataError(f'The formula "{self.text}" cannot be read {where}: {reason}')

    def here(self) -> int:
        return self.tokens[self.place][2] if self.place < len(self.tokens) else len(self.text)

    def at(self, signs: str) -> str | None:
        if self.place < len(self.tokens):
            kind, text, _ = self.tokens[self.place]
            if kind == "sign" and text in signs:
                return text
        return None

    def take(self, signs: str) -> str | None:
        found = self.at(signs)
        if found is not None:
            self.place += 1
        return found

    def whole(self) -> Expression:
        self.take("~")
        if self.place == len(self.tokens):
            raise InvalidDataError("The formula is empty.")
        found = self.sum()
        if self.place < len(self.tokens):
            raise self.wrong(self.here(), "a sign between two terms was expected")
        return found

    def sum(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(self.here(), f"it is nested more than {DEEPEST} deep")
        sign = self.take("+-")
        found = self.product()
        if sign is not None:
            found = Operation(sign, (found,))
        while sign := self.take("+-"):
            found = Operation(sign, (found, self.product()))
        self.depth -= 1
        return found

    def product(self) -> Expression:
        found = self.interaction()
        while sign := self.take("*/"):
            found = Operation(sign, (found, self.interaction()))
        return found

    def interaction(self) -> Expression:
        found = self.power()
        while sign := self.take(":"):
            found = Operation(sign, (found, self.power()))
        return found

    def power(self) -> Expression:
        found = self.atom()
        if self.take("^"):
            sign = self.take("-")
            exponent = self.atom()
            return Operation("^", (found, Operation("-", (exponent,)) if sign else exponent))
        return found

    def atom(self) -> Expression:
        if self.place == len(self.tokens):
            raise self.wrong(len(self.text), "a term is missing")
        kind, text, at = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            return Number(text)
        if kind == "quoted":
            return Name(text)
        if kind == "name":
            return self.call(text, at) if self.take("(") else Name(text)
        if text == "(":
            inner = self.sum()
            self.close()
            if isinstance(inner, Operation):
                return Operation(inner.sign, inner.operands, bracketed=True)
            return inner
        self.place -= 1
        raise self.wrong(at, "a term was expected here")

    def close(self) -> None:
        if not self.take(")"):
            raise self.wrong(self.here(), 'a closing ")" was expected')

    def call(self, function: str, at: int) -> Call:
        if function not in FUNCTIONS:
            near = difflib.get_close_matches(function, FUNCTIONS, 1)
            hint = f", did you mean {near[0]}?" if near else ""
            raise self.wrong(
                at, f"there is no function {function}{hint} (there are {', '.join(FUNCTIONS)})"
            )
        argument = self.sum()
        options: list[tuple[str, int]] = []
        written: list[str] = []
        while self.take(","):
            name, value, told = self.option(function, len(options))
            options.append((name, value))
            written.append(told)
        self.close()
        self._suits(function, argument, options, at)
        return Call(function, argument, tuple(options), "".join(f", {t}" for t in written))

    def option(self, function: str, number: int) -> tuple[str, int, str]:
        at = self.here()
        known = _OPTIONS.get(function, ())
        tokens = self.tokens[self.place : self.place + 3]
        named = [t[0] for t in tokens[:2]] == ["name", "sign"] and tokens[1][1] == "="
        name = tokens[0][1] if named else (known[number] if number < len(known) else "")
        self.place += 2 if named else 0
        value = self.atom()
        if name not in known:
            takes = f"takes {' and '.join(known)} only" if known else "takes one variable only"
            raise self.wrong(at, f"{function} {takes}")
        if (
            not isinstance(value, Number)
            or not value.text.isdecimal()
            or not 1 <= value.value <= 20
        ):
            raise self.wrong(at, f"{name} of {function} is a whole number from 1 to 20")
        shown = f"{name} = {value.text}" if named else value.text
        return name, int(value.text), shown

    def _suits(
        self, function: str, argument: Expression, options: list[tuple[str, int]], at: int
    ) -> None:
        if len({name for name, _ in options}) < len(options):
            raise self.wrong(at, f"an option of {function} is given twice")
        if function in FACTORS and not isinstance(argument, Name):
            raise self.wrong(at, f"{function} takes the name of one variable")
        if ":" in _signs(argument):
            raise self.wrong(at, f'":" has no meaning within {function}(…)')
        if any(isinstance(x, Call) and x.function in _ALONE for x in _within(argument)):
            raise self.wrong(at, f"a factor or a spline cannot stand within {function}(…)")
        if not any(True for _ in names_in(argument)):
            raise self.wrong(at, f"{function}(…) names no variable")


def _within(expression: Expression) -> Iterator[Expression]:
    yield expression
    match expression:
        case Operation(operands=operands):
            for operand in operands:
                yield from _within(operand)
        case Call(argument=argument):
            yield from _within(argument)


def _signs(expression: Expression) -> set[str]:
    return {one.sign for one in _within(expression) if isinstance(one, Operation)}


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
