"""Taking back without deleting: a withdrawn row stays, with the reason, and nothing reads it.

No row is ever deleted, so an import that is undone, a result that was entered by mistake and a
study that was merged into its twin are marked, and every reading leaves them out. The session
does that, as it writes the history: a query that somebody writes next year cannot forget it
(docs/decisions/0025-withdrawn-rows.md). ``execution_options(withdrawn=True)`` reads them all.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.orm import (
    Mapped,
    Mapper,
    ORMExecuteState,
    mapped_column,
    with_loader_criteria,
)

from review.db import Base, LedgerSession, index_where

STANDS: Final = "withdrawn_because IS NULL"


class Revocable:
    """A row that can stand no longer, by itself or with what it belongs to."""

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that a row counts."""
        raise NotImplementedError


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


@cache
def _criteria() -> tuple[Any, ...]:
    classes = (mapper.class_ for mapper in Base.registry.mappers)
    return tuple(
        with_loader_criteria(found, found.stands(), include_aliases=True)
        for found in sorted(classes, key=lambda found: str(found.__name__))
        if issubclass(found, Revocable)
    )


@sa_event.listens_for(Base, "after_mapper_constructed", propagate=True)
def _know_another_table(mapper: Mapper[Any], class_: type[Any]) -> None:
    """A command may import the tables of another stage after its first query."""
    del mapper, class_
    _criteria.cache_clear()


@sa_event.listens_for(LedgerSession, "do_orm_execute")
def _leave_out_what_was_withdrawn(state: ORMExecuteState) -> None:
    if (
        state.is_orm_statement
        and state.is_select
        and not state.is_column_load
        and not state.is_relationship_load
        and not state.execution_options.get("withdrawn", False)
    ):
        state.statement = state.statement.options(*_criteria())
