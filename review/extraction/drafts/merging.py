"""What a form, what it was made from, and what is stored now come to, cell by cell. Pure.

A cell that its author left as it was stays as it is stored now; one that only they changed is
taken; one that both changed, and otherwise, is a clash that a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from review.extraction.drafts.form import KEY_PARTS, Form, Place, Stored, StoredThing
from review.extraction.drafts.lines import Line, called, lines_of, located
from review.extraction.numbers import NOT_REPORTED, NUMBER_FIELDS
from review.extraction.rules import CHOICES
from review.extraction.spelling import identity

DEFAULTS: Final[Mapping[str, str]] = {
    "rater": "not_reported", "timepoint": "post", "analysis_set": "not_reported",
}  # fmt: skip
"""What an empty part of a result's key says."""

GONE: Final = "withdrawn"


@dataclass(frozen=True, slots=True)
class Clash:
    """A cell that the form and somebody else changed since it was opened."""

    place: Place
    field: str
    yours: str
    stored: str
    was: str


@dataclass(frozen=True, slots=True)
class Change:
    """A stored value that a form changes."""

    place: Place
    field: str
    was: str
    now: str


@dataclass(slots=True)
class Merged:
    """A form over what is stored: rows of the table, and what is to be decided or will change."""

    lines: list[Line] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rekeyed: dict[int, dict[str, str]] = field(default_factory=dict)
    """By result the parts of its key that change."""
    arms_renamed: dict[int, str] = field(default_factory=dict)
    reports_renamed: dict[int, str] = field(default_factory=dict)
    withdrawn: dict[int, tuple[Place, str]] = field(default_factory=dict)
    """By result the reason."""


def merged(form: Form, was: Stored, now: Stored, study: str) -> Merged:
    """Return what a form comes to over what is stored now.

    Parameters
    ----------
    form
        As typed.
    was
        What was stored when the form was opened.
    now
        What is stored.
    study
        The study's label.
    """
    found = Merged()
    known = _Known(now)
    for line in lines_of(form, study):
        thing = known.of(line)
        line.id = thing.id
        if thing.id is not None and thing.now is None:
            shown = line.withdraw or "as typed"
            found.clashes.append(Clash(line.place, "row", shown, GONE, "there"))
            continue
        before = thing.before(was)
        if line.withdraw is not None and line.id is not None:
            found.withdrawn[line.id] = (line.place, line.withdraw)
            continue
        _merge(line, thing.now or StoredThing(), before, found)
        found.lines.append(line)
    return found


def _merge(line: Line, now: StoredThing, was: StoredThing, found: Merged) -> None:
    stored, before = _flat(line, now), _flat(line, was)
    cleared = set()
    renamed: dict[str, str] = {}
    for name in line.cells:
        if name == "study":
            continue
        yours, here, then = line.cells[name], stored.get(name, ""), before.get(name, "")
        mine, theirs, first = (as_read(name, text) for text in (yours, here, then))
        if mine in (theirs, first):
            line.cells[name] = here if mine != theirs else yours
            continue
        place = located(line, name)
        if theirs != first:
            found.clashes.append(Clash(place, called(place, name), yours, here, then))
        if line.id is None and not theirs:
            continue
        if line.id is not None or theirs:
            found.changes.append(Change(place, called(place, name), here, yours))
        if not mine and theirs:
            cleared.add(name)
        if line.id is not None and name in line.names:
            renamed[name] = yours
    line.cleared = frozenset(cleared)
    if line.id is None or not renamed:
        return
    if line.what == "row":
        found.rekeyed[line.id] = renamed
    elif line.what == "arm":
        found.arms_renamed[line.id] = renamed["arm"]
    else:
        found.reports_renamed[line.id] = renamed["citation"]


def _flat(line: Line, thing: StoredThing) -> dict[str, str]:
    """Return a stored thing as the cells of a row of the table."""
    cells = {**thing.key, **thing.cells}
    if thing.label is not None:
        cells["arm" if line.what == "arm" else "citation"] = thing.label
    return cells


def as_read(column: str, text: str) -> str:
    """Return what two spellings of one cell share: ``5.60`` and ``5.6``, ``nr`` and ``NR``.

    Examples
    --------
    >>> as_read("mean", "−5.60") == as_read("mean", "-5.6"), as_read("mean", "n/a")
    (True, 'NR')
    """
    plain = text.strip()
    low = plain.casefold()
    if low in NOT_REPORTED:
        return "NR" if low and column in NUMBER_FIELDS else DEFAULTS.get(column, "")
    with suppress(ValueError):
        return repr(float(low.replace("−", "-")))
    return identity(plain) if column in CHOICES or column in KEY_PARTS else " ".join(plain.split())


@dataclass(frozen=True, slots=True)
class _Thing:
    """Which stored thing a line is about, if any."""

    what: str
    id: int | None
    now: StoredThing | None
    adopted: bool = False
    """Whether the form did not know it: somebody else made it since."""

    def before(self, was: Stored) -> StoredThing:
        if self.what == "study":
            return was.study
        if self.id is None or self.adopted:
            return StoredThing()
        return _of(was, self.what).get(self.id, StoredThing())


def _of(stored: Stored, what: str) -> Mapping[int, StoredThing]:
    return {"arm": stored.arms, "report": stored.reports, "row": stored.results}[what]


class _Known:
    """What is stored now, by id and by name."""

    def __init__(self, now: Stored):
        self.now = now
        self.by_name = {
            (what, _name(what, _named(what, thing))): number
            for what in ("arm", "report", "row")
            for number, thing in _of(now, what).items()
        }

    def of(self, line: Line) -> _Thing:
        if line.what == "study":
            return _Thing("study", None, self.now.study)
        there = _of(self.now, line.what)
        if line.id is not None:
            return _Thing(line.what, line.id, there.get(line.id))
        number = self.by_name.get((line.what, _name(line.what, line.cells)))
        if number is None:
            return _Thing(line.what, None, None)
        return _Thing(line.what, number, there[number], adopted=True)


def _named(what: str, thing: StoredThing) -> Mapping[str, str]:
    return thing.key if what == "row" else {"arm": thing.label or "", "citation": thing.label or ""}


def _name(what: str, cells: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a thing is recognised by, however it is spelled."""
    names = {"arm": ("arm",), "report": ("citation",), "row": KEY_PARTS}[what]
    return tuple(identity(as_read(name, cells.get(name, ""))) for name in names)
