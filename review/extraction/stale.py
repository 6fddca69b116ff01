"""Forms that somebody else was faster than: refused, with both versions shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from review.errors import StaleError
from review.extraction.fields import written


@dataclass(frozen=True, slots=True)
class Conflict:
    """One value that a form would overwrite without its author having seen it."""

    place: str
    """Study, arm or result in words."""
    field: str
    form: Any
    """What the form says."""
    stored: Any
    """What the database says now."""
    form_version: int
    stored_version: int
    line: int | None = None
    """Of the file, where the form is a row of one."""

    def __str__(self) -> str:
        """Both versions in a line."""
        where = f"line {self.line}, " if self.line is not None else ""
        return (
            f"{where}{self.place}, {self.field}: the form (version {self.form_version}) says "
            f"{_shown(self.form)}, stored is {_shown(self.stored)} (version {self.stored_version})"
        )


def _shown(value: Any) -> str:
    return "nothing" if value is None else f'"{written(value)}"'


class StaleFormError(StaleError):
    """What a form or file was filled from has changed since; nothing of it was stored."""

    def __init__(self, conflicts: Sequence[Conflict]):
        self.conflicts = tuple(conflicts)
        lines = "\n".join(f"  {conflict}" for conflict in self.conflicts)
        super().__init__(
            "somebody changed this after the form was made; nothing was stored. Take a new form "
            f"(review extract export) and decide which value is right:\n{lines}"
        )

    def __reduce__(self) -> tuple[type[StaleFormError], tuple[tuple[Conflict, ...]]]:
        """Rebuild from the conflicts, so that worker processes can raise it."""
        return StaleFormError, (self.conflicts,)
