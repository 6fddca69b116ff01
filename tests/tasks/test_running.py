"""Tasks: their process, what they make, and when it goes."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import Result

from review.db import Database, database_at
from review.errors import BusyError
from review.history.actions import Attribution, writing
from review.tasks import running, watching
from review.tasks.actions import AT_ONCE, ask_for, note_step
from review.tasks.files import file_of, folder_of, sweep
from review.tasks.kinds import KINDS, REPOOL
from review.tasks.models import Outcome
from review.tasks.queries import SILENT, TaskView, task_numbered, view_of
from tests.conftest import NOW

Command = Callable[..., Result]


@pytest.fixture
def pooled(
    delivery: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A copy of the pooled review, to be written to."""
    file = tmp_path / "review.db"
    shutil.copy(delivery.file, file)
    database = database_at(f"sqlite:///{file}")
    monkeypatch.setenv("REVIEW_DATABASE_URL", database.address)
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    yield database
    database.close()


def _ask(database: Database, kind: str, now: datetime | None = None) -> int:
    at = now or datetime.now(UTC)
    with writing(database, Attribution(actor="tester", at=at)) as session:
        return ask_for(session, 1, KINDS[kind], by="tester", now=at).id


def _seen(database: Database, number: int, now: datetime | None = None) -> TaskView:
    with database.reading() as session:
        return view_of(task_numbered(session, 1, number, viewer="tester"), now or datetime.now(UTC))


def test_an_export_becomes_a_file_that_goes_after_a_day(pooled: Database) -> None:
    number = _ask(pooled, "scripts")
    assert _seen(pooled, number).runs
    running.run(pooled, number)
    done = _seen(pooled, number)
    assert (done.outcome, done.message) == (Outcome.DONE, "ready")
    assert done.file == "cbt-delivery-scripts.zip"
    place = file_of(pooled, number)
    with zipfile.ZipFile(place) as archive:
        assert any(name.endswith("reproduce.R") for name in archive.namelist())
    assert [path.name for path in folder_of(pooled).iterdir()] == [str(number)]
    assert done.goes_at is not None
    assert _seen(pooled, number, done.goes_at).is_gone
    assert sweep(pooled) == 0
    assert sweep(pooled, now=time.time() + 86_401) == 1
    assert not place.exists()


def test_a_re_pooling_says_what_moved(pooled: Database) -> None:
    with pooled.transaction() as session:
        session.info["attribution"] = Attribution(actor="tester", review="cbt-delivery", at=NOW)
        from review.extraction.actions import exclude_study
        from review.extraction.queries import studies
        from review.protocol.queries import review_called

        review = review_called(session, None)
        label = studies(session, review)[0].label
        exclude_study(session, review, label=label, reason="a test")
    number = _ask(pooled, "repool")
    running.run(pooled, number)
    done = _seen(pooled, number)
    assert done.outcome is Outcome.DONE, done.message
    assert done.sections
    first = done.sections[0]
    assert first["run"] == 3
    assert first["sections"][0]["sentences"]


def test_a_command_that_fails_says_its_sentence(pooled: Database) -> None:
    folder_of(pooled).mkdir()
    with pooled.transaction() as session:
        session.info["attribution"] = Attribution(actor="tester", at=NOW)
        from review.protocol.actions import new_review
        from review.protocol.specs import ReviewSpec

        empty = new_review(session, ReviewSpec(slug="empty", title="Empty"), owner="tester").id
        number = ask_for(session, empty, KINDS["manuscript"], by="tester", now=datetime.now(UTC)).id
    running.run(pooled, number)
    with pooled.reading() as session:
        done = view_of(task_numbered(session, empty, number, viewer="tester"), datetime.now(UTC))
    assert done.outcome is Outcome.FAILED
    assert "no planned analysis" in str(done.message)
    assert str(folder_of(pooled)) not in str(done.message)


def test_a_process_that_died_is_no_task_at_work(pooled: Database) -> None:
    number = _ask(pooled, "tables", NOW)
    with pooled.transaction() as session:
        note_step(session, number, now=NOW, done=0, total=0)
    assert _seen(pooled, number, NOW + SILENT).runs
    assert _seen(pooled, number, NOW + SILENT + timedelta(seconds=1)).outcome is Outcome.STOPPED
    _ask(pooled, "tables", NOW + timedelta(minutes=5))


def test_another_re_pooling_and_too_many_tasks_are_told(pooled: Database) -> None:
    _ask(pooled, REPOOL.name, NOW)
    with pytest.raises(BusyError, match="computed at the moment"):
        _ask(pooled, REPOOL.name, NOW)
    for _ in range(AT_ONCE - 1):
        _ask(pooled, "tables", NOW)
    with pytest.raises(BusyError, match="at work already"):
        _ask(pooled, "tables", NOW)


def test_the_watcher_ends_with_who_started_it(pooled: Database) -> None:
    """Its parent is named wrongly here: at its first look it sees that it has another."""
    assert os.getppid() != 1
    watching.run(pooled, 1)


def test_every_export_is_a_command_that_there_is() -> None:
    from review.cli import main

    for kind in KINDS.values():
        if not kind.is_export:
            continue
        context = click.Context(main)
        command = main
        for name in kind.command:
            if name.startswith("-"):
                break
            command = command.get_command(context, name)  # type: ignore[assignment]
            assert command is not None, kind.command
        options = {option for one in command.params for option in one.opts}
        assert {"--out", "--review"} <= options, kind.command
