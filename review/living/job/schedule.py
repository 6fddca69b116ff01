"""Living mode as data: how often each source is searched, what is due, and units for schedulers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.living.runs.models import LivingMode, LivingStatus, SearchInterval
from review.protocol.models import Review


class Pace(StrEnum):
    """How often a scheduler calls the job."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class DueSearch:
    """A source of a review and when it is to be searched next."""

    source: str
    days: int
    searched: datetime | None
    due: datetime | None
    """None where it was never searched: it is due now."""
    overdue: bool


@dataclass(frozen=True, slots=True)
class Mode:
    """How a review is kept alive."""

    status: LivingStatus
    because: str | None
    update_when: str | None
    retire_when: str | None
    searches: tuple[DueSearch, ...]

    @property
    def due(self) -> tuple[str, ...]:
        """Sources to search now; none while the review is paused or retired."""
        if self.status is not LivingStatus.LIVING:
            return ()
        return tuple(search.source for search in self.searches if search.overdue)


def set_mode(
    session: Session,
    review: Review,
    *,
    status: LivingStatus | None = None,
    because: str | None = None,
    update_when: str | None = None,
    retire_when: str | None = None,
) -> None:
    """Change what is given of a review's living mode; raise InvalidDataError without a reason.

    Pausing and retiring need the reason, which readers are told.
    """
    mode = session.scalar(sa.select(LivingMode).where(LivingMode.review_id == review.id))
    if mode is None:
        mode = LivingMode(review_id=review.id, status=LivingStatus.LIVING)
        session.add(mode)
    if status is not None and status is not mode.status:
        if status is not LivingStatus.LIVING and not because:
            raise InvalidDataError(f"say why the review is {status.value}: --because TEXT")
        mode.status, mode.because = status, because
    elif because is not None:
        mode.because = because
    mode.update_when = update_when if update_when is not None else mode.update_when
    mode.retire_when = retire_when if retire_when is not None else mode.retire_when
    session.flush()


def set_search(
    session: Session,
    review: Review,
    source: str,
    *,
    days: int | None = None,
    searched: datetime | None = None,
) -> None:
    """Set how often a source is searched, or when it was.

    Raises InvalidDataError for a new source without an interval.
    """
    row = session.scalar(
        sa.select(SearchInterval).where(
            SearchInterval.review_id == review.id, SearchInterval.source == source
        )
    )
    if row is None:
        if days is None:
            raise InvalidDataError(f"say how often {source} is searched: --every DAYS")
        row = SearchInterval(review_id=review.id, source=source, days=days)
        session.add(row)
    if days is not None:
        if days < 1:
            raise InvalidDataError("a source is searched every day at most")
        row.days = days
    if searched is not None:
        row.searched = searched
    session.flush()


def mode_of(session: Session, review: Review, now: datetime) -> Mode:
    """Return a review's living mode; a review that never said is living, without intervals."""
    mode = session.scalar(sa.select(LivingMode).where(LivingMode.review_id == review.id))
    rows = session.scalars(
        sa.select(SearchInterval)
        .where(SearchInterval.review_id == review.id)
        .order_by(SearchInterval.source)
    )
    return Mode(
        status=mode.status if mode else LivingStatus.LIVING,
        because=mode.because if mode else None,
        update_when=mode.update_when if mode else None,
        retire_when=mode.retire_when if mode else None,
        searches=tuple(_due(row, now) for row in rows),
    )


def _due(row: SearchInterval, now: datetime) -> DueSearch:
    due = row.searched + timedelta(days=row.days) if row.searched is not None else None
    return DueSearch(row.source, row.days, row.searched, due, due is None or due <= now)


_CRON = {Pace.HOURLY: "15 * * * *", Pace.DAILY: "15 3 * * *", Pace.WEEKLY: "15 3 * * 1"}


def cron_line(program: Sequence[str], environment: dict[str, str], pace: Pace) -> str:
    """Return a line for ``crontab -e``.

    cron mails what the job prints. A per cent sign would end the command there, so it is escaped.
    """
    settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    command = " ".join(shlex.quote(part) for part in program)
    return f"{_CRON[pace]}  {settings} {command}".replace("%", "\\%")


def systemd_units(
    program: Sequence[str], environment: dict[str, str], pace: Pace, *, watch: bool
) -> dict[str, str]:
    """Return unit files by name: a service and its timer, or a service that watches for changes."""
    lines = "".join(
        f'Environment="{name}={_unit_text(value)}"\n' for name, value in environment.items()
    )
    command = " ".join(_unit_word(part) for part in program)
    if watch:
        return {
            "review-watch.service": (
                "[Unit]\nDescription=Re-pool reviews when their data change\n"
                "After=network.target\n\n"
                f"[Service]\n{lines}ExecStart={command}\nRestart=on-failure\nRestartSec=10\n\n"
                "[Install]\nWantedBy=multi-user.target\n"
            )
        }
    return {
        "review-repool.service": (
            "[Unit]\nDescription=Re-pool reviews whose data changed\n\n"
            f"[Service]\nType=oneshot\n{lines}ExecStart={command}\n"
        ),
        "review-repool.timer": (
            "[Unit]\nDescription=Call review repool regularly\n\n"
            f"[Timer]\nOnCalendar={pace.value}\nPersistent=true\nRandomizedDelaySec=300\n\n"
            "[Install]\nWantedBy=timers.target\n"
        ),
    }


def _unit_text(value: str) -> str:
    """Escape what systemd reads specially within quotes (systemd.syntax(7), specifiers)."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _unit_word(value: str) -> str:
    """Escape a word of a command, where unlike in Environment= a $ is read (systemd.exec(5))."""
    word = _unit_text(value).replace("$", "$$")
    return f'"{word}"' if shlex.quote(value) != value else word
