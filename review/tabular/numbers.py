"""Numbers as people type them: read where only one reading is possible, refused otherwise.

The decimal sign is a habit of a column, or of a file, and never guessed for one cell alone.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from review.tabular.grid import quoted


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    """Stays as it was typed."""
    NUMBER = "number"
    COUNT = "whole number"
    SHARE = "number of at most 1"
    """A percentage of it means hundredths: ``95%`` of a confidence level is 0.95."""
    DATE = "date"
    EITHER = "numbers or text"
    """Numbers where every cell is one, else text."""
    EITHER_COUNT = "whole numbers or text"
    MOSTLY = "numbers, and text between them"
    """Text stays; what could be two numbers is refused."""


NUMBERS: Final = frozenset({Kind.NUMBER, Kind.COUNT, Kind.SHARE})

MISSING: Final = frozenset(
    {"", "na", "n/a", "nan", "nr", "n.r.", "not reported", "null", "none", "-", "–", "—", "."}
)
"""Cell contents, in lower case, that say: not given."""

ERRORS: Final = frozenset(
    {"#n/a", "#value!", "#div/0!", "#ref!", "#name?", "#num!", "#null!", "#spill!", "#calc!"}
)
"""What a spreadsheet shows where a formula failed, in lower case."""


@dataclass(frozen=True, slots=True)
class Number:
    """A cell as ``float`` reads it, and how it was converted where it was."""

    text: str
    how: str | None = None


@dataclass(frozen=True, slots=True)
class NotANumber:
    """Why a cell is no number, or might be two."""

    reason: str
    doubtful: bool = False
    """Whether it is a number of one size or another, and no text."""


PLAIN: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_COMMA: Final = re.compile(r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?")
_POINT: Final = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ONE_GROUP: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
"""A thousand and some, or one and some thousandths: the column's habit decides."""
_GROUPS: Final = {
    ".": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?"),
    ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?"),
}
"""Thousands by the decimal sign that goes with them."""
_SPACED: Final = re.compile(r"([+-]?[1-9][0-9]{0,2}(?:[ '’][0-9]{3})+)((?:[.,][0-9]+)?)")
_MIDDLE_DOT: Final = re.compile(r"([+-]?[0-9]*)[·∙⋅]([0-9]+)")
_NAMED: Final = re.compile(r"([^\W\d][\w .]*?)\s*=\s*(.+)", re.DOTALL)
_TWO: Final = re.compile(r"[^()±]*[0-9][^()±]*(?:\(.*\)|±.*|\[.*\]|\s(?:to|bis)\s.*)")
_DATE: Final = re.compile(
    r"[0-9]{1,2}[-. /][^\W\d]{3,4}\.?|[^\W\d]{3,4}[-. /][0-9]{1,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|"
    r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})"
)
_TELLS: Final = re.compile(r"[.,]")
_LONGEST: Final = 40
"""Characters of a number; a longer cell is text."""
_LONGEST_HINTED: Final = 120
"""Characters of a cell that is looked at for what was meant: time grows with their square."""
_MINUS: Final = "−–‒﹣－"
_SPACES: Final = re.compile(r"[\s\u200b\u2060\ufeff]+")

_SYMBOLS: Final = {"mean": ("m",), "p_below": ("p",), "estimate": ("d", "g", "md", "smd")}
"""What a report writes before a number of a column, besides the column's own name."""


