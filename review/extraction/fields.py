"""Custom fields of a review's form: typed, bounded, and each version kept."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from review.errors import InvalidDataError
from review.tabular.numbers import as_text

SEPARATOR: Final = "; "
"""Between the choices of a multiple choice in one cell."""

_SLUG: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class FieldLevel(StrEnum):
    """What a custom field describes."""

    STUDY = "study"
    ARM = "arm"
    RESULT = "result"


class FieldKind(StrEnum):
    """What a custom field holds."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A custom field: its name in files, what it describes, and what it accepts.

    Parameters
    ----------
    slug
        The column's name in files: lower-case letters, digits, hyphens, underscores.
    level
        Whether it describes studies, arms or results.
    label
        As people read it.
    kind
        What it holds.
    choices
        Of a choice or multiple choice, at least two; empty otherwise.
    lowest, highest
        Bounds of a number, both included.
    retired
        Whether the form no longer asks for it; what was entered stays.
    help
        What is meant, for whoever fills it in.
    place
        Where it stands among the fields of its level; those without one stand last, as made.
    """

    slug: str
    level: FieldLevel
    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    retired: bool = False
    help: str | None = None
    place: int | None = None

    def __post_init__(self) -> None:
        """Refuse a field that no value could fit; raise InvalidDataError."""
        if not _SLUG.fullmatch(self.slug) or len(self.slug) > 60:
            raise InvalidDataError(
                f"{self.slug!r} cannot name a field: use lower-case letters, digits, - and _"
            )
        has_choices = self.kind in (FieldKind.CHOICE, FieldKind.MULTIPLE)
        if has_choices and len(set(self.choices)) < 2:
            raise InvalidDataError(f"field {self.slug} needs two choices or more")
        if not has_choices and self.choices:
            raise InvalidDataError(f"field {self.slug} is a {self.kind} and takes no choices")
        if any(";" in choice or choice != choice.strip() or not choice for choice in self.choices):
            raise InvalidDataError(
                f"a choice of {self.slug} is empty, has a semicolon or outer space"
            )
        if self.kind is not FieldKind.NUMBER and (
            self.lowest is not None or self.highest is not None
        ):
            raise InvalidDataError(f"field {self.slug} is a {self.kind} and takes no bounds")
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise InvalidDataError(f"the bounds of {self.slug} must rise")


def changes(before: FieldSpec, after: FieldSpec) -> list[str]:
    """Return what a version of a field changed, in words; where it stands is left out.

    Examples
    --------
    >>> old = FieldSpec("x", FieldLevel.STUDY, "X", FieldKind.NUMBER, highest=10.0)
    >>> changes(old, FieldSpec("x", FieldLevel.STUDY, "X", FieldKind.NUMBER, highest=20.0))
    ['to: 10 is now 20']
    """
    found = [
        f"{words}: {_said(getattr(before, name))} is now {_said(getattr(after, name))}"
        for name, words in (
            ("label", "called"),
            ("kind", "holds"),
            ("lowest", "from"),
            ("highest", "to"),
            ("help", "help"),
        )
        if getattr(before, name) != getattr(after, name)
    ]
    gone = [choice for choice in before.choices if choice not in after.choices]
    new = [choice for choice in after.choices if choice not in before.choices]
    found += [f"no longer a choice: {choice}" for choice in gone]
    found += [f"a new choice: {choice}" for choice in new]
    if not gone and not new and before.choices != after.choices:
        found.append("choices in another order")
    if before.retired != after.retired:
        found.append("retired" if after.retired else "asked for again")
    return found


def _said(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)


def parsed(spec: FieldSpec, cell: str) -> Any:
    """Return the value of a cell: text, float, choice, tuple of choices, or ISO date text.

    An empty cell is None. Raises InvalidDataError with what the field accepts.
    """
    text = cell.strip()
    if not text:
        return None
    match spec.kind:
        case FieldKind.TEXT:
            return text
        case FieldKind.NUMBER:
            return _number(spec, text)
        case FieldKind.CHOICE:
            return _choice(spec, text)
        case FieldKind.MULTIPLE:
            chosen = {_choice(spec, part.strip()) for part in text.split(";") if part.strip()}
            return [choice for choice in spec.choices if choice in chosen]
        case FieldKind.DATE:
            try:
                return date.fromisoformat(text).isoformat()
            except ValueError:
                raise InvalidDataError(f'"{text}" is not a date such as 2026-11-23') from None


def _number(spec: FieldSpec, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise InvalidDataError(f'"{text}" is not a number')
    value = float(text)
    if spec.lowest is not None and value < spec.lowest:
        raise InvalidDataError(f"{value:g} is below {spec.lowest:g}")
    if spec.highest is not None and value > spec.highest:
        raise InvalidDataError(f"{value:g} is above {spec.highest:g}")
    return value


def _choice(spec: FieldSpec, text: str) -> str:
    for choice in spec.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise InvalidDataError(f'"{text}" is none of: {", ".join(spec.choices)}')


@dataclass(frozen=True, slots=True)
class Outgrown:
    """A cell that an earlier version of its field took and the newest does not.

    It may stand where it was entered before the form changed, and nowhere else.
    """

    cell: str
    reason: str

    def __str__(self) -> str:
        """As it stands in the file."""
        return self.cell


def parsed_or_outgrown(spec: FieldSpec, earlier: Sequence[FieldSpec], cell: str) -> Any:
    """Return `parsed`, or `Outgrown` where only an earlier version of the field takes the cell."""
    try:
        return parsed(spec, cell)
    except InvalidDataError as error:
        for former in earlier:
            with contextlib.suppress(InvalidDataError):
                parsed(former, cell)
                return Outgrown(cell.strip(), str(error))
        raise


def written(value: Any) -> str:
    """Return the cell that `parsed` reads back as `value`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return as_text(value)
    if isinstance(value, (list, tuple)):
        return SEPARATOR.join(map(str, value))
    return str(value)
