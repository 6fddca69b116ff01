"""Telling people when a conclusion changed or a signal fired, and never when nothing did."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from review.canonical import utc_text
from review.db import Database
from review.errors import InvalidDataError
from review.living.job.noticing import notices_of_job
from review.living.job.report import AnalysisName, Recomputed, RepoolReport
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.pages import markdown
from review.living.reports.sections import tell
from review.living.runs.models import Notification

PATIENCE: Final = 10.0
"""Seconds to wait for a server before the job goes on without it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told of one job."""

    subject: str
    text: str
    payload: dict[str, Any]


class Channel(Protocol):
    """A way to tell; `send` raises OSError when it did not work."""

    @property
    def name(self) -> str:
        """What kind of channel it is."""
        ...

    @property
    def target(self) -> str:
        """Where it goes, without secrets."""
        ...

    def send(self, message: Message) -> None:
        """Send."""
        ...


@dataclass(frozen=True, slots=True)
class FileChannel:
    """Appends one line of JSON a message."""

    path: Path

    @property
    def name(self) -> str:
        """A file."""
        return "file"

    @property
    def target(self) -> str:
        """The file."""
        return str(self.path)

    def send(self, message: Message) -> None:
        """Append."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(message.payload, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts JSON to an address."""

    url: str

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise InvalidDataError("a webhook is an http or https address")

    @property
    def name(self) -> str:
        """A webhook."""
        return "webhook"

    @property
    def target(self) -> str:
        """The host: paths of webhooks are secrets."""
        return urlsplit(self.url).hostname or ""

    def send(self, message: Message) -> None:
        """Post."""
        request = urllib.request.Request(
            self.url,
            data=json.dumps(message.payload, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE):
            pass


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Sends mail by SMTP; `server` is ``smtp://[user:password@]host[:port]`` or ``smtps://…``."""

    server: str
    sender: str
    recipients: tuple[str, ...]

    def __post_init__(self) -> None:
        if urlsplit(self.server).scheme not in ("smtp", "smtps"):
            raise InvalidDataError("a mail server is smtp://host:port or smtps://host:port")

    @property
    def name(self) -> str:
        """A mail."""
        return "mail"

    @property
    def target(self) -> str:
        """The recipients."""
        return ", ".join(self.recipients)

    def send(self, message: Message) -> None:
        """Send; with a password only over an encrypted connection."""
        mail = EmailMessage()
        mail["Subject"], mail["From"] = message.subject, self.sender
        mail["To"] = self.target
        mail.set_content(message.text)
        parts = urlsplit(self.server)
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        with kind(parts.hostname or "", parts.port or 0, timeout=PATIENCE) as server:
            if parts.username:
                if parts.scheme == "smtp":
                    server.starttls()
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)


def message_of(
    report: RepoolReport, now: datetime, notices: Mapping[AnalysisName, Notices] | None = None
) -> Message | None:
    """Return what a job has to tell; None when no class changed and no signal fired.

    `notices` stand beside each result; one that is withheld is told without its conclusion.
    """
    beside = {item.name: NO_NOTICES for item in report.recomputed} | dict(notices or {})
    told = [item for item in report.recomputed if item.matters]
    if not told:
        return None
    told.sort(key=lambda item: not item.report.flipped)
    withheld = {item.name for item in told if beside[item.name].withheld}
    pages = (
        markdown(_title(item), tell(item.report, item.explanation, notices=beside[item.name]))
        for item in told
    )
    return Message(
        subject=f"[review] {_subject(told, withheld)}",
        text="\n".join(pages),
        payload={
            "at": utc_text(now),
            "job": report.job_id,
            "changes": [
                {
                    "review": item.name.review,
                    "analysis": item.name.analysis,
                    "run": item.number,
                    "class_changed": item.report.flipped and item.name not in withheld,
                    "withheld": item.name in withheld,
                    "sentence": (
                        item.report.unconcluded if item.name in withheld else item.report.sentence
                    ),
                    "direction": item.report.direction,
                    "signals": [
                        asdict(signal)
                        for signal in (item.explanation.signals if item.explanation else ())
                    ],
                }
                for item in told
            ],
        },
    )


def _subject(told: Sequence[Recomputed], withheld: Collection[AnalysisName]) -> str:
    """Name what changed its class, and only where nothing did what moved otherwise."""
    flipped = [item for item in told if item.report.flipped and item.name not in withheld]
    named = flipped or told
    names = ", ".join(f"{item.name.review} / {item.name.analysis}" for item in named[:3])
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    what = "conclusion changed" if flipped else "result moved"
    moved = f"; {len(told) - len(named)} moved" if len(told) > len(named) else ""
    return f"{what}: {names}{more}{moved}"


def _title(item: Recomputed) -> str:
    return f"{item.name.review} / {item.name.analysis}, run {item.number}"


def deliver(
    database: Database, report: RepoolReport, channels: Sequence[Channel], now: datetime
) -> list[str]:
    """Send what a job has to tell and record each attempt; return the problems.

    A channel that fails does not undo the job, nor keep the other channels from being used.
    """
    message = None
    if channels and any(item.matters for item in report.recomputed):
        with database.reading() as session:
            beside = notices_of_job(session, report, None).told
        message = message_of(report, now, beside)
    if message is None or report.job_id is None:
        return []
    rows, problems = [], []
    for channel in channels:
        problem = _attempt(channel, message)
        if problem is not None:
            problems.append(f"{channel.name} to {channel.target}: {problem}")
        rows.append(
            Notification(
                job_id=report.job_id,
                channel=channel.name,
                target=channel.target,
                at=now,
                problem=problem,
            )
        )
    with database.transaction() as session:
        session.add_all(rows)
    return problems


def _attempt(channel: Channel, message: Message) -> str | None:
    try:
        channel.send(message)
    except (OSError, smtplib.SMTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None
