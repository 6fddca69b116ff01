"""Columns that a reader chooses for a forest plot: any field of the studies and their arms."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from review.errors import NotFoundError
from review.export.contents.characteristics import characteristics_data
from review.export.drawings.arms import ArmColumns
from review.living.runs.contents import TrialInput
from review.living.runs.results import Effect
from review.protocol.models import Review

_OF_COUNTS: Final = re.compile(r"\d+(/\d+)?( / \d+(/\d+)?)*")


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A field: its header, and what each study has of it, by the study's name."""

    header: str
    cells: dict[str, str]


def field_columns(session: Session, review: Review, names: Sequence[str]) -> list[FieldColumn]:
    """Return fields of the review's studies as they are now, by key or header.

    What differs between the arms of a study is parted by a stroke. Raises NotFoundError for a
    field that the studies do not have.
    """
    if not names:
        return []
    table = characteristics_data(session, review)
    keys = [column.key.removeprefix("field_") for column in table.columns]
    found = []
    for name in names:
        wanted = name.strip().casefold().replace(" ", "_")
        headers = [column.header.casefold().replace(" ", "_") for column in table.columns]
        at = next((i for i, k in enumerate(keys) if wanted in (k.casefold(), headers[i])), None)
        if at is None or at == 0:
            raise NotFoundError(f"no field {name!r}; a column can be {', '.join(keys[1:])}")
        cells: dict[str, dict[str, None]] = {}
        for row in table.rows:
            if row[at] is not None:
                cells.setdefault(str(row[0]), {})[_written(row[at])] = None
        told = {study: " / ".join(values) for study, values in cells.items()}
        found.append(FieldColumn(table.columns[at].header, told))
    return found


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")


def with_fields(columns: ArmColumns, fields: Sequence[FieldColumn]) -> ArmColumns:
    """Return columns with fields before them."""
    if not fields:
        return columns
    inner: Callable[[Effect, TrialInput], tuple[str, ...]] = columns.cells

    def cells(effect: Effect, trial: TrialInput) -> tuple[str, ...]:
        return (*(field.cells.get(trial.study, "") for field in fields), *inner(effect, trial))

    return replace(
        columns,
        headers=(*(field.header for field in fields), *columns.headers),
        groups=(("", len(fields)), *columns.groups) if columns.groups else (),
        cells=cells,
        untotalled=len(fields),
    )


def totals(columns: ArmColumns, rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the total of each column of counts that is known of every row, else nothing."""
    found = []
    for c in range(len(columns.headers)):
        cells = [row[c] for row in rows]
        counts = c >= columns.untotalled and cells and all(map(_OF_COUNTS.fullmatch, cells))
        parts = [part.split("/") for cell in cells for part in cell.split(" / ")]
        sums = [sum(map(int, column)) for column in zip(*parts, strict=True)] if counts else []
        found.append("/".join(map(str, sums)))
    return tuple(found) if any(found) else ()
