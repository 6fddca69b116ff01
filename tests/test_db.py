"""The engine's promises: nothing lost, nothing mangled, one writer at a time."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import canonical_json, clean_text, utc_text
from review.db import CanonicalJson, CleanText, Database, LedgerSession, Real, database_at
from review.errors import InvalidDataError
from tests.loaded import PATIENCE

PER_PROCESS = 40
PROCESSES = 4


def _count_up(url: str) -> None:
    database = database_at(url)
    for _ in range(PER_PROCESS):
        with database.transaction() as session:
            found = session.execute(sa.text("SELECT n FROM counter")).scalar_one()
            session.execute(sa.text("UPDATE counter SET n = :n"), {"n": found + 1})
    database.engine.dispose()


def test_concurrent_read_modify_write_loses_no_update(database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.text("CREATE TABLE counter (n INTEGER)"))
        session.execute(sa.text("INSERT INTO counter VALUES (0)"))
    database.engine.dispose()
    url = database.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count_up, args=(url,)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    with database.reading() as session:
        total = session.execute(sa.text("SELECT n FROM counter")).scalar_one()
    assert total == PROCESSES * PER_PROCESS


def test_a_failing_transaction_leaves_nothing_not_even_a_table(database: Database) -> None:
    class Broken(Exception):
        pass

    def half() -> None:
        with database.transaction() as session:
            session.execute(sa.text("CREATE TABLE half (n INTEGER)"))
            session.execute(sa.text("INSERT INTO half VALUES (1)"))
            raise Broken

    with pytest.raises(Broken):
        half()
    assert not sa.inspect(database.engine).has_table("half")


def test_only_one_job_at_a_time(database: Database) -> None:
    other = Database(database.url)
    with database.sole_job() as mine, other.sole_job() as theirs:
        assert (mine, theirs) == (True, False)
    with other.sole_job() as theirs:
        assert theirs
    other.engine.dispose()


def test_text_that_the_databases_keep_differently_is_normalised_or_refused() -> None:
    assert clean_text("Mu\u0308ller") == "M\u00fcller"
    for bad in ("a\x00b", "a\ud800b"):
        with pytest.raises(InvalidDataError):
            clean_text(bad)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_are_refused(database: Database, value: float) -> None:
    with pytest.raises(InvalidDataError):
        Real().process_bind_param(value, database.engine.dialect)


def test_times_need_a_zone_and_sort_as_text() -> None:
    with pytest.raises(InvalidDataError):
        utc_text(datetime(2026, 1, 1))
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert utc_text(datetime(2026, 1, 1, 5, 45, tzinfo=kathmandu)) == "2026-01-01T00:00:00.000000Z"
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert utc_text(early) < utc_text(late)
    assert utc_text(datetime(78, 9, 17, tzinfo=UTC)) == "0078-09-17T00:00:00.000000Z"
    with pytest.raises(InvalidDataError, match="outside the calendar"):
        utc_text(datetime(1, 1, 1, tzinfo=kathmandu))


def test_canonical_json_is_one_text_for_one_value() -> None:
    assert canonical_json({"b": 1.5, "a": [None, "ü"]}) == '{"a":[null,"ü"],"b":1.5}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"]
)
def test_other_databases_are_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(InvalidDataError, match="REVIEW_DATABASE_URL"):
        database_at(url)


def test_a_password_is_never_printed() -> None:
    shown = str(database_at("postgresql+psycopg://me:secret@localhost/x"))
    assert "secret" not in shown
    assert "me:***@localhost" in shown


def test_the_ledger_listens_to_its_own_sessions_and_to_no_others(database: Database) -> None:
    plain = Session(database.engine).dispatch
    assert not list(plain.before_flush)
    assert not list(plain.do_orm_execute)
    with database.reading() as session:
        assert isinstance(session, LedgerSession)
        assert list(session.dispatch.before_flush)
        assert list(session.dispatch.do_orm_execute)


def test_statements_stay_prepared_from_one_reading_to_the_next(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite keeps no prepared statements of a connection")
    held = sa.text("SELECT count(*) FROM pg_prepared_statements")
    for _ in range(8):  # the driver prepares what it has sent five times
        with database.reading() as session:
            known = session.scalar(held)
    assert known == 1


HALVES = ("a\ud800b", "\udc00")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a\x00b", CleanText),
        *((half, CleanText) for half in HALVES),
        *(({"note": half}, CanonicalJson) for half in HALVES),
        (float("nan"), Real),
    ],
)
def test_what_no_column_takes_is_refused_as_such_written_or_asked_for(
    database: Database, value: object, kind: type[sa.types.TypeEngine[object]]
) -> None:
    """By its own error, which edges know, and not by one of SQLAlchemy around it."""
    with pytest.raises(InvalidDataError), database.reading() as session:
        session.execute(sa.select(sa.literal(value, kind()))).all()


def test_a_nul_within_json_is_an_escape_that_both_databases_keep(database: Database) -> None:
    with database.reading() as session:
        asked = sa.select(sa.literal({"note": "a\x00"}, CanonicalJson()))
        assert session.scalar(asked) == {"note": "a\x00"}
