"""What formulae are made of: names, numbers, operations and the calls that are known. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

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

OPTIONS: Final = {
    "poly": ("degree",),
    "ns": ("df",),
    "bs": ("df", "degree"),
}
"""Numbers that a function takes after its variable, in order; each may be named."""

FACTORS: Final = frozenset({"factor", "C"})
"""Functions that make categories."""

ALONE: Final = FACTORS | set(OPTIONS)
"""Functions that give several columns, and so stand in no other."""

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


def within(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all that it holds."""
    yield expression
    match expression:
        case Operation(operands=operands):
            for operand in operands:
                yield from within(operand)
        case Call(argument=argument):
            yield from within(argument)


def signs(expression: Expression) -> set[str]:
    """Return the signs of an expression's operations."""
    return {one.sign for one in within(expression) if isinstance(one, Operation)}