def as_text(value: float) -> str:
    """Return a number as the shortest text that is read back as itself: ``41``, ``0.35``."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return repr(int(value))
    return repr(value)


def decimal_sign(cells: Iterable[str]) -> str | None:
    """Return the decimal sign that most cells of certain size use; None where none tells.

    ``0,35`` and ``12,5`` are no thousands anywhere; ``1,234`` tells nothing.
    """
    commas = points = 0
    for cell in cells:
        if len(cell) > _LONGEST:
            continue
        text = _tidied(cell)
        if not _TELLS.search(text) or _ONE_GROUP.fullmatch(text):
            continue
        commas += bool(_COMMA.fullmatch(text) or _GROUPS[","].fullmatch(text))
        points += bool(_POINT.fullmatch(text) or _GROUPS["."].fullmatch(text))
    if commas == points:
        return None
    return "," if commas > points else "."


def read_number(cell: str, kind: Kind, *, column: str, decimal: str | None) -> Number | NotANumber:
    """Read one cell that is not empty.

    Parameters
    ----------
    cell
        As typed.
    kind
        A count has no decimals, so ``1,041`` of it is a thousand and 41; a percentage of a share
        means hundredths.
    column
        Its name: ``n = 20`` is read in the column ``n``.
    decimal
        The habit of the column or file, None where nothing tells.
    """
    text = cell.strip()
    doubtful = decimal == "," or kind is Kind.COUNT
    if PLAIN.fullmatch(text) and not (doubtful and _ONE_GROUP.fullmatch(text)):
        if not math.isfinite(float(text)):
            return NotANumber(f"{quoted(cell)} is a number beyond all size", doubtful=True)
        return Number(text)
    tidy = _tidied(cell)
    if tidy.casefold() in ERRORS:
        return NotANumber(f"{quoted(cell)} is the error of a spreadsheet's formula, not a number")
    named = _NAMED.fullmatch(tidy)
    if named is not None:
        name = named[1].strip().casefold().replace(" ", "_")
        if name not in (column.casefold(), column[:1].casefold(), *_SYMBOLS.get(column, ())):
            return NotANumber(f"{quoted(cell)} gives {named[1]}; write the number alone")
        tidy = named[2].strip()
    percent = tidy.endswith("%")
    if percent:
        tidy = tidy[:-1].strip()
    found = _sized(tidy, kind, decimal)
    if found is None:
        return NotANumber(f"{quoted(cell)} is not a number{_hint(tidy)}")
    value, how = found
    if value is None:
        return NotANumber(f"{quoted(cell)}: {how}", doubtful=True)
    if percent:
        hundredth = f"{Decimal(value) / 100:f}"
        if kind is not Kind.SHARE:
            reason = f"is {value} meant, or {hundredth}? Write it without the sign"
            return NotANumber(f"{quoted(cell)}: {reason}", doubtful=True)
        return Number(hundredth, "percentage")
    if how is None and named is not None:
        how = "name before the number"
    if how is None and text != value and text.replace("−", "-") != value:
        how = "sign or blank that is no plain one"
    return Number(value, how)


def _tidied(cell: str) -> str:
    """Return a cell with ASCII digits, one kind of minus, and one kind of blank."""
    text = cell
    if not cell.isascii():
        digits = (str(unicodedata.decimal(sign, sign)) for sign in cell)
        text = "".join(digits)
    text = _SPACES.sub(" ", text).strip(" ")
    for sign in _MINUS:
        text = text.replace(sign, "-")
    return re.sub(r"^([+-]) (?=[0-9.,])", r"\1", text).removeprefix("'")


def _sized(text: str, kind: Kind, decimal: str | None) -> tuple[str | None, str | None] | None:
    """Return the number and how it was read; None and why its size is not certain; or None."""
    if dot := _MIDDLE_DOT.fullmatch(text):
        return f"{dot[1] or '0'}.{dot[2]}", "decimal point in the middle of the line"
    if spaced := _SPACED.fullmatch(text):
        whole = re.sub(r"[ '’]", "", spaced[1])
        return whole + spaced[2].replace(",", "."), "blank between thousands"
    if _ONE_GROUP.fullmatch(text):
        return _one_group(text, kind, decimal)
    if PLAIN.fullmatch(text):
        return text, None
    if _COMMA.fullmatch(text):
        return text.replace(",", "."), "decimal comma"
    for sign, groups in _GROUPS.items():
        if groups.fullmatch(text):
            other = "," if sign == "." else "."
            return text.replace(other, "").replace(",", "."), "sign between thousands"
    return None


def _one_group(text: str, kind: Kind, decimal: str | None) -> tuple[str | None, str | None]:
    """Read ``1,234`` or ``1.234``."""
    sign = "," if "," in text else "."
    thousands = text.replace(sign, "")
    if kind is Kind.COUNT and not text.endswith("000") and sign != decimal:
        return thousands, "sign between thousands"
    if sign == "." and decimal != ",":
        return text, None
    if sign == decimal and kind is not Kind.COUNT:
        return text.replace(",", "."), "decimal comma"
    point = text.replace(",", ".")
    return None, f"is it {thousands} or {point}? Write it without the {_SIGN[sign]}, or with 0s"


_SIGN: Final = {",": "comma", ".": "point"}


def _hint(text: str) -> str:
    """Return what a person may have meant, as the end of a sentence; nothing for long text."""
    if len(text) > _LONGEST_HINTED:
        return ""
    if text[:1] in "<>≤≥":
        return ", but a bound"
    if _DATE.fullmatch(text):
        return "; it looks like a date that a spreadsheet made of one"
    if _TWO.fullmatch(text):
        return "; it holds two, each needs its own column"
    if re.fullmatch(r".*[0-9]\s*[*†‡§¶#a-dA-D]{1,3}", text) and PLAIN.match(text):
        return "; what the mark after it says is not read, write the number alone"
    if re.fullmatch(r"(?:~|≈|ca?\.?\s?|about )\s?[0-9.,]+", text):
        return ", but about one; write the number that is to count"
    return ""
