"""What the events say that the tables hold, held against what they hold, row by row.

Events and rows are read side by side in the order of a table's keys, so that memory does not grow
with the history. A table that the events tell of through the digests of its rows (records, lines of
releases) is held against those. `review.history.rules.Held` says which table is held how.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import canonical_json, clean_text
from review.db import Base, CanonicalJson, in_parts
from review.history.models import Event
from review.history.queries import held, raw_rows
from review.history.rules import GOVERNED, RENAMED, Held, Omitted, row_digest, unpacked
from review.tables import every_table

NOT_THERE: Final = "no row"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a row holds, and what the events say that it holds."""

    table: str
    row: int | str
    column: str | None
    """None where it is the whole row."""
    told: Any
    """By the events."""
    found: Any
    """In the table."""
    event: int | None
    """The last event that touched the row; None where none did."""

    @property
    def said(self) -> str:
        """The difference as a sentence."""
        place = f"{self.table} {self.row}" + (f", {self.column}" if self.column else "")
        last = "no event tells of it" if self.event is None else f"last event {self.event}"
        return f"{place}: {short(self.told)} became {short(self.found)} ({last})"


def short(value: Any) -> str:
    """Return a value as a line of at most 80 characters."""
    text = "nothing" if value is None else str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a comparison of one table found."""

    table: str
    held: Held
    rows: int
    untold: int
    """Rows from before the history had their digests: only their number and file are known."""


def models() -> Mapping[str, type[Base]]:
    """Return the model of every table, by name."""
    every_table()
    return {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]  # a model is one table


def governed() -> Mapping[str, Held]:
    """Return the tables that are held against the events, and how, by name."""
    return {name: how for name, how in all_held().items() if how in GOVERNED}


def all_held() -> Mapping[str, Held]:
    """Return how the history holds every table there is, by name."""
    return {name: held(model) for name, model in sorted(models().items())}


Found = Callable[[Difference], None]


def compare_table(
    session: Session, name: str, found: Found, *, only: Collection[int] | None = None
) -> TableReport:
    """Hold one table against its events; each difference is handed to `found`.

    `only` some rows, by id, where not all are looked at.
    """
    model = models()[name]
    table = Base.metadata.tables[name]
    how = held(model)
    if how is Held.EVENTS:
        rows = _Audited(model, table, found).compare(session, only)
        return TableReport(name, how, rows, 0)
    if how is Held.ROWS:
        rows, untold = _digested(session, table, model.__told_by__, found)  # type: ignore[attr-defined]  # as `Held.ROWS` says
        return TableReport(name, how, rows, untold)
    return TableReport(name, how, 0, 0)


def touched_since(session: Session, name: str, since: int) -> list[int]:
    """Return the rows of a table that events after one touched."""
    query = sa.select(Event.entity_id).where(
        Event.seq > since, Event.entity == name, Event.action.in_(["insert", "update"])
    )
    return sorted({number for number in session.scalars(query) if number is not None})


def miscounted(session: Session, name: str) -> Difference | None:
    """Return the difference between the number of rows of a table and of those that came."""
    table = Base.metadata.tables[name]
    found = session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    came = sa.select(sa.func.count()).where(Event.entity == name, Event.action == "insert")
    told = session.scalar(came) or 0
    if found == told:
        return None
    return Difference(name, "(all rows)", None, f"{told} rows", f"{found} rows", None)


class _Audited:
    """A table of which every change is an event."""

    def __init__(self, model: type[Base], table: sa.Table, found: Found) -> None:
        omitted: Mapping[str, str] = getattr(model, "__history_omits__", {})
        self.table, self.found = table, found
        (key,) = table.primary_key.columns
        self.key = key.name
        self.columns = [column.name for column in table.columns]
        self.told = [name for name in self.columns if name not in omitted]
        self.plain = {
            column.name: _stored_json if isinstance(column.type, CanonicalJson) else _stored_text
            for column in table.columns
        }
        self.defaults = {name: _default(table.c[name]) for name in self.columns}
        counted = sa.inspect(model).version_id_col
        self.version = counted.name if counted is not None else None
        self.omitted = {k: v for k, v in omitted.items() if v not in tuple(Omitted)}
        self.digested = [k for k, v in omitted.items() if v == Omitted.DIGEST]
        self.renamed = {c.name: c.info[RENAMED] for c in table.columns if RENAMED in c.info}
        self.places = {name: place for place, name in enumerate(self.columns)}

    def compare(self, session: Session, only: Collection[int] | None) -> int:
        if only is not None:
            parts = in_parts(sorted(only))
            return sum(self._compare(session, part) for part in parts)
        return self._compare(session, None)

    def _compare(self, session: Session, only: Collection[int] | None) -> int:
        condition = [self.table.c[self.key].in_(only)] if only is not None else []
        rows = raw_rows(session, self.table, self.columns, *condition)
        told = _told(session, self.table.name, only)
        place = self.places[self.key]
        row, story = next(rows, None), next(told, None)
        count = 0
        while row is not None or story is not None:
            number = -1 if row is None else row[place]
            if row is not None and (story is None or number < story.row):
                self.found(Difference(self.table.name, number, None, NOT_THERE, "a row", None))
                row = next(rows, None)
                count += 1
            elif story is not None and (row is None or story.row < number):
                what = _named(story.values)
                self.found(
                    Difference(self.table.name, story.row, None, what, NOT_THERE, story.last)
                )
                story = next(told, None)
            else:
                assert story is not None  # one of both is there, and no key is the smaller one
                self._columns(row, story)
                row, story = next(rows, None), next(told, None)
                count += 1
        return count

    def _columns(self, row: Any, story: _Story) -> None:
        values = story.values
        for name in self.told:
            found = row[self.places[name]]
            if name == self.version:
                if name not in values or found == values[name] + story.updates:
                    continue
                told = values[name] + story.updates
            else:
                told = values.get(name)
                if name in self.renamed:
                    told = self.renamed[name].get(told, told)
                if found == told and not isinstance(told, str):
                    continue
                if told is None and name not in values and found in self.defaults[name]:
                    continue
                if told is not None:
                    told = self.plain[name](told, found)
            if found != told:
                self.found(self._difference(story, name, told, found))
        digests = values.get("digests", {})
        for name, other in self.omitted.items():
            self._digest(row, story, name, row[self.places[other]])
        for name in self.digested:
            if name in digests:
                self._digest(row, story, name, digests[name])

    def _digest(self, row: Any, story: _Story, name: str, told: str) -> None:
        value = row[self.places[name]]
        made = hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()
        if made != told:
            what, now = f"content of SHA-256 {told[:12]}…", f"content of SHA-256 {made[:12]}…"
            self.found(self._difference(story, name, what, now))

    def _difference(self, story: _Story, name: str, told: Any, found: Any) -> Difference:
        last = story.touched.get(name, story.last)
        return Difference(self.table.name, story.row, name, told, found, last)


@dataclass(slots=True)
class _Story:
    """What the events say of one row."""

    row: int
    values: dict[str, Any]
    last: int
    updates: int
    touched: dict[str, int]
    """The event that changed a column last; those that the first event alone tells are absent."""


def _told(session: Session, name: str, only: Collection[int] | None) -> Iterator[_Story]:
    """Yield what events say of the rows of a table, in order of the rows."""
    event = Event.__table__
    query = (
        sa.select(
            event.c.entity_id, event.c.seq, event.c.action,
            sa.type_coerce(event.c.new, sa.types.NullType()).label("new"),
        )
        .where(event.c.entity == name, event.c.action.in_(["insert", "update"]))
        .order_by(event.c.entity_id, event.c.seq)
    )  # fmt: skip
    if only is not None:
        query = query.where(event.c.entity_id.in_(only))
    result = session.connection().execute(
        query, execution_options={"stream_results": True, "max_row_buffer": 5_000}
    )
    loads = json.loads
    story: _Story | None = None
    for part in result.partitions(5_000):
        for number, seq, action, new in part:
            values = loads(new)
            if story is not None and story.row == number:
                story.last = seq
                if action == "update":
                    story.updates += 1
                    digests = {**story.values.get("digests", {}), **values.pop("digests", {})}
                    if digests:
                        story.values["digests"] = digests
                story.values.update(values)
                story.touched.update(dict.fromkeys(values, seq))
            else:
                if story is not None:
                    yield story
                story = _Story(number, values, seq, int(action == "update"), {})
    if story is not None:
        yield story


def _stored_json(told: Any, found: Any) -> Any:
    del found
    return canonical_json(told)


def _stored_text(told: Any, found: Any) -> Any:
    """Return a value as both databases store it: text in NFC."""
    return clean_text(told) if told != found and isinstance(told, str) else told


def _default(column: sa.Column[Any]) -> tuple[Any, ...]:
    """Return what a column holds of which the events of its row never spoke.

    Rows that are older than a column have what its migration gave them.
    """
    given: set[Any] = {None}
    if isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar:
        given.add(column.default.arg)
    if isinstance(column.server_default, sa.DefaultClause):
        given.add(str(column.server_default.arg))
        given |= {int(text) for text in given if isinstance(text, str) and text.isdecimal()}
    if isinstance(column.type, CanonicalJson) and not column.nullable:
        given |= {"[]", "{}"}
    return tuple(given)


def _named(values: Mapping[str, Any]) -> str:
    said = [str(values[name]) for name in ("slug", "label", "handle", "name") if name in values]
    return f"a row ({said[0]})" if said else "a row"


def _digested(
    session: Session, table: sa.Table, by: tuple[str, ...], found: Found
) -> tuple[int, int]:
    """Hold rows against the digests of the steps that brought them; return rows, and those untold.

    Rows of one step follow one another, so the digests of one step are in memory at a time.
    """
    event = Event.__table__
    steps = session.execute(
        sa.select(event.c.seq, sa.type_coerce(event.c.new, sa.types.NullType()).label("new"))
        .where(event.c.entity.in_(by), event.c.action != "insert", event.c.action != "update")
        .order_by(event.c.seq)
    )
    rows = 0
    told: set[int] = set()
    for seq, new in steps:
        kept = json.loads(new).get("rows", {}).get(table.name) if new and '"rows":' in new else None
        if kept is None:
            continue
        columns = [name for name in kept["columns"] if name in table.c]
        first, last = kept["ids"][0][0], kept["ids"][-1][1]
        stored = raw_rows(session, table, columns, table.c.id.between(first, last))
        digests = dict(unpacked(kept))
        told |= digests.keys()
        for row in stored:
            digest = digests.pop(row.id, None)
            if digest is None:
                continue  # another step's, or nobody's: looked for below
            rows += 1
            if len(columns) == len(kept["columns"]) and row_digest(row) != digest:
                found(Difference(table.name, row.id, None, "what came then", "something else", seq))
        for number in digests:
            found(Difference(table.name, number, None, "what came then", NOT_THERE, seq))
    first_told = min(told, default=None)
    untold = 0
    for number in session.execute(sa.select(table.c.id).order_by(table.c.id)).scalars():
        if number not in told:
            if number < 1 or (first_told is not None and number > first_told):
                found(Difference(table.name, number, None, NOT_THERE, "a row", None))
            else:
                untold += 1
    return rows + untold, untold
