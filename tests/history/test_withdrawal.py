"""Every table whose rows can be taken back says what stands, and every query of it asks that."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from review.db import Base, Database
from review.history.withdrawal import Revocable
from review.tables import every_table

every_table()

TABLES = sorted(
    (one.class_ for one in Base.registry.mappers if issubclass(one.class_, Revocable)),
    key=lambda table: table.__name__,
)


def test_no_table_is_missing() -> None:
    assert len(TABLES) >= 14


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_a_query_asks_what_stands_and_one_for_all_rows_does_not(
    table: Any, database: Database
) -> None:
    assert str(table.stands()) != str(Revocable.stands())
    other = aliased(table)
    asked = []
    with database.reading() as session:
        sa.event.listen(
            session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2])
        )
        session.execute(sa.select(table)).all()
        session.execute(sa.select(other)).all()
        session.execute(sa.select(table), execution_options={"withdrawn": True}).all()
    asked = [one for one in asked if not one.startswith("BEGIN")]
    assert ["withdrawn_because IS" in one for one in asked] == [True, True, False]
