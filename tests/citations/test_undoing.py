"""A batch is taken back as long as nothing was decided on it, and then nothing reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review.citations import actions, pair_queries, queries
from review.citations.duplicates import dedupe_stats
from review.citations.models import Batch, Record
from review.db import Database
from review.errors import InvalidDataError, NotFoundError
from review.export.flow.prisma import flow_of
from review.history.actions import Attribution, writing
from review.history.queries import verify
from review.protocol.actions import new_review
from review.protocol.queries import review_called
from review.protocol.specs import ReviewSpec
from review.screening.queries import ledger
from tests.citations.test_imports import TITLES, dedupe, ris, take

Cli = Callable[..., Result]


@pytest.fixture
def reviewed(database: Database, by: Attribution) -> Database:
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="synthetic", title="Synthetic"), owner="tester")
    return database


@pytest.fixture
def files(cli: Cli, tmp_path: Path) -> Path:
    """A review with two overlapping files taken in and compared."""
    cli("new", "synthetic", "--title", "Synthetic")
    (tmp_path / "one.ris").write_bytes(ris(*TITLES))
    (tmp_path / "two.ris").write_bytes(ris(TITLES[0].upper(), TITLES[1], doi="10.5555/a"))
    cli("import", tmp_path / "one.ris", tmp_path / "two.ris")
    cli("dedupe", "run")
    return tmp_path


@pytest.mark.usefixtures("files")
def test_it_is_looked_at_first_and_then_taken_back_with_a_reason(cli: Cli) -> None:
    looked = json.loads(cli("batch", "undo", "2", "--dry-run", "--json").stdout)
    assert (looked["records"], looked["pairs"], looked["decided"]) == (2, 3, [])
    assert looked["undone"] is False
    assert "--reason" in cli("batch", "undo", "2", status=2).stderr
    said = cli("batch", "undo", "2", "--reason", "wrong file").stdout
    assert "2 records" in said
    assert "no batch 2 (it has: 1 (one.ris))" in cli(
        "batch", "undo", "2", "--reason", "again", status=1
    ).stderr.replace("review synthetic has ", "")
    one, two = json.loads(cli("batch", "list", "--json").stdout)
    assert (one["taken_back_because"], two["taken_back_because"]) == (None, "wrong file")
    assert len(json.loads(cli("records", "list", "--json").stdout)) == 3
    cli("verify")
    history = cli("history", "--json").stdout
    assert "wrong file" in history


def test_the_same_file_can_come_again_and_is_compared_again(cli: Cli, files: Path) -> None:
    cli("batch", "undo", "1", "--reason", "wrong encoding")
    assert [r["id"] for r in json.loads(cli("records", "list", "--json").stdout)] == [4, 5]
    (again,) = json.loads(cli("import", files / "one.ris", "--json").stdout)
    assert (again["already_imported"], again["stored"], again["batch"]) == (False, 3, 3)
    ran = json.loads(cli("dedupe", "run", "--json").stdout)
    assert (ran["compared"], ran["in_scope"]) == (3, 3)
    cli("verify")


@pytest.mark.usefixtures("files")
def test_what_was_decided_on_it_is_named_and_it_stays(cli: Cli) -> None:
    cli("screen", "decide", "1", "include")
    said = cli("batch", "undo", "1", "--reason", "wrong file", status=1).stderr
    assert "1 screening decision (tester)" in said
    assert len(json.loads(cli("records", "list", "--json").stdout)) == 5
    cli("dedupe", "undo", "1", "--reason", "two trials")
    said = cli("batch", "undo", "2", "--reason", "wrong file", status=1).stderr
    assert "1 verdict on duplicates (tester)" in said


def test_nothing_but_the_withdrawal_of_a_batch_may_change(
    reviewed: Database, by: Attribution
) -> None:
    database = reviewed
    take(database, by, ris("A title of its own"))
    for change in ("file = 'b'", "sha256 = 'x', withdrawn_because = 'why'"):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"), database.transaction() as s:
            s.execute(sa.text(f"UPDATE batch SET {change}"))
    with pytest.raises(sa.exc.DBAPIError, match="never changed"), database.transaction() as s:
        s.execute(sa.text("DELETE FROM batch"))


def _seen(database: Database) -> object:
    with database.reading() as session:
        review = review_called(session, None)
        return (
            queries.identified(session, review),
            [r.id for r in queries.records(session, review)],
            pair_queries.clusters(session, review).all(),
            sorted(ledger(session, review).records),
            flow_of(session, review),
            dedupe_stats(session, review),
        )


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chosen=st.lists(st.sampled_from(range(8)), min_size=1, max_size=5, unique=True),
    compared=st.booleans(),
)
def test_an_import_that_is_taken_back_leaves_everything_as_it_was(
    reviewed: Database, by: Attribution, chosen: list[int], compared: bool
) -> None:
    database = reviewed
    words = ("video", "room", "letter", "phone", "walk", "group", "school", "ward")
    with database.reading() as session:
        there = session.scalar(sa.select(sa.func.count(Batch.id)))
    if not there:
        take(database, by, ris(*(f"Therapy by {w} for anxiety in adults" for w in words)))
        dedupe(database, by)
    before = _seen(database)
    titles = [f"THERAPY by {words[i]} for anxiety in adults" for i in chosen]
    take(database, by, ris(*titles, "A trial of something else"))
    if compared:
        dedupe(database, by)
    assert _seen(database) != before
    with writing(database, by) as session:
        review = review_called(session, None)
        number = max(b.id for b in queries.batches(session, review))
        actions.undo_batch(session, review, number=number, reason="a test")
    after = _seen(database)
    assert after == before
    with database.reading() as session:
        assert verify(session).intact
        standing = sa.select(sa.func.count(Record.id))
        every = session.scalar(standing.execution_options(withdrawn=True))
        assert session.scalar(standing) == len(words) < (every or 0)
        with pytest.raises(NotFoundError):
            actions.undo_of_batch(session, review_called(session, None), number)


def test_a_reason_is_wanted(reviewed: Database, by: Attribution) -> None:
    database = reviewed
    take(database, by, ris("A title of its own"))
    with writing(database, by) as session, pytest.raises(InvalidDataError, match="say why"):
        actions.undo_batch(session, review_called(session, None), number=1, reason=" ")
