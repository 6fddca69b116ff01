"""Records, searches, releases of the demonstration as programs read them; what stays sealed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from review.citations.models import Record
from review.db import Database
from review.screening.models import Decision
from review.screening.vocabulary import Stage
from tests.web.conftest import at_home

R = "/api/v1/reviews/invented"


@pytest.fixture
def reader(demonstration: Database) -> Iterator[TestClient]:
    """The lead of the demonstration."""
    with at_home(demonstration) as client:
        yield client


def _all(client: TestClient, path: str, **asked: Any) -> list[Any]:
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"{R}{path}", params={"cursor": cursor, **asked})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
    return found


def test_records_come_in_pages_by_state_text_file_and_box(
    reader: TestClient, demonstration: Database
) -> None:
    with demonstration.reading() as session:
        numbers = list(session.scalars(sa.select(Record.id).order_by(Record.id)))
    records = _all(reader, "/records", limit=17)
    assert [one["record"] for one in records] == numbers
    assert records == _all(reader, "/records", limit=500)
    for state in {one["state"] for one in records}:
        mine = [one for one in records if one["state"] == state]
        assert _all(reader, "/records", state=state, limit=7) == mine
    assert reader.get(f"{R}/records?state=none").status_code == 422
    assert reader.get(f"{R}/records?box=none").status_code == 404
    title = records[0]["title"]
    assert records[0] in _all(reader, "/records", q=title[3:20].upper())
    batches, searches = _all(reader, "/batches"), _all(reader, "/searches")
    assert sum(one["stored"] for one in batches) == len(records)
    assert {one["search_id"] for one in batches} <= {None, *(one["id"] for one in searches)}
    of_first = _all(reader, "/records", batch=batches[0]["id"])
    assert len(of_first) == batches[0]["stored"]
    assert [one["version"] for one in _all(reader, "/releases")]


def test_the_boxes_of_the_flow_count_the_records_that_they_open(reader: TestClient) -> None:
    flow = reader.get(f"{R}/flow").json()
    rows = [row for column in flow["columns"] for row in column["rows"]]
    boxes = [box for row in rows for box in (row["main"], row["aside"]) if box]
    lines = [line for box in boxes for line in box["lines"] if line["key"]]
    opened = 0
    for line in lines:
        answer = reader.get(f"{R}/records", params={"box": line["key"], "limit": 500})
        if answer.status_code == 200:  # else it counts studies
            assert len(answer.json()["items"]) == line["n"], line
            opened += 1
    assert opened >= 5


def test_what_another_decided_alone_stays_sealed(
    reader: TestClient, demonstration: Database
) -> None:
    stage = Stage.TITLE_ABSTRACT
    with demonstration.reading() as session:
        rows = session.execute(
            sa.select(Decision.record_id, Decision.id).where(Decision.stage == stage)
        ).all()
    by_record: dict[int, list[int]] = {}
    for record, decision in rows:
        by_record.setdefault(record, []).append(decision)
    alone = {record: ids[0] for record, ids in by_record.items() if len(ids) == 1}
    assert len(alone) >= 5
    for record in list(alone)[:5]:
        seen = reader.get(f"{R}/records/{record}").json()
        (dossier,) = [one["dossier"] for one in seen["stages"] if "title" in one["stage"]]
        assert (dossier["hidden"], dossier["others"]) == (True, [])
    events = _all(reader, "/history", entity="decision", limit=500)
    of_alone = [one for one in events if one["entity_id"] in alone.values()]
    assert len(of_alone) == len(alone)
    told = {cell["what"] for one in of_alone for cell in one["cells"]}
    assert told == {"decided at", "person id", "record id", "seal", "stage"}
