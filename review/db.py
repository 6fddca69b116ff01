"""Engine, transactions, declarative base and column types, the same on SQLite and PostgreSQL.

SQLite follows a measured recipe (docs/decisions/0003-sqlite.md): the driver's own transaction
control is off, writes start with ``BEGIN IMMEDIATE``, and writers queue at a lock file.
PostgreSQL writers queue at an advisory lock, so that on both databases one writer at a time sees
everything committed before it, and rules across rows hold without retries.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Session  # the edges name the type, and nothing else of it

from review.canonical import HALF, CanonicalText, canonical_json, clean_text, utc_text
from review.errors import BusyError, DatabaseStateError, InvalidDataError
from review.sqlite import BUSY_SECONDS, begin, prepare

ADVISORY_APPLICATION: Final = 0x4C52
"""First integer of our PostgreSQL advisory locks, so that other applications' locks differ."""

WRITER_LOCK: Final = 1
JOB_LOCKS: Final = {"job": 2, "rank": 3}
"""Second integers; on SQLite the names of lock files beside the database."""

VERSION: Final = sa.table("alembic_version", sa.column("version_num", sa.String))
"""Where alembic keeps the revision of a database."""


ValueT = TypeVar("ValueT")

AT_ONCE: Final = 1000
"""Values in one list of a query; both databases bind more than 30,000."""


def in_parts(values: Sequence[ValueT]) -> Iterator[Sequence[ValueT]]:
    """Yield values, as many at once as one list of a query may hold."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def put(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows whole, in place of those with the same primary key.

    For tables without a history of their own; all rows have the same columns.
    """
    if rows:
        session.execute(_put(session.get_bind().dialect.name, table, tuple(rows[0])), rows)


@cache
def _put(dialect: str, table: type[DeclarativeBase], columns: Sequence[str]) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    whole = table.metadata.tables[table.__tablename__]
    asked: Any = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(whole)
    keys = [column.name for column in whole.primary_key]
    told = {name: asked.excluded[name] for name in columns if name not in keys}
    return asked.on_conflict_do_update(index_elements=keys, set_=told)


class UnfitValueError(InvalidDataError, sa.exc.DontWrapMixin):
    """A value that a column does not take; SQLAlchemy lets it through as the refusal it is."""


class CleanText(sa.TypeDecorator[str]):
    """Text that both databases store alike: NFC, without NUL and lone surrogates."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Refuse what PostgreSQL would refuse or SQLite would mangle."""
        del dialect
        try:
            return None if value is None else clean_text(value)
        except InvalidDataError as error:
            raise UnfitValueError(str(error)) from None


class Real(sa.TypeDecorator[float]):
    """A finite double; NaN would become NULL on SQLite without a word."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> float | None:
        """Refuse NaN and infinities."""
        del dialect
        if value is not None and not math.isfinite(value):
            raise UnfitValueError(f"{value} is not a finite number")
        return value


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant, stored as ISO 8601 text in UTC, so that both databases keep and sort it alike."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """Refuse naive times: nobody can tell later which clock they meant."""
        del dialect
        try:
            return None if value is None else utc_text(value)
        except InvalidDataError as error:
            raise UnfitValueError(str(error)) from None

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        del dialect
        return None if value is None else datetime.fromisoformat(value)


class CanonicalJson(sa.TypeDecorator[Any]):
    """JSON kept as its canonical text, so that what was hashed is what is stored."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> str | None:
        """Serialise what is not text in this form already; None stays NULL."""
        del dialect
        if value is None or isinstance(value, CanonicalText):
            return value
        text = canonical_json(value)
        if not text.isascii() and HALF.search(text):
            raise UnfitValueError("text holds half a character; check the file's encoding")
        return text

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> object:
        """Parse."""
        del dialect
        return None if value is None else json.loads(value)


def open_choice(choices: type[StrEnum]) -> sa.Enum:
    """Return the type of a column of a list that grows: no CHECK, so no migration for a new one."""
    return _choice(choices, checked=False)


def closed_choice(choices: type[StrEnum]) -> sa.Enum:
    """Return the type of a column of a list that a CHECK keeps closed."""
    return _choice(choices, checked=True)


def _choice(choices: type[StrEnum], *, checked: bool) -> sa.Enum:
    return sa.Enum(
        choices,
        native_enum=False,
        create_constraint=checked,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The declarative base; constraints are named by one convention, for migrations to use."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own declarative interface
        str: CleanText(),
        float: Real(),
        datetime: UtcDateTime(),
        StrEnum: closed_choice(StrEnum),
    }


def index_where(
    name: str, *columns: str | sa.TextClause, where: str, unique: bool = False
) -> sa.Index:
    """Return an index of the rows of a condition only, on both databases.

    The condition reaches SQLAlchemy as the table is made: given with the index, it would import
    PostgreSQL's dialect, asyncio included, into every command on SQLite.
    """
    return sa.Index(name, *columns, unique=unique, info={"where": where})


@event.listens_for(sa.Table, "before_create")
def _conditions_of_indexes(table: sa.Table, connection: sa.Connection, **_: object) -> None:
    for index in table.indexes:
        if "where" in index.info:
            options = index.dialect_options[connection.dialect.name]
            options["where"] = sa.text(index.info["where"])


class LedgerSession(Session):
    """The sessions of the ledger: the stage of history listens to these, and to no others.

    Another program in the same process keeps its own sessions of SQLAlchemy as they are.
    """


