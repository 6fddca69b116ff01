"""Every planted fault is named with a remedy; a sound installation has none."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database, database_at
from review.history.actions import Attribution, writing
from review.keeping import doctor
from review.keeping.doctor import Level, examine
from review.living.runs.models import Job, JobOutcome, Notification
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW

Cli = Callable[..., Result]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def sound(database: Database, by: Attribution) -> Database:
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
    if database.is_sqlite:
        database.file.chmod(0o600)
    return database


def told(database: Database, now: datetime = LATER) -> str:
    """Return what is to be mended, a line each."""
    found = examine(database, now=now)
    assert all(one.remedy for one in found)
    return "\n".join(f"{one.level.value}: {one.what}" for one in found if one.level != "note")


def test_a_sound_installation_has_nothing_to_mend(sound: Database, cli: Cli) -> None:
    found = told(sound)
    if sound.is_sqlite:
        assert found == ""
        assert json.loads(cli("doctor", "--json").output)["sound"] is True
    else:  # how a server for tests is set up
        others = ("signs in to PostgreSQL as a superuser", "does not wait for the disk")
        assert all(any(one in line for one in others) for line in found.splitlines())


Fault = Callable[[Path, pytest.MonkeyPatch], None]


def _sql(*statements: str) -> Fault:
    def plant(file: Path, patch: pytest.MonkeyPatch) -> None:
        del patch
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return plant


def _damage(file: Path, patch: pytest.MonkeyPatch) -> None:
    del patch
    content = bytearray(file.read_bytes())
    content[8192:12000] = b"\xff" * (12000 - 8192)
    file.write_bytes(content)


FAULTS: dict[str, tuple[Fault, str]] = {
    "world-readable": (lambda file, _: file.chmod(0o644), "others of this machine can read"),
    "network": (
        lambda _, patch: patch.setattr(doctor, "file_system_of", lambda _: "nfs4"),
        "fatal: .* network file system",
    ),
    "disk": (
        lambda _, patch: patch.setattr(
            shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0)
        ),
        "0 MiB are free",
    ),
    "owner": (
        lambda _, patch: patch.setattr("os.geteuid", lambda: 54321),
        "belongs to another account",
    ),
    "wal": (_sql("PRAGMA journal_mode=wal"), "fatal: .* WAL-reset bug"),
    "pending": (
        _sql("UPDATE alembic_version SET version_num = '0007_imported_releases'"),
        "fatal: the database is at revision 0007",
    ),
    "newer": (
        _sql("UPDATE alembic_version SET version_num = '9999_later'"),
        "fatal: the database was made by newer software",
    ),
    "none": (lambda file, _: file.unlink(), "fatal: there is no review database"),
    "chain": (
        _sql("DROP TRIGGER event_no_update", "UPDATE event SET actor = 'm' WHERE seq = 2"),
        "fatal: event 2 was altered",
    ),
    "trigger": (_sql("DROP TRIGGER run_no_delete"), "fatal: trigger run_no_delete is missing"),
    "reference": (_sql("UPDATE membership SET person_id = 4711"), "rows refer to nothing"),
    "damaged": (_damage, "fatal: "),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(
    name: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sqlite_template, tmp_path / "review.db")
    database = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    database.file.chmod(0o600)
    with writing(database, Attribution(actor="t", at=NOW)) as session:
        new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
    database.close()
    if name == "wal":
        monkeypatch.setattr(doctor, "wal_is_safe", lambda: False)
    assert told(database) == ""
    database.close()
    plant, expected = FAULTS[name]
    plant(database.file, monkeypatch)

    assert re.search(expected, told(database)), told(database)
    database.close()


def test_a_clock_that_went_back_and_messages_given_up_are_named(
    sound: Database, by: Attribution
) -> None:
    assert "set the clock" in " ".join(
        one.remedy for one in examine(sound, now=NOW - timedelta(days=1))
    )
    with writing(sound, by) as session:
        job = Job(actor="t", review=None, started=NOW, outcome=JobOutcome.RUNNING)
        session.add(job)
        session.flush()
        session.add(
            Notification(job_id=job.id, channel="mail", target="a@b", at=NOW, problem="refused")
        )
    assert "1 message to people given up (mail to a@b: refused)" in told(sound)
    notes = [
        one.what for one in examine(sound, now=NOW + timedelta(days=1)) if one.level is Level.NOTE
    ]
    assert any("has been running since" in what for what in notes)


def test_a_channel_that_does_not_work_is_named(
    sound: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not sound.is_sqlite:
        pytest.skip("a server for tests does not wait for the disk, which is a finding")
    monkeypatch.setenv("REVIEW_NOTIFY_FILE", str(tmp_path / "notes.jsonl"))
    assert "sent: a test message by file" in cli("doctor", "--send-test").output
    monkeypatch.setenv("REVIEW_NOTIFY_WEBHOOK", "http://127.0.0.1:1/secret")
    refused = cli("doctor", "--send-test", status=1).output
    assert "webhook to 127.0.0.1: InvalidDataError" in refused
    assert "secret" not in refused
    monkeypatch.setenv("REVIEW_NOTIFY_MAIL", "a@b")
    assert "mail needs REVIEW_SMTP_URL" in cli("doctor", status=1).output
