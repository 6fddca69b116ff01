"""Two releases of one file: which rows came, went or were corrected, cell by cell. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from review.extraction.formats.source import (
    NUMBER,
    Content,
    Flag,
    Place,
    SourceRow,
    same_number,
)
from review.extraction.spelling import identity


@dataclass(frozen=True, slots=True)
class Columns:
    """What a comparison knows of the columns of a format."""

    signed: Collection[str]
    """Effects whose sign says which arm did better."""
    effects: Collection[str]
    """Effects and their precision."""
    used: Collection[str]
    """Columns that results are made from: one that only one release has counts as empty there."""
    derived: Collection[str] = frozenset()
    """Made from other columns, and not compared."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that a release changed."""

    study: str
    row: str
    line: int
    column: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A row that came or went."""

    study: str
    row: str
    line: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a release changed against the one before it."""

    added: tuple[Moved, ...]
    removed: tuple[Moved, ...]
    """With its line in the release before."""
    unchanged: int
    corrected: int
    corrections: tuple[Cell, ...]
    flags: tuple[Flag, ...]
    columns_added: tuple[str, ...]
    columns_removed: tuple[str, ...]
    pairs: tuple[tuple[SourceRow, SourceRow], ...]


RowFlags = Callable[[SourceRow, SourceRow], Iterable[Flag]]


def compare(
    old: Sequence[SourceRow],
    new: Sequence[SourceRow],
    columns: Columns,
    flags_of: RowFlags = lambda _old, _new: (),
) -> Difference:
    """Match the rows of two releases by their natural key and compare their cells.

    Spelling with other case or blanks is the same key; row numbers and order do not count. Key
    columns that one of the releases does not fill at all are left out of the key. Rows that share
    a key are paired by their cells. A row that went and one that came, alike in all their numbers,
    are flagged as ``rekeyed``: counted as removed and added, they are likely one corrected row.
    """
    names = _shared_key(old, new)
    pairs, gone, came = _paired(old, new, names)
    shared = _columns(old) & _columns(new)
    corrections: list[Cell] = []
    flags: list[Flag] = []
    corrected = 0
    for one, other in pairs:
        cells = list(_changed(one, other, shared, columns))
        corrected += bool(cells)
        corrections += cells
        flags += _signs(one, other, columns)
        flags += flags_of(one, other)
    flags += _rekeyed(gone, came, columns)
    return Difference(
        added=tuple(Moved(study_of(row), describe(row), row.line) for row in came),
        removed=tuple(Moved(study_of(row), describe(row), row.line) for row in gone),
        unchanged=len(pairs) - corrected,
        corrected=corrected,
        corrections=tuple(corrections),
        flags=tuple(flags),
        columns_added=tuple(sorted(_columns(new) - _columns(old))),
        columns_removed=tuple(sorted(_columns(old) - _columns(new))),
        pairs=tuple(pairs),
    )


def study_of(row: SourceRow) -> str:
    """Return the trial's name as the row gives it."""
    return row.key.get("study", "")


def describe(row: SourceRow) -> str:
    """Return a row's key in words: ``Alavi 2013 / Cognitive / Waiting list / ideation / post``."""
    return " / ".join(value for value in row.key.values() if value)


def _columns(rows: Sequence[SourceRow]) -> frozenset[str]:
    return frozenset(rows[0].cells) if rows else frozenset()


def _shared_key(old: Sequence[SourceRow], new: Sequence[SourceRow]) -> tuple[str, ...]:
    def filled(rows: Sequence[SourceRow]) -> set[str]:
        return {name for row in rows for name, value in row.key.items() if value}

    both = filled(old) & filled(new)
    names = dict.fromkeys(name for row in (*old[:1], *new[:1]) for name in row.key)
    return tuple(name for name in names if name in both)


def _key(row: SourceRow, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain(row.key.get(name, "")) for name in names)


def _plain(value: str) -> str:
    return f"{float(value):.12g}" if NUMBER.fullmatch(value) else identity(value)


