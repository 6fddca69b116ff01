"""Every text of a review is hostile, and every page of it holds our own markup alone (T14)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle, repeat
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from review.db import Base, database_at
from tests.web.browser.places import PLACES
from tests.web.conftest import at_home
from tests.web.payloads import PAYLOADS, group
from tests.web.test_people_pages import check_markup

FEW: Final = 12
"""Rows of a table up to which each text is followed by all attacks; of more, by some of them, so
that all stand in each column."""
ADDRESSES: Final = {"doi", "url"}
"""Columns that become links: of some rows all of what stands there is an attack."""
TEXTS: Final = {
    "review": ("title", "question"),
    "person": ("display_name",),
    "exclusion_reason": ("label",),
    "living_mode": ("because", "update_when", "retire_when"),
    "outcome": ("name", "description"),
    "instrument": ("name",),
    "published_result": ("label", "source", "note"),
    "search": ("source", "platform", "database", "strategy", "limits", "searched_by"),
    "search_interval": ("source",),
    "batch": ("file",),
    "reject": ("reason", "raw"),
    "record": ("title", "abstract", "journal", "volume", "pages", "url", "raw", "authors",
               "keywords", "doi", "language"),
    "duplicate_decision": ("reason",),
    "decision": ("note",),
    "adjudication": ("note",),
    "retrieval": ("reason", "file"),
    "report_link": ("reason",),
    "study": ("label", "registration", "country", "population", "setting", "diagnosis", "funding"),
    "arm": ("label", "treatment", "therapist_training"),
    "report": ("citation", "doi"),
    "note": ("topic", "text", "source", "certainty"),
    "result": ("page", "quote", "covariates"),
    "resolution": ("reason", "place"),
    "appraisal": ("overall_support", "reason"),
    "appraisal_answer": ("support",),
    "appraisal_judgement": ("support",),
    "certainty_rating": ("note",),
    "certainty_step": ("reason",),
    "release": ("because",),
    "job": ("message",),
    "analysis_version": ("plan",),
    "run": ("inputs",),
    "event": ("reason", "old", "new"),
}  # fmt: skip
"""What people type or files bring, by table; of values that hold several, the texts of `KEYS`."""
KEYS: Final = {
    "title", "label", "study", "arm", "citation", "page", "quote", "reason", "name", "text",
    "treatment", "effect", "question", "source", "strategy", "abstract", "journal", "note",
}  # fmt: skip


SHORT: Final = {"instrument", "outcome", "analysis_version", "run"}
"""Tables whose texts are validated as they are read, and have at most 500 signs."""


def _evil(value: Any, attacks: Iterator[str], *, free: bool = True) -> Any:
    if isinstance(value, str):
        return f"{value} {next(attacks)}" if free else value
    if isinstance(value, list | tuple):
        return [_evil(one, attacks, free=free) for one in value]
    if isinstance(value, dict):
        return {name: _evil(one, attacks, free=name in KEYS) for name, one in value.items()}
    return value


def _attacked(table: str, column: str, value: Any, at: int, rows: int) -> Any:
    """Return what stands in a column of a row, followed by attacks or, of addresses, one itself."""
    if column in ADDRESSES and at % 2:
        return PAYLOADS[at // 2 % len(PAYLOADS)]
    if table in SHORT:
        return _evil(value, cycle([*PAYLOADS[at:], *PAYLOADS[:at]]))
    return _evil(value, repeat(" ".join(PAYLOADS) if rows <= FEW else group(at)))


@pytest.fixture(scope="module")
def hostile(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """The demonstration, each of whose texts is followed by every attack."""
    file = shutil.copy(demonstration_file, tmp_path_factory.mktemp("hostile") / "review.db")
    database = database_at(f"sqlite:///{file}")
    changed = 0
    with database.engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for guard in connection.exec_driver_sql(guards).scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{guard}"')
        for name, columns in TEXTS.items():
            table = Base.metadata.tables[name]
            rows = connection.execute(sa.select(table)).mappings().all()
            for at, row in enumerate(rows):
                values = {
                    column: _attacked(name, column, row[column], at, len(rows))
                    for column in columns
                    if row[column] is not None
                }
                (key,) = table.primary_key
                if values:
                    connection.execute(sa.update(table).where(key == row[key.name]).values(values))
                    changed += len(values)
    assert changed > 1000
    with at_home(database) as client:
        yield client
    database.close()


ASKED: Final = quote(" ".join(PAYLOADS)[:60])
PARTS: Final = {
    "row": "/r/cbt-delivery/a/multimedia/row/48",
    "found": f"/r/invented/records?q={ASKED}",
    "studies-found": f"/r/invented/studies?q={ASKED}",
    "study-invented": "/r/invented/s/108",
    "history-invented": "/r/invented/history",
}


@pytest.mark.parametrize("path", [*PLACES.values(), *PARTS.values()], ids=[*PLACES, *PARTS])
def test_a_page_of_hostile_texts_holds_our_markup_alone(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path)
    assert answer.status_code in ({404} if "999999" in path else {200}), answer.text[:500]
    check_markup(answer.text, path)
    if path.endswith(("/studies", "/records", "/protocol", "/flow", "/selection", "/r/invented")):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text  # it is there, as a text
