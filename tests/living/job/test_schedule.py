"""Living mode, units for schedulers, watching, and telling people."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import Attribution, record_step, writing
from review.living.job.channels import (
    Channel,
    FileChannel,
    MailChannel,
    WebhookChannel,
)
from review.living.job.notify import message_of
from review.living.job.outbox import Outbox, deliver_due
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.job.schedule import Pace, cron_line, mode_of, set_mode, set_search, systemd_units
from review.living.job.watch import pending, watch
from review.living.runs.models import Job, LivingStatus, Notification, Run
from review.protocol.actions import plan_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec
from tests.conftest import NOW
from tests.living.fixture import begin, enter
from tests.living.job.test_repool import plan
from tests.loaded import PATIENCE


def test_searches_fall_due_and_a_retired_review_has_none(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    with writing(database, by) as session:
        review = review_called(session, None)
        set_search(session, review, "PubMed", days=30, searched=NOW - timedelta(days=31))
        set_search(session, review, "Embase", days=30, searched=NOW - timedelta(days=29))
        set_search(session, review, "PsycInfo", days=90)
        assert mode_of(session, review, NOW).due == ("PsycInfo", "PubMed")
        set_search(session, review, "PubMed", searched=NOW)
        assert mode_of(session, review, NOW).due == ("PsycInfo",)
        with pytest.raises(InvalidDataError, match="say why"):
            set_mode(session, review, status=LivingStatus.RETIRED)
        set_mode(session, review, status=LivingStatus.RETIRED, because="conclusive")
        mode = mode_of(session, review, NOW)
        assert (mode.status, mode.because, mode.due) == (LivingStatus.RETIRED, "conclusive", ())
        with pytest.raises(InvalidDataError, match="how often"):
            set_search(session, review, "CENTRAL", searched=NOW)


def test_units_quote_what_their_readers_would_split() -> None:
    environment = {"REVIEW_DATABASE_URL": "postgresql://u:p%40$x@h/d"}
    line = cron_line(["/opt/my venv/review", "repool"], environment, Pace.DAILY)
    assert line == (
        "15 3 * * *  REVIEW_DATABASE_URL='postgresql://u:p\\%40$x@h/d' '/opt/my venv/review' repool"
    )
    units = systemd_units(["/opt/my venv/review", "repool"], environment, Pace.WEEKLY, watch=False)
    assert 'ExecStart="/opt/my venv/review" repool\n' in units["review-repool.service"]
    assert "u:p%%40$x@h" in units["review-repool.service"]
    assert "OnCalendar=weekly" in units["review-repool.timer"]
    (watching,) = systemd_units(["review", "watch"], {}, Pace.DAILY, watch=True).values()
    assert "Restart=on-failure" in watching


def test_a_unit_means_the_same_database_and_program_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = subprocess.run(
        [sys.executable, "-m", "review", "schedule", "--cron"],
        env={
            **os.environ,
            "REVIEW_DATABASE_URL": "sqlite:///here.db",
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"REVIEW_DATABASE_URL=sqlite:///{tmp_path.resolve()}/here.db " in asked.stdout
    assert f"{sys.executable} -m review repool" in asked.stdout


def test_the_commands_of_living_mode(
    cli: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> None:
    begin(database, by)
    cli("living", "search", "PubMed", "--every", "30", "--searched", "2026-01-31")
    cli("living", "set", "--status", "paused", "--because", "no staff", "--update-when", "a trial")
    told = cli("living", "show").output
    assert "fixture is paused (no staff)." in told
    assert "2026-03-02" in told
    assert "Ready to retire?" not in told  # nothing has been pooled yet
    cli("living", "set", status=2)
    cli("living", "search", "PubMed", status=2)
    enter(database, by, range(1, 9))
    cli("repool")
    ready = json.loads(cli("living", "show", "--json").stdout)["readiness"]["alliance"]
    assert [criterion["met"] for criterion in ready["criteria"]] == [True, False, None]
    assert "met: noninferior [-0.48, 0.17]" in cli("living", "show").output
    retired = cli("living", "set", "--status", "retired", "--because", "question answered")
    assert "fixture is retired (question answered)." in retired.stdout
    assert "Not ready to retire" in retired.stderr
    cli("living", "set", "--status", "living")
    assert json.loads(cli("living", "show", "--json").stdout)["due"] == ["PubMed"]
    assert "repool" in cli("schedule").output
    cli("schedule", "--systemd", "--out", tmp_path)
    assert (tmp_path / "review-repool.timer").exists()


def test_a_watcher_repools_within_seconds_of_a_commit_by_another(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    enter(database, by, range(1, 5))
    other = Database(database.url)
    stop = threading.Event()
    done: list[RepoolReport] = []

    def watching() -> None:
        job = lambda: repool(other, actor="watcher")  # noqa: E731
        told = watch(other, job, stopped=stop.is_set)
        done.extend(report for report in told if isinstance(report, RepoolReport))

    thread = threading.Thread(target=watching)
    thread.start()
    try:
        _until(lambda: _runs(database) == 1)
        begun = time.monotonic()
        enter(database, by, range(5, 6))
        _until(lambda: _runs(database) == 2)
        assert time.monotonic() - begun < 5
        time.sleep(1.2)  # two more polls: its own runs do not wake it
    finally:
        stop.set()
        thread.join(PATIENCE)
    other.close()
    assert [len(report.recomputed) for report in done] == [1, 1]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 2


def test_two_watchers_of_one_database_do_nothing_twice(database: Database, by: Attribution) -> None:
    begin(database, by)
    stop = threading.Event()
    done: list[RepoolReport] = []
    own = [Database(database.url) for _ in range(2)]

    def watching(mine: Database) -> None:
        told = watch(mine, lambda: repool(mine, actor="watcher"), stopped=stop.is_set)
        done.extend(report for report in told if isinstance(report, RepoolReport))

    threads = [threading.Thread(target=watching, args=(mine,)) for mine in own]
    for thread in threads:
        thread.start()
    try:
        for state in range(1, 6):
            enter(database, by, range(state, state + 1))
            _until(lambda wanted=state: _runs(database) == wanted)  # type: ignore[misc]
        time.sleep(1.2)  # two more polls
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    for mine in own:
        mine.close()
    assert sorted(item.number for report in done for item in report.recomputed) == [1, 2, 3, 4, 5]


def _runs(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Run)) or 0


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_is_pending_after_a_job_until_somebody_writes(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    assert pending(database)
    enter(database, by, range(1, 5))
    repool(database, actor="t")
    assert not pending(database)
    with writing(database, by) as session:
        record_step(session, "note", entity="anything")
    assert pending(database)


class Hook(BaseHTTPRequestHandler):
    """Keeps what was posted."""

    posted: list[dict[str, Any]]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.posted.append(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class Post(socketserver.StreamRequestHandler):
    """As much of SMTP as a message needs."""

    letters: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text.decode())
                self.letters.append("".join(lines))
            self.wfile.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
            if command == b"QUIT":
                return


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_people_are_told_when_a_class_changes_and_never_when_nothing_did(
    database: Database, by: Attribution, tmp_path: Path
) -> None:
    begin(database, by)
    posted: list[dict[str, Any]] = []
    letters: list[str] = []
    hook = HTTPServer(("127.0.0.1", 0), type("Kept", (Hook,), {"posted": posted}))
    post = socketserver.TCPServer(("127.0.0.1", 0), type("Box", (Post,), {"letters": letters}))
    file = tmp_path / "changes.jsonl"
    channels: list[Channel] = [
        FileChannel(file),
        WebhookChannel(f"http://127.0.0.1:{hook.server_port}/secret", "a secret", private=True),
        MailChannel(
            f"smtp://127.0.0.1:{post.server_address[1]}", "a@example.org", ("b@example.org",)
        ),
        WebhookChannel("http://localhost:1/nobody", private=True),
    ]
    box = Outbox(channels)
    with serving(hook), serving(post):
        enter(database, by, range(1, 5))
        repool(database, actor="t", outbox=box, now=lambda: NOW)
        assert deliver_due(database, channels, NOW) == []
        enter(database, by, range(5, 6))
        repool(database, actor="t", outbox=box, now=lambda: NOW)
        (problem,) = deliver_due(database, channels, NOW)
        repool(database, actor="t", outbox=box, now=lambda: NOW)
        assert deliver_due(database, channels, NOW) == []
    assert "webhook to localhost: ConnectionRefusedError" in problem
    assert "next try 2026-11-23 09:16" in problem
    (line,) = file.read_text().splitlines()
    assert json.loads(line) == posted[0]
    assert posted[0]["changes"][0]["class_changed"]
    assert "changed from inconclusive (margin 0.50) to noninferior" in line
    assert len(posted) == len(letters) == 1
    assert "conclusion changed: fixture / alliance" in letters[0]
    with database.reading() as session:
        kept = session.scalars(sa.select(Notification).order_by(Notification.id)).all()
        assert [(n.channel, n.problem is None) for n in kept] == [
            ("file", True),
            ("webhook", True),
            ("mail", True),
            ("webhook", False),
        ]
        assert "secret" not in " ".join(n.target for n in kept)
        assert kept[0].message is not None
        head = kept[0].message["payload"]["history"]
        assert f"event {head['seq']} {head['hash']}" in letters[0].replace("=\n", "")


def test_the_subject_names_what_changed_its_class_before_what_only_moved(
    database: Database, by: Attribution
) -> None:
    begin(database, by)
    with writing(database, by) as session:
        review = review_called(session, None)
        wide = plan(method="DL", test="z").model_copy(update={"margin": 2.0})
        plan_analysis(session, review, AnalysisSpec(slug="a-wide-margin", plan=wide), now=NOW)
    enter(database, by, range(1, 5))
    repool(database, actor="t")
    enter(database, by, range(5, 9))
    message = message_of(repool(database, actor="t"), NOW)
    assert message is not None
    assert message.subject == "[review] conclusion changed: fixture / alliance; 1 moved"
    titles = [line for line in message.text.splitlines() if line.startswith("# ")]
    assert titles == ["# fixture / alliance, run 2", "# fixture / a-wide-margin, run 2"]


def test_a_first_run_and_a_quiet_one_have_no_message(database: Database, by: Attribution) -> None:
    begin(database, by)
    enter(database, by, range(1, 9))
    assert message_of(repool(database, actor="t"), NOW) is None
    assert message_of(repool(database, actor="t"), NOW) is None
    with pytest.raises(InvalidDataError, match="http or https"):
        WebhookChannel("file:///etc/passwd")
    with pytest.raises(InvalidDataError, match="smtp"):
        MailChannel("host", "a", ("b",))
