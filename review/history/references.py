"""Who refers to a row: what was decided on it, by the foreign keys that the tables declare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Base, in_parts
from review.history.queries import held
from review.history.rules import Held
from review.tables import every_table
from review.wording import counted


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that refers to another one."""

    table: str
    id: int
    target: int
    """The id of the row that it refers to."""
    by: str | None
    """Whose it is, where the table says so."""


def references(
    session: Session,
    target: str,
    chosen: sa.Select[int] | Collection[int],
    *,
    apart_from: Mapping[str, Collection[int]] | None = None,
    unaudited: bool = False,
) -> list[Reference]:
    """Return the rows of all tables that refer to some rows of one.

    Parameters
    ----------
    target
        The table that is referred to.
    chosen
        Ids of its rows, or a query of them.
    apart_from
        Ids by table that do not count, such as what came with the same import.
    unaudited
        Also rows that a program writes and no person decides, such as pairs of likely duplicates.
    """
    known = apart_from or {}
    found: dict[tuple[str, int, int], Reference] = {}
    for table, column in _keys_to(target, unaudited=unaudited):
        for part in _among(column, chosen):
            for row in session.execute(_rows(table, column).where(part)):
                if row.id not in known.get(table.name, ()):
                    reference = Reference(table.name, row.id, row.target, row.by)
                    found[table.name, row.id, row.target] = reference
    return [found[name] for name in sorted(found)]


def _keys_to(target: str, *, unaudited: bool) -> Iterator[tuple[sa.Table, sa.Column[int]]]:
    """Yield the columns that refer to a table, in the order of the names of their classes."""
    every_table()
    for mapper in sorted(Base.registry.mappers, key=lambda m: m.class_.__name__):
        table = mapper.local_table
        if not isinstance(table, sa.Table) or not (unaudited or held(mapper.class_) is Held.EVENTS):
            continue
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            if key.column.table.name == target:
                yield table, key.parent


def _among(
    column: sa.Column[int], chosen: sa.Select[int] | Collection[int]
) -> Iterator[sa.ColumnElement[bool]]:
    if isinstance(chosen, sa.Select):
        yield column.in_(chosen)
        return
    for part in in_parts(sorted(chosen)):
        yield column.in_(part)


def _rows(table: sa.Table, column: sa.Column[int]) -> sa.Select[int, int, str | None]:
    person = Base.metadata.tables["person"]
    identity, target = table.c.id.label("id"), column.label("target")
    if "person_id" not in table.c:
        query = sa.select(identity, target, sa.null().label("by"))
    else:
        query = sa.select(identity, target, person.c.handle.label("by")).join_from(
            table, person, table.c.person_id == person.c.id
        )
    if "withdrawn_because" in table.c:
        query = query.where(table.c.withdrawn_because.is_(None))
    return query.order_by(table.c.id)


CALLED: Mapping[str, tuple[str, str | None]] = {
    "decision": ("screening decision", None),
    "adjudication": ("settled conflict", None),
    "retrieval": ("note on a full text", "notes on full texts"),
    "removal": ("removal before screening", "removals before screening"),
    "duplicate_decision": ("verdict on duplicates", "verdicts on duplicates"),
    "report_link": ("link to a study", "links to studies"),
    "appraisal": ("judgement of risk of bias", "judgements of risk of bias"),
    "dismissal": ("dismissed doubt", None),
    "resolution": ("settled difference of two entries", "settled differences of two entries"),
    "note": ("note", None),
    "entry": ("entry of another import", "entries of other imports"),
    "result": ("result of another import", "results of other imports"),
    "entry_value": ("value of another import", "values of other imports"),
    "source_result": ("row of a release", "rows of releases"),
    "arm": ("arm of another import", "arms of other imports"),
    "report": ("report of another import", "reports of other imports"),
}
"""What the rows of a table are called in a sentence."""


def said_of(found: Iterable[Reference]) -> list[str]:
    """Return ``12 screening decisions (anna, ben)``, a text a table."""
    rows: dict[str, set[int]] = defaultdict(set)
    people: dict[str, Counter[str]] = defaultdict(Counter)
    for reference in found:
        rows[reference.table].add(reference.id)
        if reference.by is not None:
            people[reference.table][reference.by] += 1
    told = []
    for table, ids in rows.items():
        name, names = CALLED.get(table, (table.replace("_", " "), None))
        by = f" ({', '.join(sorted(people[table]))})" if people[table] else ""
        told.append(f"{counted(len(ids), name, names)}{by}")
    return told
