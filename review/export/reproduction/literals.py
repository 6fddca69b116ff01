"""Text from a database as literals and comments of R and Python source."""

from __future__ import annotations

from review.export.tables.cells import writable

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
