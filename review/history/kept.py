"""Asking once while nothing changes: rules and roles stand for months, and each request needs them.

Each change of an audited row is an event, so that the history says whether an answer still holds:
one short question a transaction, of the events since, instead of one for each rule and role.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session, UOWTransaction

from review.db import Base, LedgerSession
from review.history.models import Event
from review.history.once import KEPT, once
from review.history.queries import HEAD, WROTE, held
from review.history.rules import Held

Asked = ParamSpec("Asked")
FoundT = TypeVar("FoundT")

_AHEAD: Final = 200
"""Events after which answers are taken to hold from a later one on: what came since is read in each
transaction, and a reader who began a moment ago knows of no later one."""

_WRITTEN: Final = "kept, and written"
_STATE: Final = "kept"
KEPT.update((_WRITTEN, _STATE))

_READ_FROM: Final[set[str]] = set()
"""Tables that answers are kept of."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """Answers that held at an event, until a later one changes what they were read from."""

    seq: int
    hash: str
    """The event is known by it: another history may take the place of this one."""
    found: dict[Any, Any] = field(default_factory=dict)


_STATES: Final[WeakKeyDictionary[sa.Pool, _State]] = WeakKeyDictionary()
_CHANGING: Final = threading.Lock()


def kept(
    *tables: type[Base],
) -> Callable[
    [Callable[Concatenate[Session, Asked], FoundT]], Callable[Concatenate[Session, Asked], FoundT]
]:
    """Have a query keep what it found until a row of `tables` changes, in whatever process.

    What is found is shared by all threads: a plain value that nobody changes, no row of a session.
    Rows among the arguments are known by their ``id``. Only audited tables.
    """
    for table in tables:
        assert held(table) is Held.EVENTS, f"no events tell of {table.__name__}"
    read_from = frozenset(table.__tablename__ for table in tables)
    _READ_FROM.update(read_from)

    def keeping(
        ask: Callable[Concatenate[Session, Asked], FoundT],
    ) -> Callable[Concatenate[Session, Asked], FoundT]:
        in_this_transaction = once(*tables)(ask)

        @wraps(ask)
        def found(session: Session, /, *args: Asked.args, **more: Asked.kwargs) -> FoundT:
            if session.autoflush:
                session.flush()
            state = _state(session)
            if state is None or read_from & session.info.get(_WRITTEN, frozenset()):
                return in_this_transaction(session, *args, **more)
            of = tuple(getattr(one, "id", one) for one in args)
            key = (ask, of, tuple(sorted((name, getattr(v, "id", v)) for name, v in more.items())))
            if key not in state.found:
                state.found[key] = in_this_transaction(session, *args, **more)
            value: FoundT = state.found[key]
            return value

        return found

    return keeping


def _state(session: Session) -> _State | None:
    """Return what holds in this transaction; None where that cannot be said, and all is asked."""
    if not isinstance(session, LedgerSession):
        return None
    if _STATE not in session.info:  # what a transaction wrote itself may never come to be
        session.info[_STATE] = None if session.info.get(WROTE) else _checked(session)
    state: _State | None = session.info[_STATE]
    return state


def _checked(session: Session) -> _State | None:
    database = session.get_bind().engine.pool
    known = _STATES.get(database)
    asked = _asked(frozenset(_READ_FROM))
    since = {"since": known.seq if known else 0}
    told = session.connection().execute(asked, since).one_or_none()
    if told is None:
        return None
    seq, digest, there, changed = told
    session.info[HEAD] = seq, digest
    if known is not None and seq < known.seq:
        return None  # it began before what is known, or reads another history
    if known is not None and there == known.hash and not changed:
        return known if seq - known.seq < _AHEAD else _replaced(database, known, seq, digest)
    return _replaced(database, known, seq, digest, anew=True)


def _replaced(
    database: sa.Pool, known: _State | None, seq: int, digest: str, *, anew: bool = False
) -> _State:
    state = _State(seq, digest, {} if anew or known is None else known.found)
    with _CHANGING:
        if _STATES.get(database) is known:
            _STATES[database] = state
    return state


@cache
def _asked(tables: frozenset[str]) -> sa.Select[*tuple[Any, ...]]:
    row = Event.__table__.c
    since, other = sa.bindparam("since", type_=sa.Integer), Event.__table__.alias().c
    there = sa.select(other.hash).where(other.seq == since).scalar_subquery()
    changed = sa.exists().where(other.seq > since, other.entity.in_(sorted(tables)))
    return sa.select(row.seq, row.hash, there, changed).order_by(row.seq.desc()).limit(1)


@sa_event.listens_for(LedgerSession, "after_flush")
def _note_what_is_written(session: Session, context: UOWTransaction) -> None:
    del context
    rows = (*session.new, *session.dirty, *session.deleted)
    written = _READ_FROM & {getattr(row, "__tablename__", "") for row in rows}
    if written:
        session.info[_WRITTEN] = session.info.get(_WRITTEN, frozenset()) | written
