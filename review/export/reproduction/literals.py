"""Text from a database as literals and comments of R and Python source."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from review.export.tables.cells import writable
from review.formula import FACTORS, Call, Expression, Name, Number, Operation

_R_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def r_string(text: str) -> str:
    r"""The text as a string of R, in ASCII, so that it reads the same in every locale.

    Examples
    --------
    >>> print(r_string('O"Brien\\é'))
    "O\"Brien\\\u00e9"
    """
    return '"' + "".join(map(_r_character, writable(text))) + '"'


def _r_character(character: str) -> str:
    code = ord(character)
    if character in _R_ESCAPES:
        return _R_ESCAPES[character]
    if code < 0x7F:
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def python_string(text: str) -> str:
    r"""The text as a string of Python.

    Examples
    --------
    >>> print(python_string("O'Brien\n"))
    "O'Brien\n"
    """
    return repr(writable(text))


def comment(text: str) -> str:
    r"""The text on one line, so that none of it leaves a comment.

    Examples
    --------
    >>> comment("Mood\nq()")
    'Mood q()'
    """
    return " ".join(writable(text).split())


_NUMPY: Final = {
    **{name: f"np.{name}" for name in ("log", "log2", "log10", "log1p", "exp", "sqrt", "abs")},
    "I": "",
    "center": "center",
    "scale": "scale",
}
"""Functions of formulae in the exported Python script."""


def variable_in_python(variable: Name | Call, categories: Collection[str]) -> str:
    """Return a variable of a formula as the Python script makes its columns, from columns ``d``.

    Examples
    --------
    >>> variable_in_python(Name("country"), {"country"})
    "factor(d['country'])"
    >>> variable_in_python(Call("log", Operation("+", (Name("n"), Number("1")))), ())
    "numbers(np.log(d['n'] + 1))"
    """
    argument = variable.argument if isinstance(variable, Call) else variable
    if isinstance(variable, Name) and variable.name in categories:
        return f"factor({_in_python(variable)})"
    if isinstance(variable, Call) and variable.function in FACTORS:
        return f"factor({_in_python(argument)})"
    if isinstance(variable, Call) and variable.function not in _NUMPY:
        options = "".join(f", {name}={value}" for name, value in variable.options)
        return f"numbers(*{variable.function}({_in_python(argument)}{options}))"
    return f"numbers({_in_python(variable)})"


def _in_python(expression: Expression) -> str:
    match expression:
        case Name(name):
            return f"d[{python_string(name)}]"
        case Number(text):
            return text
        case Operation(sign=sign, operands=(one,)):
            return f"({sign}{_in_python(one)})"
        case Operation(sign=sign, operands=operands, bracketed=bracketed):
            written = "**" if sign == "^" else sign
            text = f" {written} ".join(map(_in_python, operands))
            return f"({text})" if bracketed else text
        case Call(function=function, argument=argument):
            return f"{_NUMPY[function]}({_in_python(argument)})"