@dataclass(frozen=True)
class Database:
    """One database, its transactions and its locks."""

    url: sa.URL
    revision: str | None = None
    """The revision that the program knows: at another one no transaction begins. None: any."""

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine; SQLite connections are prepared and checked as they open."""
        if self.url.get_backend_name() == "sqlite":
            engine = sa.create_engine(self.url, pool_size=16)
            event.listen(engine, "connect", prepare)
            event.listen(engine, "begin", begin)
            return engine
        timeout = int(BUSY_SECONDS * 1000)
        try:
            return sa.create_engine(
                self.url,
                pool_size=16,
                pool_pre_ping=True,
                connect_args={"options": f"-c timezone=UTC -c lock_timeout={timeout}"},
            )
        except ModuleNotFoundError:
            raise DatabaseStateError(
                "PostgreSQL needs its driver: pip install 'living-review[postgres]'"
            ) from None

    @cached_property
    def _reading_engine(self) -> sa.Engine:
        options: dict[str, Any] = (
            {"read_only": True}
            if self.is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        return self.engine.execution_options(**options)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        if "engine" in vars(self):
            self.engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is one SQLite file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.url.database or "")

    @property
    def address(self) -> str:
        """The URL, password included, that means this database in every folder."""
        url = self.url.set(database=str(self.file.resolve())) if self.is_sqlite else self.url
        return url.render_as_string(hide_password=False)

    def __str__(self) -> str:
        """Where it is, without the password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session on one consistent state of the database; nothing can be written.

        What was read ends by a commit: at a rollback psycopg throws away every statement that it
        had prepared, and PostgreSQL would plan each of them anew for each page.
        """
        with LedgerSession(self._reading_engine, autoflush=False) as session:
            session.info["read_only"] = True
            self._hold_revision(session)
            yield session
            if session.in_transaction():
                session.connection().commit()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield the one writing session; commit at the end, roll back on any exception.

        Raises BusyError when other writers keep it waiting for more than `BUSY_SECONDS`.
        """
        with self.writers_turn(), LedgerSession(self.engine) as session, session.begin():
            if not self.is_sqlite:
                _wait_for_advisory_lock(session, WRITER_LOCK)
            self._hold_revision(session)
            yield session

    def _hold_revision(self, session: Session) -> None:
        """Raise DatabaseStateError where others have upgraded the database since the program began.

        An older program would write what the newer one does not expect, and PostgreSQL refuses
        statements that were prepared before a column changed its type.
        """
        if self.revision is None:
            return
        found = session.connection().exec_driver_sql(f"SELECT version_num FROM {VERSION.name}")
        if (now := found.scalar()) != self.revision:
            raise DatabaseStateError(
                f"the database was brought to revision {now} while this program ran, which knows "
                f"{self.revision}; stop it and start it with the software that did that"
            )

    @contextmanager
    def writers_turn(self) -> Iterator[None]:
        """Wait at the lock file of SQLite's writers; PostgreSQL's wait in their transaction.

        Raises BusyError after `BUSY_SECONDS`.
        """
        if not self.is_sqlite:
            yield
            return
        from filelock import FileLock, Timeout  # brings asyncio, which readers do without

        gate = FileLock(f"{self.file}.writer.lock", timeout=BUSY_SECONDS)
        try:
            gate.acquire(poll_interval=0.002)
        except Timeout:
            raise BusyError(
                f"another process has been writing to {self.file} for {BUSY_SECONDS:.0f} seconds; "
                "try again when it has finished"
            ) from None
        try:
            yield
        finally:
            gate.release()

    @contextmanager
    def sole_job(self, job: str = "job") -> Iterator[bool]:
        """Yield whether this process may run a job; False when another one runs it now."""
        number = JOB_LOCKS[job]
        if self.is_sqlite:
            from filelock import FileLock, Timeout

            lock = FileLock(f"{self.file}.{job}.lock", blocking=False)
            try:
                lock.acquire()
            except Timeout:
                yield False
                return
            try:
                yield True
            finally:
                lock.release()
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            taken = connection.scalar(
                sa.select(sa.func.pg_try_advisory_lock(ADVISORY_APPLICATION, number))
            )
            try:
                yield bool(taken)
            finally:
                if taken:
                    connection.execute(
                        sa.select(sa.func.pg_advisory_unlock(ADVISORY_APPLICATION, number))
                    )


def _wait_for_advisory_lock(session: Session, key: int) -> None:
    try:
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_APPLICATION, key)))
    except sa.exc.OperationalError as error:
        if is_lock_timeout(error):
            raise BusyError(
                f"other writers have kept the database busy for {BUSY_SECONDS:.0f} seconds; "
                "try again when they have finished"
            ) from None
        raise


def is_lock_timeout(error: sa.exc.DBAPIError) -> bool:
    """Whether PostgreSQL gave up to wait for a lock."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


_DIALECTS: Final = ("sqlite", "postgresql+psycopg")


def database_at(url: str) -> Database:
    """Return the database at `url` without connecting to it.

    Raises InvalidDataError for anything but ``sqlite:///path`` or ``postgresql+psycopg://…``.
    """
    try:
        parsed = sa.make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    except sa.exc.ArgumentError:
        raise InvalidDataError(
            "REVIEW_DATABASE_URL is not a database URL; it is sqlite:///path/to/file or "
            "postgresql+psycopg://user:password@host/name"
        ) from None
    if parsed.drivername not in _DIALECTS or (
        parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:")
    ):
        raise InvalidDataError(
            f"REVIEW_DATABASE_URL must be sqlite:///path/to/file or postgresql+psycopg://…, "
            f"not {parsed.render_as_string(hide_password=True)!r}"
        )
    return Database(parsed)


def driver_message(error: Exception) -> str | None:
    """Return what a database driver complains of, in a line; None for any other error."""
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    complaint = str(error.orig).strip().splitlines()[0]
    if "database is locked" in complaint:
        return "the database is busy; try again when the other process has finished"
    return f"the database refused: {complaint}"