def _paired(
    old: Sequence[SourceRow], new: Sequence[SourceRow], names: Sequence[str]
) -> tuple[list[tuple[SourceRow, SourceRow]], list[SourceRow], list[SourceRow]]:
    waiting: dict[tuple[str, ...], list[SourceRow]] = defaultdict(list)
    for row in old:
        waiting[_key(row, names)].append(row)
    arriving: dict[tuple[str, ...], list[SourceRow]] = defaultdict(list)
    for row in new:
        arriving[_key(row, names)].append(row)
    pairs = []
    for key, rows in arriving.items():
        candidates = waiting.get(key, [])
        likest = sorted(
            ((i, j) for i in range(len(candidates)) for j in range(len(rows))),
            key=lambda ij: (-_likeness(candidates[ij[0]], rows[ij[1]]), abs(ij[0] - ij[1]), ij),
        )
        used_old: set[int] = set()
        used_new: set[int] = set()
        for i, j in likest:
            if i not in used_old and j not in used_new:
                used_old.add(i)
                used_new.add(j)
                pairs.append((candidates[i], rows[j]))
    matched_old = {id(one) for one, _ in pairs}
    matched_new = {id(other) for _, other in pairs}
    pairs.sort(key=lambda pair: pair[1].line)
    gone = [row for row in old if id(row) not in matched_old]
    came = [row for row in new if id(row) not in matched_new]
    return pairs, gone, came


def _likeness(one: SourceRow, other: SourceRow) -> int:
    return sum(bool(v) and same_cell(v, other.cells.get(name, "")) for name, v in one.cells.items())


def same_cell(one: str, other: str) -> bool:
    """Whether two cells say the same: as numbers where both are."""
    if one == other:
        return True
    if NUMBER.fullmatch(one) and NUMBER.fullmatch(other):
        return same_number(float(one), float(other))
    return False


def _changed(
    one: SourceRow, other: SourceRow, shared: Collection[str], columns: Columns
) -> Iterable[Cell]:
    for name in dict.fromkeys((*one.cells, *other.cells)):
        if name in columns.derived or not (name in shared or name in columns.used):
            continue
        old, new = one.cells.get(name, ""), other.cells.get(name, "")
        if not same_cell(old, new):
            yield Cell(study_of(other), describe(other), other.line, name, old or None, new or None)


def _signs(one: SourceRow, other: SourceRow, columns: Columns) -> Iterable[Flag]:
    for name in columns.effects:
        old, new = one.number(name), other.number(name)
        if old is None or new is None or same_number(old, new):
            continue
        kind, reason = "effect_changed", "the effect or its precision was corrected"
        if name in columns.signed and old * new < 0:
            turned = abs(old + new) <= TURNED * abs(old)
            kind = "sign_flip" if turned else "sign_changed"
            reason = (
                "the same effect with the other sign: it now favours the other arm"
                if turned
                else "the effect changed its size and its side: it now favours the other arm"
            )
        yield Flag(
            kind, study_of(other), other.line, name, reason, one.cells[name], other.cells[name]
        )


TURNED = 1e-6
"""Relative difference up to which an effect of the other sign is the same effect turned round."""


def _rekeyed(
    gone: Sequence[SourceRow], came: Sequence[SourceRow], columns: Columns
) -> Iterable[Flag]:
    def numbers(row: SourceRow) -> tuple[str, ...]:
        return tuple(
            f"{name}={float(row.cells[name]):.9g}"
            for name in sorted(columns.used)
            if row.number(name) is not None
        )

    waiting: dict[tuple[str, ...], list[SourceRow]] = defaultdict(list)
    for row in gone:
        if numbers(row):
            waiting[numbers(row)].append(row)
    for row in came:
        alike = waiting.get(numbers(row), [])
        known = next((o for o in alike if identity(study_of(o)) == identity(study_of(row))), None)
        known = known or (alike[0] if len(alike) == 1 else None)
        if known is None:
            continue
        alike.remove(known)
        changed = [n for n in row.key if _plain(row.key[n]) != _plain(known.key.get(n, ""))]
        yield Flag(
            "rekeyed",
            study_of(row),
            row.line,
            ", ".join(changed),
            "all numbers are those of a row that went; likely one row whose key was corrected",
            describe(known),
            describe(row),
        )


def facing(new: Content, old: Content) -> Content:
    """Return new contrasts the way round that the release before had them."""

    def turned(place: Place) -> bool:
        return (
            place.versus is not None
            and place not in old.results
            and place.turned in old.results
            and place.turned not in new.results
        )

    return replace(
        new,
        results={
            place.turned if turned(place) else place: values.turned if turned(place) else values
            for place, values in new.results.items()
        },
        origins={
            place.turned if turned(place) else place: rows for place, rows in new.origins.items()
        },
    )
