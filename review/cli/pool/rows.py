"""The rows of a file as ``review pool`` takes them: their effects, and those left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, nan
from typing import Any, Final, NamedTuple

import click

from review.cli.pool.sheet import Sheet
from review.effects import Effects, ImpossibleInputError, escalc, required_columns
from review.errors import InvalidDataError, Problem, UnreadableFileError
from review.measures import Family, Measure
from review.synthesis import Pooled
from review.synthesis.tables import UNEQUAL, peto_caution
from review.tabular.numbers import MISSING


def renamed(pairs: Sequence[str]) -> dict[str, str]:
    """Return the file's columns by metafor's names; raise BadParameter for what is no pair."""
    names = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise click.BadParameter(f"{pair!r} is not NAME=COLUMN", param_hint="--col")
        names[name.strip()] = column.strip()
    return names


def columns_of(
    sheet: Sheet, measure: Measure, names: Mapping[str, str]
) -> dict[str, list[float | None]]:
    """Return the columns of the first way to compute a measure that the file has, and those mapped.

    A name may mean two things (`di` is a cell of a table, and Cohen's d), so columns of another way
    are read only where --col asks for them.
    """
    unknown = [
        Problem(1, c, "there is no such column") for c in names.values() if c not in sheet.header
    ]
    if unknown:
        raise UnreadableFileError(sheet.file, unknown)
    alternatives = required_columns(measure)
    present = {*sheet.header, *names}
    complete = next((a for a in alternatives if present.issuperset(a)), None)
    wanted = {*names, "ni", *(complete or {name for way in alternatives for name in way})}
    source = {name: names.get(name, name) for name in sorted(wanted)}
    return {
        name: sheet.numbers(column) for name, column in source.items() if column in sheet.header
    }


def measure_of(given: str | None, sheet: Sheet, names: Mapping[str, str]) -> Measure:
    """Return the measure asked for; GEN where the file holds ready effects."""
    if given is not None:
        return Measure(given)
    present = {*sheet.header, *names}
    ways = required_columns(Measure.GEN)
    if any(present.issuperset(way) for way in ways):
        return Measure.GEN
    told = ", or ".join(" and ".join(way) for way in ways)
    raise InvalidDataError(f"say which effect --measure is wanted; the file has no {told}")


def effects_of(
    sheet: Sheet,
    measure: Measure,
    columns: Mapping[str, list[float | None]],
    labels: Sequence[str],
    how: Mapping[str, Any] | None = None,
) -> Effects:
    """Return the effects, computed as `how` says in the words of `escalc`.

    Raises UnreadableFileError for numbers and variances that cannot be. A variance of zero is
    refused whatever the measure: such a study would have all the weight.
    """
    try:
        found = escalc(measure, columns, **(how or {}))
    except ImpossibleInputError as error:
        problems = [
            Problem(sheet.lines[cell.row], cell.column, f"{cell.value:g} {cell.reason}")
            for cell in error.cells
        ]
        raise UnreadableFileError(sheet.file, problems) from None
    reason = (
        f"its sampling variance as {measure.value} is 0, so that it would have all the weight; "
        "correct it, or empty its cells to leave it out"
    )
    still = [row for row, variance in enumerate(found.vi) if variance == 0]
    if still:
        problems = [Problem(sheet.lines[row], None, f"{labels[row]}: {reason}") for row in still]
        raise UnreadableFileError(sheet.file, problems)
    return found


class _Rows(NamedTuple):
    """The rows that enter a block, with the columns that it needs, and those that do not."""

    at: list[int]
    columns: dict[str, list[str]]
    left_out: list[dict[str, Any]]


def selected(sheet: Sheet, effects: Effects, names: Sequence[str], labels: Sequence[str]) -> _Rows:
    """Return the rows with an effect and all of some columns, and of the others what is missing."""
    unknown = [
        Problem(1, name, "there is no such column") for name in names if name not in sheet.header
    ]
    if unknown:
        raise UnreadableFileError(sheet.file, unknown)
    rows: list[int] = []
    left_out: list[dict[str, Any]] = []
    for index, (known, row) in enumerate(zip(effects.known, sheet.rows, strict=True)):
        missing = [name for name in names if row[name].strip().casefold() in MISSING]
        if known and not missing:
            rows.append(index)
        else:
            reason = f"no {' and no '.join(missing)}" if missing else "no effect"
            left_out.append({"label": labels[index], "line": sheet.lines[index], "reason": reason})
    columns = {name: [sheet.rows[index][name].strip() for index in rows] for name in names}
    if not rows:
        told = " and ".join(names)
        raise InvalidDataError(f"no row of {sheet.file} has an effect and {told}")
    return _Rows(rows, columns, left_out)


def cautions(
    pooled: Pooled,
    effects: Effects,
    columns: Mapping[str, list[float | None]],
    labels: Sequence[str],
) -> Iterator[str]:
    """Yield what speaks against Peto's odds ratio, where it is the measure."""
    if effects.measure is not Measure.PETO:
        return
    rows = [row for row, known in enumerate(effects.known) if known]
    one, two = (
        [_size(columns, arm, row) for row in rows] for arm in (("a", "b", 1), ("c", "d", 2))
    )
    caution = peto_caution(one, two, pooled.estimate)
    reasons = []
    if caution.unequal:
        named = "; ".join(labels[rows[i]] for i in caution.unequal)
        reasons.append(f"arms of {UNEQUAL:g} to 1 or more ({named})")
    if caution.large:
        reasons.append(f"a large effect (OR {exp(pooled.estimate):.2f})")
    if reasons:
        yield f"Peto's odds ratio is biased with {' and '.join(reasons)}; --measure OR is not"


def sizes(columns: Mapping[str, list[float | None]], rows: int) -> list[float | None]:
    """Return the sample size of each row, of both arms together; None where it is not known."""
    parts = next(
        (
            way
            for way in (["ni"], ["n1i", "n2i"], ["ai", "bi", "ci", "di"], ["xi", "mi"])
            if {*way} <= {*columns}
        ),
        [],
    )
    if not parts:
        return [None] * rows
    cells = zip(*(columns[name] for name in parts), strict=True)
    return [None if None in row else sum(filter(None, row)) for row in cells]


def _size(columns: Mapping[str, list[float | None]], arm: tuple[str, str, int], row: int) -> float:
    events, others, number = arm
    total = columns.get(f"n{number}i", [None] * (row + 1))[row]
    if total is not None:
        return total
    both = (columns[f"{name}i"][row] for name in (events, others))
    return sum(count for count in both if count is not None)


def counts_of(
    columns: Mapping[str, list[float | None]], rows: Sequence[int], measure: Measure
) -> list[list[float]]:
    """Return the counts of some rows as methods that pool them take them, NaN where one is missing.

    Of events their number and that of the others, arm by arm; of rates events and person-time.
    Raises InvalidDataError where the file does not have the columns.
    """
    ways = _COUNTED[measure.facts.family]
    found = next((way for way in ways if {*way} <= {*columns}), None)
    if found is None:
        told = ", or ".join(" ".join(way) for way in ways)
        raise InvalidDataError(f"methods that pool counts need {told}; the file has none of them")
    cells = [
        [nan if (cell := columns[name][row]) is None else cell for row in rows] for name in found
    ]
    totals = [at for at, name in enumerate(found) if name.startswith("n")]
    for at in totals:
        cells[at] = [n - x for n, x in zip(cells[at], cells[at - 1], strict=True)]
    return cells


_TABLES: Final = (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i"))
_COUNTED: Final = {
    Family.EVENTS: _TABLES,
    Family.RATES: (("x1i", "t1i", "x2i", "t2i"),),
    Family.EVENTS_OF_ONE: (("xi", "mi"), ("xi", "ni")),
    Family.RATE_OF_ONE: (("xi", "ti"),),
}
"""The columns that hold counts, by metafor's names; a total stands behind its events."""
