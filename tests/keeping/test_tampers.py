"""Whatever is altered, deleted, put in, back-dated or swapped behind the history's back shows.

The tampers are made from the metadata, so that a new table is tampered with as soon as it is there.
Rows are those of the demonstration; a table that it leaves empty gets two, with their events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import sha256_of
from review.db import Base, CanonicalJson, Database, Real, UtcDateTime
from review.history.actions import Attribution, record_step, rows_told
from review.history.queries import head, raw_rows, sealed_among, verify
from review.history.replay import Difference, all_held, compare_table, governed, models
from review.history.rules import Held, Omitted
from review.independent.seals import seal
from review.keeping.anchors import anchors_given
from review.keeping.seals import SEALED, unsealed
from review.keeping.verifying import verify_all
from review.tables import every_table
from tests.conftest import NOW

GOVERNED: Final = tuple(governed())


def test_every_table_is_on_one_side() -> None:
    told = all_held()
    assert set(told) == set(every_table().tables)
    for name, how in told.items():
        model = models()[name]
        assert isinstance(how, Held)
        assert (how is Held.ROWS) == hasattr(model, "__told_by__"), name
        assert (how is Held.SEAL) == hasattr(model, "__sealed_by__"), name
        omitted: Mapping[str, str] = getattr(model, "__history_omits__", {})
        assert how is Held.EVENTS or not omitted
        for column, why in omitted.items():
            assert why in tuple(Omitted) or why in Base.metadata.tables[name].c, (name, column)


@contextmanager
def tampering(database: Database) -> Iterator[Session]:
    """Yield a session that may change what keys protect; nothing is kept."""
    with Session(database.engine) as session, session.begin() as transaction:
        if database.is_sqlite:
            session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield session
        transaction.rollback()


def stored(session: Session, name: str) -> list[dict[str, Any]]:
    table = Base.metadata.tables[name]
    columns = [column.name for column in table.columns]
    return [dict(zip(columns, row, strict=True)) for row in raw_rows(session, table, columns)]


def plain(name: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(c.name) for c in Base.metadata.tables[name].columns))


def other(column: sa.Column[Any], value: Any) -> Any:
    """Return another value that the column can hold."""
    if isinstance(column.type, sa.Boolean):
        return not value
    if isinstance(column.type, sa.LargeBinary):
        return b"other"
    if isinstance(column.type, UtcDateTime):
        return "2001-01-01T00:00:00.000000Z" if value is None else f"2001{value[4:]}"
    if isinstance(column.type, CanonicalJson):
        return '["other"]'
    if isinstance(column.type, sa.Integer):
        return (value or 0) + 1_000_003
    if isinstance(column.type, Real | sa.Double):
        return (value or 0.0) + 0.125
    return "x" if value != "x" else "y"  # the shortest: some columns hold 19 characters


def new_rows(session: Session, name: str) -> None:
    """Put two rows into a table that has too few, with the events that tell of them."""
    table = Base.metadata.tables[name]
    ids = []
    for number in (900_001, 900_002):
        values: dict[str, Any] = {}
        for column in table.columns:
            if column.primary_key:
                values[column.name] = number
            elif not column.nullable or isinstance(column.type, UtcDateTime):
                values[column.name] = _some(column, number)
        if name in SEALED:
            said = ("record_id", "stage", "person_id", "verdict", "reason_id", "note", "nonce")
            values["seal"] = seal(*(values.get(column, "") for column in said))
        session.execute(sa.insert(plain(name)), values)
        ids.append(number)
        if governed()[name] is Held.EVENTS:
            omitted = getattr(models()[name], "__history_omits__", {})
            told = {
                key: bool(value) if isinstance(table.c[key].type, sa.Boolean) else value
                for key, value in values.items()
                if key not in omitted
            }
            for key in told:
                if isinstance(table.c[key].type, CanonicalJson):
                    told[key] = []
            record_step(session, "insert", entity=name, entity_id=number, **told)
    if governed()[name] is Held.ROWS:
        by = models()[name].__told_by__[0]  # type: ignore[attr-defined]  # as tables of rows say
        mine = table.c.id.in_(ids)
        record_step(session, "import", entity=by, entity_id=1, **rows_told(session, **{name: mine}))


def _some(column: sa.Column[Any], number: int) -> Any:
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, UtcDateTime):
        return f"2026-01-01T00:00:00.{number:06d}Z"
    if isinstance(column.type, CanonicalJson):
        return "[]"
    if isinstance(column.type, sa.LargeBinary):
        return b"some"
    if isinstance(column.type, sa.Integer):
        return number
    if isinstance(column.type, Real | sa.Double):
        return float(number)
    owner = models()[column.table.name]
    for content, digest in getattr(owner, "__history_omits__", {}).items():
        if digest == column.name:
            return sha256_of([]) if content in ("places", "manifest") else str(number)
    return f"{number}"


def differences(
    session: Session, name: str, only: Collection[int] | None = None
) -> list[Difference]:
    found: list[Difference] = []
    compare_table(session, name, found.append, only=only)
    owner = getattr(models()[name], "__sealed_by__", name)
    if owner in SEALED:
        found += [Difference(owner, n, "seal", None, None, None) for n in unsealed(session, owner)]
    return found


def rows_of(session: Session, name: str) -> list[dict[str, Any]]:
    session.info["attribution"] = Attribution(actor="tester", at=NOW)
    rows = stored(session, name)
    if len(rows) < 2:
        new_rows(session, name)
        rows = stored(session, name)
    assert differences(session, name) == [], "as it was made, before anybody tampers"
    return rows


def named(found: list[Difference], name: str, row: int) -> bool:
    """Whether a difference names the row, or the row whose seal covers it."""
    owner = getattr(models()[name], "__sealed_by__", None)
    if owner is not None:
        return any(one.table == owner for one in found)
    return any((one.table, one.row) == (name, row) for one in found)


@pytest.mark.parametrize("name", GOVERNED)
def test_what_is_altered_is_named(whole: Database, name: str) -> None:
    table = Base.metadata.tables[name]
    private = {
        column
        for column, why in getattr(models()[name], "__history_omits__", {}).items()
        if why == Omitted.PRIVATE
    }
    with tampering(whole) as session:
        row, raw = rows_of(session, name)[-1], plain(name)
        for column in table.columns:
            if column.primary_key or column.name in private:
                continue
            change = sa.update(raw).where(raw.c.id == row["id"])
            session.execute(change.values({column.name: other(column, row[column.name])}))
            found = differences(session, name, [row["id"]])
            assert named(found, name, row["id"]), f"{column.name} was altered, and nothing said"
            session.execute(change.values({column.name: _typed(column, row[column.name])}))
        assert differences(session, name) == []


def _typed(column: sa.Column[Any], value: Any) -> Any:
    return bool(value) if isinstance(column.type, sa.Boolean) and value is not None else value


@pytest.mark.parametrize("name", GOVERNED)
def test_what_is_deleted_put_in_back_dated_or_swapped_is_named(whole: Database, name: str) -> None:
    table = Base.metadata.tables[name]
    raw = plain(name)
    key = raw.c.id
    with tampering(whole) as session:
        first, *_, last = rows_of(session, name)
        savepoint = session.begin_nested()
        session.execute(sa.delete(raw).where(key == last["id"]))
        assert named(differences(session, name), name, last["id"]), "deleted"
        savepoint.rollback()

        savepoint = session.begin_nested()
        values = {c.name: _typed(c, last[c.name]) for c in table.columns}
        values["id"] = last["id"] + 7
        for column in table.columns:
            if _is_unique(column) and not column.primary_key and last[column.name] is not None:
                values[column.name] = other(column, last[column.name])
        session.execute(sa.insert(raw), values)
        assert named(differences(session, name), name, last["id"] + 7), "put in"
        savepoint.rollback()

        for column in table.columns:
            if isinstance(column.type, UtcDateTime) and last[column.name] is not None:
                savepoint = session.begin_nested()
                back = {column.name: f"1999{last[column.name][4:]}"}
                session.execute(sa.update(raw).where(key == last["id"]).values(back))
                assert named(differences(session, name), name, last["id"]), f"{column}: back-dated"
                savepoint.rollback()

        savepoint = session.begin_nested()
        for old, new in ((first["id"], -5), (last["id"], first["id"]), (-5, last["id"])):
            session.execute(sa.update(raw).where(key == old).values(id=new))
        if governed()[name] is not Held.SEAL:  # nothing refers to the number of such a row
            assert named(differences(session, name), name, last["id"]), "swapped"
        savepoint.rollback()


def _is_unique(column: sa.Column[Any]) -> bool:
    indexes = [i for i in column.table.indexes if i.unique and column.name in str(i.expressions)]
    rules = [
        rule
        for rule in column.table.constraints
        if isinstance(rule, sa.UniqueConstraint) and column.name in rule.columns
    ]
    return bool(indexes or rules)


def test_a_sound_database_is_sound(whole: Database) -> None:
    with whole.reading() as session:
        found = verify_all(session, viewer="tester", runs=True)
    assert found.chain.intact
    assert not found.differences
    assert not found.runs
    assert found.recomputed == 15
    assert found.untold == 0, "the demonstration is made by this software, which tells all rows"
    assert bool(found.triggers) is whole.is_sqlite, "there they were taken away"


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("UPDATE event SET actor = 'mallory' WHERE seq = 700", "event 700 was altered"),
        ("UPDATE event SET at = '1999-01-01T00:00:00.000000Z' WHERE seq = 7", "event 7 was"),
        ("UPDATE event SET new = '{}' WHERE seq = 700", "event 700 was altered"),
        ("DELETE FROM event WHERE seq = 700", "event 700 is missing"),
        ("UPDATE event SET seq = 1000700 WHERE seq = 700", "event 700 is missing"),
    ],
)
def test_an_altered_history_is_named(whole: Database, verb: str, told: str) -> None:
    with tampering(whole) as session:
        session.execute(sa.text(verb))
        assert told in verify(session).problems[0]


def test_a_cut_end_shows_against_a_head_kept_elsewhere(whole: Database) -> None:
    with tampering(whole) as session:
        seq, hash_ = head(session)
        session.execute(sa.text(f"DELETE FROM event WHERE seq = {seq}"))
        assert verify(session).intact
        for kept in (f"{seq}:{hash_}", hash_):
            found = verify_all(session, viewer=None, anchors=anchors_given(kept))
            assert "which the chain does not hold as it was" in found.chain.problems[0]


def test_the_daily_check_sees_what_was_touched_since_and_what_is_gone(whole: Database) -> None:
    with tampering(whole) as session:
        since = head(session)[0] - 50
        session.execute(sa.text("DELETE FROM note WHERE id = 3"))
        found = verify_all(session, viewer=None, since=since)
        assert found.chain.events == 50
        assert [one.table for one in found.differences] == ["note"]
        assert "rows" in str(found.differences[0].told)


def test_values_of_a_blind_entry_are_not_told(whole: Database) -> None:
    with tampering(whole) as session:
        sealed = sealed_among(session, {"result"}, "nobody")
        row = min(number for table, number in sealed if table == "result" and number)
        session.execute(sa.text(f"UPDATE result SET n = 4711, page = 'p. 4711' WHERE id = {row}"))
        told = verify_all(session, viewer="nobody").differences
    assert {(one.table, one.row) for one in told} == {("result", row)}
    assert "4711" not in "".join(one.said for one in told)
