"""Asking once a transaction: rules, roles and persons do not change while a request is answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from review.db import Base, LedgerSession
from review.history.queries import APPENDED, HEAD, WROTE

Asked = ParamSpec("Asked")
FoundT = TypeVar("FoundT")

_FOUND: Final = "found once"

KEPT: Final[set[str]] = set()
"""Where else a session keeps what holds for one transaction."""


def once(
    *tables: type[Base],
) -> Callable[
    [Callable[Concatenate[Session, Asked], FoundT]], Callable[Concatenate[Session, Asked], FoundT]
]:
    """Have a query keep what it found for the rest of the transaction.

    Rows of `tables` that are written in it have the query asked again, as does its end; what is
    returned is shared, and not to be changed. Only audited tables, which change row by row.
    """
    read_from = frozenset(table.__tablename__ for table in tables)

    def keeping(
        ask: Callable[Concatenate[Session, Asked], FoundT],
    ) -> Callable[Concatenate[Session, Asked], FoundT]:
        @wraps(ask)
        def found(session: Session, /, *args: Asked.args, **more: Asked.kwargs) -> FoundT:
            if not isinstance(session, LedgerSession):
                return ask(session, *args, **more)
            if session.autoflush:
                session.flush()
            known: dict[Any, tuple[frozenset[str], Any]] = session.info.setdefault(_FOUND, {})
            key = (ask, args, tuple(sorted(more.items())))
            if key not in known:
                known[key] = read_from, ask(session, *args, **more)
            value: FoundT = known[key][1]
            return value

        return found

    return keeping


@sa_event.listens_for(LedgerSession, "after_flush")
def _ask_again(session: Session, context: UOWTransaction) -> None:
    del context
    known = session.info.get(_FOUND)
    if known:
        rows = (*session.new, *session.dirty, *session.deleted)
        written = {getattr(row, "__tablename__", "") for row in rows}
        for key in [key for key, (tables, _) in known.items() if tables & written]:
            del known[key]


@sa_event.listens_for(LedgerSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested or transaction.parent is None:  # and not at the end of each flush
        for kept in (_FOUND, HEAD, APPENDED, *KEPT):
            session.info.pop(kept, None)
    if transaction.parent is None:
        session.info.pop(WROTE, None)
