"""Taking back without deleting: a withdrawn row stays, with the reason, and nothing reads it.

No row is ever deleted, so an import that is undone, a result that was entered by mistake and a
study that was merged into its twin are marked, and every reading leaves them out. The session
does that, as it writes the history: a query that somebody writes next year cannot forget it
(docs/decisions/0025-withdrawn-rows.md). ``execution_options(withdrawn=True)`` reads them all.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    mapped_column,
    with_loader_criteria,
)

from review.db import LedgerSession, index_where

STANDS: Final = "withdrawn_because IS NULL"

SelectT = TypeVar("SelectT", bound=sa.Select[Any])


class Revocable:
    """A row that can stand no longer, by itself or with what it belongs to."""

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that a row counts; every table says its own."""
        return sa.true()


class Withdrawable(Revocable):
    """A table whose rows can be taken back; the history says who did it, and when."""

    withdrawn_because: Mapped[str | None] = mapped_column(sort_order=999)
    """Why a row counts no longer; None while it does."""

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that nobody withdrew the row."""
        return cls.withdrawn_because.is_(None)


def unique_while_standing(name: str, *columns: str | sa.TextClause) -> sa.Index:
    """Return a unique key that rows taken back do not hold, so that it can be used again."""
    return index_where(name, *columns, where=STANDS, unique=True)


_STANDING: Final = with_loader_criteria(
    Revocable, lambda table: table.stands(), include_aliases=True
)
"""One option for all tables: SQLAlchemy asks a table's condition where a query reads it, as the
query is compiled. An option a table cost each query twice its own time."""


def prepared(asked: SelectT) -> SelectT:
    """Return a query that is put together once and asked often, as the session would narrow it.

    Its values are `sqlalchemy.bindparam`s. SQLAlchemy keeps what it knows of a query with the query
    itself: one that is built anew each time costs more than its answer.
    """
    return asked.options(_STANDING).execution_options(withdrawn=True)


@sa_event.listens_for(LedgerSession, "do_orm_execute")
def _leave_out_what_was_withdrawn(state: ORMExecuteState) -> None:
    if (
        state.is_orm_statement
        and state.is_select
        and not state.is_column_load
        and not state.is_relationship_load
        and not state.execution_options.get("withdrawn", False)
    ):
        state.statement = state.statement.options(_STANDING)
