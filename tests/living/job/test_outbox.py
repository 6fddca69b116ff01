"""A message arrives, or is kept with the reason; nothing private is posted to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import Attribution, writing
from review.living.job.channels import Message, WebhookChannel, signature
from review.living.job.outbox import DELAYS, deliver_due, send_again, undelivered
from review.living.runs.models import Job, JobOutcome, Notification
from tests.conftest import NOW
from tests.living.job.test_schedule import serving

SAID = Message("a subject", "a text", {"changes": ["é"]})


@dataclass
class Flaky:
    """A channel that fails as often as it is told to."""

    name: str = "webhook"
    target: str = "example.org"
    fails: int = 0
    got: list[tuple[Message, int]] = field(default_factory=list)

    def send(self, message: Message, number: int = 0) -> None:
        if self.fails:
            self.fails -= 1
            raise TimeoutError("no answer")
        self.got.append((message, number))


@pytest.fixture
def waiting(database: Database, by: Attribution) -> int:
    """A message that waits to be sent."""
    with writing(database, by) as session:
        job = Job(actor="t", review=None, started=NOW, outcome=JobOutcome.RECOMPUTED)
        session.add(job)
        session.flush()
        row = Notification(
            job_id=job.id, channel="webhook", target="example.org", at=NOW, message=SAID.plain,
            attempts=0, next_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def test_it_is_tried_again_later_and_later_until_it_arrives(
    database: Database, waiting: int
) -> None:
    channel, now = Flaky(fails=3), NOW
    for delay in DELAYS[:3]:
        assert len(deliver_due(database, [channel], now)) == 1
        assert deliver_due(database, [channel], now + delay - timedelta(seconds=1)) == []
        now += delay
    assert deliver_due(database, [channel], now) == []
    assert channel.got == [(SAID, waiting)]
    assert deliver_due(database, [channel], now + timedelta(days=9)) == []
    with database.reading() as session:
        row = session.get_one(Notification, waiting)
        assert (row.attempts, row.sent_at, row.problem) == (4, now, None)
        assert undelivered(session) == []


def test_what_never_arrives_is_given_up_shown_and_can_be_sent_again(
    database: Database, waiting: int, cli: Callable[..., Result]
) -> None:
    channel, now = Flaky(fails=99), NOW
    for delay in (*DELAYS, timedelta()):
        (problem,) = deliver_due(database, [channel], now)
        now += delay
    assert "TimeoutError: no answer (it was given up)" in problem
    assert deliver_due(database, [channel], now + timedelta(days=30)) == []
    assert "given up" in cli("jobs").output
    (job,) = json.loads(cli("jobs", "--json").output)
    assert job["undelivered"][0]["problem"] == "TimeoutError: no answer"
    with database.transaction() as session:
        assert send_again(session, now) == 1
    channel.fails = 0
    assert deliver_due(database, [channel], now) == []
    assert channel.got == [(SAID, waiting)]


def test_what_waits_for_its_next_try_is_sent_at_once_where_that_is_asked(
    database: Database, waiting: int, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """The setting has been mended: nobody waits a day for the next try."""
    channel, now = Flaky(fails=1), datetime.now(UTC)
    assert len(deliver_due(database, [channel], now)) == 1
    file = tmp_path / "told.jsonl"
    with database.transaction() as session:
        row = session.get_one(Notification, waiting)
        row.channel, row.target = "file", str(file)
    cli("jobs", "--notify-file", str(file))
    assert not file.exists()
    cli("jobs", "--send-again", "--notify-file", str(file))
    assert json.loads(file.read_text()) == SAID.payload
    with database.reading() as session:
        assert session.get_one(Notification, waiting).attempts == 2


def test_signatures_are_those_of_standard_webhooks() -> None:
    """The example of its libraries."""
    body = b'{"test": 2432232314}'
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(InvalidDataError, match="not base64"):
        WebhookChannel("https://example.org", secret="whsec_no base64")


def test_two_that_deliver_at_once_send_it_once(database: Database, waiting: int) -> None:
    inner = Flaky()

    @dataclass
    class Meanwhile:
        name: str = "webhook"
        target: str = "example.org"

        def send(self, message: Message, number: int = 0) -> None:
            del message, number
            assert deliver_due(database, [inner], NOW) == []

    assert deliver_due(database, [Meanwhile()], NOW) == []
    assert inner.got == []
    del waiting


def test_a_channel_that_no_setting_names_is_waited_for(database: Database, waiting: int) -> None:
    (problem,) = deliver_due(database, [], NOW)
    assert "no setting names this channel any more" in problem
    with database.reading() as session:
        assert session.get_one(Notification, waiting).next_at == NOW + DELAYS[0]


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as it is told to."""

    kept: list[tuple[dict[str, str], bytes]]
    answer = 204

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.kept.append((dict(self.headers), self.rfile.read(length)))
        self.send_response(self.answer)
        self.send_header("Location", "http://example.org/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("answer", [204, 302, 500])
def test_what_is_posted_is_signed_and_only_2xx_is_an_arrival(answer: int) -> None:
    kept: list[tuple[dict[str, str], bytes]] = []
    hook = HTTPServer(("127.0.0.1", 0), type("Kept", (Hook,), {"kept": kept, "answer": answer}))
    channel = WebhookChannel(f"http://127.0.0.1:{hook.server_port}/p?q=1", "s3cret", private=True)
    with serving(hook):
        if answer == 204:
            channel.send(SAID, 7)
        else:
            with pytest.raises(OSError, match=f"it answered {answer}"):
                channel.send(SAID, 7)
    ((headers, body),) = kept
    signed = f"review-7.{headers['webhook-timestamp']}.".encode() + body
    made = base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{made}"
    assert json.loads(body) == SAID.payload


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]",
             "[fe80::1]", "0.0.0.0", "2130706433", "0x7f000001"],
)  # fmt: skip
def test_addresses_of_ones_own_network_are_refused(host: str) -> None:
    with pytest.raises(InvalidDataError, match="REVIEW_WEBHOOK_PRIVATE"):
        WebhookChannel(f"http://{host}:1/x").send(SAID)


def test_no_secret_is_kept(database: Database, waiting: int) -> None:
    channel = WebhookChannel("http://localhost:1/token-4711", "s3cret", private=True)
    with database.transaction() as session:
        session.get_one(Notification, waiting).target = "localhost"
    deliver_due(database, [channel], NOW)
    with database.reading() as session:
        kept = str(session.execute(sa.text("SELECT * FROM notification")).all())
    assert "4711" not in kept
    assert "s3cret" not in kept
    assert "4711" not in repr(channel)
    assert "s3cret" not in repr(channel)
