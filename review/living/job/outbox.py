"""Messages that wait in the database until they arrive, or until it is clear that they will not.

What a job has to tell is written with the job, in its transaction, so that no crash loses it. Who
delivers takes a message for a while, sends it, and notes how that went; it is tried again after a
minute, five, and so on for about two days. Addresses and passwords stay in the settings: a message
knows its channel by kind and by a target without secrets.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Database
from review.errors import ReviewError
from review.history.queries import head
from review.living.job.channels import Channel, Message
from review.living.job.noticing import notices_of_job
from review.living.job.notify import message_of
from review.living.job.report import RepoolReport
from review.living.runs.models import Notification

DELAYS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60)
)
"""How long after each failed try comes the next; after the last one it is given up."""

LEASE: Final = timedelta(minutes=5)
"""For how long who delivers a message has it alone."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Takes what a job has to tell, for some channels."""

    channels: Sequence[Channel]

    def __call__(self, session: Session, report: RepoolReport, now: datetime) -> None:
        """Write the messages of a job, in its transaction; none where it has nothing to tell."""
        if not self.channels or not any(item.matters for item in report.recomputed):
            return
        beside = notices_of_job(session, report, None).told
        message = message_of(report, now, beside, head=head(session))
        if message is None or report.job_id is None:
            return
        session.add_all(
            Notification(
                job_id=report.job_id,
                channel=channel.name,
                target=channel.target,
                at=now,
                message=message.plain,
                attempts=0,
                next_at=now,
            )
            for channel in self.channels
        )


def deliver_due(database: Database, channels: Sequence[Channel], now: datetime) -> list[str]:
    """Send what waits and is due; return what did not arrive, as sentences.

    A channel that fails keeps no other from being used. A message whose channel is in no setting
    any more waits, and is given up in the end.
    """
    with database.reading() as session:
        due = session.scalar(sa.select(sa.func.count()).where(_is_due(now)))
    if not due:
        return []
    with database.transaction() as session:
        taken = session.scalars(
            sa.select(Notification).where(_is_due(now)).order_by(Notification.id)
        ).all()
        for row in taken:
            row.next_at, row.attempts = now + LEASE, row.attempts + 1
        work = [(row.id, row.channel, row.target, row.message) for row in taken]
    known = {(channel.name, channel.target): channel for channel in channels}
    problems = {
        number: _attempt(known.get((name, target)), number, plain)
        for number, name, target, plain in work
    }
    with database.transaction() as session:
        return [
            said
            for number, problem in problems.items()
            if (said := _noted(session.get_one(Notification, number), problem, now)) is not None
        ]


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Notification.sent_at.is_(None), Notification.next_at <= now)


def _attempt(channel: Channel | None, number: int, plain: dict[str, object] | None) -> str | None:
    if channel is None or plain is None:
        return "no setting names this channel any more"
    try:
        channel.send(Message.read(plain), number)
    except (OSError, smtplib.SMTPException, ReviewError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _noted(row: Notification, problem: str | None, now: datetime) -> str | None:
    """Note how a try went; return the sentence that says so where it failed."""
    row.at, row.problem = now, problem
    if problem is None:
        row.sent_at, row.next_at = now, None
        return None
    place = row.attempts - 1
    row.next_at = now + DELAYS[place] if place < len(DELAYS) else None
    again = "it was given up" if row.next_at is None else f"next try {row.next_at:%Y-%m-%d %H:%M}"
    return f"{row.channel} to {row.target}: {problem} ({again})"


def undelivered(session: Session) -> Sequence[Notification]:
    """Return the messages that have not arrived, waiting or given up, the newest first."""
    return session.scalars(
        sa.select(Notification)
        .where(Notification.sent_at.is_(None))
        .order_by(Notification.id.desc())
    ).all()


def send_again(session: Session, now: datetime) -> int:
    """Let messages that have not arrived be tried now; return how many.

    Those that were given up begin anew. One that somebody delivers at this moment may be sent
    twice, by the same number.
    """
    kept = [row for row in undelivered(session) if row.message is not None]
    for row in kept:
        row.attempts, row.next_at = 0 if row.next_at is None else row.attempts, now
    return len(kept)
