"""Reading a formula: tokens by R's precedence, and nothing that is not known."""

from __future__ import annotations

import difflib
import re
from typing import Final

from review.errors import InvalidDataError
from review.formula.expressions import (
    ALONE,
    FACTORS,
    FUNCTIONS,
    OPTIONS,
    Call,
    Expression,
    Name,
    Number,
    Operation,
    names_in,
    signs,
    within,
)

LONGEST: Final = 1000
"""Characters; no plan needs more, and reading stays quick whatever is sent."""

DEEPEST: Final = 40
"""Brackets and signs within one another."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    | (?P<name>(?:[^\W\d_]|\.(?![0-9]))[\w.]*)
    | `(?P<quoted>[^`\\\n]+)`
    | (?P<sign>[-+*/:^()~,=])
    )""",
    re.VERBOSE,
)


def read(text: str) -> Expression:
    """Read a formula as an expression; raise InvalidDataError with the place of what is wrong."""
    return _Reader(text).whole()


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
        known = OPTIONS.get(function, ())
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
        if ":" in signs(argument):
            raise self.wrong(at, f'":" has no meaning within {function}(…)')
        if any(isinstance(x, Call) and x.function in ALONE for x in within(argument)):
            raise self.wrong(at, f"a factor or a spline cannot stand within {function}(…)")
        if not any(True for _ in names_in(argument)):
            raise self.wrong(at, f"{function}(…) names no variable")
